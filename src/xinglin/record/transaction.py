"""One transaction of the record: every step of it takes effect, or none does.

https://hl7.org/fhir/R4/http.html#transaction. The same code carries out a single conditional create, an
update or a delete: a transaction of one step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.fhir import definitions, index, json
from xinglin.kernel.errors import (
    Fault,
    Issue,
    Kind,
    conflict,
    forbidden,
    gone,
    invalid,
    not_found,
    precondition,
)
from xinglin.kernel.ids import self_number, shard_of
from xinglin.record import access, conditions, drafts, followers, linking, packing, policy, store
from xinglin.record.steps import ORDER, Outcome, Step, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.drafts import Draft
    from xinglin.record.store import Standing


_FEW = 16  # resources that are locked one by one before they are read
_SEEN_FOR = {
    Verb.UPDATE: "u",
    Verb.PATCH: "ru",
    Verb.DELETE: "d",
}  # letters of scopes, for who acts through an app


def assign(steps: Sequence[Step]) -> list[Draft]:
    """Drafts with new ids for steps that create, in the steps' order."""
    vids = drafts.numbers.take(len(steps))
    made: list[Draft | None] = [None] * len(steps)
    patients: dict[str, str] = {}
    for first in (True, False):  # patients first: the others are to lie in their patient's shard
        for place, step in enumerate(steps):
            if (step.type == "Patient") is first:
                resource = step.resource
                assert resource is not None
                draft = drafts.unnamed(
                    step.type, vids[place], drafts.home(vids[place], resource, patients), resource
                )
                made[place] = draft
                if first and step.full_url:
                    patients[step.full_url] = f"Patient/{draft.id}"
    return [draft for draft in made if draft is not None]


def look(step: Step, resource: dict[str, Any]) -> None:
    """Note the text and the references of what the step stores."""
    step.text = packing.members(resource)
    step.references = linking.found_in(resource, step.text)


def prepare(
    pairs: Sequence[tuple[Step, Draft]], names: dict[str, str], *, integrity: bool = True
) -> set[str]:
    """Link, check, index and pack; give the ``Type/id`` that must be in the record already.

    ``names`` says what references may call the bundle's own resources. The steps have been looked at.
    """
    own = set(names.values())
    needed: set[str] = set()
    lost: set[str] = set()
    names = {name: local for name, local in names.items() if name != local}
    urns = any(name.startswith("urn:") for name in names)
    for step, draft in pairs:
        if urns and b'"urn:' in step.text:
            _rename_urns(step, draft, names)
        if names and _names_any(names, step):
            linking.rewrite(linking.holders(draft.resource), names)
            look(step, draft.resource)
        if integrity and step.references:
            needed |= linking.outside(step.references, own)
            lost |= linking.unresolved(step.references)
    drafts.check([(step.resource_place, draft.resource) for step, draft in pairs])
    refuse_dangling(pairs, lost)
    for step, draft in pairs:
        drafts.finish(draft, step.text)
    return needed


def _names_any(names: dict[str, str], step: Step) -> bool:
    """Whether the bundle's names, or parts of what they name, are referred to."""
    return not names.keys().isdisjoint(step.references) or any(
        reference.find("#", 1) > 0 for reference in step.references
    )


def _rename_urns(step: Step, draft: Draft, names: dict[str, str]) -> None:
    """Put local references in the place of the bundle's own ``urn:`` names; in the text, which is quicker."""
    text = linking.rename_urns(step.text, names)
    if text != step.text:
        draft.resource = packing.parsed(step.type, text)
        step.text, step.references = text, linking.found_in(draft.resource, text)


def refuse_dangling(pairs: Sequence[tuple[Step, Draft]], lost: set[str]) -> None:
    """Raise a fault that names the elements whose references are in ``lost``, if there are any."""
    if lost:
        issues = linking.dangling([(step.resource_place, draft.resource) for step, draft in pairs], lost)
        if issues:
            raise Fault(Kind.INVALID, issues)


