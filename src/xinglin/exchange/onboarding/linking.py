"""What samples say together: whose they are, what they refer to, when things happened. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, WARNING
from xinglin.exchange.onboarding.rules import Finding, Tally
from xinglin.fhir import references
from xinglin.fhir.dates import LOCAL_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.exchange.doors import Envelope
    from xinglin.exchange.onboarding.points import Kinds, Scheme

Told = tuple[str, bool, Finding | None]
"""Something that was looked at: for which point, whether it is in order, and what is wrong."""


class Read:
    """A sample that could be read: its envelope and its resources, each with its place."""

    __slots__ = ("envelope", "number", "resources")

    def __init__(
        self, number: int, envelope: Envelope, resources: Sequence[tuple[str, dict[str, Any]]]
    ) -> None:
        self.number = number
        self.envelope = envelope
        self.resources = resources

    @property
    def keys(self) -> set[str]:
        return {f"{one['resourceType']}/{one['id']}" for _, one in self.resources}


def look(
    scheme: Scheme, kinds: Kinds, door: str, samples: Sequence[Read], *, now: datetime
) -> Iterator[Told]:
    """Everything about linkage and timeliness. ``now`` is the moment at which the samples arrived."""
    for one in samples:
        yield from _patient(scheme, one)
        if one.envelope.kind not in scheme.without_visit:
            yield from _visits(scheme, one)
    yield from _persons(scheme, samples)
    yield from _numbers(samples)
    yield from _references(scheme.among - kinds.outside, samples)
    yield from _orders(scheme, samples, outside=kinds.outside)
    for one in samples:
        yield from _times(scheme, door, one, now)


def tallied(told: Sequence[Told]) -> dict[str, Tally]:
    """How much was looked at for each point."""
    found: dict[str, Tally] = {}
    for point, good, _ in told:
        found[point] = found.get(point, Tally()) + Tally(1, int(good))
    return found


# -- linkage


def _patient(scheme: Scheme, one: Read) -> Iterator[Told]:
    types = {resource["resourceType"] for _, resource in one.resources}
    if not types or types <= scheme.without_patient:
        return
    named = bool(one.envelope.patient) or "Patient" in types
    named = named or any(
        said.startswith("Patient/") for _, resource in one.resources for _, said in _said(resource)
    )
    text = gettext_noop("The sample does not say whose it is; give the patient's number.")
    yield _told("linkage.patient", named, one, ERROR, "required", "", text)


def _persons(scheme: Scheme, samples: Sequence[Read]) -> Iterator[Told]:
    """Where two samples tell of one patient they should say the same of them."""
    first: dict[str, tuple[Read, dict[str, Any]]] = {}
    for one in samples:
        for place, resource in one.resources:
            if resource["resourceType"] != "Patient":
                continue
            other, known = first.setdefault(resource["id"], (one, resource))
            if other is one:
                continue
            differing = [
                name for name, program in scheme.same
                if (a := program(known)) and (b := program(resource)) and a != b
            ]  # fmt: skip
            text = gettext_noop(
                "The same number of a patient is somebody else in sample %(other)s: %(what)s differs."
            )
            params = {"other": other.number + 1, "what": ", ".join(differing)}
            yield _told("linkage.person", not differing, one, ERROR, "business-rule", place, text, params)


def _numbers(samples: Sequence[Read]) -> Iterator[Told]:
    first: dict[tuple[str, str], Read] = {}
    for one in samples:
        control = one.envelope.control
        if not control:
            text = gettext_noop("The message has no number of its own, so that repeats cannot be told apart.")
            yield _told("linkage.numbers", False, one, ERROR, "required", "", text)
            continue
        other = first.setdefault((one.envelope.kind, control), one)
        text = gettext_noop("The message has the same number as sample %(other)s.")
        yield _told(
            "linkage.numbers", other is one, one, ERROR, "duplicate", "", text, {"other": other.number + 1}
        )


def _references(among: frozenset[str], samples: Sequence[Read]) -> Iterator[Told]:
    """What a sample refers to should be in it, or in another."""
    known = set().union(*(one.keys for one in samples)) if samples else set()
    for one in samples:
        seen: set[str] = set()
        for place, resource in one.resources:
            for element, said in _said(resource):
                if said in seen or said.partition("/")[0] not in among:
                    continue
                seen.add(said)
                text = gettext_noop(
                    "The %(type)s that this refers to is in none of the samples; send it too, under the same number."
                )
                yield _told(
                    "linkage.references", said in known, one, WARNING, "not-found", f"{place}.{element}", text,
                    {"type": said.partition("/")[0]},
                )  # fmt: skip


def _orders(scheme: Scheme, samples: Sequence[Read], *, outside: frozenset[str]) -> Iterator[Told]:
    """The order of a result should have come in another sample, unless other systems send orders."""
    where: dict[str, set[int]] = {}
    for one in samples:
        for key in one.keys:
            where.setdefault(key, set()).add(one.number)
    for one in samples:
        for place, resource in one.resources:
            element = scheme.orders.get(resource["resourceType"])
            if element is None:
                continue
            named = [
                said for path, said in _said(resource) if path.partition("[")[0].partition(".")[0] == element
            ]
            found = any(
                where.get(said, set()) - {one.number} or said.partition("/")[0] in outside for said in named
            )
            text = (
                gettext_noop("The order of this result is in no other sample; send the order's message too.")
                if named
                else gettext_noop("The result does not name its order.")
            )
            yield _told("linkage.orders", found, one, WARNING, "not-found", f"{place}.{element}", text)


def _visits(scheme: Scheme, one: Read) -> Iterator[Told]:
    for place, resource in one.resources:
        element = scheme.visits.get(resource["resourceType"])
        if element is not None:
            text = gettext_noop("The visit is not named; give its number.")
            yield _told(
                "linkage.encounters", bool(resource.get(element)), one, WARNING, "required", f"{place}.{element}", text
            )  # fmt: skip


def _said(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every reference to a resource of the platform: where it stands, and ``Type/id``."""
    yield from _inside(resource, "")


