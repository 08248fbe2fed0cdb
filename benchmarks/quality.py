"""Data quality: a full run of all rules over many flat rows, beside a bare count(*) of the same tables.

Usage: python benchmarks/quality.py [--rows 10000000]

The rows are made in the database by ``generate_series``: a region of 420 institutions with some departments each and
half a year of events, a third of the rows laboratory results, about one in a hundred with a fault. Measured are the
run alone (counting, gathering the failing rows, keeping them) and, for the ratio, one ``count(*)`` of every table.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

SHARES = {
    "person": 0.05, "encounter": 0.13, "condition": 0.14, "observation": 0.45, "medication": 0.13, "report": 0.06,
    "immunisation": 0.01, "document": 0.01, "procedure": 0.01, "order": 0.005, "allergy": 0.005,
}  # fmt: skip
_HEAD = "self, vid, person, encounter, institution, department, event, received, part, shard, dataset, week, receipt"
# Every row of a kind belongs to a person and a visit by its number; institutions and departments follow the visit.
_COMMON = """
    g, g, 1 + g %% {persons}, {visits_from} + g %% {visits}, 1 + (g %% {visits}) %% 420,
    1000 + (g %% {visits}) %% 420 * 8 + g %% 7,
    timestamptz '2026-05-04 08:00+08' + (g %% {visits}) %% 180 * interval '1 day' + g %% 500 * interval '1 minute',
    timestamptz '2026-05-04 08:00+08' + (g %% {visits}) %% 180 * interval '1 day' + g %% 500 * interval '1 minute'
      + CASE WHEN g %% 97 = 0 THEN interval '6 days' ELSE interval '5 hours' END,
    0, g %% 1024, {dataset}, 2939 + (g %% {visits}) %% 180 / 7, CASE WHEN g %% 3 = 0 THEN 'R' || g END
