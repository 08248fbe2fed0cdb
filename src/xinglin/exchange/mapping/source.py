"""The text of a mapping: read as TOML, with everything that is wrong with it by line and column."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from xinglin.exchange.mapping.toml_places import Places
from xinglin.kernel.errors import Fault, Issue, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.exchange.mapping.tree import SyntaxWrong

    Key = tuple[str | int, ...]

MOST_CHARACTERS = 500_000
MOST_PROBLEMS = 100

_TOML_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")
_MEMBERS = {
    "file": ("mapping", "tables", "let", "resource", "link", "check"),
    "mapping": ("id", "version", "title", "door", "dialect", "kinds", "source", "effective", "confidence", "zone",
                "uses", "note"),
    "resource": ("type", "key", "for_each", "when", "let", "set", "each", "delete", "note"),
    "each": ("element", "for_each", "when", "let", "set", "value", "each", "note"),
    "link": ("old", "new", "when", "for_each", "note"),
    "check": ("when", "place", "text", "severity", "code", "for_each", "note"),
}  # fmt: skip


class Source:
    """A text, what TOML makes of it, and the problems that have been found."""

    def __init__(self, text: str) -> None:
        self.problems: list[Issue] = []
        self.data = _toml(text)
        self.places = Places(text)

    # -- what is wrong

    def mark(self, place: tuple[int, int], message: str, params: Mapping[str, object] | None = None) -> None:
        line, column = place
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(_issue(line, column, message, params or {}))

    def wrong_key(self, key: Key, message: str, **params: object) -> None:
        self.mark(self.places.of_key(key), message, params)

    def wrong_value(self, key: Key, message: str, offset: int = 0, **params: object) -> None:
        self.mark(self.places.in_value(key, offset), message, params)

    def wrong_at(self, key: Key, wrong: SyntaxWrong) -> None:
        """Something wrong in a text, at its own offset."""
        self.mark(self.places.in_value(key, max(wrong.at, 0)), wrong.message, wrong.params)

    def settle(self) -> None:
        """Raise what has been found."""
        if self.problems:
            ordered = sorted(self.problems, key=lambda issue: (issue.params["line"], issue.params["column"]))
            raise Fault(Kind.INVALID, ordered)

    # -- small things

    def members(self, given: dict[str, Any], key: Key, kind: str) -> None:
        for name in given:
            if name in _MEMBERS[kind]:
                continue
            near = get_close_matches(name, _MEMBERS[kind], 1, 0.6)
            if near:
                self.wrong_key(
                    (*key, name), "There is no “%(name)s” here; is “%(near)s” meant?", name=name, near=near[0]
                )
            else:
                self.wrong_key(
                    (*key, name), "There is no “%(name)s” here; there are %(known)s.", name=name,
                    known=", ".join(_MEMBERS[kind]),
                )  # fmt: skip

    def string(self, given: dict[str, Any], key: Key, name: str, *, needed: bool = False) -> str:
        value = given.get(name, "")
        if not isinstance(value, str):
            self.wrong_key((*key, name), "%(name)s is a text in quotes.", name=name)
            return ""
        if needed and not value.strip():
            self.wrong_key((*key, name) if name in given else key, "“%(name)s” is missing.", name=name)
        return value

    def list_of(self, given: dict[str, Any], key: Key, name: str) -> list[tuple[int, dict[str, Any]]]:
        value = given.get(name, [])
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return list(enumerate(value))
        self.wrong_key(
            (*key, name), "Write [[%(name)s]], with double brackets.", name=".".join([*map(str, key), name])
        )
        return []


def _toml(text: str) -> dict[str, Any]:
    if len(text) > MOST_CHARACTERS:
        raise Fault(
            Kind.INVALID,
            [_issue(1, 1, "The mapping is longer than %(most)s characters.", {"most": MOST_CHARACTERS})],
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        found = _TOML_PLACE.search(said)
        lines = text.splitlines() or [""]
        line, column = (
            (int(found[1]), int(found[2])) if found and found[1] else (len(lines), len(lines[-1]) + 1)
        )
        why = _TOML_PLACE.sub("", said).strip()
        raise Fault(
            Kind.INVALID, [_issue(line, column, "This is no TOML: %(why)s.", {"why": why})]
        ) from error


def _issue(line: int, column: int, message: str, params: Mapping[str, object]) -> Issue:
    """One thing that is wrong. ``params`` has line and column beside what fills the message."""
    return Issue(
        "invalid", message, {**params, "line": line, "column": column}, f"line {line}, column {column}"
    )
