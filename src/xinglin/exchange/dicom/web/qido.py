"""QIDO-RS (PS3.18 10.6): studies, series and instances by their attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from pydicom.datadict import dictionary_VR

from xinglin.exchange.dicom import facts, matching, queries
from xinglin.exchange.dicom.limits import limits
from xinglin.exchange.dicom.web import answers
from xinglin.kernel.errors import invalid
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.exchange.dicom.facts import Facts
    from xinglin.exchange.dicom.matching import Asked
    from xinglin.exchange.dicom.queries import Instance, Series, Study
    from xinglin.exchange.dicom.web.requests import Request

_STUDY = (
    "00080020", "00080030", "00080050", "00080061", "00080090", "00080201", "00081030", "00100010", "00100020",
    "00100030", "00100040", "0020000D", "00200010", "00201206", "00201208",
)  # fmt: skip
_SERIES = ("00080060", "0008103E", "0020000E", "00200011", "00201209", "00400244", "00400245", "00400275")
_INSTANCE = ("00080016", "00080018", "00200013", "00280008", "00280010", "00280011", "00280100")
_OF_STUDIES = frozenset({*facts.STUDY, "00080060", "00080061"})
_OF_SERIES = frozenset(facts.SERIES)
_FUZZY = (
    "Warning",
    '299 xinglin "The fuzzymatching parameter is not supported. Only literal matching was done."',
)
_MORE = '299 xinglin "There are more results than were asked for; ask on with offset=%d."'


@dataclass(slots=True)
class _Search:
    """A search on its way. ``level``: studies, series or instances."""

    level: str
    asked: list[Asked] = field(default_factory=list)
    include: set[str] = field(default_factory=set)
    everything: bool = False
    limit: int = 0
    offset: int = 0
    warnings: list[tuple[str, str]] = field(default_factory=list)


def search(request: Request, level: str, study: str = "", series: str = "") -> answers.Answer:
    """Answer a search; each patient whose studies are shown is noted."""
    queries.require(request.actor, "search")
    wanted = _parsed(request, level)
    for tag, uid in (("0020000D", study), ("0020000E", series)):
        if uid:
            wanted.asked.append(matching.asked(tag, uid))
    found = list(islice(_found(request, wanted), wanted.offset, wanted.offset + wanted.limit + 1))
    if len(found) > wanted.limit:
        found.pop()
        wanted.warnings.append(("Warning", _MORE % (wanted.offset + wanted.limit)))
    _note(request, [study for study, _ in found])
    if not found:
        return answers.Answer(204, (), wanted.warnings)
    return answers.of_json([said for _, said in found], headers=wanted.warnings)


def _note(request: Request, shown: Sequence[Study]) -> None:
    by_patient = {study.patient: study for study in shown}
    query = f"dicomweb{request.path}" + (f"?{request.query}" if request.query else "")
    for study in by_patient.values() or (None,):
        queries.note(request.actor, "search", study, query)


def _parsed(request: Request, level: str) -> _Search:
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


def _at_level(asked: Asked, level: str, name: str) -> Asked:
    known = (
        level == "instances" or asked.tag in _OF_STUDIES or (level == "series" and asked.tag in _OF_SERIES)
    )
    if not known:
        raise invalid(
            gettext_noop("%(name)s cannot be asked for in a search for %(level)s."),
            code="not-supported",
            name=name,
            level=level,
        )
    return asked


def _found(request: Request, wanted: _Search) -> Iterator[tuple[Study, Facts]]:
    connection = database.connection()
    of_study = [one for one in wanted.asked if one.tag in facts.STUDY]
    of_series = [one for one in wanted.asked if one.tag in _OF_SERIES]
    of_instance = [one for one in wanted.asked if one.tag not in facts.STUDY and one.tag not in _OF_SERIES
                   and one.tag != "00080061"]  # fmt: skip
    for study in queries.studies(connection, request.actor, wanted.asked):
        if not matching.all_fit(of_study, study.facts):
            continue
        sums = queries.sums(connection, [study])[study.number]
        if not _modality_fits(wanted, sums.modalities):
            continue
        about = _study(request, wanted, study, sums)
        if wanted.level == "studies":
            yield study, about
            continue
        for series in queries.series_of(connection, study):
            if not matching.all_fit(of_series, series.facts):
                continue
            more = {**about, **_series(request, wanted, series)}
            if wanted.level == "series":
                yield study, more
                continue
            for instance in queries.instances_of(connection, study, series=series.uid):
                head = instance.head
                if matching.all_fit(of_instance, head):
                    yield study, {**more, **_instance(request, wanted, instance, head)}


def _modality_fits(wanted: _Search, modalities: tuple[str, ...]) -> bool:
    """Modalities of a study, each a value; a search of studies takes Modality for the same."""
    tags = ("00080061", "00080060") if wanted.level == "studies" else ("00080061",)
    there = {
        "00080061": {"vr": "CS", "Value": list(modalities)},
        "00080060": {"vr": "CS", "Value": list(modalities)},
    }
    return all(one.fits(there) for one in wanted.asked if one.tag in tags)


def _study(request: Request, wanted: _Search, study: Study, sums: queries.Sums) -> Facts:
    whole = {
        **study.facts,
        "00080061": _of("CS", *sums.modalities),
        "00080062": _of("UI", *sums.classes),
        "00201206": _of("IS", sums.series),
        "00201208": _of("IS", sums.instances),
        "00081190": _of("UR", f"{request.base}/studies/{study.uid}"),
        "00080056": _of("CS", "ONLINE"),
    }
    return {**facts.UTF8, **_chosen(wanted, whole, (*_STUDY, "00080056", "00081190"))}


def _series(request: Request, wanted: _Search, series: Series) -> Facts:
    whole = {
        **series.facts,
        "00201209": _of("IS", series.instances),
        "00081190": _of("UR", f"{request.base}/studies/{series.study.uid}/series/{series.uid}"),
    }
    return _chosen(wanted, whole, (*_SERIES, "00081190"))


def _instance(request: Request, wanted: _Search, instance: Instance, head: Facts) -> Facts:
    address = f"{request.base}/studies/{instance.study.uid}/series/{instance.series}/instances/{instance.uid}"
    whole = {**head, "00081190": _of("UR", address), "00083002": _of("UI", instance.syntax)}
    return _chosen(wanted, whole, (*_INSTANCE, "00081190"))


def _chosen(wanted: _Search, whole: Facts, default: tuple[str, ...]) -> Facts:
    """What is always told, empty where it is not known, and what was asked for beside."""
    said: Facts = {tag: whole.get(tag) or {"vr": _vr(tag)} for tag in default}
    asked_for = set(whole) if wanted.everything else wanted.include | {one.tag for one in wanted.asked}
    said.update({tag: whole[tag] for tag in asked_for if tag in whole})
    return dict(sorted(said.items()))


def _vr(tag: str) -> str:
    return dictionary_VR(int(tag, 16)).split(" ")[0]


def _of(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}
