"""``xinglin load`` of Synthea's bundles into a fresh database, beside the raw COPY of the same resources.

Usage: python benchmarks/load.py DIRECTORY [--copies 10] [--processes N] [--write docs/benchmarks.md]

DIRECTORY holds Synthea's bundles (``*.json`` or ``*.json.gz``). They are loaded several times over, each copy
with UUIDs of its own. The time is that of the whole command, its start and the last flush to disk included.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import psycopg

ROOT = Path(__file__).resolve().parent.parent
XINGLIN = Path(sys.executable).parent / "xinglin"
FLOOR, TARGET = 4_000, 10_000
_UUID = re.compile(rb"[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_ROWS = 500


def read(directory: Path) -> dict[str, bytes]:
    """The bundles by the names of their files, unpacked."""
    found = {}
    for path in sorted(directory.iterdir()):
        if path.name.endswith((".json", ".json.gz")):
            data = path.read_bytes()
            found[path.name.removesuffix(".gz")] = (
                gzip.decompress(data) if path.name.endswith(".gz") else data
            )
    return found


def copied(bundles: dict[str, bytes], copies: int, place: Path) -> None:
    """Write the bundles ``copies`` times, packed, each time with other UUIDs."""
    for number in range(copies):
        for name, text in bundles.items():
            renamed = _UUID.sub(lambda found, n=number: f"{n:04x}".encode() + found[0][4:], text)  # type: ignore[misc]
            (place / f"{Path(name).stem}-{number}.json.gz").write_bytes(gzip.compress(renamed, 1))


def raw_copy(url: str, resources: list[bytes], times: int) -> float:
    """Seconds to COPY the resources' texts into a bare table, some hundred to a transaction."""
    rows = [text.replace(b"\\", b"\\\\") + b"\n" for text in resources]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE raw_copy (body text)")
        begun = time.perf_counter()
        for _ in range(times):
            for first in range(0, len(rows), _ROWS):
                with (
                    connection.transaction(),
                    connection.cursor() as cursor,
                    cursor.copy("COPY raw_copy FROM STDIN") as copy,
                ):
                    copy.write(b"".join(rows[first : first + _ROWS]))
        elapsed = time.perf_counter() - begun
        connection.execute("DROP TABLE raw_copy")
    return elapsed


def load(home: Path, place: Path, processes: int) -> float:
    """Seconds of the whole command."""
    environment = {**os.environ, "XINGLIN_HOME": str(home)}
    subprocess.run([XINGLIN, "migrate", "--verbosity", "0"], env=environment, check=True)
    begun = time.perf_counter()
    subprocess.run(
        [XINGLIN, "load", str(place), "--processes", str(processes), "--refused", str(home / "refused.ndjson")],
        env=environment, check=True, stdout=sys.stderr,
    )  # fmt: skip
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path)
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", type=Path, help="put the figures between <!-- load --> marks of this file")
    given = parser.parse_args()
    bundles = read(given.directory)
    resources = [
        orjson.dumps(e["resource"]) for text in bundles.values() for e in orjson.loads(text)["entry"]
    ]
    count = len(resources) * given.copies
    home = Path(tempfile.mkdtemp(prefix="xinglin-load-"))
    try:
        place = home / "bundles"
        place.mkdir()
        copied(bundles, given.copies, place)
        seconds = load(home, place, given.processes)
        os.environ["XINGLIN_HOME"] = str(home)
        from xinglin.config import embedded

        url = embedded.ensure_running(home)
        with psycopg.connect(url) as connection:
            stored, size = connection.execute(
                "SELECT (SELECT count(*) FROM record_resource), pg_database_size(current_database())"
            ).fetchone()  # type: ignore[misc]  # there is a row
        raw = raw_copy(url, resources, given.copies)
        report(count, stored, seconds, raw, size, given)
    finally:
        subprocess.run([XINGLIN, "stop"], env={**os.environ, "XINGLIN_HOME": str(home)}, check=False)
        shutil.rmtree(home, ignore_errors=True)


def report(count: int, stored: int, seconds: float, raw: float, size: int, given: argparse.Namespace) -> None:
    assert stored == count, f"{stored} of {count} resources were stored"
    lines = [
        "| what | measured | floor | target |",
        "| --- | --- | --- | --- |",
        (
            f"| `xinglin load`, {count:,} resources of Synthea, {given.processes} processes "
            f"| {count / seconds:,.0f}/s | {FLOOR:,}/s | {TARGET:,}/s |"
        ),
        f"| raw COPY of the same resources, one connection | {count / raw:,.0f}/s | - | - |",
        f"| loading as a share of that | {100 * raw / seconds:.0f} % | - | - |",
        f"| disk, everything included | {size / count / 1024:.1f} KB a resource | - | - |",
    ]
    print("\n".join(lines))
    if given.write:
        text = given.write.read_text()
        begin, end = "<!-- load -->", "<!-- /load -->"
        before, rest = text.split(begin, 1)
        given.write.write_text(before + begin + "\n" + "\n".join(lines) + "\n" + end + rest.split(end, 1)[1])


if __name__ == "__main__":
    main()
