"""Whether a code is right: in its system, in a value set, with its display.

https://hl7.org/fhir/R4/codesystem-operation-validate-code.html and
https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.fhir.index.keys import normalise
from xinglin.kernel.errors import Issue
from xinglin.terminology import listing, queries

if TYPE_CHECKING:
    from datetime import date

    from xinglin.terminology.expansion import Members
    from xinglin.terminology.memory import Memory
    from xinglin.terminology.queries import Found, SystemVersion
    from xinglin.terminology.values import Connection


@dataclass(frozen=True, slots=True)
class Coding:
    """What is to be checked; ``system`` empty where only a code is known."""

    system: str
    code: str
    version: str = ""
    display: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``issues`` say what is wrong, or only doubtful where ``right``; the rest is what is known of the code."""

    right: bool
    issues: tuple[Issue, ...] = ()
    system: str = ""
    version: str = ""
    found: Found | None = None
    display: str = ""
    code: str = ""


class Checker:
    """Checks codings on one connection as of one day. ``abstract``: whether codes that only group may be used."""

    def __init__(
        self,
        connection: Connection,
        known: Memory,
        on: date,
        *,
        language: str | None = None,
        abstract: bool = True,
    ) -> None:
        self._connection = connection
        self._known = known
        self._on = queries.settled(connection, known, on)
        self._language = language
        self._abstract = abstract

    def in_system(self, coding: Coding) -> Verdict:
        """Whether the code is one of its system."""
        version = queries.system(
            self._connection, self._known, coding.system, self._on, coding.version or None
        )
        if version is None:
            return Verdict(False, (self._no_system(coding),), coding.system)
        found = queries.remembered_concept(self._connection, self._known, version, coding.code)
        if found is None:
            if version.closed:
                return Verdict(False, (_no_code(coding, version),), version.url, version.version)
            issue = Issue(
                "code-invalid",
                gettext_noop(
                    "The code %(code)s is not among those of %(system)s that are loaded; they are not all there are."
                ),
                {"code": coding.code, "system": version.canonical},
                severity="warning",
            )
            return Verdict(False, (issue,), version.url, version.version)
        return self._judged(coding, version, found, found.display_in(self._language))

    def in_set(self, coding: Coding, members: Members, name: str) -> Verdict:
        """Whether the code is a member of the value set called ``name``; without a system, if only one fits."""
        system = coding.system
        if not system:
            fitting = listing.systems_with(self._connection, members, coding.code)
            if len(fitting) != 1:
                said = _not_in(coding, name) if not fitting else _several(coding, fitting)
                return Verdict(False, (said,))
            system = fitting[0]
        given = Coding(system, coding.code, coding.version, coding.display)
        member = listing.contains(self._connection, members, system, coding.code)
        if member is None:
            return self._stranger(given, name)
        display, found = member.display, member.found
        if found is None:
            verdict = Verdict(True, (), system, "", None, display or "", coding.code)
            return self._displayed(given, verdict, display or "", [display] if display else [])
        version = queries.system_by_id(self._connection, self._known, found.system)
        assert version is not None
        if coding.version and version.version and coding.version != version.version:
            other = self.in_system(given)
            if other.found is None:
                return other
        shown = display if display and not self._language else found.display_in(self._language)
        return self._judged(given, version, found, shown)

    def _stranger(self, coding: Coding, name: str) -> Verdict:
        """Why a code is no member: there is no such code, or it is not of this set."""
        verdict = self.in_system(coding)
        unknown = tuple(one for one in verdict.issues if verdict.found is None and one.severity == "error")
        return Verdict(
            False,
            (_not_in(coding, name), *unknown),
            coding.system,
            verdict.version,
            verdict.found,
            verdict.display,
            coding.code,
        )

    def _judged(self, coding: Coding, version: SystemVersion, found: Found, display: str) -> Verdict:
        verdict = Verdict(True, (), version.url, version.version, found, display, found.code)
        if found.abstract and not self._abstract:
            issue = Issue(
                "business-rule",
                gettext_noop("The code %(code)s of %(system)s only groups others and cannot be used itself."),
                {"code": found.code, "system": version.canonical},
            )
            return _with(verdict, right=False, issue=issue)
        names = [found.display, display, *(one.value for one in found.designations)]
        judged = self._displayed(coding, verdict, display, names)
        if not judged.issues and found.inactive:
            issue = Issue(
                "business-rule",
                gettext_noop("The code %(code)s of %(system)s is no longer in use."),
                {"code": found.code, "system": version.canonical},
                severity="warning",
            )
            return _with(judged, right=True, issue=issue)
        return judged

    @staticmethod
    def _displayed(coding: Coding, verdict: Verdict, display: str, names: list[str]) -> Verdict:
        if not coding.display or normalise(coding.display) in {normalise(name) for name in names if name}:
            return verdict
        issue = Issue(
            "invalid",
            gettext_noop("“%(given)s” is no display of %(coding)s; it should be “%(display)s”."),
            {
                "given": coding.display,
                "coding": shown(Coding(coding.system, coding.code)),
                "display": display,
            },
        )
        return _with(verdict, right=False, issue=issue)

    def _no_system(self, coding: Coding) -> Issue:
        others = queries.versions(self._connection, queries.SYSTEMS, coding.system)
        if others and coding.version:
            return Issue(
                "not-found",
                gettext_noop("There is no version %(version)s of %(system)s here; there are %(known)s."),
                {
                    "version": coding.version,
                    "system": coding.system,
                    "known": ", ".join(one.version or "—" for one in others),
                },
            )
        if others:
            return Issue(
                "not-found",
                gettext_noop(
                    "No version of %(system)s is in force on that day; there are %(known)s, the first from %(day)s."
                ),
                {
                    "system": coding.system,
                    "known": ", ".join(one.version or "—" for one in others),
                    "day": str(min(str(one.effective or "") for one in others)),
                },
            )
        return Issue(
            "not-found",
            gettext_noop("The code system %(system)s is not loaded here, so its codes cannot be checked."),
            {"system": coding.system or "—"},
        )


def shown(coding: Coding) -> str:
    """A coding as messages name it."""
    return f"{coding.system}|{coding.code}" if coding.system else coding.code


def _with(verdict: Verdict, *, right: bool, issue: Issue) -> Verdict:
    return Verdict(
        right, (issue,), verdict.system, verdict.version, verdict.found, verdict.display, verdict.code
    )


def _no_code(coding: Coding, version: SystemVersion) -> Issue:
    return Issue(
        "code-invalid",
        gettext_noop("%(code)s is no code of %(system)s."),
        {"code": repr(coding.code), "system": version.canonical},
    )


def _not_in(coding: Coding, name: str) -> Issue:
    return Issue(
        "code-invalid",
        gettext_noop("%(coding)s is not in the value set %(set)s."),
        {"coding": shown(coding), "set": name},
    )


def _several(coding: Coding, systems: list[str]) -> Issue:
    return Issue(
        "code-invalid",
        gettext_noop("The code %(code)s is in several systems (%(systems)s); say which."),
        {"code": coding.code, "systems": ", ".join(systems)},
    )
