"""Live pages: from a commit to the event on a stream, the memory of a stream, and what telling adds to a read.

Usage: python benchmarks/live.py [--streams 1000] [--events 500] [--reads 4000] [--rounds 7]
       python benchmarks/live.py --pages 40 [--events 500]

Streams: as many as asked for, of people with twenty each, kept by the live process as ``serve`` starts it. Events: a
transaction tells one stream's topic, on a connection of its own; the time from when its commit was acknowledged to when
the event's line was read at the other end. All: one topic that every stream hears, to the last of them. Reads: by the
record's door in this process, with the access log written as always, and with the telling taken out (which no setting
allows: it is tampered with for this), in turns; the median of all rounds is told.

With ``--pages`` instead, end to end: from a doctor's look to the line on the resident's open page (``looks.py``).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

RUN = [sys.executable, "-m", "xinglin.config.command"]
EACH = 20  # streams of one session
EVERYBODY = "everybody"


def set_up(home: Path) -> None:
    """A platform of its own."""
    os.environ.update(
        XINGLIN_HOME=str(home), DJANGO_SETTINGS_MODULE="xinglin.config.settings", XINGLIN_SEAL="aes"
    )
    from xinglin.config import embedded

    os.environ["DATABASE_URL"] = embedded.ensure_running(home)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def sessions(count: int) -> list[str]:
    """Accounts that are signed in: the keys of their sessions."""
    from django.test import Client

    from xinglin.accounts.models import Account

    keys = []
    for number in range(count):
        account = Account.objects.create(
            username=f"b{number}", display_name="b", roles=["doctor"], password="!"
        )
        client = Client()
        client.force_login(account)
        keys.append(client.session.session_key or "")
    return keys


def topic(number: int) -> str:
    return f"readers/{number}"


class Streams:
    """Open streams, and when each said something last."""

    def __init__(self) -> None:
        self.heard: dict[int, asyncio.Future[float]] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.open = 0

    async def begin(self, port: int, number: int, address: str, key: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid={key}\r\n\r\n".encode())
        assert b" 200 " in await reader.readline()
        while (await reader.readline()).strip():
            pass
        while not (await reader.readline()).startswith(b"id"):
            pass
        self.open += 1
        self.tasks.append(asyncio.ensure_future(self.read(number, reader, writer)))

    async def read(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            waiting = self.heard.get(number)
            if line.startswith(b"event: ") and waiting is not None and not waiting.done():
                waiting.set_result(time.perf_counter())
        writer.close()

    def expect(self, number: int) -> asyncio.Future[float]:
        self.heard[number] = asyncio.get_running_loop().create_future()
        return self.heard[number]


def addresses(count: int, keys: list[str]) -> list[tuple[str, str]]:
    from urllib.parse import urlencode

    from xinglin.kernel import clock
    from xinglin.live import tickets

    now = clock.now().timestamp()
    return [
        (
            "/live?"
            + urlencode({"ticket": tickets.make("readers", [topic(n), EVERYBODY], session=key, now=now)}),
            key,
        )
        for n, key in ((n, keys[n // EACH]) for n in range(count))
    ]


def tell(connection: Any, said: str) -> float:
    """One transaction; when its commit was acknowledged."""
    from xinglin.record import telling

    with connection.transaction():
        telling.tell(connection, [said])
    return time.perf_counter()


async def measure(port: int, given: argparse.Namespace, keys: list[str], worker: psutil.Process) -> None:
    count, events = given.streams, given.events
    streams, connection = Streams(), psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    made = addresses(count, keys)
    before = worker.memory_info().rss
    begun = time.perf_counter()
    for at in range(0, count, 50):
        await asyncio.gather(*(streams.begin(port, n, *made[n]) for n in range(at, min(at + 50, count))))
    opening = time.perf_counter() - begun
    await asyncio.sleep(1)
    after = worker.memory_info().rss
    print(
        f"{streams.open:,} streams opened in {opening:.1f} s; {(after - before) / count / 1024:.1f} KiB each"
    )

    delays = []
    choice = random.Random(1)
    for _ in range(events):
        number = choice.randrange(count)
        waiting = streams.expect(number)
        told = await asyncio.to_thread(tell, connection, topic(number))
        delays.append(await asyncio.wait_for(waiting, 30) - told)
        await asyncio.sleep(choice.uniform(0.005, 0.02))
    say("commit to event, one stream", delays)

    lasts, firsts = [], []
    for _ in range(10):
        await asyncio.sleep(1)
        waiting_all = [streams.expect(number) for number in range(count)]
        told = await asyncio.to_thread(tell, connection, EVERYBODY)
        arrived = await asyncio.wait_for(asyncio.gather(*waiting_all), 60)
        lasts.append(max(arrived) - told)
        firsts.append(min(arrived) - told)
    say(f"commit to the last of {count:,} streams that all hear it", lasts)

    used = worker.cpu_times()
    await asyncio.sleep(20)
    rest = worker.cpu_times()
    share = (rest.user + rest.system - used.user - used.system) / 20
    print(
        f"processor time of {count:,} quiet streams, with heartbeats and looks at sessions: {share:.1%} of a core"
    )
    for task in streams.tasks:
        task.cancel()
    connection.close()


def say(what: str, delays: list[float]) -> None:
    held = sorted(1000 * delay for delay in delays)
    p99 = held[min(len(held) - 1, int(0.99 * len(held)))]
    print(
        f"{what}: p50 {statistics.median(held):.1f} ms, p99 {p99:.1f} ms, most {held[-1]:.1f} ms ({len(held)})"
    )


def reads(count: int, rounds: int) -> None:
    """What telling adds to a read through the record's door."""
    from xinglin.kernel.actor import Actor
    from xinglin.record import access, telling
    from xinglin.record.door import open_as

    door = open_as(Actor(id="account/1", name="b", roles=frozenset({"client"})))
    ids = [_made(door.create({"resourceType": "Patient", "gender": "male"})) for _ in range(200)]
    real, found = telling.tell, {}

    def once() -> tuple[float, float]:
        begun, used = time.perf_counter(), time.process_time()
        for turn in range(count):
            door.read("Patient", ids[turn % len(ids)])
        access.flush()
        return (time.perf_counter() - begun) / count, (time.process_time() - used) / count

    once()
    kinds = {"told": real, "not told": lambda *_: None}
    for _ in range(rounds):
        for name, kind in kinds.items():
            telling.tell = kind
            found.setdefault(name, []).append(once())
    telling.tell = real
    for name, measured in found.items():
        wall, own = (statistics.median(column) * 1e6 for column in zip(*measured, strict=True))
        print(f"a read through the door, {name}: {wall:.1f} µs, {own:.1f} µs of them this process's own")

    for size in (1, 20, 400):
        batch = {}
        lines = [
            access.Line(_now(), "account/1", "TREAT", "read", "permit", 1, "x", n + 1, None)
            for n in range(size)
        ]
        for _ in range(15 * rounds):
            for name, kind in kinds.items():
                telling.tell = kind
                batch.setdefault(name, []).append(append(lines))
        telling.tell = real
        told, quiet = (1000 * statistics.median(batch[name]) for name in kinds)
        print(f"a batch of {size} lines about {size} residents: {told:.2f} ms told, {quiet:.2f} ms not told")