def _inside(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for at, one in enumerate(value):
            yield from _inside(one, f"{place}[{at}]")
    elif isinstance(value, dict):
        said = value.get("reference")
        if isinstance(said, str) and (found := references.parse(said)) is not None:
            yield place, f"{found.type}/{found.id}"
        for name, inner in value.items():
            if isinstance(inner, (dict, list)):
                yield from _inside(inner, f"{place}.{name}" if place else name)


# -- timeliness


def _times(scheme: Scheme, door: str, one: Read, now: datetime) -> Iterator[Told]:
    at = scheme.doors[door]
    sent = one.envelope.sent_at
    if at.sent == "message":
        text = gettext_noop("The message does not say when it was sent, or not with a time zone.")
        yield _told("timeliness.dated", sent is not None, one, ERROR, "required", "", text)
    moment = sent or (now if at.sent == "received" else None)
    if moment is None:
        return
    happened = [
        (place, found)
        for place, resource in one.resources
        if (found := _happened(scheme, resource)) is not None
    ]
    if not happened:
        return
    late = [(place, first) for place, (first, _) in happened if first > moment + _SLACK]
    text = gettext_noop("This happened after the message was sent, or clocks differ.")
    yield _told("timeliness.order", not late, one, ERROR, "business-rule", late[0][0] if late else "", text)
    if late:
        return
    place, last = max(((place, last) for place, (_, last) in happened), key=lambda pair: pair[1])
    hours = (moment - last).total_seconds() / 3600
    text = gettext_noop("It was sent %(hours)s hours after what it tells of; at most %(most)s are asked for.")
    params = {"hours": f"{hours:.0f}", "most": f"{at.late_hours:g}"}
    yield _told(
        "timeliness.prompt", hours <= at.late_hours, one, WARNING, "business-rule", place, text, params
    )


_SLACK = timedelta(minutes=5)  # by which the clocks of two systems may differ


def _happened(scheme: Scheme, resource: dict[str, Any]) -> tuple[datetime, datetime] | None:
    """The earliest and the latest moment at which what a resource tells of may have happened."""
    for program in scheme.moments.get(resource["resourceType"], ()):
        for value in program(resource):
            found = _span(str(value))
            if found is not None:
                return found
    return None


def _span(text: str) -> tuple[datetime, datetime] | None:
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            begin = datetime.combine(day, time.min, LOCAL_ZONE)
            return begin, begin + timedelta(days=1)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=LOCAL_ZONE)
    moment = moment.astimezone(UTC)
    return moment, moment


def _told(  # noqa: PLR0913, PLR0917 -- what a finding consists of
    point: str, good: bool, one: Read, severity: str, code: str, place: str, text: str,
    params: dict[str, Any] | None = None,
) -> Told:  # fmt: skip
    return (
        point,
        good,
        None if good else Finding(point, one.number, severity, code, place, text, params or {}),
    )
