"""Whom one trusts: the logs, the witnesses, and how many of them must have cosigned.

A policy file names them line by line, https://c2sp.org/tlog-policy. The platform keeps its own beside its
keys: there it also says where the witnesses are asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xinglin.crypto import signed_notes
from xinglin.crypto.signed_notes import NoteError, VerifierKey

if TYPE_CHECKING:
    from collections.abc import Collection

NONE = "none"


@dataclass(frozen=True, slots=True)
class Witness:
    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    least: int
    members: tuple[str, ...]


@dataclass(slots=True)
class Policy:
    """The trusted logs and witnesses; ``quorum`` names a witness, a group, or nobody."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[str, Witness] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    @property
    def keys(self) -> list[VerifierKey]:
        """The keys of the witnesses."""
        return [witness.key for witness in self.witnesses.values()]

    def satisfied(self, cosigners: Collection[VerifierKey]) -> bool:
        """Whether these cosigners are enough."""
        return self.quorum == NONE or self._stands(self.quorum, {key.public for key in cosigners})

    def _stands(self, name: str, signed: set[bytes]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name].key.public in signed
        group = self.groups[name]
        return sum(self._stands(member, signed) for member in group.members) >= group.least

    @property
    def wanted(self) -> tuple[int, int]:
        """The quorum as ``k`` of ``n``, where it is so simple; of a nested one the outer numbers."""
        if self.quorum == NONE:
            return 0, len(self.witnesses)
        group = self.groups.get(self.quorum)
        return (group.least, len(group.members)) if group else (1, 1)


def parse(text: str) -> Policy:
    """Read a policy file; ``NoteError`` says which line is wrong and why."""
    policy = Policy()
    quorum = None
    for number, line in enumerate(text.split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            if words[0] == "quorum":
                if quorum is not None:
                    raise NoteError("there is a second quorum; a policy has one")
                quorum = _quorum(policy, words[1:])
            else:
                _line(policy, words)
        except NoteError as wrong:
            raise NoteError(f"Line {number} of the policy: {wrong}") from None
    if quorum is None:
        raise NoteError("The policy has no quorum; write `quorum none` if no witness is needed")
    policy.quorum = quorum
    return policy


def _line(policy: Policy, words: list[str]) -> None:
    match words:
        case ["log", key, *url] if len(url) <= 1:
            log = signed_notes.parse_verifier(key)
            if any(log.public == other.public for other in policy.logs):
                raise NoteError(f"the log {log.name} is named twice")
            policy.logs.append(log)
        case ["witness", name, key, *url] if len(url) <= 1:
            _new(policy, name)
            found = signed_notes.parse_verifier(key)
            if found.type != signed_notes.COSIGNER:
                raise NoteError(f"the key of {name} is not a cosigner's (type 4)")
            if any(found.public == other.key.public for other in policy.witnesses.values()):
                raise NoteError(f"the key of {name} is another witness's key too")
            policy.witnesses[name] = Witness(name, found, url[0].rstrip("/") if url else "")
        case ["group", name, least, *members] if members:
            _group(policy, name, least, members)
        case _:
            raise NoteError(f"{' '.join(words)[:60]!r} is not a log, witness, group or quorum line")


def _group(policy: Policy, name: str, least: str, members: list[str]) -> None:
    _new(policy, name)
    used = {member for group in policy.groups.values() for member in group.members}
    for place, member in enumerate(members):
        if member not in policy.witnesses and member not in policy.groups:
            raise NoteError(f"{member} is not defined above")
        if member in used or member in members[:place]:
            raise NoteError(f"{member} is already a member of a group")
    number = {"all": len(members), "any": 1}.get(least, int(least) if least.isdecimal() else 0)
    if not 1 <= number <= len(members):
        raise NoteError(f"{least!r} should be all, any, or a number from 1 to {len(members)}")
    policy.groups[name] = Group(name, number, tuple(members))


def _new(policy: Policy, name: str) -> None:
    if name == NONE or name in policy.witnesses or name in policy.groups:
        raise NoteError(f"the name {name} is taken")


def _quorum(policy: Policy, words: list[str]) -> str:
    if len(words) != 1:
        raise NoteError("a quorum line names one witness, one group, or none")
    if words[0] != NONE and words[0] not in policy.witnesses and words[0] not in policy.groups:
        raise NoteError(f"{words[0]} is not defined above")
    return words[0]


def render(policy: Policy) -> str:
    """The policy as a file, as others verify with it: without the addresses of the witnesses."""
    lines = [f"log {key.text}" for key in policy.logs]
    lines += [f"witness {witness.name} {witness.key.text}" for witness in policy.witnesses.values()]
    lines += [f"group {g.name} {g.least} {' '.join(g.members)}" for g in policy.groups.values()]
    return "".join(f"{line}\n" for line in [*lines, f"quorum {policy.quorum}"])