def _made(outcome: Any) -> str:
    return str(outcome.draft.id)


def append(lines: list[Any]) -> float:
    from xinglin.record import access, database

    begun = time.perf_counter()
    connection = database.connection()
    with connection.transaction(), connection.cursor() as cursor:
        access.append(cursor, lines)
    return time.perf_counter() - begun


def _now() -> Any:
    from xinglin.kernel import clock

    return clock.now()


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--streams", type=int, default=1000)
    words.add_argument("--events", type=int, default=500)
    words.add_argument("--reads", type=int, default=4000)
    words.add_argument("--rounds", type=int, default=7)
    words.add_argument(
        "--pages", type=int, nargs="?", const=40, default=0, help="so many looks, to the resident's page"
    )
    given = words.parse_args()
    if given.pages:
        import looks

        looks.main(given)
        return
    with tempfile.TemporaryDirectory() as home:
        set_up(Path(home))
        from xinglin.config import embedded
        from xinglin.record import access, database

        try:
            keys = sessions(-(-given.streams // EACH))
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            process = subprocess.Popen([*RUN, "live", "--port", str(port), "--pages", "1"])
            try:
                asyncio.run(measure(port, given, keys, worker_of(process, port)))
            finally:
                process.terminate()
                process.wait()
            reads(given.reads, given.rounds)
        finally:
            access.flush()
            database.close()
            embedded.stop(Path(home))


def worker_of(process: subprocess.Popen[bytes], port: int) -> psutil.Process:
    """The process that keeps the streams, when it answers."""
    import urllib.request

    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/live/health", timeout=5)
            break
        except OSError:
            assert process.poll() is None
            time.sleep(0.1)
    (found,) = [
        child
        for child in psutil.Process(process.pid).children()
        if "resource_tracker" not in " ".join(child.cmdline())
    ]
    return found


if __name__ == "__main__":
    main()