def bundle_names(pairs: Sequence[tuple[Step, Draft]]) -> dict[str, str]:
    """What references in a bundle may call each of its resources."""
    names: dict[str, str] = {}
    for step, draft in pairs:
        local = f"{draft.type_name}/{draft.id}"
        for name in linking.targets(step.full_url, draft.type_name, step.id):
            names[name] = local
    return names


class Transaction:
    """The steps of one transaction while they are carried out, on a connection that is inside one.

    ``former``: what tries before this have called the resources of steps, by number, and put into references.
    """

    def __init__(
        self,
        connection: Connection,
        steps: Sequence[Step],
        actor: Actor,
        *,
        integrity: bool,
        former: Mapping[str, int] | None = None,
    ) -> None:
        self.former = former or {}
        self.access = policy.access_of(actor, connection)
        self.connection = connection
        self.steps = steps
        self.actor = actor
        self.integrity = integrity
        self.outcomes: list[Outcome | None] = [None] * len(steps)
        self.drafts: dict[int, Draft] = {}
        self.names: dict[str, str] = {}
        self.standing: dict[int, Standing] = {}
        self.buried: dict[int, tuple[int, int]] = {}

    def run(self) -> list[Outcome]:
        """Carry the steps out; raises the first fault, and then nothing has been changed."""
        self.tx = store.begin(self.connection, deletes=any(step.verb is Verb.DELETE for step in self.steps))
        conditions.resolve(self.connection, self.steps, self._settle, self.access)
        self._name()
        self._name_former()
        self._load()
        self._patch()
        pairs = [(self.steps[n], draft) for n, draft in self.drafts.items()]
        for step, draft in pairs:
            look(step, draft.resource)
        self._resolve(pairs)
        needed = prepare(pairs, self.names, integrity=self.integrity)
        self._refuse_ungranted()
        self._drop_no_ops()
        refuse_dangling(pairs, linking.missing(self.connection, needed))
        self._write()
        return [outcome if outcome is not None else Outcome(200) for outcome in self.outcomes]

    def _resolve(self, pairs: Sequence[tuple[Step, Draft]]) -> None:
        """Replace conditional references."""
        asking = [(s, d) for s, d in pairs if any(conditions.is_reference(text) for text in s.references)]
        conditions.resolve_references(self.connection, [draft.resource for _, draft in asking], self.access)
        for step, draft in asking:
            look(step, draft.resource)

    def _settle(self, number: int, outcome: Outcome) -> None:
        """Called back for a step that its condition makes a no-op."""
        self.outcomes[number] = outcome
        draft, step = outcome.draft, self.steps[number]
        if draft is not None:
            for name in linking.targets(step.full_url, draft.type_name, None):
                self.names[name] = f"{draft.type_name}/{draft.id}"

    def _open(self, *verbs: Verb) -> list[tuple[int, Step]]:
        found = [(n, s) for n, s in enumerate(self.steps) if self.outcomes[n] is None and s.verb in verbs]
        return sorted(found, key=lambda pair: ORDER[pair[1].verb])

    def _name(self) -> None:
        """Give every resource that is written its id."""
        fresh = [
            (n, s) for n, s in self._open(Verb.CREATE, Verb.UPDATE) if s.verb is Verb.CREATE or s.id is None
        ]
        for (n, _), draft in zip(fresh, assign([s for _, s in fresh]), strict=True):
            self.drafts[n] = draft
        for n, step in self._open(Verb.UPDATE):
            if step.id is not None:
                assert step.resource is not None
                self.drafts[n] = drafts.named(step.type, step.id, step.resource)
        self._refuse_repeats()
        self.names |= bundle_names([(self.steps[n], d) for n, d in self.drafts.items()])
        for _, step in self._open(Verb.PATCH):
            for name in linking.targets(step.full_url, step.type, None):
                self.names[name] = f"{step.type}/{step.id}"

    def _name_former(self) -> None:
        for name, n in self.former.items():
            outcome = self.outcomes[n]
            draft = self.drafts.get(n) or (outcome.draft if outcome else None)
            if draft is not None:
                self.names[name] = f"{draft.type_name}/{draft.id}"

    def called(self) -> dict[str, int]:
        """What this try called the resources of its steps: ``Type/id`` → number of the step."""
        return {f"{draft.type_name}/{draft.id}": n for n, draft in self.drafts.items()}

    def _refuse_repeats(self) -> None:
        """https://hl7.org/fhir/R4/http.html#trules: no resource is changed by two entries."""
        seen: dict[tuple[str, str], str] = {}
        for number, step in self._open(Verb.UPDATE, Verb.PATCH, Verb.DELETE):
            id_ = self.drafts[number].id if number in self.drafts else str(step.id)
            first = seen.setdefault((step.type, id_), step.place)
            if first != step.place:
                raise invalid(
                    "%(type)s/%(id)s is changed by this entry and by %(first)s; a transaction changes a resource once.",
                    code="duplicate", expression=step.place, type=step.type, id=id_, first=first,
                )  # fmt: skip

    def _load(self) -> None:
        """Lock what stands, and see that each step may go on from there."""
        named = [(n, s) for n, s in self._open(Verb.UPDATE, Verb.PATCH, Verb.DELETE) if s.id is not None]
        wanted = {self_number(s.type, str(s.id)): shard_of(s.type, str(s.id)) for _, s in named}
        if len(wanted) <= _FEW:
            store.lock_resources(self.connection, list(wanted))
        self.standing = store.current(self.connection, list(wanted), set(wanted.values()))
        self._refuse_hidden(named, wanted)
        absent = [number for number in wanted if number not in self.standing]
        self.buried = store.buried(self.connection, absent, {wanted[number] for number in absent})
        for n, step in named:
            number = self_number(step.type, str(step.id))
            self._require(step, self.standing.get(number), number in self.buried)
            if step.verb is Verb.DELETE and number not in self.standing:
                self.outcomes[n] = Outcome(204, no_op=True)

    def _refuse_hidden(self, named: Sequence[tuple[int, Step]], wanted: Mapping[int, int]) -> None:
        """Nobody changes what the policy does not show them."""
        if self.access is None:
            return
        unseen: dict[str, set[int]] = {}
        for letter in {letter for _, step in named for letter in _SEEN_FOR[step.verb]}:
            shown = policy.access_of(self.actor, self.connection, letters=letter)
            unseen[letter] = (
                store.hidden(self.connection, wanted, set(wanted.values()), shown) if shown else set()
            )
        for _, step in named:
            if any(self_number(step.type, str(step.id)) in unseen[letter] for letter in _SEEN_FOR[step.verb]):
                number = definitions.type_number(step.type)
                access.note(self.actor, step.verb.value, "deny", type=number, id=step.id)
                raise forbidden(
                    "The policy does not let %(name)s change %(type)s/%(id)s.",
                    expression=step.place or None, name=self.actor.name, type=step.type, id=step.id,
                )  # fmt: skip

    @staticmethod
    def _require(step: Step, standing: Standing | None, was_there: bool) -> None:
        if standing is None and step.verb is Verb.PATCH:
            make = gone if was_there else not_found
            raise make(
                "%(type)s/%(id)s is not there to be patched.",
                expression=step.place or None,
                type=step.type,
                id=step.id,
            )
        if step.if_match is not None and (standing is None or standing.version != step.if_match):
            raise precondition(
                "If-Match asks for version %(asked)s of %(type)s/%(id)s, which is now at version %(version)s. "
                "Read it again and decide anew.",
                expression=step.place or None, asked=step.if_match, type=step.type, id=step.id,
                version=standing.version if standing else "none",
            )  # fmt: skip

    def _patch(self) -> None:
        for n, step in self._open(Verb.PATCH):
            standing = self.standing[self_number(step.type, str(step.id))]
            assert step.change is not None
            old = json.parse(
                packing.text(step.type, standing.id, standing.version, standing.vid, standing.body)
            )
            try:
                new = step.change(old)
            except Fault as fault:
                raise Fault(fault.kind, [_within(issue, step.place) for issue in fault.issues]) from fault
            if new.get("resourceType") != step.type or new.get("id") != step.id:
                raise invalid(
                    "A patch may not change resourceType or id.",
                    code="business-rule",
                    expression=step.place or None,
                )
            self.drafts[n] = drafts.named(step.type, standing.id, new)

    def _refuse_ungranted(self) -> None:
        """What an app writes is within what it was granted."""
        for letter in "cu":
            written = [d for d in self.drafts.values() if (d.number in self.standing) is (letter == "u")]
            policy.require_written(self.connection, self.actor, written, letter)

    def _drop_no_ops(self) -> None:
        """An update that changes nothing makes no version."""
        for n, draft in list(self.drafts.items()):
            standing = self.standing.get(draft.number)
            if standing is None or self.steps[n].verb is Verb.CREATE:
                continue
            if same(packing.unpack(standing.body), draft.text):
                draft.version, draft.vid = standing.version, standing.vid
                self.outcomes[n] = Outcome(200, draft, no_op=True)
                del self.drafts[n]

    def _write(self) -> None:
        leaving = [(n, self.standing[self_number(s.type, str(s.id))]) for n, s in self._open(Verb.DELETE)]
        replaced = [self.standing[d.number] for d in self.drafts.values() if d.number in self.standing]
        before = {s.number: (s.version, s.vid) for s in replaced} | self.buried
        latest = max([vid for _, vid in before.values()] + [s.vid for _, s in leaving], default=0)
        vids = drafts.numbers.take(len(self.drafts) + len(leaving), after=latest)
        for vid, (n, draft) in zip(vids, self.drafts.items(), strict=False):
            draft.vid = vid
            draft.version = before.get(draft.number, (0, 0))[0] + 1
            self.outcomes[n] = Outcome(200 if draft.number in self.standing else 201, draft)
        deleted = [
            (standing, vid) for (_, standing), vid in zip(leaving, vids[len(self.drafts) :], strict=True)
        ]
        if not self.drafts and not deleted:
            return
        store.supersede(self.connection, [*replaced, *(s for s, _ in deleted)], self.tx)
        store.bury(self.connection, deleted, self.tx)
        store.insert(self.connection, list(self.drafts.values()), self.tx)
        self._keep_references(leaving)
        gone = []
        for (n, standing), (_, vid) in zip(leaving, deleted, strict=True):
            draft = drafts.named(self.steps[n].type, standing.id, {})
            draft.version, draft.vid = standing.version + 1, vid
            self.outcomes[n] = Outcome(204, draft)
            gone.append(draft)
        living = followers.written(self.actor, self.drafts.values())
        followers.tell(self.connection, living + followers.written(self.actor, gone, deleted=True))
        versions = [(d.type, d.vid) for d in self.drafts.values()] + [(s.type, vid) for s, vid in deleted]
        store.announce(self.connection, self.tx, [(self.actor, versions)])

    def _keep_references(self, leaving: Sequence[tuple[int, Standing]]) -> None:
        """Refuse to delete what living resources refer to."""
        if not self.integrity:
            return
        numbers = [standing.number for _, standing in leaving]
        for n, standing in leaving:
            step = self.steps[n]
            hashes = [standing.number ^ seed for seed in index.reference_seeds(step.type)]
            holding = store.referring(self.connection, hashes, numbers)
            if holding:
                raise conflict(
                    "%(type)s/%(id)s cannot be deleted: %(by)s refers to it. Delete or change that first.",
                    expression=step.place or None, type=step.type, id=step.id,
                    by=", ".join(f"{definitions.type_name(type_)}/{id_}" for type_, id_ in holding),
                )  # fmt: skip


def same(old: bytes, new: bytes) -> bool:
    """Whether two stored texts say the same; the order of members is no difference, a decimal's digits are."""
    if old == new:
        return True
    if len(old) != len(new):
        return False
    old_meta, _, old_rest = old.partition(b"\x00")
    new_meta, _, new_rest = new.partition(b"\x00")
    return bool(_parsed(old_meta) == _parsed(new_meta) and _parsed(old_rest) == _parsed(new_rest))


def _parsed(members: bytes) -> Any:
    import json as exact  # noqa: PLC0415 -- only for the rare reordered resend; keeps numbers as they are written

    return exact.loads(b"{" + members + b"}", parse_float=str)


def _within(issue: Issue, place: str) -> Issue:
    return Issue(issue.code, issue.message, issue.params, issue.expression or place or None, issue.severity)
