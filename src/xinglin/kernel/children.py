"""Processes beside one that serves: started with it, ended with it, and replaced when one ends by itself."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOK_SECONDS = 0.5  # between two looks whether all are there
_PAUSES = (
    0.0,
    1.0,
    5.0,
    15.0,
    60.0,
)  # seconds before one that ended is replaced: longer each time it ends at once
_STEADY_LOOKS = 120  # after which a process counts as one that works
_END_SECONDS = 10.0
_log = logging.getLogger(__name__)


class Children:
    """One process for each command, words after ``xinglin``, for as long as the ``with`` lasts.

    A process that ends, killed or of itself, is replaced; so what it was to do waits and is not forgotten.
    """

    def __init__(self, *commands: Sequence[str]) -> None:
        self._all = [_Child(command) for command in commands]
        self._stopping = threading.Event()
        self._watch: threading.Thread | None = None

    def __enter__(self) -> Self:
        for child in self._all:
            child.begin()
        if self._all:
            self._watch = threading.Thread(target=self._look, name="children", daemon=True)
            self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._watch is not None:
            self._watch.join()
        for child in self._all:
            child.ask_to_end()
        for child in self._all:
            child.end()

    def _look(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            for child in self._all:
                child.look()


class _Child:
    """One process and those that take its place, one after another."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = [sys.executable, "-m", "xinglin.config.command", *command]
        self._process: subprocess.Popen[bytes] | None = None
        self._failures = 0
        self._wait = 0.0  # seconds until it is begun again
        self._looks = 0  # since it was begun

    def begin(self) -> None:
        self._process = subprocess.Popen(self._command)  # noqa: S603 -- this very program
        self._looks = 0

    def look(self) -> None:
        """Replace it if it has ended, and the time for that has come."""
        if self._process is not None and self._process.poll() is None:
            self._looks += 1
            if self._looks == _STEADY_LOOKS:
                self._failures = 0
            return
        if self._process is not None:
            self._wait = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
            self._failures += 1
            words = " ".join(self._command[3:])
            _log.error("%s ended with %s; another takes its place", words, self._process.returncode)
            self._process = None
        self._wait -= _LOOK_SECONDS
        if self._wait <= 0:
            self._begin_again()

    def _begin_again(self) -> None:
        try:
            self.begin()
        except OSError as error:  # no memory, no more processes: as if it had ended at once
            _log.error("%s cannot be begun: %s", " ".join(self._command[3:]), error)
            self._wait = _PAUSES[-1]

    def ask_to_end(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def end(self) -> None:
        """Wait for it to end, and end it where that lasts too long."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
