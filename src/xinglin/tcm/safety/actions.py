"""What is done when a prescription is signed and dispensed: review it, overrule findings, refuse the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, forbidden, not_found
from xinglin.kernel.ids import VersionNumbers
from xinglin.tcm.safety import queries, rules
from xinglin.tcm.safety.checking import check
from xinglin.tcm.safety.values import Level

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.tcm.safety.queries import Signing
    from xinglin.tcm.safety.rules import Reason
    from xinglin.tcm.safety.values import Finding, Person, Prescription, Report

_numbers = VersionNumbers()


def review(prescription: Prescription, person: Person, *, actor: Actor) -> Report:
    """Everything the rules say, for somebody who may ask."""
    rules.require(actor, "checking")
    return check(prescription, person)


def overrule(  # noqa: PLR0913 -- what, of which prescription, why, as whom, when
    connection: Connection, *, signing: Signing, report: Report, key: str, reason: Reason, part: str = "author",
    actor: Actor, now: datetime,
) -> Finding:  # fmt: skip
    """Sign beside a finding. ``part`` is ``author`` for who prescribes, ``second`` for who stands behind it.

    Raises ``not_found`` for no finding of that key, ``forbidden`` for what is final, for lacking rights, and for a
    second signature of who prescribes; ``conflict`` where it is signed already.
    """
    rules.require(actor, "overruling" if part == "author" else "seconding")
    rules.require_reason(reason)
    finding = next((one for one in report.findings if one.key == key), None)
    if finding is None or finding.level is Level.NOTE:
        raise not_found(gettext_noop("This prescription has no such finding that hinders it."))
    if finding.final:
        raise forbidden(gettext_noop("Nobody may overrule this: %(text)s"), text=finding.zh)
    if part == "second":
        authors = {
            one.actor for one in queries.given(connection, signing) if one.key == key and one.part == "author"
        }
        if not authors - {actor.id}:
            raise forbidden(gettext_noop("First who prescribes signs, then somebody else."))
    _keep(connection, signing, report, finding, reason, part, actor, now)
    return finding


def _keep(  # noqa: PLR0913, PLR0917 -- the columns of the row
    connection: Connection, signing: Signing, report: Report, finding: Finding, reason: Reason, part: str,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    row = {
        "id": _numbers.take(1)[0], "shard": signing.shard, "prescription": signing.prescription,
        "patient": signing.patient, "finding": finding.key, "rule": finding.rule, "level": finding.level.value,
        "part": part, "reason": reason.code, "words": reason.text.strip(), "rules_version": report.version,
        "moment": now, "actor": actor.id, "actor_name": actor.name, "institution": actor.institution or "",
    }  # fmt: skip
    places = ", ".join(f"%({name})s" for name in row)
    try:
        with connection.transaction():
            connection.execute(f"INSERT INTO tcm_safety_overruling ({', '.join(row)}) VALUES ({places})", row)
    except psycopg.errors.UniqueViolation:
        raise conflict(gettext_noop("You have signed beside this finding already.")) from None


def settle(
    connection: Connection, *, signing: Signing, report: Report, stage: str, actor: Actor, now: datetime
) -> list[Finding]:
    """Review at ``signing`` or ``dispensing``: keep what was found, and give what still hinders the prescription.

    Whoever goes on only where the list is empty keeps also what was refused; see ``require_settled``.
    """
    rules.require(actor, "checking")
    left = queries.outstanding(connection, signing, report)
    counts = [sum(finding.level is level for finding in report.findings) for level in Level]
    connection.execute(
        "INSERT INTO tcm_safety_review (id, shard, prescription, stage, stops, seconds, notes, outstanding,"
        " rules_version, moment, actor, institution) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            _numbers.take(1)[0], signing.shard, signing.prescription, stage, *counts, len(left), report.version, now,
            actor.id, actor.institution or "",
        ],
    )  # fmt: skip
    return left


def require_settled(connection: Connection, *, signing: Signing, report: Report) -> None:
    """At signing, and again at dispensing: raise ``conflict`` with what still hinders the prescription."""
    left = queries.outstanding(connection, signing, report)
    if left:
        raise conflict(
            gettext_noop("The prescription cannot go on: %(findings)s"),
            findings="；".join(finding.zh for finding in left),
        )
