"""Runs, rules on arrival, dry runs; findings that open, close and open again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.quality import make
from tests.quality.make import NOW, hospital, only, patient, put_in_force, result, rule, store, visit
from xinglin.kernel.ids import self_number
from xinglin.quality import actions, places, queries, running, viewing
from xinglin.record import access, database
from xinglin.record.access import Line

if TYPE_CHECKING:
    from xinglin.record.database import Connection

SEX = rule("CP-SX-1", arrival=True)


def findings(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT rule, self, part, state FROM quality_finding ORDER BY rule, self"
    ).fetchall()


def sexless(id_: str) -> dict[str, Any]:
    made = patient(id_)
    del made["gender"]
    return made


def test_a_run_counts_by_place_and_week_and_keeps_the_failing_rows(quality: Connection) -> None:
    store(hospital(), patient("p1"), sexless("p2"))
    make.flatten()

    done = running.run(now=NOW, rules=only(SEX))

    assert (done.rules, done.checked, done.failed, done.opened, done.fixed) == (1, 2, 1, 1, 0)
    assert findings(quality) == [("CP-SX-1", self_number("Patient", "p2"), 0, 0)]
    assert quality.execute(
        "SELECT institution, sum(checked), sum(failed) FROM quality_week GROUP BY 1"
    ).fetchall() == [(places.unit_number("h1"), 2, 1)]


def test_a_row_that_was_sent_again_is_fixed_by_the_next_run_and_opens_again(quality: Connection) -> None:
    store(hospital(), sexless("p2"))
    make.flatten()
    running.run(now=NOW, rules=only(SEX))
    store(patient("p2"))
    make.flatten()
    assert running.run(now=NOW, rules=only(SEX)).fixed == 1
    assert [row[3] for row in findings(quality)] == [1]

    store(sexless("p2"))
    make.flatten()
    assert running.run(now=NOW, rules=only(SEX)).opened == 1
    assert [row[3] for row in findings(quality)] == [0]


def test_cheap_rules_look_at_what_arrives(quality: Connection) -> None:
    put_in_force(SEX)
    store(hospital(), patient("p1"), sexless("p2"))

    make.flatten(arrival=True)
    assert findings(quality) == [("CP-SX-1", self_number("Patient", "p2"), 0, 0)]

    store(patient("p2"))
    make.flatten(arrival=True)
    assert [row[3] for row in findings(quality)] == [1]


def test_what_is_deleted_fails_no_more(quality: Connection) -> None:
    from xinglin.record.door import open_as

    put_in_force(SEX)
    store(hospital(), sexless("p2"))
    make.flatten(arrival=True)

    open_as(make.CLIENT).delete("Patient", "p2")
    make.flatten(arrival=True)

    assert [row[3] for row in findings(quality)] == [1]


def test_findings_of_a_rule_that_holds_no_more_are_closed_by_a_whole_run(quality: Connection) -> None:
    put_in_force(SEX)
    store(hospital(), sexless("p2"))
    make.flatten(arrival=True)
    put_in_force(rule("XX-2", params={"column": "birth"}))

    running.run(now=NOW)

    assert [row[3] for row in findings(quality)] == [1]


def test_a_run_of_one_rule_leaves_the_others_alone(quality: Connection) -> None:
    other = rule("XX-2", params={"column": "death"})
    store(hospital(), sexless("p2"))
    make.flatten()
    running.run(now=NOW, rules=only(SEX, other))

    running.run(now=NOW, rules=only(SEX))

    assert [(row[0], row[3]) for row in findings(quality)] == [("CP-SX-1", 0), ("XX-2", 0)]
    assert quality.execute("SELECT DISTINCT rule FROM quality_count ORDER BY 1").fetchall() == [
        ("CP-SX-1",),
        ("XX-2",),
    ]


def test_no_more_rows_are_kept_than_is_said_but_all_are_counted(
    quality: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from xinglin.quality import scoring

    given = scoring.scheme
    monkeypatch.setattr(scoring, "scheme", lambda home: replace(given(home), keep=2))
    store(hospital(), *(sexless(f"p{n}") for n in range(5)))
    make.flatten()

    done = running.run(now=NOW, rules=only(SEX))

    assert (done.failed, len(findings(quality))) == (5, 2)


def test_a_dry_run_tells_and_keeps_nothing(quality: Connection) -> None:
    store(hospital(), patient("p1"), sexless("p2"))
    make.flatten()

    checked, failed, rows = running.dry(SEX, now=NOW)

    assert (checked, failed) == (2, 1)
    assert [row[1] for row in rows] == [self_number("Patient", "p2")]
    assert findings(quality) == []
    assert quality.execute("SELECT count(*) FROM quality_run").fetchone() == (0,)


def test_declared_counts_are_compared_with_what_arrived(quality: Connection) -> None:
    volume = rule("VO-1", table="declared", check="volume", params={"share": 1})
    store(hospital(), patient("p1"), visit("e1", "p1"), visit("e2", "p1"))
    make.flatten()
    with quality.transaction():
        actions.declare(
            quality, [("h1", "outpatient", date(2026, 11, 2), 2), ("h1", "outpatient", date(2026, 11, 3), 1)],
            actor=make.STEWARD, now=NOW,
        )  # fmt: skip

    done = running.run(now=NOW, rules=only(volume))

    assert (done.checked, done.failed) == (2, 1)
    store(visit("e3", "p1", "2026-11-03"))
    make.flatten()
    assert running.run(now=NOW, rules=only(volume)).failed == 0


def test_history_that_was_loaded_is_not_late(quality: Connection) -> None:
    lag = rule("TM-1", table="encounter", check="lag", params={"hours": 24})
    store(hospital(), patient("p1"), visit("e1", "p1", "2019-11-02"))
    make.flatten()
    assert running.run(now=NOW, rules=only(lag)).checked == 0

    quality.execute("UPDATE quality_unit SET since = '2019-01-01'")
    assert running.run(now=NOW, rules=only(lag)).failed == 1


def test_a_look_from_elsewhere_is_use_and_work_on_quality_is_not(quality: Connection) -> None:
    used = rule("US-1", check="viewed", params={"days": 0, "elsewhere": True})
    store(hospital(), patient("p1"), patient("p2"), patient("p3"))
    make.flatten()
    quality.execute("UPDATE quality_person SET received = received - interval '1 day'")
    lines = [
        Line(
            NOW + timedelta(days=365),
            "account/7",
            purpose,
            "read",
            "permit",
            1,
            id_,
            self_number("Patient", id_),
            None,
            unit,
        )
        for id_, unit, purpose in (("p1", "h2", "TREAT"), ("p2", "h1", "TREAT"), ("p3", "h2", "HOPERAT"))
    ]
    with database.connection().transaction(), database.connection().cursor() as cursor:
        access.append(cursor, lines)

    viewing.follow(quality)
    done = running.run(now=NOW + timedelta(days=730), rules=only(used))

    assert (done.checked, done.failed) == (3, 2)
    assert [row[1] for row in findings(quality)] == sorted(
        self_number("Patient", id_) for id_ in ("p2", "p3")
    )


def test_two_runs_wait_for_each_other(quality: Connection) -> None:
    from xinglin.record.locks import Lock

    with database.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [Lock.QUALITY])
        quality.execute("SET statement_timeout = '300ms'")
        try:
            with pytest.raises(Exception, match="statement timeout"):
                running.run(now=NOW, rules=only(SEX))
        finally:
            quality.execute("SET statement_timeout = 0")
    assert running.run(now=NOW, rules=only(SEX)).rules == 1


def test_the_ranking_gives_equal_scores_one_rank_and_few_rows_none(quality: Connection) -> None:
    from pathlib import Path

    from xinglin.quality import scoring
    from xinglin.quality.scoring import Tally, score

    scheme = scoring.scheme(Path("/nowhere"))
    rules = only(SEX)
    scored = [(n, score([Tally("CP-SX-1", checked, failed)], rules, scheme)) for n, checked, failed in
              ((1, 100, 10), (2, 100, 5), (3, 200, 20), (4, 3, 0))]  # fmt: skip
    found = queries.ranked(scored, {2: 90.0}, scheme, {})
    assert [(one.institution, one.rank) for one in found] == [(2, 1), (1, 2), (3, 2), (4, None)]
    assert [one.change for one in found][:2] == [pytest.approx(5.0), None]


def test_values_of_a_result_are_asked_through_its_visit(quality: Connection) -> None:
    lost = rule(
        "LK-1", table="observation", check="reference", params={"column": "encounter", "table": "encounter"}
    )
    store(
        hospital(),
        patient("p1"),
        visit("e1", "p1"),
        result("o1", "p1", encounter={"reference": "Encounter/e1"}),
        result("o2", "p1"),
    )
    make.flatten()
    assert running.run(now=NOW, rules=only(lost)).failed == 1
    assert [row[1] for row in findings(quality)] == [self_number("Observation", "o2")]
