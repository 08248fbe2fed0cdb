"""Conditional interactions: a search decides which resource is meant.

https://hl7.org/fhir/R4/http.html#ccreate, #cond-update, #2.21.0.10.1 (delete) and conditional references in
transactions. A lock on the condition keeps two requests with the same one from both finding nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from xxhash import xxh32_intdigest

from xinglin.fhir import definitions
from xinglin.kernel.errors import invalid, not_found, precondition
from xinglin.record import drafts, linking, packing, parameters, search, store
from xinglin.record.steps import Outcome, Step, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xinglin.record.database import Connection
    from xinglin.record.queries import Stored
    from xinglin.record.search import Access


def is_reference(text: str) -> bool:
    """Whether a Reference is conditional: ``Type?criteria``."""
    return "?" in text and definitions.is_resource_type(text.partition("?")[0])


def find(
    connection: Connection, type_name: str, criteria: str, place: str | None, access: Access | None
) -> list[Stored]:
    """At most two resources that the condition fits, of those that may be seen.

    Raises ``invalid`` for a condition that says nothing.
    """
    pairs = parse_qsl(criteria, keep_blank_values=True, strict_parsing=False)
    query = search.parse(type_name, [*pairs, ("_count", "2")], catalogue=parameters.catalogue())
    if not query.criteria:
        raise invalid(
            "The condition %(criteria)r has no search parameter, so it would fit every %(type)s.",
            expression=place, criteria=criteria, type=type_name,
        )  # fmt: skip
    return search.find(connection, query, access=access)


def resolve(
    connection: Connection,
    steps: Sequence[Step],
    settle: Callable[[int, Outcome], None],
    access: Access | None = None,
) -> None:
    """Give conditional steps their ids; ``settle`` is called for those that have nothing more to do."""
    conditional = [(n, step) for n, step in enumerate(steps) if step.criteria and step.verb is not Verb.READ]
    if not conditional:
        return
    hashes = {_hash(step.type, str(step.criteria)) for _, step in conditional}
    store.lock_criteria(connection, hashes)
    for n, step in conditional:
        place = step.place or None
        found = find(connection, step.type, str(step.criteria), place, access)
        if len(found) > 1:
            raise precondition(
                "The condition %(type)s?%(criteria)s fits more than one resource; make it narrower.",
                code="multiple-matches", expression=place, type=step.type, criteria=step.criteria,
            )  # fmt: skip
        outcome = _apply(step, found[0] if found else None)
        if outcome is not None:
            settle(n, outcome)


def _apply(step: Step, match: Stored | None) -> Outcome | None:
    """Aim the step at its match; an outcome where nothing is left to be done."""
    place = step.place or None
    if match is None:
        if step.verb is Verb.DELETE:
            return Outcome(204, no_op=True)
        if step.verb is Verb.PATCH:
            raise not_found("No %(type)s fits the condition of this patch.", expression=place, type=step.type)
        if step.verb is Verb.UPDATE and step.resource is not None:
            step.id = _sent_id(step, step.resource)
        return None
    if step.verb is Verb.CREATE:
        draft = drafts.named(match.type, match.id, {})
        draft.version, draft.vid = match.version, match.vid
        draft.text = packing.unpack(match.body or b"")
        return Outcome(200, draft, no_op=True)
    if step.verb is Verb.UPDATE and step.resource is not None:
        sent = step.resource.get("id")
        if sent is not None and sent != match.id:
            raise invalid(
                "The resource's id is %(sent)r, but the condition fits %(type)s/%(found)s. Leave the id out.",
                expression=f"{step.resource_place}.id", sent=sent, type=step.type, found=match.id,
            )  # fmt: skip
    step.id = match.id
    return None


def _sent_id(step: Step, resource: dict[str, Any]) -> str | None:
    sent = resource.get("id")
    if sent is not None and not isinstance(sent, str):
        raise invalid("An id is a string.", code="structure", expression=f"{step.resource_place}.id")
    return sent


def resolve_references(
    connection: Connection, resources: Iterable[dict[str, Any]], access: Access | None = None
) -> None:
    """Replace conditional references by what they match; raises ``precondition`` unless that is exactly one."""
    known: dict[str, str] = {}
    for resource in resources:
        for holder in linking.holders(resource):
            reference = holder["reference"]
            if is_reference(reference):
                if reference not in known:
                    known[reference] = _only_match(connection, reference, access)
                holder["reference"] = known[reference]


def _only_match(connection: Connection, reference: str, access: Access | None) -> str:
    type_name, _, criteria = reference.partition("?")
    found = find(connection, type_name, criteria, None, access)
    if len(found) != 1:
        raise precondition(
            "The conditional reference %(reference)s fits %(count)s resources; it must fit exactly one.",
            code="multiple-matches" if found else "not-found",
            reference=reference, count="several" if found else "no",
        )  # fmt: skip
    return f"{type_name}/{found[0].id}"


def _hash(type_name: str, criteria: str) -> int:
    return xxh32_intdigest(f"{type_name}?{criteria}".encode()) - (1 << 31)
