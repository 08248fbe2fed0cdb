"""The record's benchmark: one command, a fresh database and a real server, all on this machine.

Usage: python benchmarks/run.py [--observations 1000000] [--scale 5000000] [--only NAME,…] [--write docs/benchmarks.md]

Client, server and database share the machine's cores. Every figure is printed with its floor and target;
writing is also given as a share of the raw COPY of the same bytes, measured in the same run. The ledger has a
benchmark of its own and is not kept here, unless XINGLIN_LEDGER=true.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from client import Result, body_of, drive, request
from material import CODES, bundle, bundles, observation, patient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_RECORD = 100  # Observations of a patient, in the comparison of sizes
ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@dataclass(slots=True)
class Row:
    """One line of the report."""

    what: str
    measured: str
    floor: str = ""
    target: str = ""
    note: str = ""


@dataclass(slots=True)
class Bench:
    """A running platform, and what has been measured of it."""

    port: int
    token: str
    url: str
    home: Path
    rows: list[Row] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    raw_copy: float = 0.0

    def get(self, path: str) -> bytes:
        return request("GET", path, self.token)

    def post(self, path: str, body: bytes, headers: str = "") -> bytes:
        return request("POST", path, self.token, body, headers)

    def report(self, what: str, measured: str, floor: str = "", target: str = "", note: str = "") -> None:
        self.rows.append(Row(what, measured, floor, target, note))
        print(
            f"{what:<58} {measured:<34} floor {floor or '-':<18} target {target or '-':<18} {note}",
            flush=True,
        )

    def database(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True)


def served(home: Path) -> tuple[Bench, subprocess.Popen[bytes]]:
    """Start a platform of its own."""
    os.environ["XINGLIN_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
    from xinglin.config import embedded

    url = os.environ.get("DATABASE_URL") or embedded.ensure_running(home)
    os.environ["DATABASE_URL"] = url
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from xinglin.accounts import actions

    actions.create_demo_accounts()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [str(BIN / "xinglin"), "serve", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL,
        env={**os.environ, "XINGLIN_LEDGER": os.environ.get("XINGLIN_LEDGER", "false")},
    )  # fmt: skip
    for _ in range(1200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    return Bench(port, actions.DEMO_TOKEN, url, home), server


def prepare(bench: Bench, patients: int = 10_000, first: int = 0) -> None:
    """Store the patients that everything else is about; ``first`` is the number of the first."""

    def seen(response: bytes) -> None:
        answer = orjson.loads(body_of(response))
        bench.patients += [entry["response"]["location"].split("/")[1] for entry in answer["entry"]]

    bodies = (bundle([patient(n) for n in range(at, at + 100)]) for at in range(first, first + patients, 100))
    drive(
        bench.port,
        (bench.post("/fhir", body) for body in bodies),
        connections=2,
        seen=lambda r: seen(_local(r)),
    )


def _local(response: bytes) -> bytes:
    """Locations may be absolute; make them ``Type/id/…``."""
    at = response.find(b"/fhir/Patient/")
    return response if at < 0 else response.replace(response[response.rfind(b'"', 0, at) + 1 : at + 6], b"")


def raw_copy(bench: Bench, count: int = 60_000) -> None:
    """The reference: the same bytes into a bare table, committed every hundred."""
    rng = random.Random(7)
    texts = [orjson.dumps(observation(rng, "Patient/x")).decode() for _ in range(min(count, 20_000))]
    with bench.database() as connection:
        connection.execute("CREATE TABLE raw_copy (body text)")
        begun = time.perf_counter()
        for first in range(0, count, 100):
            with (
                connection.transaction(),
                connection.cursor() as cursor,
                cursor.copy("COPY raw_copy FROM STDIN") as copy,
            ):
                copy.write(
                    "\n".join(texts[(first + n) % len(texts)].replace("\\", "\\\\") for n in range(100))
                    + "\n"
                )
        elapsed = time.perf_counter() - begun
        connection.execute("DROP TABLE raw_copy")
    bench.raw_copy = count / elapsed
    bench.report(
        "raw COPY of the same bytes, one connection", f"{bench.raw_copy:,.0f} rows/s", note="the reference"
    )


def transactions(bench: Bench, count: int, *, since: int = 0) -> None:
    """Bundles of a hundred Observations, four clients; about the patients from number ``since`` on."""
    subjects = [f"Patient/{id_}" for id_ in bench.patients[since:]]
    done = 0
    elapsed = 0.0
    times: list[float] = []
    for seed in range(max(count // 50_000, 1)):  # bodies are made between the measured stretches
        bodies = [
            bench.post("/fhir", body, "Prefer: return=minimal\r\n")
            for body in bundles(subjects, 500, seed=seed)
        ]
        result = drive(bench.port, bodies, connections=4)
        done += 100 * len(result.times)
        elapsed += result.elapsed
        times += result.times
    rate = done / elapsed
    total = Result(elapsed, times)
    bench.report(
        "transactions of 100 one-KB Observations, 4 clients",
        f"{rate:,.0f} resources/s",
        "6,000",
        "15,000 and 40 %",
        f"{rate / bench.raw_copy:.0%} of raw COPY; bundle p50 {total.percentile(0.5):.0f} ms,"
        f" p99 {total.percentile(0.99):.0f} ms",
    )


def creates(bench: Bench, seconds: float) -> None:
    rng = random.Random(3)
    subjects = [f"Patient/{id_}" for id_ in bench.patients]
    bodies = [orjson.dumps(observation(rng, rng.choice(subjects))) for _ in range(4000)]
    requests = [bench.post("/fhir/Observation", body) for body in bodies]
    _timed(bench, "single create, 16 clients", _forever(requests), 16, seconds, "700/s", "1,500/s")


def reads(bench: Bench, seconds: float) -> None:
    rng = random.Random(4)
    requests = [bench.get(f"/fhir/Observation/{rng.choice(bench.ids)}") for _ in range(5000)]
    _timed(
        bench, "read by id, 16 clients", _forever(requests), 16, seconds,
        "2,000/s, p99 30 ms", "3,500/s, p99 15 ms",
    )  # fmt: skip


def _search_requests(bench: Bench) -> list[bytes]:
    rng = random.Random(5)
    return [
        bench.get(
            f"/fhir/Observation?patient={rng.choice(bench.patients)}&code=http://loinc.org|{rng.choice(CODES)}&_sort=-date&_count=20"
        )
        for _ in range(5000)
    ]


def searches(bench: Bench, seconds: float) -> None:
    _timed(
        bench,
        "Observation?patient=&code=&_sort=-date&_count=20",
        _forever(_search_requests(bench)),
        16,
        seconds,
        "800/s",
        "2,000/s",
    )


def more_searches(bench: Bench, seconds: float) -> None:
    rng = random.Random(6)
    shapes: dict[str, Callable[[], str]] = {
        "Patient?identifier= (look-up)": lambda: (
            f"/fhir/Patient?identifier=urn:xinglin:benchmark:patient|P{rng.randrange(10_000):08d}"
        ),
        "Patient?name= (pinyin)": lambda: (
            f"/fhir/Patient?name={rng.choice(['zhangwei', 'wangfang', 'liqiang', 'zm', '陈军'])}&_count=20"
        ),
        "Observation?patient=&_include=Observation:subject": lambda: (
            f"/fhir/Observation?patient={rng.choice(bench.patients)}&_include=Observation:subject&_count=20"
        ),
    }
    for name, make in shapes.items():
        _timed(bench, name, _forever([bench.get(make()) for _ in range(2000)]), 16, seconds)


def everything(bench: Bench, seconds: float) -> None:
    """One patient with a record of a thousand resources."""
    rng = random.Random(8)
    made: list[str] = []
    body = bundle([patient(999_999)])
    drive(
        bench.port, [bench.post("/fhir", body)], connections=1,
        seen=lambda r: made.append(orjson.loads(body_of(_local(r)))["entry"][0]["response"]["location"].split("/")[1]),
    )  # fmt: skip
    subject = f"Patient/{made[0]}"
    parts = [bundle([observation(rng, subject) for _ in range(n)]) for n in (333, 333, 333)]
    drive(bench.port, [bench.post("/fhir", part) for part in parts], connections=1)
    found: list[int] = []
    path = f"/fhir/{subject}/$everything?_count=1000"
    drive(
        bench.port,
        [bench.get(path)],
        connections=1,
        seen=lambda r: found.append(len(orjson.loads(body_of(r))["entry"])),
    )
    requests = [bench.get(path)]
    _timed(
        bench, f"Patient/$everything of {found[0]} resources", _forever(requests), 4, seconds, "40/s", "150/s"
    )


def disk(bench: Bench) -> None:
    with bench.database() as connection:
        connection.execute("VACUUM ANALYZE")
        size, count = connection.execute(
            "SELECT (SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
            " WHERE relkind = 'r' AND relname LIKE 'record_%'),"
            " (SELECT count(*) FROM record_resource)"
        ).fetchone()  # type: ignore[misc]
    bench.report(
        "disk per one-KB Observation, everything included",
        f"{size / count / 1000:.2f} KB",
        "3.5 KB",
        "1.8 KB",
        f"{count:,} resources",
    )


def _timed(
    bench: Bench,
    what: str,
    requests: Iterator[bytes],
    clients: int,
    seconds: float,
    floor: str = "",
    target: str = "",
) -> Result:
    drive(bench.port, requests, connections=clients, seconds=min(seconds, 2.0))  # the caches, the plans
    result = drive(bench.port, requests, connections=clients, seconds=seconds)
    bench.report(
        what, f"{result.rate:,.0f}/s", floor, target,
        f"p50 {result.percentile(0.5):.1f} ms, p99 {result.percentile(0.99):.1f} ms",
    )  # fmt: skip
    return result


def _forever(requests: list[bytes]) -> Iterator[bytes]:
    while True:
        yield from requests


def _choose_ids(bench: Bench) -> None:
    with bench.database() as connection:
        rows = connection.execute(
            "SELECT id FROM record_resource TABLESAMPLE system (1) WHERE patient <> self LIMIT 20000"
        ).fetchall()
    bench.ids = [id_ for (id_,) in rows]


def _stored(bench: Bench) -> int:
    with bench.database() as connection:
        return int(connection.execute("SELECT count(*) FROM record_resource").fetchone()[0])  # type: ignore[index]


def scale(bench: Bench, more: int, seconds: float) -> None:
    """The same reads and searches on a small store and on a large one, of records that are equally long."""
    small = _three(bench, seconds)
    at, known = _stored(bench), len(bench.patients)
    prepare(bench, (more - at) // _RECORD, first=known)
    transactions(bench, more - at, since=known)
    with bench.database() as connection:
        connection.execute("VACUUM ANALYZE")
    large = _three(bench, seconds)
    for name in small:
        bench.report(
            f"{name}: {_stored(bench) / 1e6:.1f} million against {at / 1e3:.0f} thousand",
            f"{small[name] / large[name]:.2f}×", "2×", "1.3×", f"{small[name]:,.0f}/s and {large[name]:,.0f}/s",
        )  # fmt: skip


def _three(bench: Bench, seconds: float) -> dict[str, float]:
    _choose_ids(bench)
    rng = random.Random(4)
    gets = [bench.get(f"/fhir/Observation/{rng.choice(bench.ids)}") for _ in range(5000)]
    found = {}
    for name, requests in (("read", gets), ("search", _search_requests(bench))):
        drive(bench.port, _forever(requests), connections=16, seconds=2)
        found[name] = drive(bench.port, _forever(requests), connections=16, seconds=seconds).rate
    return found


def machine() -> str:
    """What this was measured on."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    sealed = f"XINGLIN_SEAL={os.environ.get('XINGLIN_SEAL', 'aes')}"
    return f"{sealed}; {os.cpu_count()} cores ({model}), {memory:.0f} GiB, Python {platform.python_version()}"


