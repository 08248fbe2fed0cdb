"""Where in a TOML text each key and each value stands, which ``tomllib`` does not say.

The text has been read by ``tomllib`` already, so that only right TOML comes here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^,\]}\n#]*")
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[ \t]*\r?\n[ \t\r\n]*|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a key begins and where its value does; in a text, ``value`` is the first character in the quotes."""

    key: int
    value: int
    is_escaped: bool = False  # a text in double quotes, where one character may be written as several


class Places:
    """The spots of all keys and items of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spots: dict[Path, Spot] = {}
        self._at = 0
        self._tables: dict[Path, int] = {}
        self._read()

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Both from 1; a column is a character."""
        line = self.text.count("\n", 0, offset) + 1
        return line, offset - self.text.rfind("\n", 0, offset)

    def of_key(self, path: Path) -> tuple[int, int]:
        """Line and column of a key, or of the nearest thing around it."""
        while path and path not in self.spots:
            path = path[:-1]
        return self.line_and_column(self.spots[path].key) if path else (1, 1)

    def in_key(self, path: Path, offset: int) -> tuple[int, int]:
        """Line and column of a character in a key."""
        line, column = self.of_key(path)
        spot = self.spots.get(path)
        quoted = spot is not None and self.text[spot.key : spot.key + 1] in {'"', "'"}
        return line, column + offset + quoted

    def in_value(self, path: Path, offset: int) -> tuple[int, int]:
        """Line and column of a character in a text."""
        spot = self.spots.get(path)
        if spot is None:
            return self.of_key(path)
        at = spot.value
        if not spot.is_escaped:
            return self.line_and_column(at + offset)
        for _ in range(offset):
            escape = _ESCAPE.match(self.text, at)
            at = escape.end() if escape else at + 1
        return self.line_and_column(at)

    # -- reading

    def _read(self) -> None:
        table: Path = ()
        while True:
            self._skip(_BLANK)
            if self._at >= len(self.text):
                return
            if self.text.startswith("[", self._at):
                table = self._heading()
            else:
                self._pair(table)

    def _skip(self, what: re.Pattern[str]) -> None:
        found = what.match(self.text, self._at)
        self._at = found.end() if found else self._at

    def _heading(self) -> Path:
        start = self._at
        many = self.text.startswith("[[", start)
        self._at += 2 if many else 1
        names = [name for name, _ in self._key()]
        self._at += 2 if many else 1
        path = self._resolved(names[:-1])
        path = (*path, names[-1])
        if many:
            number = self._tables.get(path, -1) + 1
            self._tables[path] = number
            self.spots.setdefault(path, Spot(start, start))
            path = (*path, number)
        elif path in self._tables:
            path = (*path, self._tables[path])
        self.spots[path] = Spot(start, start)
        return path

    def _resolved(self, names: list[str]) -> Path:
        """The path of a table by its names, with the number of the last item of every array on the way."""
        path: Path = ()
        for name in names:
            path = (*path, name)
            if path in self._tables:
                path = (*path, self._tables[path])
        return path

    def _key(self) -> list[tuple[str, int]]:
        """The parts of a dotted key with their offsets."""
        parts = []
        while True:
            self._skip(_SPACE)
            start = self._at
            if self.text[self._at] in {'"', "'"}:
                parts.append((self._string()[0], start))
            else:
                self._skip(_BARE)
                parts.append((self.text[start : self._at], start))
            self._skip(_SPACE)
            if not self.text.startswith(".", self._at):
                return parts
            self._at += 1

    def _pair(self, table: Path) -> None:
        parts = self._key()
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        path = table
        for name, start in parts:
            path = (*path, name)
            self.spots.setdefault(path, Spot(start, self._at))
        self._value(path, parts[-1][1])

    def _value(self, path: Path, key: int) -> None:
        first = self.text[self._at : self._at + 1]
        if first in {'"', "'"}:
            _, start = self._string()
            self.spots[path] = Spot(key, start, is_escaped=first == '"')
        elif first == "[":
            self.spots[path] = Spot(key, self._at)
            for number, start in enumerate(self._items("]")):
                self._value((*path, number), start)
        elif first == "{":
            self.spots[path] = Spot(key, self._at)
            for _ in self._items("}"):
                self._pair(path)
        else:
            self.spots[path] = Spot(key, self._at)
            self._skip(_PLAIN)

    def _items(self, end: str) -> Iterator[int]:
        """Stops at the beginning of each item of an array or an inline table."""
        self._at += 1
        while True:
            self._skip(_BLANK)
            if self.text.startswith(end, self._at):
                self._at += 1
                return
            if self.text.startswith(",", self._at):
                self._at += 1
                continue
            yield self._at

    def _string(self) -> tuple[str, int]:
        """Step over a string; its text as written, and where that begins."""
        quote = self.text[self._at]
        mark = quote * 3 if self.text.startswith(quote * 3, self._at) else quote
        self._at += len(mark)
        if len(mark) == 3:
            self._skip(re.compile(r"\r?\n?"))
        start = self._at
        while not self.text.startswith(mark, self._at):
            self._at += 2 if quote == '"' and self.text[self._at] == "\\" else 1
        while len(mark) == 3 and self.text.startswith(quote, self._at + 3):
            self._at += 1  # quotes right before the end belong to the text
        written = self.text[start : self._at]
        self._at += len(mark)
        return written, start
