"""Where in a TOML file a key stands: the standard library tells lines of broken syntax alone. Pure."""

from __future__ import annotations

import re

_TABLE = re.compile(r"\s*\[(\[)?\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_LONG = ('"""', "'''")


class Places:
    """Lines of the tables and keys of a text, by path: ``("source", 0, "query")``."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str | int, ...], int] = {}
        table: tuple[str | int, ...] = ()
        counts: dict[tuple[str | int, ...], int] = {}
        within = ""
        for number, line in enumerate(text.splitlines(), 1):
            if within:
                within = "" if within in line else within
                continue
            header = _TABLE.match(line)
            if header:
                table = self._entered(_names(header[2]), counts, repeated=bool(header[1]))
                self._lines.setdefault(table, number)
                continue
            key = _KEY.match(line)
            if key:
                self._lines.setdefault((*table, *_names(key[1])), number)
                within = _opened(line[key.end() :])

    def _entered(
        self, names: list[str], counts: dict[tuple[str | int, ...], int], *, repeated: bool
    ) -> tuple[str | int, ...]:
        path: tuple[str | int, ...] = ()
        for name in names[:-1]:
            path = (*path, name)
            if path in counts:
                path = (*path, counts[path] - 1)
        path = (*path, names[-1])
        if repeated:
            counts[path] = counts.get(path, 0) + 1
            path = (*path, counts[path] - 1)
        return path

    def line(self, *path: str | int) -> int:
        """The line of that key, or of the nearest table that is there; 1 where none is."""
        for length in range(len(path), 0, -1):
            found = self._lines.get(path[:length])
            if found is not None:
                return found
        return 1


def _names(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _opened(rest: str) -> str:
    """The quotes of a text over several lines that begins in ``rest`` and does not end there."""
    for quotes in _LONG:
        if rest.count(quotes) % 2:
            return quotes
    return ""
