"""Making a database of a base and the log, as it was at a moment.

The server itself does the work: it is started on the base's files and asks for one segment of the log after another
(``feeding``), until it has gone through the last transaction wanted.
"""

from __future__ import annotations

import io
import shutil
import tarfile
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from xinglin.config import embedded
from xinglin.config.backup import feeding
from xinglin.kernel.errors import conflict, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from xinglin.config.backup.repository import Base, Repository

_RECOVERY = ("restore_command", "recovery_target_time", "recovery_target_action", "recovery_target_timeline")


def restore(
    repository: Repository, home: Path, *, at: datetime | None = None, tell: Callable[[str], None]
) -> str:
    """Restore into ``home``, where no database may be, as everything was at ``at`` or at last; the database's URL.

    The server runs afterwards. Raises ``Unreadable`` when something in the repository is not as it was written.
    """
    data = home / "postgresql"
    if data.exists() and any(data.iterdir()):
        raise conflict("%(path)s holds a database already. Restore into another home.", path=data)
    base = repository.usable(at)
    _require_version(base)
    reach = repository.reach()
    assert reach is not None
    tell(f"Unpacking the base of {base.started.isoformat()} …")
    _unpack(repository, base, home, data)
    target = at if at is not None and at < reach.pulse else None
    place = home / ".log-restoring"
    shutil.rmtree(place, ignore_errors=True)
    _ask_for_log(data, place, target)
    tell("Going through the log …")
    with feeding.Feeder(repository, place) as feeder:
        url = embedded.recover(home)
        if feeder.error is not None:
            embedded.stop(home)
            raise feeder.error
    with psycopg.connect(url, autocommit=True) as connection:
        for name in _RECOVERY:
            connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
        connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active"
        )
        connection.execute("SELECT pg_reload_conf()")
    return url


def _require_version(base: Base) -> None:
    own = embedded.version()
    if base.server // 10_000 != own:
        raise invalid(
            "The base comes from PostgreSQL %(theirs)s, this platform brings %(own)s. Restore it with that server.",
            theirs=base.server // 10_000, own=own,
        )  # fmt: skip


class _Stream(io.RawIOBase):
    """Pieces as a file that can be read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._held = piece
        taken = self._held[: len(buffer)]
        buffer[: len(taken)] = taken
        self._held = self._held[len(taken) :]
        return len(taken)


def _unpack(repository: Repository, base: Base, home: Path, data: Path) -> None:
    """The database's files and the home's; what was not sealed with our key never gets here."""
    home.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=_Stream(repository.get(f"base/{base.label}.files")), mode="r|") as archive:
        archive.extractall(home, filter="data")
    begun = data.with_name(".postgresql-restoring")
    shutil.rmtree(begun, ignore_errors=True)
    begun.mkdir(mode=0o700)
    source = io.BufferedReader(_Stream(repository.get(f"base/{base.label}.tar")))
    with tarfile.open(fileobj=source, mode="r|") as archive:
        archive.extractall(begun, filter="tar")
    begun.rename(data)
    data.chmod(0o700)


def _ask_for_log(data: Path, place: Path, target: datetime | None) -> None:
    """Tell the server where the log is to be had, and where to stop."""
    settings = {
        "restore_command": feeding.command(place),
        "recovery_target_action": "promote",
        "recovery_target_timeline": "latest",
    }
    if target is not None:
        settings["recovery_target_time"] = target.isoformat()
    with (data / "postgresql.auto.conf").open("a") as file:
        for name, value in settings.items():
            file.write(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n")
    (data / "recovery.signal").touch()
    embedded.give(data)
