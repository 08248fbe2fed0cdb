"""Divisions: a row is what a code meant from one day to before another; a code's rows are one Location."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy, gettext_noop

from xinglin.directory.kinds.kind import Key, Kind, held
from xinglin.directory.resources import parts, reading
from xinglin.directory.rules import days, divisions
from xinglin.directory.rules.problems import Problem, Wrong

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.utils.functional import _StrPromise

    from xinglin.directory.kinds.kind import Resource, Resources, Values
    from xinglin.directory.rules.divisions import Phase, Succession

_AREA = parts.concept(parts.PHYSICAL_TYPES, "jdn", "Jurisdiction")


class Divisions(Kind):
    """``parent`` is a code of twelve digits in the values, not a reference: parents are dated by code."""

    key: ClassVar[str] = "divisions"
    label: ClassVar[_StrPromise] = gettext_lazy("Divisions")
    main: ClassVar[str] = "Location"
    entry: ClassVar[str] = "division"

    def finders(self, values: Values) -> Iterator[Key]:
        yield Key("division", values["code"])

    def unique(self, values: Values) -> Key:
        return Key("division from", values["code"], values.get("from", ""))

    def new_id(self, values: Values) -> str | None:
        return f"division-{divisions.head(values['code'])}"

    def check(self, values: Values) -> Iterable[Problem]:
        start, end = divisions.day_of(values.get("from")), divisions.day_of(values.get("to"))
        try:
            divisions.require_span(start, end)
        except Wrong as wrong:
            yield wrong.problem.at("to")
        if values.get("parent"):
            try:
                divisions.require_parent(values["code"], values["parent"])
            except Wrong as wrong:
                yield wrong.problem.at("parent")
        if values.get("successors") and not values.get("to"):
            message = gettext_noop("Successors need the day from which the code no longer holds.")
            yield Problem(message, column="to")
        if values["code"] in values.get("successors", "").split(";"):
            yield Problem(gettext_noop("A code cannot be its own successor."), column="successors")

    def make(self, values: Values, former: Resources, ids: Mapping[str, str], today: date) -> Resources:
        """The Location with the row's phase in it, in the place of the one that begins on the same day.

        ``ids["parent"]`` is the id of the parent's Location, ``ids["former parent"]`` the code of the one that stands;
        empty for none. ``ids["replaces"]`` is the first day of the phase that is corrected, if it is not the row's own.
        """
        old = former.get("Location", {})
        start = divisions.day_of(values.get("from"))
        phase = divisions.Phase(
            values["code"], values["name"], values.get("parent") or None, start, divisions.day_of(values.get("to")),
            values.get("urban_rural", ""),
        )  # fmt: skip
        known = ids.get("former parent") or None
        replaced = divisions.day_of(ids["replaces"]) if "replaces" in ids else start
        standing = [replace(p, parent=p.parent or known) for p in self.phases(old) if p.start != replaced]
        phases = [*standing, phase]
        phases.sort(key=lambda p: p.start or date.min)
        followed = [s for s in _successions(old) if not _of(s, phase)]
        for latter in filter(None, values.get("successors", "").split(";")):
            assert phase.end is not None, "checked: successors need a day"
            kind = values.get("change") or "recoded"
            followed.append(divisions.Succession(values["code"], latter, phase.end, kind))
        return {"Location": _location(old, phases, followed, ids, today)}

    @staticmethod
    def phases(location: Resource) -> list[Phase]:
        """What the Location says of its code; nothing if it is not there."""
        found = reading.tree(location) if location else None
        return list(found.phases) if found else []

    def show(self, resources: Resources, institution: str) -> Values:
        """The phase that holds last."""
        return self.rows(resources, institution)[-1]

    def rows(self, resources: Resources, institution: str) -> Sequence[Values]:
        location = resources["Location"]
        followed = _successions(location)
        return [
            {
                "code": phase.code,
                "name": phase.name,
                "parent": phase.parent or "",
                "from": phase.start.isoformat() if phase.start else "",
                "to": phase.end.isoformat() if phase.end else "",
                "urban_rural": phase.urban_rural,
                "successors": ";".join(s.latter for s in followed if _of(s, phase)),
                "change": next((s.kind for s in followed if _of(s, phase)), ""),
            }
            for phase in self.phases(location)
        ]


def _of(succession: Succession, phase: Phase) -> bool:
    """Whether a succession is the end of that phase."""
    return phase.end is not None and succession.day == phase.end


def _successions(location: Resource) -> list[Succession]:
    found = reading.tree(location) if location else None
    return list(found.successions) if found else []


def _location(
    old: Resource,
    phases: Sequence[Phase],
    followed: Sequence[Succession],
    ids: Mapping[str, str],
    today: date,
) -> Resource:
    now = divisions.at(phases, today) or phases[-1]
    plain = len(phases) == 1 and now.start is None and now.end is None
    told = [] if plain else [_phase(phase) for phase in phases]
    extensions = parts.with_extension(old, parts.PHASE, *told)
    extensions = parts.with_extension({"extension": extensions}, parts.SUCCESSOR, *map(_succession, followed))
    if plain:
        urban = [{"url": parts.URBAN_RURAL, "valueCode": now.urban_rural}] if now.urban_rural else []
        extensions = parts.with_extension({"extension": extensions}, parts.URBAN_RURAL, *urban)
    parent = ids.get("parent", "")
    made = {
        "resourceType": "Location",
        "mode": "instance",
        **({} if old else {"type": [parts.JURISDICTION_TYPE], "physicalType": _AREA}),
        **old,
        "id": ids["Location"],
        "extension": extensions,
        "identifier": parts.with_codes(old, {"division": now.code}),
        "status": "active" if now.holds(today) else "inactive",
        "name": now.name,
        "alias": list(dict.fromkeys(p.name for p in phases if p.name != now.name)),
        "partOf": held(old.get("partOf"), f"Location/{parent}" if parent else ""),
    }
    return parts.tidied(made)


def _phase(phase: Phase) -> Resource:
    period = parts.tidied(
        {"start": phase.start.isoformat() if phase.start else "", "end": days.last(phase.end) or ""}
    )
    members: list[Resource] = [{"url": "name", "valueString": phase.name}]
    if phase.parent:
        members.append({"url": "parent", "valueCode": phase.parent})
    if period:
        members.append({"url": "period", "valuePeriod": period})
    if phase.urban_rural:
        members.append({"url": "class", "valueCode": phase.urban_rural})
    return {"url": parts.PHASE, "extension": members}


def _succession(succession: Succession) -> Resource:
    return {
        "url": parts.SUCCESSOR,
        "extension": [
            {"url": "code", "valueCode": succession.latter},
            {"url": "day", "valueDate": succession.day.isoformat()},
            {"url": "kind", "valueCode": succession.kind},
        ],
    }


DIVISIONS = Divisions()
