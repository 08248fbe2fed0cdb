"""Rings as files: ``<folder>/<purpose>.json``, for the platform's own user alone.

A ring is made when it is first asked for. Several processes may do so at once: each change happens under a lock of
the folder, and a file is replaced as a whole. A ring that another process has rotated is read anew when its file
has changed.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import stat
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from xinglin.crypto.algorithms import FIT, Algorithm
from xinglin.crypto.keys import Key, KeyRing, Purpose, new_ring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FORMAT = 1
_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


class KeysUnusable(Exception):  # noqa: N818 -- it says what is the matter with the file
    """A file of keys that is damaged, or that others than its owner can read."""


class KeyFolder:
    """The rings of a folder. ``now`` gives the time at which a ring that is not there yet is made."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self.path = path
        self._now = now
        self._read: dict[str, tuple[tuple[int, int], KeyRing]] = {}

    def ring(self, purpose: Purpose) -> KeyRing:
        """The ring of a purpose, as its file has it now; raises ``KeysUnusable``."""
        file = self._file(purpose)
        try:
            found = file.stat()
        except FileNotFoundError:
            return self._made(purpose)
        stamp = (found.st_mtime_ns, found.st_ino)
        known = self._read.get(purpose.name)
        if known is None or known[0] != stamp:
            if found.st_mode & _OTHERS:
                raise KeysUnusable(f"{file} can be read by others than its owner: chmod 600 {file}")
            known = (stamp, _parsed(purpose, file))
            self._read[purpose.name] = known
        return known[1]

    def has(self, purpose: Purpose) -> bool:
        """Whether there is a ring of that purpose; ``ring`` would make one."""
        return self._file(purpose).exists()

    def rotate(self, purpose: Purpose, algorithm: Algorithm | None = None) -> KeyRing:
        """Give the ring a new current key."""
        self.ring(purpose)
        return self._changed(purpose, lambda ring: ring.rotated(now=self._now(), algorithm=algorithm))

    def revoke(self, purpose: Purpose, version: int) -> KeyRing:
        """Let a key verify nothing any more."""
        self.ring(purpose)
        return self._changed(purpose, lambda ring: ring.without(version, now=self._now()))

    def _made(self, purpose: Purpose) -> KeyRing:
        with self._locked():
            if not self._file(purpose).exists():
                self._write(new_ring(purpose, now=self._now()))
        return self.ring(purpose)

    def _changed(self, purpose: Purpose, change: Callable[[KeyRing], KeyRing]) -> KeyRing:
        with self._locked():
            self._write(change(self.ring(purpose)))
        return self.ring(purpose)

    def _file(self, purpose: Purpose) -> Path:
        return self.path / f"{purpose.name}.json"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, ring: KeyRing) -> None:
        file = self._file(ring.purpose)
        fresh = file.with_suffix(".new")
        descriptor = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(_written(ring), out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)


def _written(ring: KeyRing) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "purpose": ring.purpose.name,
        "keys": [
            {
                "version": key.version,
                "algorithm": key.algorithm.value,
                "secret": base64.b64encode(key.secret).decode(),
                "made": key.made.isoformat(),
                "revoked": key.revoked.isoformat() if key.revoked else None,
            }
            for key in ring.keys
        ],
    }


def _parsed(purpose: Purpose, file: Path) -> KeyRing:
    try:
        said = json.loads(file.read_bytes())
        keys = tuple(_key(one) for one in said["keys"])
        right = said["format"] == _FORMAT and said["purpose"] == purpose.name
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise KeysUnusable(f"{file} is damaged ({error}): restore it from a copy.") from None
    versions = [key.version for key in keys]
    if not right or not keys or versions != sorted(set(versions)):
        raise KeysUnusable(f"{file} is not a ring of {purpose.name}: restore it from a copy.")
    wrong = [key.algorithm.value for key in keys if key.algorithm not in FIT[purpose.use]]
    if wrong:
        raise KeysUnusable(f"{file} has a key for {wrong[0]}, which cannot {purpose.use}.")
    return KeyRing(purpose, keys)


def _key(said: dict[str, Any]) -> Key:
    return Key(
        version=int(said["version"]),
        algorithm=Algorithm(said["algorithm"]),
        secret=base64.b64decode(said["secret"], validate=True),
        made=datetime.fromisoformat(said["made"]),
        revoked=datetime.fromisoformat(said["revoked"]) if said["revoked"] else None,
    )
