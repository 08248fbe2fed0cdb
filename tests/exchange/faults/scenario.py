"""Every door at once, while lines are cut, processes killed and disks filled; then senders' logs against the store.

The order of the faults, their moments and the bad lines are drawn from a seed. After each fault every sender has to get
through again by itself before the next one comes.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil
import psycopg

from tests.exchange.faults import letters, senders
from tests.exchange.faults.line import Line
from tests.exchange.faults.region import RUN, Region, free_port, kill_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from tests.exchange.faults.disk import Disk
    from tests.exchange.faults.senders import Sender

_THROUGH = 60.0  # seconds in which every sender has to get through again after a fault
_FULL = 30.0  # seconds in which somebody has to be told that a disk is full
_QUIET = 90.0  # seconds in which what was taken has to be worked
_REGISTER = """
from xinglin.exchange import senders
from xinglin.exchange.dicom import peers
from xinglin.exchange.doors import Door
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database

given, keys = json.load(sys.stdin), {}
for code, (door, application) in given.items():
    doors, facility = [Door(one) for one in door.split(",")], "H01" if application else ""
    details = senders.Details(
        code, doors=doors, application=application, facility=facility, networks=["127.0.0.1"]
    )
    keys[code] = senders.register(database.connection(), code=code, details=details, actor=SYSTEM, now=clock.now())
peers.add(database.connection(), peers.Title("MODALITY1", "images"))
json.dump(keys, sys.stdout)
"""
_PRESENT = """
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record.door import open_as

given, door, missing = json.load(sys.stdin), open_as(SYSTEM), []
for type_, id_ in given["there"]:
    try:
        door.read(type_, id_)
    except Fault as fault:
        missing.append([type_, id_, str(fault)])
last = {id_: door.read("Observation", id_).resource["valueQuantity"]["value"] for id_ in given["last"]}
json.dump({"missing": missing, "last": last}, sys.stdout)
"""
_EDGE = """
[platform]
address = "http://127.0.0.1:{port}"
sender = "edge"
key_file = "sender.key"
connections = 2
timeout = 5

[buffer]
folder = "{buffer}"
keys = "keys"
spare = "0 B"

[page]
port = 0
token_file = "page.token"

[[source]]
name = "relay"
kind = "relay"
port = {relay}
wait = 1

[[source]]
name = "lab"
kind = "database"
door = "table"
connect = {{ database = "{database}" }}
query = "SELECT id, patient, item, value, changed FROM result WHERE changed >= :since ORDER BY changed, id"
watermark = "changed"
start = 0
overlap = 0
patient = "patient"
mapping = "lab.toml"
rows = 20
every = 1
"""
_MAPPING = """
[mapping]
id = "lab"
version = "1"
door = "table"
kinds = ["lab"]

[[resource]]
type = "Patient"
key = ["patient"]
[resource.set]
"name[0].text" = "patient"

[[resource]]
type = "Observation"
for_each = "rows"
key = ["id"]
[resource.set]
"status" = "'final'"
"code.text" = "item"
"subject" = "@ref(Patient, patient)"
"valueString" = "value"
"""


@dataclass
class Process:
    """One of the platform's processes beside the server, begun again when it was killed."""

    words: list[str]
    environment: dict[str, str]
    log: int
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.running = subprocess.Popen(
            [*RUN, *self.words], env=self.environment, stdout=self.log, stderr=self.log
        )

    def kill(self) -> None:
        assert self.running is not None
        kill_all([psutil.Process(self.running.pid)])
        self.running.wait()

    def end(self) -> None:
        if self.running is not None and self.running.poll() is None:
            self.running.terminate()
            try:
                self.running.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()


@dataclass
class Outcome:
    """What the comparison found; every list should be empty."""

    missing: list[str] = field(default_factory=list)  # acknowledged, and not there
    unused: list[str] = field(default_factory=list)  # there, and not in the record
    twice: list[str] = field(default_factory=list)
    overtaken: list[str] = field(
        default_factory=list
    )  # what a later message said, and an earlier one has undone
    strange: list[str] = field(default_factory=list)  # answers that no door should give
    counts: dict[str, int] = field(default_factory=dict)  # acknowledged, by sender


