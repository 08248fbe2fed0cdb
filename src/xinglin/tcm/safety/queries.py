"""What can be asked of overrulings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.kernel.ids import shard_of
from xinglin.tcm.safety import rules
from xinglin.tcm.safety.rules import Given

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.record.database import Connection
    from xinglin.tcm.safety.values import Finding, Report


@dataclass(frozen=True, slots=True)
class Signing:
    """A prescription by the name that its system gives it, of a Patient of the record or of nobody named."""

    prescription: str
    patient: str = ""

    @property
    def shard(self) -> int:
        return shard_of("Patient", self.patient) if self.patient else 0


@dataclass(frozen=True, slots=True)
class Overruled:
    """How often a rule was overruled in a time, and by how many people."""

    rule: str
    level: str
    times: int
    people: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a time: prescriptions reviewed at a stage, how many had what, and how many went on."""

    stage: str
    prescriptions: int
    stopped: int
    signed: int
    noted: int
    went_on: int


def given(connection: Connection, signing: Signing) -> list[Given]:
    """The signatures of a prescription."""
    return [
        Given(*row)
        for row in connection.execute(
            "SELECT finding, part, actor FROM tcm_safety_overruling WHERE prescription = %s AND shard = %s"
            " ORDER BY id",
            [signing.prescription, signing.shard],
        )
    ]


def outstanding(connection: Connection, signing: Signing, report: Report) -> list[Finding]:
    """What still hinders the prescription."""
    signed = given(connection, signing)
    return [finding for finding in report.findings if not rules.is_settled(finding, signed)]


def overruled(connection: Connection, institution: str, since: datetime, until: datetime) -> list[Overruled]:
    """The rules that an institution overruled, the most often first; an empty institution is the whole region."""
    return [
        Overruled(*row)
        for row in connection.execute(
            "SELECT rule, level, count(*), count(DISTINCT actor) FROM tcm_safety_overruling"
            " WHERE (%(place)s = '' OR institution = %(place)s) AND moment >= %(since)s AND moment < %(until)s"
            " GROUP BY rule, level ORDER BY 3 DESC, 1 LIMIT 100",
            {"place": institution, "since": since, "until": until},
        )
    ]


def figures(connection: Connection, institution: str, since: datetime, until: datetime) -> list[Figures]:
    """Reviews at each stage; a prescription counts once, by its last review in the time."""
    return [
        Figures(*row)
        for row in connection.execute(
            "SELECT stage, count(*), count(*) FILTER (WHERE stops > 0), count(*) FILTER (WHERE seconds > 0),"
            " count(*) FILTER (WHERE notes > 0), count(*) FILTER (WHERE outstanding = 0) FROM ("
            "SELECT DISTINCT ON (stage, prescription, shard) stage, stops, seconds, notes, outstanding"
            " FROM tcm_safety_review WHERE (%(place)s = '' OR institution = %(place)s)"
            " AND moment >= %(since)s AND moment < %(until)s"
            " ORDER BY stage, prescription, shard, id DESC) AS last GROUP BY stage ORDER BY stage DESC",
            {"place": institution, "since": since, "until": until},
        )
    ]
