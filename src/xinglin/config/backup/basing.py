"""Taking a base: the database's files as ``pg_basebackup`` streams them, and the platform's keys beside."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
import tempfile
from typing import TYPE_CHECKING

import psycopg

from xinglin.config import embedded
from xinglin.config.backup.repository import Base
from xinglin.kernel.errors import conflict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from xinglin.config.backup.repository import Repository

SLOT = "xinglin_backup"  # keeps the log on the server until it has been carried over
_POINT = re.compile(r"write-ahead log (start|end) point: ([0-9A-F]+/[0-9A-F]+)(?: on timeline (\d+))?")
_PIECE = 1 << 20
_MADE_AGAIN = {
    "postgresql",
    "static",
    "demo",
    "backup",
    "cache",
}  # of the home: not what keys and secrets are


def keep_log(url: str) -> None:
    """See that the server keeps the log from now on until it has been carried over."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_create_physical_replication_slot(%(slot)s, true)"
            " WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = %(slot)s)",
            {"slot": SLOT},
        )


def take(repository: Repository, url: str, home: Path, now: datetime) -> Base:
    """Take a base; it can be restored when the log has been followed up to its end."""
    keep_log(url)
    label = now.strftime("%Y%m%dT%H%M%SZ")
    repository.put(f"base/{label}.files", _files(home))
    said: list[str] = []
    size = repository.put(f"base/{label}.tar", _copied(url, said))
    points = {kind: (lsn, timeline) for kind, lsn, timeline in _POINT.findall(said[0])}
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        version = connection.info.server_version
    assert row is not None
    start, timeline = points["start"]
    base = Base(label, now, row[0], start, points["end"][0], int(timeline), version, size)
    repository.note_base(base)
    return base


def renew(repository: Repository, home: Path, stamp: Stamp) -> Stamp:
    """Put the home's small files beside every base again if they are not as ``stamp`` says; how they are now.

    What is written to the database with a key that was made after a base cannot be read without it.
    """
    now = tuple((str(path), path.stat().st_mtime_ns) for path in _small(home))
    if now != stamp:
        for base in repository.bases():
            repository.put(f"base/{base.label}.files", _files(home))
    return now


Stamp = tuple[tuple[str, int], ...]


def _copied(url: str, said: list[str]) -> Iterator[bytes]:
    """The tar archive of the database's files; at the end ``said`` has what the program told of it."""
    command = [str(embedded.program("pg_basebackup")), "-d", url, "-D", "-", "-Ft", "-X", "fetch"]
    command += ["--checkpoint=fast", "--verbose", "--no-password"]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 -- the package's own binary
            command, stdout=subprocess.PIPE, stderr=errors, env={**os.environ, "LC_ALL": "C"}
        )
        assert process.stdout is not None
        try:
            while piece := process.stdout.read(_PIECE):
                yield piece
        finally:
            process.stdout.close()
            code = process.wait()
        errors.seek(0)
        text = errors.read().decode(errors="replace")
    if code or {match[0] for match in _POINT.findall(text)} != {"start", "end"}:
        raise conflict("The database could not be copied: %(said)s", said=text.strip()[-500:])
    said.append(text)


def _files(home: Path) -> Iterator[bytes]:
    """A tar archive of the small files in the platform's home: the secret key, the keys; not the backup's own."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in _small(home):
            archive.add(path, str(path.relative_to(home)), recursive=False)
    yield packed.getvalue()


def _small(home: Path) -> Iterator[Path]:
    for top in sorted(home.iterdir()) if home.is_dir() else ():
        if top.name not in _MADE_AGAIN:
            for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
                if path.is_file() and path.name != "backup.key":
                    yield path