class Town:
    """A platform with everything that institutions send to it, in a folder. ``disks``: where images (``images``) and
    the front machine's buffer (``buffer``) are kept, and raw messages (``raw``), if they can be filled.
    """

    def __init__(self, folder: Path, seed: int, disks: dict[str, Disk] | None = None) -> None:
        self.folder, self.chance, self.disks = folder, random.Random(seed), disks or {}
        images = self.disks["images"].path if "images" in self.disks else folder / "images"
        self._log = (folder / "log").open(
            "ab"
        )  # what the processes complain of: much, while faults are about
        self.region = Region(
            folder / "home", more={"XINGLIN_DICOM_STORE": str(images)}, complaints=self._log.fileno()
        )
        self.lines: dict[str, Line] = {}
        self.processes: dict[str, Process] = {}
        self.senders: list[Sender] = []
        self.done: list[str] = []  # the faults that there were
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        self.region.start()
        ports = {"mllp": free_port(), "dicom": free_port(), "relay": free_port()}
        targets = {"web": self.region.port, "line": self.region.port, **ports}
        self.lines = {
            name: Line(port, self.chance.randrange(1 << 30)) for name, port in sorted(targets.items())
        }
        keys = self._register()
        self._prepare_processes(ports, keys["edge"])
        self._prepare_senders(keys)
        for process in self.processes.values():
            process.start()
        for sender in self.senders:
            sender.start()
        return self

    def __exit__(self, *_: object) -> None:
        for sender in self.senders:
            sender.stop()
        for process in self.processes.values():
            process.end()
        for line in self.lines.values():
            line.__exit__()
        self.region.close()
        self._log.close()

    def _register(self) -> dict[str, str]:
        doors = {
            "fhir": ("fhir", ""), "later": ("fhir", ""), "hl7web": ("hl7v2", ""), "mllp": ("hl7v2", "LIS"),
            "cda": ("cda", ""), "table": ("table", ""), "folder": ("table", ""), "images": ("dicom", ""),
            "edge": ("hl7v2,fhir", ""),
        }  # fmt: skip
        keys: dict[str, str] = self.region.script(_REGISTER, doors)
        return keys

    def _prepare_processes(self, ports: dict[str, int], key: str) -> None:
        own = {**self.region.environment(), "DATABASE_URL": self.region.url(), "XINGLIN_MLLP_THREADS": "4"}
        watched, edge = self.folder / "watched", self.folder / "edge"
        watched.mkdir()
        edge.mkdir()
        buffer = self.disks["buffer"].path if "buffer" in self.disks else edge / "buffer"
        (edge / "lab.toml").write_text(_MAPPING)
        (edge / "sender.key").write_text(key)
        (edge / "edge.toml").write_text(
            _EDGE.format(
                port=self.lines["line"].port,
                buffer=buffer,
                relay=ports["relay"],
                database=edge / "his.sqlite",
            )
        )
        away = {name: value for name, value in own.items() if name != "DATABASE_URL"} | {
            "XINGLIN_HOME": str(edge / "home")
        }
        subprocess.run(
            [*RUN, "edge", "init", str(edge / "edge.toml")], env=away, check=True, capture_output=True
        )
        log = self._log.fileno()
        self.processes = {
            "mllp": Process(["mllp", "--port", str(ports["mllp"]), "--workers", "1"], own, log),
            "dicom": Process(
                ["dicom", "run", "--host", "127.0.0.1", "--port", str(ports["dicom"])], own, log
            ),
            "watch": Process(
                [
                    "exchange",
                    "watch",
                    str(watched),
                    "--sender",
                    "folder",
                    "--every",
                    "0.2",
                    "--processes",
                    "1",
                ],
                own,
                log,
            ),
            "edge": Process(["edge", "run", str(edge / "edge.toml")], away, log),
        }

    def _prepare_senders(self, keys: dict[str, str]) -> None:
        web = {
            "fhir": senders.Fhir, "later": senders.FhirLater, "hl7web": senders.Hl7Web,
            "cda": senders.Documents, "table": senders.Tables,
        }  # fmt: skip
        made: list[Sender] = [
            kind(code, self.region, self.lines["web"].port, keys[code]) for code, kind in web.items()
        ]
        made.append(senders.Folder("folder", self.folder / "watched"))
        made.append(senders.Mllp("mllp", self.lines["mllp"].port))
        made.append(senders.Modality("images", self.lines["dicom"].port))
        made.append(senders.Mllp("relay", self.lines["relay"].port, "edge"))
        made.append(senders.Rows("rows", self.folder / "edge" / "his.sqlite", "edge"))
        self.senders = made

    # -- faults

    def faults(self) -> dict[str, Callable[[], None]]:
        """By name, what can go wrong here."""
        found: dict[str, Callable[[], None]] = {
            "the lines are cut": self._cut,
            "the lines stall": self._stall,
            "the listeners are killed": lambda: self._kill("mllp", "dicom"),
            "the watcher and the front machine are killed": lambda: self._kill("watch", "edge"),
            "a worker of the server is killed": self._kill_worker,
            "the workers beside the server are killed": self._kill_beside,
            "the database is killed": self._kill_database,
            "everything is killed": self._kill_everything,
        }
        if self.disks:
            found |= {
                "the disk of images is full": lambda: self._fill("images", ["images"]),
                "the disk of the buffer is full": lambda: self._fill("buffer", ["relay"]),
                "the disk of raw messages is full": lambda: self._fill("raw", ["fhir"]),
            }
        return found

    def suffer(self, name: str, fault: Callable[[], None]) -> None:
        """One fault, after which everybody gets through again."""
        time.sleep(self.chance.random() * 0.3)
        fault()
        self.wait_through(f"after: {name}")
        self.done.append(name)
        self.say(name)

    def say(self, what: str) -> None:
        """Tell whoever looks on, and wants to be told, what is done and how long it took."""
        now = time.monotonic()
        if os.environ.get("FAULTS_TELL"):
            print(f"{now - self._said:6.1f} s  {what}", flush=True)  # noqa: T201 -- for who looks on
        self._said = now

    def wait_through(self, why: str) -> None:
        """Wait until every sender has had something acknowledged that it had not now."""
        before = {sender: len(sender.acknowledged) for sender in self.senders}
        deadline = time.monotonic() + _THROUGH
        while any(len(sender.acknowledged) == count for sender, count in before.items()):
            behind = [sender.code for sender, count in before.items() if len(sender.acknowledged) == count]
            assert time.monotonic() < deadline, f"{why}: not through again are {behind}"
            time.sleep(0.02)

    def _cut(self) -> None:
        for _ in range(4):
            for line in self.lines.values():
                line.cut()
            time.sleep(self.chance.random() * 0.2)

    def _stall(self) -> None:
        for line in self.lines.values():
            line.stall()
        time.sleep(0.5)
        self._cut()
        for line in self.lines.values():
            line.flow()

    def _kill(self, *names: str) -> None:
        for name in names:
            self.processes[name].kill()
        for name in names:
            self.processes[name].start()

    def _kill_worker(self) -> None:
        kill_all([self.chance.choice(self.region.workers())])

    def _kill_beside(self) -> None:
        assert self.region.server is not None
        beside = [
            one for one in psutil.Process(self.region.server.pid).children() if "exchange" in one.cmdline()
        ]
        assert beside
        kill_all(beside)

    def _kill_database(self) -> None:
        kill_all([self.region.database()])

    def _kill_everything(self) -> None:
        self.region.kill()
        for process in self.processes.values():
            process.kill()
        self.region.start()
        for process in self.processes.values():
            process.start()

    def _fill(self, name: str, hearing: list[str]) -> None:
        """Fill a disk until each of these senders is told so, and give the room back."""
        if name == "raw":
            self._put_raw_there()
        told = [sender for sender in self.senders if sender.code in hearing]
        before = {sender: sender.refused for sender in told}
        self.disks[name].fill()
        deadline = time.monotonic() + _FULL
        while any(sender.refused == count for sender, count in before.items()):
            assert time.monotonic() < deadline, f"{name} is full, and not all of {hearing} are told so"
            time.sleep(0.02)
        time.sleep(0.5)
        self.disks[name].empty()

    def _put_raw_there(self) -> None:
        place, owner = self.disks["raw"].path, (self.region.home / "postgresql" / "PG_VERSION").stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        with psycopg.connect(self.region.url(), autocommit=True) as connection:
            there = connection.execute("SELECT FROM pg_tablespace WHERE spcname = 'small'").fetchone()
            if there is None:
                connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
                connection.execute("ALTER TABLE exchange_raw SET TABLESPACE small")

    # -- comparing

    def compare(self) -> Outcome:
        """Stop sending, let what was taken be worked, and compare what was acknowledged with what is there."""
        for sender in self.senders:
            sender.stop()
        for sender in self.senders:
            sender.join(30)
        self._wait_until_worked()
        self.say("worked")
        found = Outcome(counts={sender.code: len(sender.acknowledged) for sender in self.senders})
        there = senders.kept(self.region.url())
        for sender in self.senders:
            found.strange += [f"{sender.code}: {one}" for one in sender.wrong]
            if sender.code not in ("images", "rows", "folder"):
                self._compare_messages(sender, there, found)
        self._compare_images(found)
        wanted = {
            place: control for sender in self.senders for control in sender.acknowledged
            for place in sender.expected(control)
        }  # fmt: skip
        last = {
            letters.last_of_fhir(sender.code, number): number for sender in self.senders if sender.door == "fhir"
            for number in map(senders.number_of, sender.acknowledged)
        }  # fmt: skip
        told = self.region.script(_PRESENT, {"there": list(wanted), "last": list(last)})
        found.missing += [f"{wanted[type_, id_]}: {why}" for type_, id_, why in told["missing"]]
        found.overtaken = [
            f"{told['last'][id_]} instead of {number}" for id_, number in last.items() if told["last"][id_] < number
        ]  # fmt: skip
        return found

    def _compare_messages(self, sender: Sender, there: dict[Any, Any], found: Outcome) -> None:
        for control in sender.acknowledged:
            rows = there.get((sender.owner, control), [])
            if not rows:
                found.missing.append(control)
            if any(state != 1 for _, state, _ in rows):
                found.unused.append(f"{control}: {rows}")
        for control in sender.sent:
            if len(rows := there.get((sender.owner, control), [])) > 1:
                found.twice.append(f"{control}: {rows}")

    def _compare_images(self, found: Outcome) -> None:
        from tests.exchange.dicom import make

        with psycopg.connect(self.region.url(), autocommit=True) as connection:
            uids = [uid for (uid,) in connection.execute("SELECT uid FROM exchange_dicom_instance")]
        (images,) = (sender for sender in self.senders if sender.code == "images")
        numbers = (senders.number_of(control) for control in images.acknowledged)
        found.missing += sorted({f"{make.ROOT}.1.1.{number}" for number in numbers} - set(uids))
        found.twice += sorted(uid for uid in set(uids) if uids.count(uid) > 1)
        with contextlib.suppress(subprocess.CalledProcessError):
            self.region.run("dicom", "check")
            return
        found.missing.append("dicom check")

    def _wait_until_worked(self) -> None:
        """Until nothing waits at the platform, and nothing at the front machine."""
        deadline = time.monotonic() + _QUIET
        with psycopg.connect(self.region.url(), autocommit=True) as connection:
            while True:
                waiting = connection.execute(
                    "SELECT count(*) FROM exchange_message WHERE state = 0"
                ).fetchone()
                if waiting == (0,) and self._has_edge_sent():
                    return
                assert time.monotonic() < deadline, f"still waiting: {waiting}"
                time.sleep(0.3)

    def _has_edge_sent(self) -> bool:
        """Whether it has read all rows of the institution's database, and nothing waits in its buffer."""
        (rows,) = (sender for sender in self.senders if sender.code == "rows")
        path = self.disks["buffer"].path if "buffer" in self.disks else self.folder / "edge" / "buffer"
        with contextlib.closing(sqlite3.connect(path / "buffer.sqlite", timeout=30)) as connection:
            (waiting,) = connection.execute("SELECT count(*) FROM message WHERE state = 0").fetchone()
            (read,) = connection.execute("SELECT sum(captured) FROM count WHERE source = 'lab'").fetchone()
        return bool(waiting == 0 and (read or 0) >= len(rows.acknowledged))
