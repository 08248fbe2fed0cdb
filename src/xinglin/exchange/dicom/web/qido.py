"""QIDO-RS (PS3.18 10.6): studies, series and instances by their attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop
from pydicom.datadict import dictionary_VR

from xinglin.exchange.dicom import facts, finding, matching, queries
from xinglin.exchange.dicom.finding import Level, of
from xinglin.exchange.dicom.limits import limits
from xinglin.exchange.dicom.web import answers
from xinglin.kernel.errors import invalid
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.exchange.dicom.facts import Facts
    from xinglin.exchange.dicom.finding import Found
    from xinglin.exchange.dicom.matching import Asked
    from xinglin.exchange.dicom.queries import Study
    from xinglin.exchange.dicom.web.requests import Request

_STUDY = (
    "00080020", "00080030", "00080050", "00080056", "00080061", "00080090", "00080201", "00081030", "00100010",
    "00100020", "00100030", "00100040", "0020000D", "00200010", "00201206", "00201208",
)  # fmt: skip
_SERIES = ("00080060", "0008103E", "0020000E", "00200011", "00201209", "00400244", "00400245", "00400275")
_INSTANCE = ("00080016", "00080018", "00200013", "00280008", "00280010", "00280011", "00280100")
_FUZZY = (
    "Warning",
    '299 xinglin "The fuzzymatching parameter is not supported. Only literal matching was done."',
)
_MORE = '299 xinglin "There are more results than were asked for; ask on with offset=%d."'


@dataclass(slots=True)
class _Search:
    """A search on its way."""

    level: Level
    asked: list[Asked] = field(default_factory=list)
    include: set[str] = field(default_factory=set)
    everything: bool = False
    limit: int = 0
    offset: int = 0
    warnings: list[tuple[str, str]] = field(default_factory=list)


def search(request: Request, level: str, study: str = "", series: str = "") -> answers.Answer:
    """Answer a search; each patient whose studies are shown is noted."""
    queries.require(request.actor, "search")
    wanted = _parsed(request, Level(level))
    for tag, uid in (("0020000D", study), ("0020000E", series)):
        if uid:
            wanted.asked.append(matching.asked(tag, uid))
    all_found = finding.find(database.connection(), request.actor, wanted.level, wanted.asked)
    found = list(islice(all_found, wanted.offset, wanted.offset + wanted.limit + 1))
    if len(found) > wanted.limit:
        found.pop()
        wanted.warnings.append(("Warning", _MORE % (wanted.offset + wanted.limit)))
    _note(request, [one.study for one in found])
    if not found:
        return answers.Answer(204, (), wanted.warnings)
    return answers.of_json([_said(request, wanted, one) for one in found], headers=wanted.warnings)


def _note(request: Request, shown: Sequence[Study]) -> None:
    by_patient = {study.patient: study for study in shown}
    query = f"dicomweb{request.path}" + (f"?{request.query}" if request.query else "")
    for study in by_patient.values() or (None,):
        queries.note(request.actor, "search", study, query)


def _parsed(request: Request, level: Level) -> _Search:
    bounds = limits()
    wanted = _Search(level, limit=bounds.limit)
    for name, value in request.pairs:
        match name.lower():
            case "limit" | "offset":
                if not (value.isascii() and value.isdigit()):
                    raise invalid(
                        gettext_noop("The parameter %(name)s is a whole number from 0."),
                        code="value",
                        name=name,
                    )
                setattr(wanted, name.lower(), int(value[:9]))
            case "fuzzymatching":
                wanted.warnings += [_FUZZY] if value.lower() == "true" else []
            case "includefield":
                _include(wanted, value)
            case "accept" | "charset":
                pass
            case _:
                wanted.asked.append(_at_level(matching.asked(name, value), level, name))
    wanted.limit = min(wanted.limit, bounds.most)
    return wanted


def _include(wanted: _Search, value: str) -> None:
    for part in value.split(","):
        if part.lower() == "all":
            wanted.everything = True
        elif part:
            wanted.include.add(matching.tag_of(part.split(".")[0]))


def _at_level(asked: Asked, level: Level, name: str) -> Asked:
    if not level.knows(asked.tag):
        raise invalid(
            gettext_noop("%(name)s cannot be asked for in a search for %(level)s."),
            code="not-supported",
            name=name,
            level=level.value,
        )
    return asked


def _said(request: Request, wanted: _Search, found: Found) -> Facts:
    """A result as it is told: of each level what is always told, and what was asked for beside."""
    place = f"{request.base}/studies/{found.study.uid}"
    said = {**facts.UTF8, **_chosen(wanted, found.of_study, _STUDY)}
    if found.series is not None:
        place += f"/series/{found.series.uid}"
        said |= _chosen(wanted, found.of_series, _SERIES)
    if found.instance is not None and found.head is not None:
        place += f"/instances/{found.instance.uid}"
        said |= _chosen(wanted, {**found.head, "00083002": of("UI", found.instance.syntax)}, _INSTANCE)
    said["00081190"] = of("UR", place)
    return dict(sorted(said.items()))


def _chosen(wanted: _Search, whole: Facts, default: tuple[str, ...]) -> Facts:
    """What is always told, empty where it is not known, and what was asked for beside."""
    said: Facts = {tag: whole.get(tag) or {"vr": _vr(tag)} for tag in default}
    asked_for = set(whole) if wanted.everything else wanted.include | {one.tag for one in wanted.asked}
    said.update({tag: whole[tag] for tag in asked_for if tag in whole})
    return said


def _vr(tag: str) -> str:
    return dictionary_VR(int(tag, 16)).split(" ")[0]
