"""A decision as a Consent, and a Consent as words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.fhir import dates
from xinglin.kernel.errors import Fault
from xinglin.record.policy import directives

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinglin.record.policy.consents import DataKind
    from xinglin.record.policy.directives import Node, Terms

_TERMS = directives.TERMS
WITNESS = "urn:xinglin:consent-witness"
CLERK = "urn:xinglin:consent-clerk"
WHOLE = "all"


class State(StrEnum):
    """Whether a decision holds."""

    IN_FORCE = "in force"
    NOT_YET = "not yet"
    OVER = "over"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a decision speaks of: an institution or a practitioner of the directory."""

    reference: str
    name: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody fills in: a kind of data, closed or permitted, to ``readers`` (none: everybody) but ``others``."""

    kind: DataKind
    denies: bool
    readers: tuple[Reader, ...] = ()
    others: tuple[Reader, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """How it was taken down: by whom, when, who witnessed it (empty where the resident did it)."""

    clerk: str
    now: datetime
    witness: str = ""


def consent(wish: Wish, patient: str, taken: Taken) -> dict[str, Any]:
    """The Consent that says the wish of Patient ``patient``."""
    provision: dict[str, Any] = {"type": "deny" if wish.denies else "permit"}
    period = {
        name: day.isoformat() for name, day in (("start", wish.since), ("end", wish.until)) if day is not None
    }
    if period:
        provision["period"] = period
    if wish.readers:
        provision["actor"] = [_actor(reader) for reader in wish.readers]
    if wish.kind.types:
        provision["class"] = [
            {"system": directives.RESOURCE_TYPES, "code": type_} for type_ in wish.kind.types
        ]
    if wish.kind.security:
        provision["securityLabel"] = [{"system": system, "code": code} for system, code in wish.kind.security]
    if wish.others:
        other = "permit" if wish.denies else "deny"
        provision["provision"] = [{"type": other, "actor": [_actor(reader) for reader in wish.others]}]
    return noted(
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": {"coding": [{"system": f"{_TERMS}consentscope", "code": directives.PRIVACY}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"reference": f"Patient/{patient}"},
            "policy": [{"uri": "urn:oid:2.16.840.1.113883.4.642"}],
            "provision": provision,
        },
        taken,
    )


def _actor(reader: Reader) -> dict[str, Any]:
    role = {"coding": [{"system": f"{_TERMS}v3-ParticipationType", "code": "IRCP"}]}
    return {"role": role, "reference": {"reference": reader.reference, "display": reader.name}}


def noted(resource: Mapping[str, Any], taken: Taken) -> dict[str, Any]:
    """The Consent with the note who took it down and who witnessed it, in the place of an earlier one."""
    kept = [each for each in resource.get("extension", ()) if each.get("url") not in (WITNESS, CLERK)]
    notes = [{"url": CLERK, "valueString": taken.clerk}]
    if taken.witness:
        notes.append({"url": WITNESS, "valueString": taken.witness})
    made = {key: value for key, value in resource.items() if key != "meta"}
    return {**made, "extension": [*kept, *notes], "dateTime": taken.now.isoformat(timespec="seconds")}


# -- in words


@dataclass(frozen=True, slots=True)
class Line:
    """One provision: what it says of which data, for whom and when."""

    depth: int
    denies: bool
    kinds: tuple[DataKind, ...] = ()
    codes: tuple[str, ...] = ()  # of data that are no kind of ours
    readers: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    data_since: datetime | None = None
    data_until: datetime | None = None

    @property
    def is_of_all_data(self) -> bool:
        return not (self.kinds or self.codes or self.holders or self.data_since or self.data_until)


@dataclass(frozen=True, slots=True)
class Decision:
    """A Consent as it is shown."""

    id: str
    state: State
    lines: tuple[Line, ...]
    given: str  # the day and time the resident decided, as written
    clerk: str = ""
    witness: str = ""

    @property
    def in_force(self) -> bool:
        return self.state is State.IN_FORCE

    @property
    def first(self) -> Line | None:
        return self.lines[0] if self.lines else None


def decision(
    resource: Mapping[str, Any], terms: Terms, kinds: Sequence[DataKind], now: datetime
) -> Decision | None:
    """The Consent in words; None where it is not about who sees what, or says what the platform cannot keep to."""
    asked = {**resource, "status": "active"}
    if not directives.is_about_access(asked):
        return None
    try:
        nodes = directives.read(asked, terms)
    except Fault:
        return None
    names = dict(_names(resource))
    notes = {each.get("url"): str(each.get("valueString", "")) for each in resource.get("extension", ())}
    return Decision(
        str(resource.get("id", "")), _state(resource, nodes, now), tuple(_line(node, names, kinds) for node in nodes),
        str(resource.get("dateTime", "")), notes.get(CLERK, ""), notes.get(WITNESS, ""),
    )  # fmt: skip


def _state(resource: Mapping[str, Any], nodes: Sequence[Node], now: datetime) -> State:
    if resource.get("status") != "active":
        return State.WITHDRAWN
    micros = now.timestamp() * 1_000_000
    start, end = nodes[0].period
    return State.NOT_YET if micros < start else State.OVER if micros >= end else State.IN_FORCE


def _names(value: Any) -> list[tuple[str, str]]:
    """Every reference in the Consent with the name it is given."""
    if isinstance(value, dict):
        own = (
            [(str(value["reference"]), str(value["display"]))]
            if {"reference", "display"} <= value.keys()
            else []
        )
        return [*own, *(pair for child in value.values() for pair in _names(child))]
    if isinstance(value, list):
        return [pair for child in value for pair in _names(child)]
    return []


def _line(node: Node, names: Mapping[str, str], kinds: Sequence[DataKind]) -> Line:
    chosen = [
        kind for kind in kinds
        if (kind.types and frozenset(kind.types) == node.types)
        or (node.labels and {code for _, code in kind.security} & node.labels)
    ]  # fmt: skip
    said = frozenset(type_ for kind in chosen for type_ in kind.types)
    rest = sorted((node.types or frozenset()) - said)
    rest += [f"{system}|{code}" for system, code in sorted(node.codes or ())]
    rest += [f"{type_}/{id_}" for type_, id_ in sorted(node.instances or ())]
    holders = [f"Organization/{id_}" for id_ in sorted(node.holders or ())]
    return Line(
        len(node.path) - 1, node.denies, tuple(chosen), tuple(rest),
        tuple(names.get(each, each) for each in sorted(node.actors or ())),
        tuple(names.get(each, each) for each in holders), tuple(sorted(node.purposes or ())),
        *_times(node.period), *_times(node.dates or directives.ALWAYS),
    )  # fmt: skip


def _times(span: tuple[float, float]) -> tuple[datetime | None, datetime | None]:
    """The first and the last moment, in the time of the country; None where it is open."""
    first, last = span
    return (
        None if first == float("-inf") else datetime.fromtimestamp(first / 1_000_000, dates.LOCAL_ZONE),
        None if last == float("inf") else datetime.fromtimestamp(last / 1_000_000 - 1, dates.LOCAL_ZONE),
    )
