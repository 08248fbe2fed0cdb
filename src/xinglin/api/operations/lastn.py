"""``Observation/$lastn``: the latest observations of every kind.

https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xinglin.api import bodies
from xinglin.api.answers import Answer
from xinglin.api.interactions import searching
from xinglin.api.operations.register import TYPE, Operation, register
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from xinglin.api.requests import Request
    from xinglin.record.search import Entry, Page

MOST = 100  # of each kind
_AT_ONCE = 1000
_LARGEST = 20_000  # observations that are looked through
_SUBJECTS = ("patient", "subject")


def lastn(request: Request, _level: str, type_name: str) -> Answer:
    """For each code, the ``max`` (1) latest observations that fit the search in the query.

    Observations that share a coding are of one kind. Those without a date come last.
    """
    pairs = request.criteria + (bodies.form(request) if request.method == "POST" else [])
    counts = [value for name, value in pairs if name == "max"] or ["1"]
    if len(counts) > 1 or not (counts[0].isascii() and counts[0].isdigit() and 1 <= int(counts[0]) <= MOST):
        raise invalid(
            "The parameter %(name)s should be a whole number from 1 to %(most)d; it is %(there)s.",
            code="value",
            name="max",
            most=MOST,
            there=repr(counts[-1]),
        )
    asked = [pair for pair in pairs if pair[0] != "max"]
    if not any(name.partition(":")[0].partition(".")[0] in _SUBJECTS for name, _ in asked):
        raise invalid(
            "The latest observations are those of a patient: give patient or subject.", code="required"
        )
    page = _all(request, type_name, asked)
    entries = _latest(page.entries, int(counts[0]))
    kept = replace(page, query=replace(page.query, pairs=tuple(pairs)), entries=entries, total=len(entries))
    return Answer(200, searching.searchset(request, f"{type_name}/$lastn", kept))


def _all(request: Request, type_name: str, asked: list[tuple[str, str]]) -> Page:
    """Everything that fits, the latest first, as one page."""
    pairs = [*asked, ("_sort", "-date"), ("_count", str(_AT_ONCE))]
    page = request.door.search(type_name, pairs, lenient=request.preference.lenient)
    entries, token = list(page.entries), page.next
    while token is not None:
        if len(entries) >= _LARGEST:
            raise invalid(
                "More than %(most)d observations fit; narrow the search, for example by category.",
                code="too-costly",
                most=_LARGEST,
            )
        following = request.door.search(type_name, [*pairs, ("_page", token)])
        entries, token = entries + list(following.entries), following.next
    return replace(page, entries=tuple(entries), next=None, previous=None)


def _latest(entries: tuple[Entry, ...], most: int) -> tuple[Entry, ...]:
    """The first ``most`` of each kind, kind by kind."""
    kinds: dict[Any, list[Entry]] = {}
    for entry in entries:
        names = _names(entry.stored.resource.get("code", {}))
        kind = next((kinds[name] for name in names if name in kinds), None)
        kind = [] if kind is None else kind
        for name in names:
            kinds.setdefault(name, kind)
        if len(kind) < most:
            kind.append(entry)
    each = {id(kind): kind for kind in kinds.values()}
    return tuple(entry for kind in each.values() for entry in kind)


def _names(code: dict[str, Any]) -> list[Any]:
    """What tells the kind of an observation: its codings, or else its text."""
    codings: list[Any] = [
        (one.get("system"), one.get("code")) for one in code.get("coding", []) if one.get("code")
    ]
    return codings or [code.get("text")]


register(
    Operation(
        "lastn",
        frozenset({TYPE}),
        frozenset({"Observation"}),
        "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
        "The latest observations of every code; max says how many of each.",
        lastn,
    )
)
