"""What a code system, value set or map must be like to be kept. Pure: values in, issues out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from xinglin.terminology.values import About, Concept, ConceptMap, System

_CODE = re.compile(r"[^\s]+(\s[^\s]+)*", re.ASCII)  # https://hl7.org/fhir/R4/datatypes.html#code
_DIGITS = re.compile(r"(\d+)")
MOST_ISSUES = 200


def version_order(version: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which versions sort as people count them: 2.9 before 2.10."""
    return tuple(
        (1, int(part), "") if part.isdigit() else (0, 0, part) for part in _DIGITS.split(version) if part
    )


def about_issues(about: About) -> Iterator[Issue]:
    """What is wrong with the description as a whole."""
    if not about.url:
        yield Issue("required", gettext_noop("The url is missing; it names the system, value set or map."))
    elif re.search(r"\s", about.url):
        yield Issue("value", gettext_noop("The url %(url)s must not contain blanks."), {"url": about.url})
    if about.effective and about.until and about.until <= about.effective:
        yield Issue(
            "value",
            gettext_noop("%(name)s ends on %(until)s, which is not after its first day, %(effective)s."),
            {
                "name": named(about),
                "until": about.until.isoformat(),
                "effective": about.effective.isoformat(),
            },
        )


def named(about: About) -> str:
    """``url|version`` for messages."""
    return f"{about.url}|{about.version}" if about.version else about.url


def concept_issues(system: System) -> Iterator[Issue]:
    """Codes that are missing, malformed or there twice."""
    seen: dict[str, Concept] = {}
    for concept in system.concepts:
        if not _CODE.fullmatch(concept.code):
            yield Issue(
                "value",
                gettext_noop(
                    "%(line)sThe code is %(code)s; a code has at least one character and no blank at its ends."
                ),
                {"line": concept.line, "code": repr(concept.code)},
            )
            continue
        code = concept.code if system.case_sensitive else concept.code.lower()
        first = seen.setdefault(code, concept)
        if first is not concept:
            yield Issue(
                "duplicate",
                gettext_noop(
                    "%(line)sThe code %(code)s is there twice; before it was %(first)s“%(display)s”."
                ),
                {
                    "line": concept.line,
                    "code": concept.code,
                    "first": first.line,
                    "display": first.display,
                },
            )


def map_issues(kept: ConceptMap) -> Iterator[Issue]:
    """Lines that say the same twice."""
    seen: dict[tuple[str, str, str, str], str] = {}
    for line in kept.mappings:
        if line.more:
            continue  # lines may differ by what they depend on
        key = (line.source_url, line.source, line.target_url, line.target or "")
        if key in seen:
            yield Issue(
                "duplicate",
                gettext_noop("%(line)s%(source)s is mapped to %(target)s twice."),
                {"line": line.line, "source": line.source, "target": line.target or "—"},
            )
        seen[key] = line.line


def overlap(about: About, others: Iterable[tuple[str, date | None, date | None]]) -> Issue | None:
    """The issue if the days of this version meet those of another (version, first day, day after the last).

    A version without a last day holds until the next begins.
    """
    if about.effective is None:
        return None
    for version, begins, ends in others:
        if version == about.version or begins is None:
            continue
        first, first_ends, second = sorted_pair(
            (about.effective, about.until, about.version), (begins, ends, version)
        )
        if first == second or (first_ends is not None and first_ends > second):
            return Issue(
                "business-rule",
                gettext_noop(
                    "%(name)s would hold from %(effective)s at the same time as version %(other)s, which holds"
                    " from %(begins)s until %(ends)s. End one before the other begins."
                ),
                {
                    "name": named(about),
                    "effective": about.effective.isoformat(),
                    "other": version or "—",
                    "begins": begins.isoformat(),
                    "ends": ends.isoformat() if ends else "…",
                },
            )
    return None


def sorted_pair(
    one: tuple[date, date | None, str], other: tuple[date, date | None, str]
) -> tuple[date, date | None, date]:
    """The first day and end of the earlier, and the first day of the later."""
    first, second = sorted((one, other), key=lambda period: period[0])
    return first[0], first[1], second[0]


def limited(issues: Sequence[Issue]) -> list[Issue]:
    """The first issues; the last one says how many more there are."""
    if len(issues) <= MOST_ISSUES:
        return list(issues)
    left = len(issues) - MOST_ISSUES
    return [
        *issues[:MOST_ISSUES],
        Issue("informational", gettext_noop("%(count)d more issues are not shown."), {"count": left}),
    ]