"""
_AT = "timestamptz '2026-05-04 08:00+08' + (g %% {visits}) %% 180 * interval '1 day' + g %% 500 * interval '1 minute'"
_CODES = "'14771-0','8480-6','8462-4','718-7','2823-3','14682-9','6690-2','1742-6','14647-2','8302-2'"
_USUAL = "5.2,125,78,140,4.2,75,6.1,25,4.8,165"
_OWN = {
    "person": (
        1,
        (
            "date '1930-01-01' + (g %% 33000)::integer, NULL, 1 + g %% 2, false, true, false, g %% 5 <> 0,"
            " g %% 211 <> 0,"
            " g %% 307 <> 0, g %% 401 <> 0, true, true, g %% 503 <> 0, g %% 9 <> 0, g %% 601 <> 0, g %% 7 <> 0"
        ),
    ),
    "encounter": (
        2,
        _AT
        + " + interval '20 minutes' - CASE WHEN g %% 499 = 0 THEN interval '3 days' ELSE interval '0' END, g %% 9000,"
        + " 1, true, true, CASE WHEN g %% 80 = 0 THEN 'IMP' ELSE 'AMB' END, 'finished'",
    ),
    "condition": (
        6,
        _AT
        + " - interval '1 day', NULL, "
        + _AT
        + ", g %% 9000, CASE WHEN g %% 97 = 0 THEN 'N40.x00' ELSE"
        + " (ARRAY['I10.x09','E11.900','J06.900','K29.500','J20.900','M54.500'])[1 + g %% 6] END, 'icd10cn', NULL",
    ),
    "observation": (
        8,
        _AT
        + " + interval '3 hours', NULL, (ARRAY["
        + _USUAL
        + "])[1 + g %% 10] * (0.9 + g %% 20 / 100.0) * CASE WHEN"
        + " g %% 401 = 0 THEN 20 ELSE 1 END, 3.9, 99, 0, NULL, NULL, (ARRAY["
        + _CODES
        + "])[1 + g %% 10], 'loinc',"
        + " CASE WHEN g %% 10 IN (1, 2) THEN 'mm[Hg]' ELSE 'mmol/L' END, 'laboratory', 'final'",
    ),
    "medication": (
        11,
        "g %% 9000, NULL, 5, 14, NULL, 2, 0, 0, false, NULL, false, g %% 149 <> 0, 'C08CA01', 'atc', 'mg', 'completed'",
    ),
    "report": (
        13,
        _AT + " + interval '3 hours', NULL, NULL, 5, 20, false, true, NULL, NULL, 'LAB', 'final'",
    ),
    "immunisation": (15, "g %% 9000, 1 + g %% 3, g %% 73 <> 0, true, 'HepB', 'vaccine', 'completed'"),
    "document": (16, "g %% 9000, 600, 'C0053', 'current'"),
    "procedure": (17, "g %% 9000, NULL, CASE WHEN g %% 50 <> 0 THEN '47.0100' END, 'icd9cn', 'completed'"),
    "order": (18, "g %% 9000, 'CBC', 'local', 'LAB', 'active'"),
    "allergy": (19, "g %% 9000, '101', 'allergen', true"),
}


def set_up(home: Path) -> None:
    """A platform of its own."""
    os.environ["XINGLIN_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
    from xinglin.config import embedded

    os.environ["DATABASE_URL"] = embedded.ensure_running(home)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def fill(connection: Any, rows: int) -> None:
    """Make the flat rows."""
    from xinglin.quality.columns import TABLES

    persons, visits = int(rows * SHARES["person"]), int(rows * SHARES["encounter"])
    first = 1
    starts = {}
    for name, share in SHARES.items():
        starts[name], first = first, first + int(rows * share)
    for name, share in SHARES.items():
        dataset, own = _OWN[name]
        common = _COMMON.format(
            persons=persons, visits=visits, visits_from=starts["encounter"], dataset=dataset
        )
        columns = f"{_HEAD}, {', '.join(TABLES[name].own)}"
        own = own.format(visits=visits)
        statement = (
            f"INSERT INTO {TABLES[name].sql} ({columns}) SELECT {common}, {own}"
            " FROM generate_series(%s::bigint, %s::bigint) g"
        )
        connection.execute(statement, [starts[name], starts[name] + int(rows * share) - 1])
        print(f"  {name} {int(rows * share):,}", flush=True)
    connection.execute(
        "INSERT INTO quality_unit (number, shard, id, name, since) SELECT g, 0, 'h' || g, 'h' || g, '2026-01-01'"
        " FROM generate_series(1, 420) g"
    )
    connection.execute(
        "INSERT INTO quality_view SELECT g, 1 + g % 420, 0, 1, now() FROM generate_series(1, 100000) g"
    )
    connection.execute("VACUUM (ANALYZE) " + ", ".join(table.sql for table in TABLES.values()))


def processor(connection: Any) -> float:
    """Seconds of processor time that this connection and all workers that have ended have taken."""
    own = psutil.Process(connection.info.backend_pid)
    taken, above = own.cpu_times(), own.parent().cpu_times()
    return taken.user + taken.system + above.children_user + above.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    home = given.home or Path(tempfile.mkdtemp(prefix="xinglin-quality-"))
    set_up(home)
    from xinglin.kernel import clock
    from xinglin.quality import running
    from xinglin.quality.columns import TABLES
    from xinglin.record import database

    connection = database.connection()
    if connection.execute("SELECT EXISTS (SELECT FROM quality_person)").fetchone() != (True,):
        print(f"Making {given.rows:,} rows …", flush=True)
        begun = time.monotonic()
        fill(connection, given.rows)
        print(f"  {time.monotonic() - begun:.0f} s")
    bare = 0.0
    for _ in range(2):  # the second with a warm cache
        begun = time.monotonic()
        total = sum(
            connection.execute(f"SELECT count(*) FROM {t.sql}").fetchone()[0] for t in TABLES.values()
        )
        bare = time.monotonic() - begun
    for number in (1, 2):
        begun, stamps, used = time.monotonic(), [], processor(connection)
        done = running.run(now=clock.now(), tell=lambda name: stamps.append((name, time.monotonic())))  # noqa: B023
        ended = time.monotonic()
        print(
            f"run {number}: {done.rules} rules over {total:,} rows in {ended - begun:.1f} s,"
            f" {processor(connection) - used:.1f} s of the processors;"
            f" {done.checked:,} answers, {done.failed:,} bad, {done.opened:,} findings opened;"
            f" {(ended - begun) / bare:.1f} times a bare count(*) ({bare:.2f} s)"
        )
        for (name, at), (_, until) in zip(stamps, [*stamps[1:], ("", ended)], strict=True):
            print(f"    {name:<14} {until - at:6.1f} s")


if __name__ == "__main__":
    main()
