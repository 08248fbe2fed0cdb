"""The ledger: entries a second through the real path, the delay to a signed head, and what audit adds to a read.

Usage: python benchmarks/ledger.py [--seconds 20] [--writers 4] [--batch 10] [--reads 20000] [--rounds 7]

Entries: writers that each commit transactions of a few events, and the process that keeps the ledger as ``serve``
starts it; an observer sees when a signed head covers each. Reads: over HTTP, by servers that note no access (which no
setting allows: they are tampered with for this), that note each, and that enter each into the ledger too; since the
machine's other work would drown the difference, it is taken in processor time of all processes, for each read, and the
three kinds of server take turns: the median of all rounds is told, with the least and the most.
"""

from __future__ import annotations

import argparse
import io
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_right
from pathlib import Path
from typing import Any

import psutil
import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent))
from client import drive, request

RUN = [sys.executable, "-m", "xinglin.config.command"]
FLOOR = 2_000
NOTHING, NOTED, ENTERED = "no access noted", "each noted", "each noted and entered"
_TAMPER = """
import xinglin.record.access as access
access.note = lambda *_, **__: None
"""
SHARE = 0.15


def set_up(home: Path) -> str:
    """A platform of its own; the address of its database."""
    os.environ["XINGLIN_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
    from xinglin.config import embedded

    os.environ["DATABASE_URL"] = embedded.ensure_running(home)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    return os.environ["DATABASE_URL"]


def write(url: str, batch: int, until: float, committed: list[tuple[int, float]]) -> None:
    """Commit transactions of ``batch`` events; remember each place and when it was acknowledged."""
    from xinglin.kernel import clock
    from xinglin.ledger import actions

    with psycopg.connect(url, autocommit=True) as connection:
        while time.perf_counter() < until:
            with connection.transaction():
                places = [
                    actions.enter(
                        connection, kind="bench.event", now=clock.now(),
                        event={"actor": "account/1", "patient": 4711 + n, "action": "read", "purpose": "TREAT"},
                    )
                    for n in range(batch)
                ]  # fmt: skip
            now = time.perf_counter()
            committed += [(place, now) for place in places]


def observe(url: str, stop: threading.Event, heads: list[tuple[int, float]]) -> None:
    """When each size was first seen signed."""
    with psycopg.connect(url, autocommit=True) as connection:
        while not stop.wait(0.005):
            row = connection.execute("SELECT max(size) FROM ledger_checkpoint").fetchone()
            size = row[0] if row and row[0] else 0
            if not heads or size > heads[-1][0]:
                heads.append((size, time.perf_counter()))


def entries(url: str, seconds: float, writers: int, batch: int) -> dict[str, float]:
    """Entries a second, and how long until a signed head covers one."""
    keeper = subprocess.Popen([*RUN, "ledger", "run"])
    heads: list[tuple[int, float]] = []
    committed: list[list[tuple[int, float]]] = [[] for _ in range(writers)]
    stop = threading.Event()
    observer = threading.Thread(target=observe, args=(url, stop, heads))
    observer.start()
    time.sleep(3)
    begun = time.perf_counter()
    threads = [threading.Thread(target=write, args=(url, batch, begun + seconds, mine)) for mine in committed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [one for mine in committed for one in mine]
    while not heads or heads[-1][0] < len(everything):
        time.sleep(0.01)
    ended = heads[-1][1]
    stop.set()
    observer.join()
    keeper.terminate()
    keeper.wait()
    with psycopg.connect(url) as connection:
        numbers = dict(
            connection.execute("SELECT place, index FROM ledger_entry WHERE source = 'ledger'").fetchall()
        )
    sizes = [size for size, _ in heads]
    delays = sorted(heads[bisect_right(sizes, numbers[place])][1] - when for place, when in everything)
    return {
        "rate": len(everything) / (ended - begun),
        "count": len(everything),
        "p50": delays[len(delays) // 2],
        "p99": delays[int(len(delays) * 0.99)],
        "most": delays[-1],
    }


def backlog(url: str, count: int) -> float:
    """Entries a second when a heap of lines of the access log waits: what the sequencer does at most."""
    from xinglin.kernel import clock
    from xinglin.ledger import keys, sequencing
    from xinglin.record import database

    connection = database.connection()
    signers = keys.signers(Path(os.environ["XINGLIN_HOME"]))
    while sequencing.turn(connection, signers, now=clock.now()).count:
        pass
    with psycopg.connect(url) as filler:
        filler.execute(
            "INSERT INTO record_access (moment, actor, purpose, action, outcome, type, id, patient)"
            " SELECT now(), 'account/1', 'TREAT', 'read', 'permit', 100, 'id' || n, n FROM generate_series(1, %s) n",
            [count],
        )
    begun = time.perf_counter()
    done = 0
    while made := sequencing.turn(connection, signers, now=clock.now()).count:
        done += made
    return done / (time.perf_counter() - begun)


def bare(count: int) -> float:
    """The reference: the same entries hashed into a tree in memory, a thousand to a signed head, and nothing kept."""
    from xinglin.crypto import signed_notes
    from xinglin.ledger import checkpoints, sequencing, tiles
    from xinglin.ledger.entries import Entry

    key = signed_notes.make_key("bench", signed_notes.LOG)
    leaves = [
        Entry("bench.event", "2026-01-01T00:00:00.000000Z", "ledger", n, 0, "0" * 64, "0" * 64).bytes
        for n in range(count)
    ]
    edge = tiles.Edge()
    begun = time.perf_counter()
    for first in range(0, count, 1000):
        root = sequencing.bare(leaves[first : first + 1000], edge)
        signed_notes.sign(checkpoints.Checkpoint("bench", edge.size, root).text, key)
    return count / (time.perf_counter() - begun)


def reads(url: str, home: Path, count: int, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Processor microseconds of a read and reads a second, by what is written of it, for each round."""
    from django.core.management import call_command

    from xinglin.accounts import actions

    call_command("terminology", "load", stdout=io.StringIO())  # else the first server does it while it starts
    actions.create_demo_accounts()
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE ledger_source SET place = (SELECT max(place) FROM record_access) WHERE name = 'access'"
        )
    found: dict[str, list[tuple[float, float]]] = {NOTHING: [], NOTED: [], ENTERED: []}
    for _ in range(rounds):
        for how, runs in found.items():
            runs.append(_read(url, home, how, count))
    return found


def _read(url: str, home: Path, how: str, count: int) -> tuple[float, float]:
    from xinglin.accounts.actions import DEMO_TOKEN

    kept = how == ENTERED
    tampering = home / "tampering"
    tampering.mkdir(exist_ok=True)
    (tampering / "sitecustomize.py").write_text(_TAMPER if how == NOTHING else "")
    path = os.pathsep.join(filter(None, [str(tampering), os.environ.get("PYTHONPATH", "")]))

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [*RUN, "serve", "--port", str(port), "--workers", "2"],
        env={**os.environ, "XINGLIN_LEDGER": str(kept).lower(), "PYTHONPATH": path}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    body = (
        b'{"resourceType":"Patient","id":"bench","name":[{"family":"\xe5\xbc\xa0","given":["\xe4\xb8\x89"]}]}'
    )
    drive(port, [request("PUT", "/fhir/Patient/bench", DEMO_TOKEN, body)], connections=1)
    read = request("GET", "/fhir/Patient/bench", DEMO_TOKEN)
    drive(port, [read] * 2000, connections=8)
    _settle(url, kept)  # so that starting is not counted
    lines, before = _noted(url), _spent(home, server.pid)
    result = drive(port, [read] * count, connections=8)
    _settle(url, kept)  # until what was read has been noted and entered
    used = _spent(home, server.pid) - before
    if _noted(url) - lines != (0 if how == NOTHING else count):
        raise SystemExit(f"{_noted(url) - lines:,} accesses were noted of {count:,}, where {how} was meant")
    server.terminate()
    server.wait()
    return used / count * 1e6, result.rate


def _settle(url: str, kept: bool) -> None:
    """Wait until the lines of the access log are written, and entered if the ledger is kept."""
    time.sleep(1)
    with psycopg.connect(url, autocommit=True) as connection:
        while kept:
            row = connection.execute(
                "SELECT (SELECT max(place) FROM record_access) = place FROM ledger_source WHERE name = 'access'"
            ).fetchone()
            if row and row[0]:
                break
            time.sleep(0.1)
    time.sleep(1)


def _noted(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM record_access WHERE action = 'read'").fetchone()
    return int(row[0]) if row else 0


def _spent(home: Path, pid: int) -> float:
    """Processor seconds of the server, the keeper, and the database, those of ended children included."""
    postmaster = int((home / "postgresql" / "postmaster.pid").read_text().split()[0])
    total = 0.0
    for head in (psutil.Process(pid), psutil.Process(postmaster)):
        for process in [head, *head.children(recursive=True)]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
            if process is head:
                total += times.children_user + times.children_system
    return total


def tell(found: dict[str, list[tuple[float, float]]]) -> None:
    """What a read costs, and what noting and entering it add to that."""
    alone = statistics.median(cost for cost, _ in found[NOTHING])
    for how, runs in found.items():
        costs = [cost for cost, _ in runs]
        more = statistics.median(costs) / alone - 1
        verdict = "" if more <= SHARE else f"  ABOVE {SHARE:.0%}"
        rate = statistics.median(rate for _, rate in runs)
        print(
            f"a read, {how:<28} {statistics.median(costs):>12,.0f} µs of processor"
            f" ({min(costs):,.0f} to {max(costs):,.0f}), {rate:,.0f}/s, {more:+.1%}{verdict}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--reads", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    given: Any = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xinglin-bench-") as place:
        home = Path(place)
        home.chmod(0o755)
        url = set_up(home)
        from xinglin.config import embedded

        try:
            load = " ".join(f"{value:.1f}" for value in psutil.getloadavg())
            print(f"load of the machine before: {load}; {os.cpu_count()} cores")
            reference = bare(200_000)
            print(f"bare hashing and signing, one core   {reference:>12,.0f} entries/s")
            through = entries(url, given.seconds, given.writers, given.batch)
            verdict = "" if through["rate"] >= FLOOR else f"  BELOW {FLOOR}"
            print(
                f"through the real path                {through['rate']:>12,.0f} entries/s"
                f" ({through['rate'] / reference:.1%} of bare; {through['count']:,} entries){verdict}"
            )
            delays = ", ".join(f"{name} {through[name]:.2f} s" for name in ("p50", "p99", "most"))
            print(f"until a signed head covers an entry  {delays}")
            print(f"accesses that wait, one sequencer    {backlog(url, 60_000):>12,.0f} entries/s")
            tell(reads(url, home, given.reads, given.rounds))
        finally:
            embedded.stop(home)


if __name__ == "__main__":
    main()
