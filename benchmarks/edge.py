"""The front machine: capturing, sending, relaying; on this machine's disk, every figure with the commits it took.

Usage: python benchmarks/edge.py [--rows 20000] [--messages 3000] [--folder /tmp]

The platform is a small server in a process of its own that answers at once, so that what is measured is the front
machine. The reference are commits of one row each to SQLite with ``synchronous=FULL`` on the same disk.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
os.environ.setdefault("DATABASE_URL", "postgresql:///none")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from tests.edge.platform import Platform  # noqa: E402 -- Django must be ready first

from xinglin.edge import configuration  # noqa: E402 -- Django must be ready first
from xinglin.edge.buffer import Buffer  # noqa: E402 -- Django must be ready first
from xinglin.edge.sending import Sender  # noqa: E402 -- Django must be ready first
from xinglin.edge.sources import DatabaseReader, Relay  # noqa: E402 -- Django must be ready first
from xinglin.edge.translating import Translators  # noqa: E402 -- Django must be ready first
from xinglin.kernel import clock  # noqa: E402 -- Django must be ready first

if TYPE_CHECKING:
    from xinglin.edge.configuration import Configuration

_CONFIG = """
[platform]
address = "http://127.0.0.1:{port}"
sender = "h01"
key_file = "sender.key"
connections = {connections}
[buffer]
folder = "buffer"
keys = "keys"
spare = "0 B"
[[source]]
name = "lab"
kind = "database"
connect = {{ database = "{home}/his.sqlite" }}
query = "SELECT * FROM result WHERE changed >= :since ORDER BY changed, id"
watermark = "changed"
start = 0
group = ["report"]
patient = "patient"
every = 1
[[source]]
name = "relay"
kind = "relay"
port = 0
"""
_ITEMS = 5  # results of a report


def say(what: str, count: int, seconds: float, note: str = "") -> None:
    print(f"{what:<58} {count / seconds:>10,.0f} /s   {note}", flush=True)


def serve(port: Any, ready: Any) -> None:
    platform = Platform().begin()
    port.value = platform.port
    ready.set()
    threading.Event().wait()


def hospital(path: Path, rows: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE result (id INTEGER PRIMARY KEY, report TEXT, patient TEXT, name TEXT, item TEXT, value TEXT,"
        " unit TEXT, low TEXT, high TEXT, changed INTEGER)"
    )
    connection.executemany(
        "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (n, f"R{n // _ITEMS:08}", f"P{n // _ITEMS % 997:06}", f"居民{n % 997}", f"item{n % _ITEMS}", str(n % 97),
             "mmol/L", "3.5", "5.3", n // _ITEMS)
            for n in range(rows)
        ),
    )  # fmt: skip
    connection.commit()
    connection.close()


def reference(home: Path, count: int) -> None:
    connection = sqlite3.connect(home / "reference.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE t (a BLOB)")
    begun = time.perf_counter()
    for _ in range(count):
        connection.execute("INSERT INTO t VALUES (randomblob(400))")
    say("reference: commits of one row, synchronous=FULL", count, time.perf_counter() - begun)
    connection.close()


def capture(read: Configuration, buffer: Buffer, rows: int) -> int:
    reader = DatabaseReader(read.sources[0])
    begun = time.perf_counter()
    messages = reader.poll(buffer)
    seconds = time.perf_counter() - begun
    size = buffer.level().size
    say(
        "rows captured, sealed and durable",
        rows,
        seconds,
        f"{messages / seconds:,.0f} reports/s, {size / messages:.0f} B each",
    )
    begun = time.perf_counter()
    assert reader.poll(buffer) == 0
    reader.close()
    return messages


def send(read: Configuration, buffer: Buffer, messages: int) -> None:
    sender = Sender(read, buffer, Translators(read))
    begun = time.perf_counter()
    sender.begin()
    while buffer.level().waiting:
        time.sleep(0.02)
    say(
        f"messages sent with receipts, {read.platform.connections} connections",
        messages,
        time.perf_counter() - begun,
    )
    sender.end()


def relay(read: Configuration, buffer: Buffer, messages: int) -> None:
    made = Relay(read.sources[1], buffer)
    made.begin()
    lines = 8
    begun = time.perf_counter()
    threads = [
        threading.Thread(target=_line, args=(made.port, line, messages // lines)) for line in range(lines)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(
        f"HL7 v2 messages relayed, each acknowledged, {lines} lines",
        messages // lines * lines,
        time.perf_counter() - begun,
    )
    made.end()


def _line(port: int, line: int, count: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for number in range(count):
            text = f"MSH|^~\\&|LIS|H01|P|R|20260101||ORU^R01|{line}-{number}|P|2.5.1\rPID|||{number % 97}||张三\r"
            text += "".join(f"OBX|{n}|NM|item{n}||{n}|mmol/L|3.5-5.3|N|||F\r" for n in range(_ITEMS))
            connection.sendall(b"\x0b" + text.encode() + b"\x1c\r")
            held = b""
            while not held.endswith(b"\x1c\r"):
                held += connection.recv(4096)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--messages", type=int, default=3_000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--folder", default=None)
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp(dir=given.folder))
    port, ready = multiprocessing.Value("i", 0), multiprocessing.Event()
    server = multiprocessing.Process(target=serve, args=(port, ready), daemon=True)
    server.start()
    ready.wait()
    try:
        hospital(home / "his.sqlite", given.rows)
        (home / "sender.key").write_text("right")
        path = home / "edge.toml"
        path.write_text(_CONFIG.format(port=port.value, home=home, connections=given.connections))
        read = configuration.read(path)
        buffer = Buffer(read.buffer, clock.now, make=True)
        reference(home, 1_000)
        messages = capture(read, buffer, given.rows)
        send(read, buffer, messages)
        relay(read, buffer, given.messages)
        buffer.close()
    finally:
        server.terminate()
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
