"""The process: a thread for each source, the sender, the heartbeat and the page; until it is told to stop."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import sqlite3
import threading
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.crypto.folder import KeysUnusable
from xinglin.edge import standing
from xinglin.edge.buffer import Buffer, Full
from xinglin.edge.configuration import DatabaseSource, FolderSource, RelaySource
from xinglin.edge.connecting import Connection, LineDown
from xinglin.edge.page import Page
from xinglin.edge.sending import Sender
from xinglin.edge.sources import DatabaseReader, FolderReader, Relay, Trouble
from xinglin.edge.standing import Health, Machine
from xinglin.edge.translating import Translators
from xinglin.edge.words import Words
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xinglin.edge.configuration import Configuration, CountPart, Source

_log = logging.getLogger("xinglin.edge")
_SAY = 5.0  # seconds between two notes of how things stand
_FAILED_AGAIN = 30.0  # seconds until a source that failed is read again, where its schedule is longer
_TIDY = 600.0
_COUNT_DAYS = 14  # days of counts that go with each heartbeat


class AlreadyRunning(Exception):  # noqa: N818 -- it says what is the matter
    """Another process works with this buffer."""


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the one process of a buffer; raises ``AlreadyRunning``."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(f"Another front machine works with {folder}.") from None
        yield
    finally:
        os.close(descriptor)


def is_running(folder: Path) -> bool:
    """Whether a process works with the buffer in ``folder``."""
    try:
        with held(folder):
            return False
    except AlreadyRunning:
        return True


class Edge:
    """One front machine. ``begin``, then ``run`` or what a test does, then ``end``."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.buffer = Buffer(configuration.buffer, clock.now)
        self.translators = Translators(configuration)
        self.sender = Sender(configuration, self.buffer, self.translators)
        self.machine = Machine(
            configuration.platform.sender, version("xinglin"), clock.now(), self.sender.line,
            [Health(one.name, _kind(one), one.door) for one in configuration.sources],
        )  # fmt: skip
        self.page: Page | None = None
        self._readers: list[DatabaseReader | FolderReader] = []
        self._relays: list[tuple[Relay, Health]] = []
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Start everything; raises ``Trouble`` or ``OSError`` where something cannot be begun at all."""
        for source, health in zip(self.configuration.sources, self.machine.sources, strict=True):
            self._begin(source, health)
        self.sender.begin()
        if self.configuration.page is not None:
            self.page = Page(self.configuration.page, self)
            self.page.begin()
        self._start("heartbeat", self._beat)
        self._start("standing", self._stand)

    def _begin(self, source: Source, health: Health) -> None:
        if isinstance(source, RelaySource):
            relay = Relay(source, self.buffer)
            relay.begin()
            self._relays.append((relay, health))
        elif isinstance(source, DatabaseSource):
            reader = DatabaseReader(source)
            self._readers.append(reader)
            self._start(f"source-{source.name}", self._read, reader, health)
            if source.count is not None:
                self._start(f"count-{source.name}", self._count, source, source.count)
        elif isinstance(source, FolderSource):
            self._start(f"source-{source.name}", self._read, FolderReader(source), health)

    def _start(self, name: str, work: Any, *given: Any) -> None:
        thread = threading.Thread(target=work, args=given, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def run(self) -> None:
        """Wait until ``stop``."""
        self._stopping.wait()

    def stop(self) -> None:
        self._stopping.set()

    def end(self) -> None:
        """Stop reading, let what is on the way arrive, close everything."""
        self.stop()
        for relay, _ in self._relays:
            relay.end()
        for thread in self._threads:
            thread.join(10)
        for reader in self._readers:
            reader.close()
        self.sender.end()
        if self.page is not None:
            self.page.end()
        self._say()
        self.buffer.close()

    # -- sources

    def _read(self, reader: DatabaseReader | FolderReader, health: Health) -> None:
        schedule = reader.source.schedule
        wait = 0.0 if schedule.every else self._until(health, schedule.next_after(clock.now().astimezone()))
        while not self._stopping.wait(wait):
            failed = not self._poll(reader, health)
            now = clock.now().astimezone()
            due = schedule.next_after(now)
            if failed:
                due = min(due, now + timedelta(seconds=_FAILED_AGAIN))
            wait = self._until(health, due)

    def _until(self, health: Health, due: Any) -> float:
        health.next_run = due
        return max(0.0, float((due - clock.now()).total_seconds()))

    def _poll(self, reader: DatabaseReader | FolderReader, health: Health) -> bool:
        """Read once; waits for room in the buffer. Whether it went well."""
        while not self._stopping.is_set():
            try:
                health.captured += reader.poll(self.buffer)
            except Full as full:
                health.waits, health.error, health.error_at = True, full.words, clock.now()
                reader.close()  # an institution's database need not hold a query for as long as the line is down
                self.sender.come()
                while not self._stopping.is_set() and not self.buffer.wait_for_room(1.0):
                    pass
                health.waits = False
                continue
            except Trouble as trouble:
                health.error, health.error_at = trouble.words, clock.now()
                _log.warning("%s: %s", health.name, trouble)
                return False
            except Exception as error:  # noqa: BLE001 -- one source must not end the others
                words = Words(gettext_noop("Something went wrong here: %(why)s"), {"why": repr(error)})
                health.error, health.error_at = words, clock.now()
                _log.exception("%s", health.name)
                reader.close()
                return False
            health.error, health.last_run = Words(), clock.now()
            self.sender.come()
            return True
        return True

    def _count(self, source: DatabaseSource, part: CountPart) -> None:
        """Ask the institution's database how many there were of the last days, on a connection of its own."""
        reader = DatabaseReader(source)
        wait = 0.0
        while not self._stopping.wait(wait):
            today = clock.now().astimezone().date()
            try:
                for back in range(1, part.days + 1):
                    day = today - timedelta(days=back)
                    self.buffer.expect(source.name, day.isoformat(), reader.count(day))
            except (Trouble, sqlite3.Error) as trouble:
                _log.warning("count of %s: %s", source.name, trouble)
            now = clock.now().astimezone()
            wait = max(1.0, (part.schedule.next_after(now) - now).total_seconds())
        reader.close()

    # -- telling

    def told(self) -> dict[str, Any]:
        """How things stand."""
        for relay, health in self._relays:
            health.captured = relay.taken
            health.error = relay.last_error
        return standing.told(
            self.machine, self.buffer, rate=self.sender.rate(), limit=self.configuration.buffer.limit
        )  # fmt: skip

    def _say(self) -> None:
        try:
            self.buffer.say(self.told())
        except sqlite3.Error as error:
            _log.warning("The state cannot be written: %s", error)

    def _stand(self) -> None:
        rounds = 0
        while not self._stopping.wait(_SAY if rounds else 0.1):
            rounds += 1
            self.sender.watch()
            with contextlib.suppress(sqlite3.Error):
                self.buffer.recount()
            self._say()
            if rounds % int(_TIDY / _SAY) == 1:
                with contextlib.suppress(sqlite3.Error):
                    self.buffer.tidy()

    def heartbeat(self) -> dict[str, Any]:
        """What the platform is told: the state, and the counts of the last days for reconciliation."""
        beat = self.configuration.platform.heartbeat
        return {**self.told(), "heartbeat": beat, "counts": self.last_counts()}

    def last_counts(self) -> list[dict[str, Any]]:
        """What was expected, captured, sent and refused in the last days."""
        since = (clock.now().astimezone().date() - timedelta(days=_COUNT_DAYS)).isoformat()
        return self.buffer.counts(since)

    def _beat(self) -> None:
        platform = self.configuration.platform
        connection = Connection(platform)
        wait = 1.0
        while not self._stopping.wait(wait):
            wait = platform.heartbeat
            try:
                self._beat_once(connection)
            except (LineDown, OSError, KeysUnusable, sqlite3.Error) as error:
                _log.info("heartbeat: %s", error)
        connection.close()

    def _beat_once(self, connection: Connection) -> None:
        platform = self.configuration.platform
        headers = {"Authorization": f"Bearer {platform.key()}", "Content-Type": "application/json"}
        body = json.dumps(self.heartbeat()).encode()
        connection.post(f"/exchange/edges/{platform.sender}/state", body, headers)


def _kind(source: Source) -> str:
    if isinstance(source, RelaySource):
        return "relay"
    return "database" if isinstance(source, DatabaseSource) else "folder"
