"""A report for programs, and a finding in words."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

if TYPE_CHECKING:
    from xinglin.exchange.onboarding.rules import Finding, Report


def words(finding: Finding) -> str:
    """A finding in the language that is active."""
    said = gettext(finding.text)
    return said % finding.params if finding.params else said


def told(report: Report) -> dict[str, Any]:
    """The report as JSON: ``green``, ``score``, ``level``, ``marks``, ``covered``, ``samples``, ``findings``.

    A finding's ``sample`` is its place among ``samples``, from 0, or null for the set as a whole.
    """
    return {
        "green": report.is_green,
        "score": report.score,
        "level": report.level,
        "door": report.door,
        "kinds": report.kinds,
        "version": report.version,
        "marks": [{**asdict(one), "tested": one.is_tested, "holds": one.holds} for one in report.marks],
        "covered": [{**asdict(one), "met": one.is_met} for one in report.covered],
        "samples": [{**asdict(one), "green": one.is_green} for one in report.samples],
        "findings": [_finding(one) for one in report.findings],
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "point": one.point,
        "sample": one.sample,
        "severity": one.severity,
        "code": one.code,
        "place": one.place,
        "line": one.line,
        "said": words(one),
    }