def write(bench: Bench, path: Path, marks: tuple[str, str]) -> None:
    """Replace the part of the page between the two marks by this run's table."""
    lines = [
        "",
        f"Measured on {time.strftime('%Y-%m-%d')}: {machine()}; client, server and database on the same cores.",
        "",
    ]
    lines += ["| what | measured | floor | target | more |", "| --- | --- | --- | --- | --- |"]
    lines += [f"| {r.what} | {r.measured} | {r.floor} | {r.target} | {r.note} |" for r in bench.rows]
    text = path.read_text()
    before, rest = text.split(marks[0], 1)
    after = rest.split(marks[1], 1)[1]
    path.write_text(before + marks[0] + "\n" + "\n".join(lines) + "\n\n" + marks[1] + after)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--observations", type=int, default=1_000_000)
    parser.add_argument("--scale", type=int, default=0, help="also compare 100 thousand with this many")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="xinglin-benchmark-"))
    bench, server = served(home)
    try:
        print(machine())
        prepare(bench, 1_000 if options.scale else 10_000)
        raw_copy(bench)
        if options.scale:
            transactions(bench, 1_000 * _RECORD)
            with bench.database() as connection:
                connection.execute("VACUUM ANALYZE")
            scale(bench, options.scale, options.seconds)
        else:
            transactions(bench, options.observations)
            disk(bench)
            _choose_ids(bench)
            creates(bench, options.seconds)
            reads(bench, options.seconds)
            searches(bench, options.seconds)
            more_searches(bench, options.seconds)
            everything(bench, options.seconds)
        if options.write:
            name = "scale" if options.scale else "store"
            write(bench, options.write, (f"<!-- {name} -->", f"<!-- /{name} -->"))
    finally:
        server.terminate()
        server.wait(30)
        from xinglin.config import embedded

        if "DATABASE_URL" not in os.environ or str(home) in bench.url.replace("%2F", "/"):
            embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
