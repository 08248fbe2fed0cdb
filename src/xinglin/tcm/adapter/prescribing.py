"""A prescription that is written in a window: read, checked, signed where it must be, and handed over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext_noop

from xinglin.kernel.errors import conflict, invalid
from xinglin.record import database
from xinglin.tcm.adapter import deciding
from xinglin.tcm.safety import actions, facts, queries, reading
from xinglin.tcm.safety import interface as safety
from xinglin.tcm.safety.queries import Signing
from xinglin.tcm.safety.rules import Reason
from xinglin.tcm.safety.values import Level, Person, Prescription

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.record.door import Door
    from xinglin.tcm.adapter.framing import Window
    from xinglin.tcm.safety.values import Line, Report

_COLOURS = {Level.STOP: "red", Level.SECOND: "amber", Level.NOTE: "blue"}
_NOTE = re.compile(r"\d(?:\.\d+)?\s*(?:g|G|克)?(?P<note>[^\d]*)$")


@dataclass(frozen=True, slots=True)
class Checked:
    """A prescription as it was typed, and what the rules say of it. ``notes`` stand beside the herbs."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    report: Report


def check(door: Door, patient: str, given: dict[str, Any], now: datetime) -> Checked:
    """Read and check; of a patient the record is read for it."""
    lines = tuple(reading.lines(given["text"]))
    notes = tuple(map(_note, reading.parts(given["text"])))
    person = facts.person(door, patient, now.date()) if patient else Person()
    report = actions.review(Prescription(lines, doses=given["doses"]), person, actor=door.actor)
    return Checked(lines, notes, report)


def _note(typed: str) -> str:
    found = _NOTE.search(typed)
    return found["note"].strip(" ()（）") if found else ""


def rows(checked: Checked, *, chinese: bool) -> list[tuple[Any, str, str]]:
    """Findings with their text in the reader's language and their colour."""
    return [(one, one.zh if chinese else one.en, _COLOURS[one.level]) for one in checked.report.findings]


def adopt(
    door: Door, window: Window, checked: Checked, given: dict[str, Any], *, now: datetime, registered: bool
) -> None:
    """Hand the prescription over; fault ``invalid`` for a herb without an amount, ``conflict`` where it is hindered."""
    for line in checked.lines:
        if not line.grams:
            raise invalid(gettext_noop("The amount of %(name)s is missing."), code="required", name=line.name)
    signing = Signing(f"{window.sender}/{window.launch}", window.patient if registered else "")
    connection = database.connection()
    with connection.transaction():
        if given["reason"]:
            _sign(door, signing, checked, Reason(given["reason"], given["words"]), now)
        left = actions.settle(
            connection, signing=signing, report=checked.report, stage="signing", actor=door.actor, now=now
        )
    if left:
        chinese = (get_language() or "zh").startswith("zh")
        raise conflict(
            gettext_noop("The prescription is not handed over: %(findings)s"),
            findings="；".join(finding.zh if chinese else finding.en for finding in left),
        )
    payload = {
        **deciding.of_visit(window, door.actor, now), "serialNo": window.launch[:40], "preName": given["name"],
        "doses": str(given["doses"]), "usage": given["usage"], "decoction": given["decoction"],
        "drugDataList": {
            "DrugData": deciding.herbs(checked.lines, checked.notes, deciding.codes_of(door, window.sender))
        },
    }  # fmt: skip
    if window.visit and registered:
        deciding.store(window, "TCM_HIS_08", payload, now)
    body = {**payload, "check": safety.as_data(checked.report)}
    deciding.keep(window, "prescription", body, actor=door.actor, now=now)


def _sign(door: Door, signing: Signing, checked: Checked, reason: Reason, now: datetime) -> None:
    """Sign beside every finding that the doctor may overrule and has not yet."""
    connection = database.connection()
    done = {one.key for one in queries.given(connection, signing) if one.part == "author"}
    for finding in queries.outstanding(connection, signing, checked.report):
        if not finding.final and finding.key not in done:
            actions.overrule(
                connection, signing=signing, report=checked.report, key=finding.key, reason=reason, actor=door.actor,
                now=now,
            )  # fmt: skip
            done.add(finding.key)
