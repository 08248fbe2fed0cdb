"""A small disk that can be filled to the last byte, and be given room again."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from typing import TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_PIECE = 1 << 20


class Disk:
    """A file system of its own in memory; skips the test where none can be mounted."""

    def __init__(self, path: Path, size: str) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], check=False, capture_output=True
        )
        if mounted.returncode:
            pytest.skip("no disk can be mounted here")
        self._ballast = path / ".ballast"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", self.path], check=False)

    def fill(self) -> None:
        """Take all the room there is: whoever writes now is told that the device is full."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (_PIECE, 1 << 12, 1):
                with contextlib.suppress(_Full):
                    while True:
                        _write(file.fileno(), size)

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink()


class _Full(Exception):  # noqa: N818 -- it is what is waited for
    """There is no room left."""


def _write(descriptor: int, size: int) -> None:
    try:
        os.write(descriptor, bytes(size))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _Full from None
        raise
