"""Institutions send to a platform whose processes are killed meanwhile; nothing acknowledged is missing."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.exchange.faults.region import RUN, Region

if TYPE_CHECKING:
    from collections.abc import Iterator

VISITS = 24
BEFORE_THE_KILL = 20  # messages acknowledged
FOLDER = "xc-c000"


def free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Live(Region):
    """A platform with all its doors, and the institutions of a region outside."""

    def begin(self) -> None:
        """Start server, listener and watcher."""
        self.start()
        self.beside = [
            self._child("mllp", "--beside", "--host", "127.0.0.1", "--port", str(self.mllp)),
            self._child(
                "exchange", "watch", str(self.folders / FOLDER), "--sender", FOLDER, "--every", "0.2"
            ),
        ]

    @property
    def folders(self) -> Path:
        return self.home / "folders"

    @property
    def log(self) -> Path:
        return self.home / "log"

    def _child(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*RUN, *words], env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def institutions(self) -> subprocess.Popen[bytes]:
        """All institutions, sending two days of which each has half of the visits."""
        return self._child(
            "synth", "send", "--days", "2", "--per-day", str(VISITS // 2), "--rate", "60", "--port", str(self.port),
            "--mllp-port", str(self.mllp), "--keys", str(self.home / "keys.json"), "--log", str(self.log),
            "--folders", str(self.folders),
        )  # fmt: skip

    def end(self) -> None:
        """SIGKILL for every process of the platform."""
        for child in self.beside:
            child.send_signal(signal.SIGKILL)
            child.wait()
        self.kill()

    def lines(self) -> list[dict[str, Any]]:
        """What the senders have written down."""
        return [
            {**json.loads(line), "sender": path.name.partition(".")[0]}
            for path in self.log.glob("*.ndjson")
            for line in path.read_text().splitlines(keepends=True)
            if line.endswith("\n")
        ]


@pytest.fixture
def live() -> Iterator[Live]:
    with tempfile.TemporaryDirectory() as folder:
        made = Live(Path(folder), free())
        made.mllp, made.beside = free(), []
        (made.folders / FOLDER).mkdir(parents=True)
        made.start()
        made.run("synth", "register", "--keys", str(made.home / "keys.json"), "--residents", "1000")
        assert made.server is not None
        made.server.terminate()
        made.server.wait(timeout=20)
        made.begin()
        yield made
        for child in made.beside:
            child.terminate()
            child.wait(timeout=20)
        if made.server is not None:
            made.server.terminate()
            made.server.wait(timeout=20)
        with suppress(subprocess.CalledProcessError):
            made.run("stop")


@pytest.mark.crash
def test_the_logs_of_the_region_s_senders_equal_the_store_after_everything_was_killed(live: Live) -> None:
    sending = live.institutions()
    deadline = time.monotonic() + 90
    while len(live.lines()) < BEFORE_THE_KILL and time.monotonic() < deadline:
        time.sleep(0.02)
    live.end()
    sending.send_signal(signal.SIGKILL)
    sending.wait()
    before = live.lines()
    assert len(before) >= BEFORE_THE_KILL

    live.begin()
    sending = live.institutions()
    assert sending.wait(timeout=240) == 0

    told = live.lines()
    assert [line for line in told if line in before] != []
    parts = {(line["outing"], line["part"]): line["parts"] for line in told}
    assert len(parts) == len(told)  # nothing is written down twice
    assert {outing for outing, _ in parts} == set(range(VISITS))
    for outing in range(VISITS):
        assert {part for number, part in parts if number == outing} == set(range(parts[outing, 0]))
    live.run("exchange", "work", "--once")
    _compare(live, told)


def _compare(live: Live, told: list[dict[str, Any]]) -> None:
    from xinglin.exchange.messages import number_of

    with psycopg.connect(live.url(), autocommit=True) as connection:
        rows = connection.execute(
            "SELECT m.number, s.code, m.door, m.control, m.state FROM exchange_message m"
            " JOIN exchange_sender s ON s.id = m.sender"
        ).fetchall()
        sources = connection.execute("SELECT count(*) FROM record_resource").fetchone()
    kept = {number: (code, door, state) for number, code, door, _, state in rows}
    controls = [(code, control) for _, code, door, control, _ in rows if door == "hl7v2"]
    assert len(controls) == len(set(controls))  # no message twice
    for line in told:
        if line["receipt"]:
            code, door, state = kept[number_of(line["receipt"])[0]]
            assert (code, door) == (line["sender"], line["door"])
            assert state == {"stored": 1, "quarantined": 2}[line["answer"]]
        elif line["door"] == "hl7v2" and line["answer"] != "refused":
            assert (line["sender"], line["control"]) in controls
    assert {line["door"] for line in told} == {"hl7v2", "cda", "table", "fhir"}
    acknowledged = {line["receipt"] for line in told if line["receipt"]}
    extra = set(kept) - {number_of(receipt)[0] for receipt in acknowledged}
    assert {kept[number][1] for number in extra} <= {"table", "hl7v2"}  # a folder and a NACK name no receipts
    assert sources is not None
    assert sources[0] > 0
