"""The problem list: one line for each disease, whoever wrote it down, and the tags that the banner shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import codings, day, first_date, moment, text_of
from xinglin.portal.rules.people import most_said
from xinglin.portal.rules.sources import Source, institutions
from xinglin.summary import diagnoses, naming
from xinglin.summary.diagnoses import ICD10S

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinglin.kernel.ages import Age
    from xinglin.portal.rules.sources import Sources

TCM_SYSTEMS = ("urn:oid:2.16.156.10011.2.3.3.14", "urn:oid:2.16.156.10011.2.3.3.15")
_OLD, _YOUNG = 65, 7

# The diseases that a banner warns of, by the colour of the tag: red for danger, amber for what needs control,
# teal and violet for what to keep in mind. ICD-10 by the beginning of the code, SNOMED CT by the whole.
_COLOURS = {
    "red": "E10 E11 E13 E14 I20 I21 I25 I48 I50 I60 I61 I63 I69 C "
    "44054006 46635009 53741008 22298006 84114007 49436004 230690007",
    "amber": "I10 I11 I12 I13 I15 A15 A16 B18 B20 59621000 38341003",
    "teal": "N18 J44 J45 431855005 431856006 433144002 13645005 195967001",
    "violet": "F20 F25 F31 G40 Z33 Z34 O 84757009 72892002",
}
_TAGS = {code: colour for colour, codes in _COLOURS.items() for code in codes.split()}


@dataclass(frozen=True, slots=True)
class Problem:
    """One disease. ``since`` and ``last`` are days; ``others`` are other institutions' words for it;
    ``colour`` is that of its tag in the banner, if it has one.
    """

    name: str
    others: tuple[str, ...]
    code: str
    active: bool
    since: str
    last: str
    tcm: bool
    colour: str
    sources: tuple[Source, ...]

    @property
    def institutions(self) -> tuple[str, ...]:
        return institutions(self.sources)

    @property
    def english(self) -> str:
        return naming.of_disease(self.code)


@dataclass(frozen=True, slots=True)
class Tag:
    """A label of the banner. ``kind`` is ``problem``, ``old`` or ``young``; the page words the last two."""

    kind: str
    name: str
    colour: str
    english: str = ""


def problems(resources: Iterable[dict[str, Any]], sources: Sources) -> tuple[Problem, ...]:
    """The Conditions as problems, the active ones first, then the latest.

    Conditions of one code are one problem, and so are those of one name, whatever code each institution gives it.
    """
    found = [_problem(group, sources) for group in diagnoses.together(resources)]
    found.sort(key=lambda p: moment(p.last), reverse=True)
    return tuple(sorted(found, key=lambda p: not p.active))


def _problem(group: Sequence[Mapping[str, Any]], sources: Sources) -> Problem:
    dated = [(day(_recorded(r)), r) for r in group]
    latest = max(group, key=lambda r: moment(_recorded(r)))
    begun = [day(first_date(r, "onsetDateTime", "onsetPeriod", "recordedDate")) for r in group]
    name, others = most_said(
        text_of(r.get("code")) for r in sorted(group, key=lambda r: -moment(_recorded(r)))
    )
    systems = {system for r in group for system, _ in codings(r.get("code"))}
    return Problem(
        name=name,
        others=others,
        code=next(
            (c for r in (latest, *group) for system, c in codings(r.get("code")) if system in ICD10S), ""
        ),
        active=not diagnoses.is_over(latest),
        since=min(filter(None, begun), default=""),
        last=max((d for d, _ in dated), default=""),
        tcm=bool(systems.intersection(TCM_SYSTEMS)),
        colour=next(filter(None, (_colour(r.get("code")) for r in group)), ""),
        sources=tuple(sources.of(r, _recorded(r)) for r in group),
    )


def _recorded(resource: Mapping[str, Any]) -> str:
    return first_date(resource, "recordedDate", "onsetDateTime", "onsetPeriod")


def tags(found: Iterable[Problem], age: Age | None) -> tuple[Tag, ...]:
    """The banner's tags: active diseases to be minded, and ages that bring rights or need care."""
    shown = {p.name: Tag("problem", p.name, p.colour, p.english) for p in found if p.active and p.colour}
    ordered = sorted(shown.values(), key=lambda tag: list(_COLOURS).index(tag.colour))
    if age is not None and (age.years >= _OLD or age.years < _YOUNG):
        ordered.append(Tag("old" if age.years >= _OLD else "young", "", "blue"))
    return tuple(ordered)


def _colour(concept: Any) -> str:
    """The tag colour of a diagnosis, or empty for one that the banner does not show."""
    for _, code in codings(concept):
        letter = code[:1] if code[1:2].isdigit() else ""
        for known in (code, code[:3], letter):
            if known in _TAGS:
                return _TAGS[known]
    return ""
