"""Old months go when their time is over and every line is in the ledger; nothing else ever goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.audit import make
from tests.audit.make import NOW, account, line, write
from tests.ledger.make import Log
from xinglin.audit import retention, rules
from xinglin.audit.rules import Retention
from xinglin.ledger import auditing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xinglin.record.database import Connection

HALF_A_YEAR = Retention("test", 183, 2)
OLD = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
BEFORE = datetime(2026, 5, 1, tzinfo=UTC)  # 183 days before NOW it is the 21st of May


@pytest.fixture
def log(audit: Connection, tmp_path: Path) -> Iterator[Log]:
    yield Log(audit, tmp_path)
    names = audit.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^record_access_20(2[0-5]_|26_0)'"
    ).fetchall()
    for (name,) in names:
        audit.execute(f"DROP TABLE {name}")


def moments(connection: Connection) -> list[datetime]:
    return [moment for (moment,) in connection.execute("SELECT moment FROM record_access ORDER BY moment")]


def test_a_month_goes_when_its_time_is_over_and_its_lines_are_entered(log: Log) -> None:
    one = account("one")
    kept = [datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 20, tzinfo=UTC), NOW]
    write(line(one, OLD), line(one, OLD + timedelta(seconds=1)), *[line(one, moment) for moment in kept])
    log.drain()

    assert HALF_A_YEAR.before(NOW) == BEFORE
    assert retention.drop(log.connection, HALF_A_YEAR, now=NOW) == 2
    assert moments(log.connection) == kept
    log.drain()
    report = auditing.audit(log.connection, [log.key.verifier])
    assert (report.clean, report.counts["dropped"]) == (True, 2)
    assert retention.drop(log.connection, HALF_A_YEAR, now=NOW) == 0


def test_a_line_that_is_not_in_the_ledger_is_never_dropped(log: Log) -> None:
    one = account("one")
    write(line(one, OLD))
    log.drain()
    write(line(one, OLD - timedelta(days=1)))

    assert retention.drop(log.connection, HALF_A_YEAR, now=NOW) == 0
    assert moments(log.connection) == [OLD - timedelta(days=1), OLD]
    assert log.connection.execute("SELECT count(*) FROM ledger_queue").fetchone() == (0,)
    log.drain()
    assert retention.drop(log.connection, HALF_A_YEAR, now=NOW) == 2


def test_months_are_made_in_advance(log: Log) -> None:
    later = datetime(2031, 12, 5, tzinfo=UTC)

    assert retention.ahead(log.connection, HALF_A_YEAR, now=later) == 3
    assert retention.ahead(log.connection, HALF_A_YEAR, now=later) == 0
    for month in ("2031_12", "2032_01", "2032_02"):
        log.connection.execute(f"DROP TABLE record_access_{month}")


def test_less_than_the_law_asks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "retention.toml").write_text("days = 100\nleast_days = 30\n")

    with pytest.raises(rules.Unusable, match="at least 183; it is 100"):
        rules.retention(tmp_path)
    assert rules.retention(make.SHIPPED).days == 2192


def test_counts_go_with_their_lines(log: Log) -> None:
    one = account("one")
    write(line(one, NOW - timedelta(days=2300)), line(one, NOW))
    make.find()

    retention.daily(log.connection, NOW)

    for table in ("audit_hour", "audit_total"):
        assert log.connection.execute(f"SELECT hour FROM {table}").fetchall() == [(NOW.replace(minute=0),)]
    assert len(moments(log.connection)) == 2  # not in the ledger yet
