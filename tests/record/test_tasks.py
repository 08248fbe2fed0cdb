"""The daily upkeep."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command

from tests import make
from xinglin.record import changes, database, tasks

if TYPE_CHECKING:
    from xinglin.record.door import Door


def values() -> list[float]:
    """What the range index holds of the observation's value."""
    rows = database.connection().execute("SELECT DISTINCT lo FROM record_range WHERE lo < 100 ORDER BY lo")
    return [lo for (lo,) in rows]


def change(door: Door, *numbers: float) -> None:
    for number in numbers:
        door.update(make.observation(id="o", value=number))


def _until_nobody_reads_what_was() -> None:
    """Wait for transactions of other tests on the same server, which hold back what may be pruned."""
    connection = database.connection()
    written = connection.execute("SELECT max(until_tx) FROM record_history").fetchone()
    while connection.execute("SELECT xmin > %s FROM record_snapshot()", written).fetchone() != (True,):
        time.sleep(0.05)


@pytest.mark.parametrize("versions", [2_000, 1])
def test_index_rows_of_long_superseded_versions_go_and_the_others_stay(
    door: Door, monkeypatch: pytest.MonkeyPatch, versions: int
) -> None:
    monkeypatch.setattr(tasks, "_VERSIONS", versions)
    change(door, 1, 2, 3)
    database.connection().execute("UPDATE record_change SET moment = now() - interval '2 days'")
    change(door, 4, 5)
    assert values() == [1, 2, 3, 4, 5]

    rows_a_version = (
        database.connection().execute("SELECT count(*) FROM record_range WHERE lo = 1").fetchone()
    )
    assert rows_a_version is not None
    assert tasks.prune() == 2 * rows_a_version[0]

    assert values() == [3, 4, 5]
    assert tasks.prune() == 0
    assert [entry.stored.id for entry in door.search("Observation", [("value-quantity", "5")]).entries] == [
        "o"
    ]


def test_everything_superseded_is_pruned_when_nothing_was_written_lately(door: Door) -> None:
    change(door, 1, 2)
    door.delete("Observation", "o")
    database.connection().execute("DELETE FROM record_change")
    _until_nobody_reads_what_was()

    tasks.prune()

    assert values() == []


def test_the_command_keeps_changes_that_somebody_has_not_seen(door: Door, db: None) -> None:
    change(door, 1, 2)
    changes.consume("reader", lambda _connection, _changes: None, limit=1)
    database.connection().execute("UPDATE record_change SET moment = now() - interval '30 days'")
    out = io.StringIO()

    call_command("maintain", keep_days=7, stdout=out)

    assert out.getvalue().splitlines()[1].split(maxsplit=1) == ["1", "transactions of the outbox removed"]
    assert len(changes.read(database.connection(), after=0)) == 1
