"""The database's advisory locks do not meet by chance."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.make import patient
from xinglin.record import database
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from xinglin.record.door import Door

SOURCE = Path(__file__).parents[2] / "src" / "xinglin"
_LOCKING = re.compile(
    r"pg_(?:try_)?advisory_(?:xact_)?lock(?:_shared)?\(([^()]*|hashtextextended\([^)]*\))\)"
)
_HASHED = "hashtextextended("  # 64 bits of a text: as good as a number of its own
# the parameter is a Lock, the number of a resource, or a job's
_BY_LOCK = {"%s", "%s, %s", "%s, lane", "number"}
_IN_SQL = {"5786628": Lock.ACCESS_ORDER, "5786656": Lock.PERSONS, "5786657, wanted": Lock.BLOCKING_KEYS}


def test_every_lock_has_its_own_number() -> None:
    used = {
        found.strip()
        for path in SOURCE.rglob("*.py")
        for found in _LOCKING.findall(path.read_text())
        if _HASHED not in found
    }

    assert used - _BY_LOCK - {"bigint", "int, int"} == set(_IN_SQL)
    assert {int(text.split(",")[0]): lock for text, lock in _IN_SQL.items()} == {
        lock.value: lock for lock in _IN_SQL.values()
    }


@pytest.mark.parametrize("lock", [Lock.LEDGER])
def test_a_process_that_holds_its_lock_for_good_keeps_nobody_from_writing(door: Door, lock: Lock) -> None:
    database.connection().execute("SET lock_timeout = '20s'")
    with database.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [lock])
        made = door.create(patient())
        other.execute("SELECT pg_advisory_unlock(%s)", [lock])
    database.connection().execute("RESET lock_timeout")

    assert made.status == 201
