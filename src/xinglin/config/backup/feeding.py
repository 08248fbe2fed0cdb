"""Handing the log to a server that is being restored, segment by segment as it asks.

The server runs under an account of its own and has no key. What it is told to run for a segment (``command``) leaves a
word that the segment is wanted and waits; ``Feeder`` unseals it into the directory that both can reach, or leaves word
that there is none.
"""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

from xinglin.config import embedded
from xinglin.config.backup.following import PART, SEGMENT_BYTES

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from xinglin.config.backup.repository import Repository

_WANTED, _NONE = ".wanted", ".none"
_ATTENTION = 0.02  # seconds between looks at what is wanted


def command(place: Path) -> str:
    """PostgreSQL's ``restore_command`` for a feeder at ``place``; it fails where the log ends."""
    at = str(place.resolve()).replace("%", "%%").replace('"', '\\"')
    return (
        f'cd "{at}" && touch "%f{_WANTED}" && while [ ! -e "%f" ] && [ ! -e "%f{_NONE}" ] && [ -e "%f{_WANTED}" ];'
        f' do sleep 0.02; done; p="%p"; case "$p" in /*) ;; *) p="$OLDPWD/$p";; esac; mv "%f" "$p"'
    )


class Feeder:
    """Feeds from entering the context to leaving it; ``fed`` tells how many segments were handed over."""

    def __init__(self, repository: Repository, place: Path) -> None:
        self.fed = 0
        self.error: Exception | None = None  # what kept a segment from being read
        self._repository = repository
        self._place = place
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)

    def __enter__(self) -> Self:
        self._place.mkdir(mode=0o700)
        embedded.give(self._place)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        shutil.rmtree(self._place, ignore_errors=True)

    def _run(self) -> None:
        while not self._over.wait(_ATTENTION):
            for path in sorted(self._place.glob(f"*{_WANTED}")):
                try:
                    self._serve(path.stem)
                except Exception as error:  # noqa: BLE001 -- the server must be told, and so must who restores
                    self.error = error
                    (self._place / f"{path.stem}{_NONE}").touch()
                path.unlink(missing_ok=True)

    def _serve(self, name: str) -> None:
        """Put the segment (or timeline history) there, or the word that there is none."""
        for kept in (name, f"{name}{PART}"):
            if self._repository.has(f"wal/{kept}"):
                beside = self._place / f".{name}"
                with beside.open("wb") as file:
                    for piece in self._repository.get(f"wal/{kept}"):
                        file.write(piece)
                    if kept.endswith(PART):
                        file.truncate(SEGMENT_BYTES)  # zeros: nothing was written there yet
                embedded.give(beside)
                (self._place / f"{name}{_NONE}").unlink(missing_ok=True)
                beside.rename(self._place / name)
                self.fed += 1
                return
        (self._place / f"{name}{_NONE}").touch()
