"""Every process is killed while institutions send: what was acknowledged is kept, and is in the record at the end."""

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

from tests.exchange.make import bundle, observation, patient

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 2
SENDERS = 4
ACKNOWLEDGED_PER_ROUND = 60  # at least, before the processes are killed
RUN = [sys.executable, "-m", "xinglin.config.command"]


@dataclass
class Region:
    """A platform in a home of its own, and what senders have written down of what they sent."""

    home: Path
    port: int
    key: str = ""
    server: subprocess.Popen[bytes] | None = None
    acknowledged: dict[str, str] = field(default_factory=dict)  # the message's own number → receipt
    values: dict[str, float] = field(default_factory=dict)  # patient → the last value acknowledged

    def environment(self) -> dict[str, str]:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "DATABASE_URL", "PYTEST_"))
        }
        return {**kept, "XINGLIN_HOME": str(self.home), "XINGLIN_WORKERS": "2", "XINGLIN_LEDGER": "false"}

    def run(self, *words: str) -> str:
        return subprocess.run(
            [*RUN, *words], env=self.environment(), check=True, capture_output=True, text=True
        ).stdout.strip()

    def start(self) -> None:
        self.server = subprocess.Popen(
            [*RUN, "serve", "--port", str(self.port)],
            env=self.environment(), stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                self.post(b"", "nobody")
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
            _end(process)
        psutil.wait_procs(processes, timeout=10)
        self.server.wait()

    def post(self, body: bytes, key: str, *, later: bool = False) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/fhir+json"}
        try:
            connection.request(
                "POST", "/exchange/in/fhir", body, headers | ({"Prefer": "respond-async"} if later else {})
            )
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def url(self) -> str:
        return f"postgresql://postgres@/xinglin?host={self.home / 'postgresql'}"


def _end(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


def _send_until_dead(region: Region, name: str, stop: threading.Event) -> None:
    """Send one message after another about one patient; write down what was acknowledged. Every third asks for no
    answer but the receipt."""
    number = len(region.acknowledged) * 10
    while not stop.is_set():
        number += 1
        control = f"{name}-{number}"
        body = bundle(patient(name), observation(f"o-{name}", name, value=number), control=control)
        try:
            status, told = region.post(body, region.key, later=number % 3 == 0)
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.02)  # no answer: nothing was promised
            continue
        if status in (200, 202):
            region.acknowledged[control] = told["receipt"]
            region.values[name] = float(number)
        else:
            assert status in (500, 503), told


@pytest.fixture(scope="module")
def region() -> Iterator[Region]:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        made = Region(Path(folder), free.getsockname()[1])
        free.close()
        made.start()
        made.key = made.run("exchange", "sender", "add", "h01", "--name", "人民医院", "--door", "fhir")
        yield made
        if made.server is not None:
            made.server.terminate()
            made.server.wait(timeout=20)
        made.run("stop")


@pytest.mark.crash
def test_what_was_acknowledged_survives_the_death_of_every_process(region: Region) -> None:
    for turn in range(ROUNDS):
        before, stop = len(region.acknowledged), threading.Event()
        threads = [
            threading.Thread(target=_send_until_dead, args=(region, f"t{turn}n{n}", stop))
            for n in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 60
        while len(region.acknowledged) - before < ACKNOWLEDGED_PER_ROUND and time.monotonic() < deadline:
            time.sleep(0.01)
        region.kill()
        stop.set()
        for thread in threads:
            thread.join()
        assert len(region.acknowledged) - before >= ACKNOWLEDGED_PER_ROUND
        region.start()

    region.run("exchange", "work", "--once")
    _wait_until_worked(region)
    with psycopg.connect(region.url(), autocommit=True) as connection:
        rows = connection.execute("SELECT control, state FROM exchange_message").fetchall()
        raws = connection.execute(
            "SELECT count(*) FROM exchange_message m WHERE NOT EXISTS"
            " (SELECT FROM exchange_raw r WHERE r.digest = m.original AND r.shard = m.shard)"
        ).fetchone()
    kept = dict(rows)
    assert len(rows) == len(kept)  # no message twice
    assert set(region.acknowledged) - set(kept) == set()
    assert {state for _, state in rows} == {1}
    assert raws == (0,)
    _assert_last_values(region)


def _wait_until_worked(region: Region) -> None:
    with psycopg.connect(region.url(), autocommit=True) as connection:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if connection.execute("SELECT count(*) FROM exchange_message WHERE state = 0").fetchone() == (0,):
                return
            time.sleep(0.1)
    raise AssertionError("something still waits to be worked")


def _assert_last_values(region: Region) -> None:
    """The record says what was last acknowledged of each patient, or what was sent once more and not answered."""
    told = region.run("exchange", "status", "--json")
    assert json.loads(told)["quarantine"] == 0
    script = (
        "import django, json, sys; django.setup()\n"
        "from xinglin.exchange import naming\n"
        "from xinglin.kernel.actor import SYSTEM\n"
        "from xinglin.record import door, packing\n"
        "for name in sys.argv[1:]:\n"
        "    s = door.open_as(SYSTEM).read('Observation', naming.id_of('h01', 'Observation', f'o-{name}'))\n"
        "    t = json.loads(packing.text('Observation', s.id, s.version, s.vid, s.body))\n"
        "    print(name, t['valueQuantity']['value'])\n"
    )
    environment = {
        **region.environment(),
        "DJANGO_SETTINGS_MODULE": "xinglin.config.settings",
        "DATABASE_URL": region.url(),
    }
    out = subprocess.run(
        [sys.executable, "-c", script, *region.values],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = {name: float(value) for name, value in (line.split() for line in out.splitlines())}
    for name, value in region.values.items():
        assert value <= found[name]


@pytest.fixture
def small_disk(region: Region) -> Iterator[Path]:
    """A disk of eight megabytes that raw messages are kept on; skipped where none can be mounted."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=False, capture_output=True
        )
        if mounted.returncode:
            pytest.skip("no disk can be mounted here")
        place, owner = Path(folder), (region.home / "postgresql" / "PG_VERSION").stat()
        try:
            os.chown(place, owner.st_uid, owner.st_gid)
            with psycopg.connect(region.url(), autocommit=True) as connection:
                connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
                connection.execute("ALTER TABLE exchange_raw SET TABLESPACE small")
            yield place
            subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
            with psycopg.connect(region.url(), autocommit=True) as connection:
                connection.execute("ALTER TABLE exchange_raw SET TABLESPACE pg_default")
                connection.execute("DROP TABLESPACE small")
        finally:
            subprocess.run(["umount", "-l", folder], check=False)


@pytest.mark.crash
def test_a_full_disk_acknowledges_nothing_and_loses_nothing(region: Region, small_disk: Path) -> None:
    """Until the disk is full all is acknowledged; then nothing is; with more room what was refused is taken."""
    sent = {
        f"full-{n}": bundle(patient(f"f{n}", name=os.urandom(120_000).hex()), control=f"full-{n}")
        for n in range(90)
    }

    answers = {control: region.post(body, region.key) for control, body in sent.items()}
    refused = [control for control, (status, _) in answers.items() if status == 503]
    with psycopg.connect(region.url(), autocommit=True) as connection:
        kept = {
            control
            for (control,) in connection.execute(
                "SELECT control FROM exchange_message WHERE control ~ 'full'"
            )
        }
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    again = {region.post(sent[control], region.key)[0] for control in refused}

    assert {status for status, _ in answers.values()} == {200, 503}
    assert kept == set(answers) - set(refused)
    assert again == {200}
