"""How a long load shows itself: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import shutil
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from xinglin.record.bulk.loading import Tally

_REDRAW_SECONDS = 0.2
_LINE_SECONDS = 10.0
_FULL, _EMPTY = "█", "░"


class Bar:
    """Call it with a tally as often as you like. ``total``: bytes of all sources, 0 where that is unknown."""

    def __init__(self, stream: IO[str], total: int) -> None:
        self.stream = stream
        self.total = total
        self.live = stream.isatty()
        self.started = self.shown = time.monotonic()

    def __call__(self, tally: Tally) -> None:
        now = time.monotonic()
        if now - self.shown >= (_REDRAW_SECONDS if self.live else _LINE_SECONDS):
            self.shown = now
            self._show(tally, now - self.started)

    def finish(self) -> None:
        """Leave the terminal's line clean."""
        if self.live:
            self.stream.write("\r\x1b[K")

    def _show(self, tally: Tally, seconds: float) -> None:
        text = line(tally, self.total, seconds)
        if not self.live:
            self.stream.write(text + "\n")
            return
        width = shutil.get_terminal_size().columns - len(text) - 3
        done = min(tally.done / self.total, 1.0) if self.total else 0.0
        full = int(done * width)
        bar = _FULL * full + _EMPTY * (width - full) + " " if width >= 8 and self.total else ""
        self.stream.write(f"\r{bar}{text}\x1b[K")
        self.stream.flush()


def line(tally: Tally, total: int, seconds: float) -> str:
    """The figures in words; the time left is reckoned by the bytes of the sources."""
    count = tally.stored.total() + tally.unchanged
    said = [f"{count:,} resources", f"{count / seconds:,.0f}/s" if seconds else ""]
    if total:
        said.insert(0, f"{100 * min(tally.done / total, 1.0):.0f} %")
        if tally.done:
            said.append(f"{_span(seconds * max(total - tally.done, 0) / tally.done)} left")
    if tally.waiting:
        said.append(f"{tally.waiting:,} waiting")
    if tally.refused:
        said.append(f"{tally.refused:,} refused")
    return ", ".join(part for part in said if part)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
