"""Taking keys from a table of TOML: each is asked for by name and kind, and what is left over is a mistake."""

from __future__ import annotations

import difflib
import re
from datetime import time
from typing import TYPE_CHECKING, Any

from xinglin.edge.schedule import Schedule

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.exchange.mapping.toml_places import Places

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB)", re.IGNORECASE)
_UNIT = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40}
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_KINDS = {
    str: 'a text in quotes, such as "lab"',
    int: "a whole number, such as 100",
    float: "a number of seconds, such as 60",
    dict: 'a table, such as { user = "reader" }',
    list: 'a list, such as ["report_no"]',
}


class Table:
    """One table of the file. What is wrong with it is added to ``wrong`` and an empty value is given."""

    def __init__(
        self, values: Any, path: tuple[str | int, ...], places: Places, wrong: list[tuple[int, str]]
    ) -> None:
        self._values: dict[str, Any] = values if isinstance(values, dict) else {}
        self._path = path
        self._places = places
        self._wrong = wrong
        self._asked: set[str] = set()
        self.name = ".".join(str(part) for part in path if isinstance(part, str))
        if not isinstance(values, dict):
            self.complain(f"{self.name} should be a table: [{self.name}].")

    @property
    def line(self) -> int:
        return self._places.of_key(self._path)[0]

    def complain(self, words: str, key: str = "") -> None:
        where = (*self._path, key) if key else self._path
        self._wrong.append((self._places.of_key(where)[0], words))

    def has(self, key: str) -> bool:
        return key in self._values

    def _value(self, key: str, kind: type, *, needed: bool) -> Any:
        self._asked.add(key)
        if key not in self._values:
            if needed:
                self.complain(f"[{self.name}] needs `{key}`: {_KINDS[kind]}.")
            return None
        value = self._values[key]
        fits = isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)
        if not fits:
            self.complain(f"`{key}` should be {_KINDS[kind]}; it is {value!r}.", key)
            return None
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text; needed where there is no default."""
        found = self._value(key, str, needed=default is None)
        if found is not None and not found.strip() and default is None:
            self.complain(f"`{key}` should not be empty.", key)
        return str(found) if found is not None else default or ""

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        found = self.text(key, default)
        if found and found not in choices:
            near = difflib.get_close_matches(found, choices, 1)
            hint = f" Is {near[0]!r} meant?" if near else ""
            self.complain(f"`{key}` should be one of {', '.join(choices)}; it is {found!r}.{hint}", key)
            return ""
        return found

    def number(self, key: str, default: int, *, least: int = 0, most: int = 1 << 40) -> int:
        found = self._value(key, int, needed=False)
        if found is None:
            return default
        if not least <= found <= most:
            self.complain(f"`{key}` should be between {least} and {most}; it is {found}.", key)
            return default
        return int(found)

    def seconds(self, key: str, default: float, *, least: float = 0.0) -> float:
        found = self._value(key, float, needed=False)
        if found is None:
            return default
        if found < least:
            self.complain(f"`{key}` should be at least {least:g} seconds; it is {found}.", key)
            return default
        return float(found)

    def size(self, key: str, default: int) -> int:
        """Bytes, from a text such as ``20 GB``."""
        found = self._value(key, str, needed=False)
        if found is None:
            return default
        form = _SIZE.fullmatch(found.strip())
        if form is None:
            self.complain(f'`{key}` should be a size such as "20 GB" or "500 MB"; it is {found!r}.', key)
            return default
        return int(float(form[1]) * _UNIT[form[2].lower()])

    def path(self, key: str, base: Path, *, needed: bool = True) -> Path | None:
        """A path; one that is not absolute is beside the file."""
        found = self._value(key, str, needed=needed)
        return (base / found).resolve() if found else None

    def columns(self, key: str) -> tuple[str, ...]:
        """A list of names, or one name."""
        if isinstance(self._values.get(key), str):
            return (self.text(key),)
        found = self._value(key, list, needed=False) or []
        if not all(isinstance(one, str) and one for one in found):
            self.complain(f'`{key}` should be a list of column names, such as ["report_no"].', key)
            return ()
        return tuple(found)

    def any(self, key: str) -> Any:
        self._asked.add(key)
        return self._values.get(key)

    def table(self, key: str) -> Table | None:
        self._asked.add(key)
        if key not in self._values:
            return None
        return Table(self._values[key], (*self._path, key), self._places, self._wrong)

    def mapping(self, key: str) -> dict[str, Any]:
        found = self._value(key, dict, needed=False)
        return dict(found) if found else {}

    def schedule(self, default: float = 0.0) -> Schedule:
        """``every`` (seconds) or ``at`` (times of the day)."""
        every = self.seconds("every", 0.0, least=1.0)
        times = []
        for one in self._value("at", list, needed=False) or []:
            form = _TIME.fullmatch(one) if isinstance(one, str) else None
            if isinstance(one, time):
                times.append(one)
            elif form is None:
                self.complain(
                    f'`at` should be times of the day such as ["02:00", "13:30"]; {one!r} is none.', "at"
                )
            else:
                times.append(time(int(form[1]), int(form[2])))
        if every and times:
            self.complain("Either `every` or `at` says when; not both.", "at")
        if not every and not times:
            if not default and not self.has("every") and not self.has("at"):
                self.complain(f'[{self.name}] needs `every` (seconds) or `at` (times, such as ["02:00"]).')
            every = default or 60.0
        return Schedule(every, () if every else tuple(times))

    def finish(self) -> None:
        """Complain of keys that nobody asked for."""
        for key in self._values.keys() - self._asked:
            near = difflib.get_close_matches(key, sorted(self._asked), 1)
            hint = f" Is `{near[0]}` meant?" if near else f" Known are: {', '.join(sorted(self._asked))}."
            self.complain(f"[{self.name}] has no `{key}`.{hint}", key)
