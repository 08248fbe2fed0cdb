"""The exchange: messages a second through a door of a running server, everything included.

Usage: python benchmarks/exchange.py [--messages 5000] [--connections 16] [--results 5] [--people 1000]
       [--workers 2] [--threads 8] [--later]

Each message is a FHIR bundle as a laboratory sends it: patient, visit, order, report and some results. The server, its
workers, the database and this client share the machine. ``--later`` asks for a receipt at once and counts until the
last message is in the record. The ratio compares with copying the same rows between two tables by COPY, from a file.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent))
from client import drive, request
from people import person

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = [sys.executable, "-m", "xinglin.config.command"]


def patient(number: int) -> dict[str, Any]:
    """Somebody, always the same under the same number, and like few others."""
    about = person(number)
    return {
        "resourceType": "Patient", "id": f"p{number}", "name": [{"text": about.name}],
        "gender": "male" if about.sex == "1" else "female", "birthDate": about.born.isoformat(),
        "identifier": [{"system": "urn:bench:patient", "value": f"p{number}"}],
    }  # fmt: skip


def report(number: int, results: int, people: int) -> bytes:
    """A laboratory's report about one of so many people."""
    about: dict[str, Any] = {"subject": {"reference": f"Patient/p{number % people}"}}
    resources: list[dict[str, Any]] = [
        patient(number % people),
        {"resourceType": "Encounter", "id": f"e{number}", "status": "finished", "class": {"code": "AMB"}, **about},
        {
            "resourceType": "DiagnosticReport", "id": f"r{number}", "status": "final", "code": {"text": "血常规"},
            "result": [{"reference": f"Observation/o{number}-{n}"} for n in range(results)],
            "encounter": {"reference": f"Encounter/e{number}"}, "issued": "2026-11-26T10:00:00+08:00", **about,
        },
    ]  # fmt: skip
    resources += [
        {
            "resourceType": "Observation", "id": f"o{number}-{n}", "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": f"{6690 + n}-2"}]},
            "effectiveDateTime": "2026-11-26T09:30:00+08:00",
            "valueQuantity": {"value": 4 + n + number % 7 / 10, "unit": "10^9/L"},
            "encounter": {"reference": f"Encounter/e{number}"}, **about,
        }
        for n in range(results)
    ]  # fmt: skip
    bundle = {
        "resourceType": "Bundle", "type": "collection", "identifier": {"value": f"m{number}"},
        "entry": [{"resource": one} for one in resources],
    }  # fmt: skip
    return json.dumps(bundle, ensure_ascii=False).encode()


def requests(given: argparse.Namespace, key: str) -> Iterator[bytes]:
    headers = "Prefer: respond-async\r\n" if given.later else ""
    for number in range(given.messages):
        yield request("POST", "/exchange/in/fhir", key, report(number, given.results, given.people), headers)


def start(home: Path, given: argparse.Namespace) -> tuple[subprocess.Popen[bytes], str]:
    """A server of its own and the key of a sender."""
    os.environ |= {
        "XINGLIN_HOME": str(home),
        "XINGLIN_LEDGER": "false",
        "XINGLIN_WORKERS": str(given.workers),
        "XINGLIN_THREADS": str(given.threads),
    }
    os.environ.pop("DATABASE_URL", None)
    server = subprocess.Popen([*RUN, "serve", "--port", str(given.port)], stdout=subprocess.DEVNULL)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{given.port}/fhir/metadata", timeout=5)
            break
        except OSError:
            if server.poll() is not None:
                raise SystemExit("the server did not start") from None
            time.sleep(0.2)
    added = subprocess.run(
        [*RUN, "exchange", "sender", "add", "bench", "--name", "Bench", "--door", "fhir"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return server, added.stdout.strip()


def processor(server: int, home: Path) -> list[float]:
    """Seconds of processor time so far: of the server with its workers, and of the database."""
    database = int((home / "postgresql" / "postmaster.pid").read_text().split()[0])
    return [sum(used(one) for one in family(head)) for head in (server, database)]


def family(head: int) -> list[psutil.Process]:
    process = psutil.Process(head)
    return [process, *process.children(recursive=True)]


def used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def until_worked(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute("SELECT count(*) FROM exchange_message WHERE state = 0").fetchone() != (0,):
            time.sleep(0.02)


def copied(url: str) -> tuple[int, float]:
    """How many resources there are, and how long a bare COPY of their rows into a table without indexes takes."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM record_resource").fetchone()
        file = io.BytesIO()
        with connection.cursor().copy("COPY record_resource TO STDOUT (FORMAT binary)") as copy:
            for piece in copy:
                file.write(piece)
        connection.execute("CREATE TABLE bench_copy (LIKE record_resource)")
        begun = time.perf_counter()
        with connection.cursor().copy("COPY bench_copy FROM STDIN (FORMAT binary)") as copy:
            copy.write(file.getvalue())
        elapsed = time.perf_counter() - begun
        connection.execute("DROP TABLE bench_copy")
    return (row[0] if row else 0), elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--results", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--later", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        server, key = start(home, given)
        try:
            url = f"postgresql://postgres@/xinglin?host={home / 'postgresql'}"
            wanted = 202 if given.later else 200
            sent = requests(given, key)
            spent = processor(server.pid, home)
            begun = time.perf_counter()
            told = drive(given.port, sent, connections=given.connections, wanted=(wanted,))
            acknowledged = time.perf_counter() - begun
            until_worked(url)
            elapsed = time.perf_counter() - begun
            spent = [after - before for before, after in zip(spent, processor(server.pid, home), strict=True)]
            resources, copy = copied(url)
        finally:
            server.terminate()
            server.wait(timeout=20)
            subprocess.run([*RUN, "stop"], check=False, stdout=subprocess.DEVNULL)
    count, ratio = given.messages, elapsed / max(copy, 0.001)
    p50, p99 = told.percentile(0.5), told.percentile(0.99)
    print(f"{count:,} messages, {resources:,} resources, {given.connections} connections")
    print(f"acknowledged {count / acknowledged:,.0f} messages/s; p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print(f"in the record {count / elapsed:,.0f} messages/s, {resources / elapsed:,.0f} resources/s")
    print(
        f"processor time a message: server {spent[0] / count * 1e3:.1f} ms, database {spent[1] / count * 1e3:.1f} ms"
    )
    print(f"a bare COPY of the same rows: {copy:.2f} s; the exchange takes {ratio:,.0f} times as long")


if __name__ == "__main__":
    main()
