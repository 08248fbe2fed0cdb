"""The files: each under the digest of its content (SHA-256), sealed with a key of its own.

A file is written where nothing looks for it, flushed to the disk, and then renamed to its place: what stands at a
place is whole. A sealed file begins with ``MAGIC`` and its key, which is itself sealed with the ring that seals the
record; then follows a stream as ``crypto.streams`` makes it. Where ``XINGLIN_SEAL`` is off, it is the plain file.

``Store`` is what the rest of the package knows; ``Folder`` is the one there is.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.crypto import streams
from xinglin.exchange.dicom.limits import limits
from xinglin.kernel.errors import busy, invalid
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.kernel.errors import Fault

MAGIC = b"XLDICM1\n"
_KEY = sealing.HEAD_BYTES + 12 + streams.KEY_BYTES + 16  # a sealed key: head, nonce, key, tag
_NAME = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20
_BUFFER = 1 << 16


class Missing(Exception):  # noqa: N818 -- says what is the matter
    """There is no file of that digest."""


class Store(Protocol):
    """Where files are kept."""

    def begin(self) -> Incoming:
        """A file that is about to come; fault ``busy`` when there is no room."""

    def keep(self, incoming: Incoming) -> None:
        """Put what has come to its place; durable when this returns. The same file a second time changes nothing."""

    def has(self, digest: bytes) -> bool: ...

    def open(self, digest: bytes) -> BinaryIO:
        """The file, to be read at any place; raises ``Missing``."""

    def remove(self, digest: bytes) -> None: ...

    def touched(self, digest: bytes) -> float:
        """When it was last put there, in seconds since 1970; raises ``Missing``."""

    def digests(self) -> Iterator[bytes]:
        """Of all files."""


class Incoming:
    """A file on its way in: written to in pieces; its digest is known when it is closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.digest = b""
        self._hash = hashlib.sha256()
        self._file = path.open("xb", buffering=_CHUNK)
        key = secrets.token_bytes(streams.KEY_BYTES)
        sealed = sealing.seal(key)
        self._sealing = None if sealed is key else streams.Sealing(key)
        if self._sealing is not None:
            self._file.write(MAGIC + sealed + self._sealing.head)

    @property
    def name(self) -> str:
        return str(self.path)

    def write(self, data: bytes) -> int:
        """Take a piece; faults ``busy`` where there is no room, ``invalid`` where it has become too long."""
        self._hash.update(data)
        self.size += len(data)
        if self.size > limits().largest:
            said = gettext_noop("An instance may have at most %(most)d bytes.")
            raise invalid(said, code="too-long", most=limits().largest)
        with _room():
            if self._sealing is None:
                self._file.write(data)
            else:
                for sealed in self._sealing.add(data):
                    self._file.write(sealed)
        return len(data)

    def close(self) -> None:
        """No more comes; what has come is on the disk when this returns. Fault ``busy`` where there is no room."""
        if self._file.closed:
            return
        with _room():
            if self._sealing is not None:
                self._file.write(self._sealing.end())
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        self.digest = self._hash.digest()

    def open(self) -> BinaryIO:
        """Read what has come."""
        return _opened(self.path)

    def drop(self) -> None:
        """It is not wanted; nothing is left of it. After it was kept this does nothing."""
        with suppress(OSError):  # what it still holds does not fit on a disk that is full, and is not wanted
            self._file.close()
        self.path.unlink(missing_ok=True)


class Folder:
    """Files on a disk: ``<folder>/files/<two digits>/<digest>``; what is on its way in, in ``<folder>/incoming``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._incoming = path / "incoming"
        self._files = path / "files"

    def begin(self) -> Incoming:
        with _room():
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
            if shutil.disk_usage(self._incoming).free < limits().free:
                raise _full()
            return Incoming(self._incoming / secrets.token_hex(16))

    def keep(self, incoming: Incoming) -> None:
        incoming.close()
        place = self._place(incoming.digest)
        if place.exists():
            os.utime(place)  # so that nobody clears away what is wanted again
            incoming.drop()
        else:
            with _room():
                if not place.parent.exists():
                    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    _flush(self._files)
                incoming.path.rename(place)
        _flush(place.parent)  # also where another process has put it there, and may not have come so far

    def has(self, digest: bytes) -> bool:
        return self._place(digest).exists()

    def open(self, digest: bytes) -> BinaryIO:
        try:
            return _opened(self._place(digest))
        except FileNotFoundError:
            raise Missing(digest.hex()) from None

    def remove(self, digest: bytes) -> None:
        self._place(digest).unlink(missing_ok=True)

    def touched(self, digest: bytes) -> float:
        try:
            return self._place(digest).stat().st_mtime
        except FileNotFoundError:
            raise Missing(digest.hex()) from None

    def digests(self) -> Iterator[bytes]:
        if self._files.is_dir():
            for folder in sorted(self._files.iterdir()):
                for file in sorted(folder.iterdir()):
                    if _NAME.fullmatch(file.name):
                        yield bytes.fromhex(file.name)

    def abandoned(self, before: float) -> Iterator[Path]:
        """What was on its way in and has not been written to since ``before``: left by a process that ended."""
        if self._incoming.is_dir():
            for file in self._incoming.iterdir():
                if file.stat().st_mtime < before:
                    yield file

    def reseal(self, digest: bytes) -> bool:
        """Seal the key of a file with the ring's current key; False where it is so already, or the file is plain."""
        place = self._place(digest)
        with place.open("rb") as file:
            head = file.read(len(MAGIC) + _KEY)
            sealed = head[len(MAGIC) :]
            current = sealing.current_head()
            if not head.startswith(MAGIC) or not current or sealed.startswith(current):
                return False
            fresh = self._incoming / secrets.token_hex(16)
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
            with fresh.open("xb") as out:
                out.write(MAGIC + sealing.seal(sealing.open_sealed(sealed)))
                shutil.copyfileobj(file, out, _CHUNK)
                out.flush()
                os.fsync(out.fileno())
        fresh.rename(place)
        _flush(place.parent)
        return True

    def _place(self, digest: bytes) -> Path:
        name = digest.hex()
        return self._files / name[:2] / name


@contextmanager
def _room() -> Iterator[None]:
    """A disk that is full is no accident: whoever sends is told to come again."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full() from error
        raise


def _full() -> Fault:
    return busy(gettext_noop("There is no room left for images on this platform's disk."), code="no-store")


def store() -> Folder:
    """The store that the settings name: ``XINGLIN_DICOM_STORE``, or ``dicom`` in the platform's home."""
    given = settings.SETTINGS
    return Folder(Path(given.dicom_store) if given.dicom_store else given.home / "dicom")


def digest_of(file: BinaryIO) -> bytes:
    """The digest of a file's content, read through."""
    found = hashlib.sha256()
    while piece := file.read(_CHUNK):
        found.update(piece)
    return found.digest()


def _opened(path: Path) -> BinaryIO:
    file = path.open("rb")
    head = file.read(len(MAGIC) + _KEY)
    if not head.startswith(MAGIC):
        file.seek(0)
        return file
    try:
        return io.BufferedReader(streams.Unsealed(file, sealing.open_sealed(head[len(MAGIC) :])), _BUFFER)
    except BaseException:
        file.close()
        raise


def _flush(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
