"""Verifying a proof with nothing but the proof and the keys that one trusts: no database, no network.

``verify`` answers with findings, one for each thing that was looked at, in the order in which they build on each
other. The proof holds when none of them failed; what could not be looked at is said too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from xinglin.crypto import signed_notes
from xinglin.crypto.signed_notes import NoteError
from xinglin.ledger import checkpoints, entries, proofs, tree

if TYPE_CHECKING:
    from xinglin.crypto.signed_notes import Note
    from xinglin.ledger.checkpoints import Checkpoint
    from xinglin.ledger.policies import Policy
    from xinglin.ledger.proofs import Proof


class Step(StrEnum):
    """What is looked at."""

    FORM = "form"  # the file is a proof
    SIGNATURE = "signature"  # a trusted log has signed the head
    WITNESSES = "witnesses"  # enough trusted witnesses have cosigned it
    INCLUSION = "inclusion"  # the entry is in the tree of that head
    OPENING = "opening"  # the event is the one whose hash the entry holds


class Outcome(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    ABSENT = "absent"  # there was nothing to look at


@dataclass(frozen=True, slots=True)
class Finding:
    step: Step
    outcome: Outcome
    detail: str


@dataclass(slots=True)
class Report:
    """What was found, and what the proof is about."""

    findings: list[Finding] = field(default_factory=list)
    proof: Proof | None = None
    checkpoint: Checkpoint | None = None
    entry: bytes | None = None
    event: str | None = None

    @property
    def holds(self) -> bool:
        """Nothing is wrong, and the entry was shown to be in a log that is trusted."""
        wrong = any(f.outcome is Outcome.WRONG for f in self.findings)
        shown = any(f.step is Step.INCLUSION and f.outcome is Outcome.RIGHT for f in self.findings)
        return shown and not wrong

    def say(self, step: Step, outcome: Outcome, detail: str) -> bool:
        self.findings.append(Finding(step, outcome, detail))
        return outcome is not Outcome.WRONG


def verify(text: str, policy: Policy, *, entry: bytes | None = None) -> Report:
    """Verify a proof in tlog-proof's text. ``entry`` where the proof does not hold it."""
    report = Report()
    try:
        proof = proofs.parse(text)
        head = checkpoints.parse(proof.checkpoint.text)
    except NoteError as wrong:
        report.say(Step.FORM, Outcome.WRONG, f"{wrong}.")
        return report
    report.proof, report.checkpoint = proof, head
    report.entry = entry if entry is not None else proof.entry
    report.say(Step.FORM, Outcome.RIGHT, f"A proof of entry {proof.index} in a log of {head.size}.")
    if _signed(report, proof.checkpoint, head, policy) and _included(report, proof, head):
        _opened(report, proof)
    return report


def verify_head(note: Note, policy: Policy) -> Report:
    """Verify a signed head alone."""
    report = Report()
    try:
        report.checkpoint = checkpoints.parse(note.text)
    except NoteError as wrong:
        report.say(Step.FORM, Outcome.WRONG, f"{wrong}.")
        return report
    _signed(report, note, report.checkpoint, policy)
    return report


def _signed(report: Report, note: Note, head: Checkpoint, policy: Policy) -> bool:
    """Both signatures and quorum; False where either is wrong."""
    logs = [key for key in policy.logs if key.name == head.origin]
    try:
        signed = signed_notes.verify(note, logs)
        cosigned = signed_notes.verify(note, policy.keys)
    except NoteError as wrong:
        return report.say(Step.SIGNATURE, Outcome.WRONG, f"{wrong}.")
    if not signed:
        return report.say(
            Step.SIGNATURE, Outcome.WRONG, f"No trusted key of {head.origin!r} has signed this head."
        )
    report.say(Step.SIGNATURE, Outcome.RIGHT, f"Signed by {', '.join(v.key.name for v in signed)}.")
    least, most = policy.wanted
    names = "; ".join(f"{v.key.name} at {_utc(v.moment or 0)}" for v in cosigned)
    if not policy.satisfied([v.key for v in cosigned]):
        said = f"Cosigned by {len(cosigned)} of {most} witnesses; {least} are needed. {names}".strip()
        return report.say(Step.WITNESSES, Outcome.WRONG, said)
    if not cosigned:
        return report.say(Step.WITNESSES, Outcome.ABSENT, "No witness was asked for.")
    return report.say(Step.WITNESSES, Outcome.RIGHT, f"Cosigned by {names}.")


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(min(seconds, 253402300799), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _included(report: Report, proof: Proof, head: Checkpoint) -> bool:
    if report.entry is None:
        return report.say(
            Step.INCLUSION, Outcome.WRONG, "The proof does not hold the entry, and none was given."
        )
    leaf = tree.leaf_hash(report.entry)
    if not tree.includes(proof.hashes, index=proof.index, size=head.size, leaf=leaf, root=head.root):
        said = f"The hashes do not lead from this entry, as number {proof.index}, to the signed root."
        return report.say(Step.INCLUSION, Outcome.WRONG, said)
    return report.say(Step.INCLUSION, Outcome.RIGHT, f"The entry is number {proof.index} of {head.size}.")


def _opened(report: Report, proof: Proof) -> None:
    assert report.entry is not None
    if proof.opening is None:
        report.say(Step.OPENING, Outcome.ABSENT, "The proof does not tell the event, only its hash.")
        return
    try:
        entry = entries.parse(report.entry)
    except ValueError as wrong:
        report.say(Step.OPENING, Outcome.WRONG, f"{wrong}.")
        return
    sha256, sm3 = entries.seal(proof.opening.salt, proof.opening.event)
    if sha256 != entry.sha256 or (sm3 and entry.sm3 and sm3 != entry.sm3):
        report.say(Step.OPENING, Outcome.WRONG, "The event is not the one whose hash the entry holds.")
        return
    report.event = proof.opening.event.decode()
    also = " and SM3" if sm3 and entry.sm3 else ""
    report.say(Step.OPENING, Outcome.RIGHT, f"The event has the SHA-256{also} that the entry holds.")
