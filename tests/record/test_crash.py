"""Every process is killed while clients write: what was acknowledged is there, and nothing is half there."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

XINGLIN = Path(sys.executable).parent / "xinglin"
ROUNDS = 3
CLIENTS = 4
PER_BUNDLE = 7
ACKNOWLEDGED_PER_ROUND = 40  # at least, before the processes are killed


@dataclass
class Platform:
    """A platform in a home of its own, with the processes it runs as."""

    home: Path
    port: int
    server: subprocess.Popen[bytes] | None = None
    acknowledged: dict[str, list[str]] = field(default_factory=dict)  # bundle's mark → ids
    sent: set[str] = field(default_factory=set)

    def environment(self) -> dict[str, str]:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "DATABASE_URL", "PYTEST_"))
        }
        return {**kept, "XINGLIN_HOME": str(self.home)}

    def command(self, *arguments: str) -> None:
        subprocess.run([XINGLIN, *arguments], env=self.environment(), check=True, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        self.server = subprocess.Popen(
            [XINGLIN, "serve", "--port", str(self.port)],
            env=self.environment(), stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                self.ask("GET", "/fhir/metadata")
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the platform did not come up by itself")

    def kill(self) -> None:
        """SIGKILL for the server, its workers, and every process of the database, at once."""
        assert self.server is not None
        pid = int((self.home / "postgresql" / "postmaster.pid").read_text().split()[0])
        heads = [psutil.Process(self.server.pid), psutil.Process(pid)]
        processes = heads + [child for head in heads for child in head.children(recursive=True)]
        for process in processes:
            end(process)
        psutil.wait_procs(processes, timeout=10)
        self.server.wait()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                method, path, None if body is None else json.dumps(body),
                {"Authorization": "Bearer xinglin-demo-token", "Content-Type": "application/fhir+json"},
            )  # fmt: skip
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        finally:
            connection.close()

    def url(self) -> str:
        return f"postgresql://postgres@/xinglin?host={self.home / 'postgresql'}"


def end(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


def observation(mark: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "identifier": [{"system": "urn:test:bundle", "value": mark}],
        "code": {"text": "test"},
    }


def write_until_dead(platform: Platform, name: str, stop: threading.Event) -> None:
    """Send transactions one after another; remember those that were acknowledged."""
    number = 0
    while not stop.is_set():
        mark = f"{name}-{number}"
        number += 1
        platform.sent.add(mark)
        entries = [
            {"resource": observation(mark), "request": {"method": "POST", "url": "Observation"}}
            for _ in range(PER_BUNDLE)
        ]
        try:
            status, answer = platform.ask(
                "POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            )
        except (OSError, http.client.HTTPException, ValueError):
            return
        if status != 200:
            return
        locations = [entry["response"]["location"] for entry in answer["entry"]]
        platform.acknowledged[mark] = [
            location.split("Observation/")[1].split("/")[0] for location in locations
        ]


@pytest.fixture
def platform() -> Iterator[Platform]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="xinglin-crash-") as home:
        Path(home).chmod(0o755)
        made = Platform(Path(home), port)
        made.command("migrate", "--verbosity", "0")
        made.command("demo_accounts")
        yield made
        if made.server is not None and made.server.poll() is None:
            made.kill()


@pytest.mark.crash
def test_what_was_acknowledged_survives_and_nothing_is_half_there(platform: Platform) -> None:
    for round_ in range(ROUNDS):
        platform.start()
        before = len(platform.acknowledged)
        stop = threading.Event()
        clients = [
            threading.Thread(target=write_until_dead, args=(platform, f"r{round_}c{n}", stop))
            for n in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        while len(platform.acknowledged) < before + ACKNOWLEDGED_PER_ROUND and any(
            c.is_alive() for c in clients
        ):
            time.sleep(0.01)
        platform.kill()
        stop.set()
        for client in clients:
            client.join()

        assert len(platform.acknowledged) >= before + ACKNOWLEDGED_PER_ROUND

    platform.start()
    with psycopg.connect(platform.url()) as connection:
        stored = {id_ for (id_,) in connection.execute("SELECT id FROM record_resource")}
        announced = connection.execute("SELECT sum(cardinality(vids)) FROM record_change").fetchone()

    assert {id_ for ids in platform.acknowledged.values() for id_ in ids} - stored == set()
    assert announced == (len(stored),)
    for mark in platform.sent:
        status, found = platform.ask(
            "GET", f"/fhir/Observation?identifier=urn:test:bundle|{mark}&_summary=count"
        )
        wanted = {PER_BUNDLE} if mark in platform.acknowledged else {0, PER_BUNDLE}
        assert (status, found["total"] in wanted) == (200, True), mark
