"""The columns of each kind (``data/columns.csv``) and how a cell is read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext_noop

from xinglin.directory.rules import codes, days, divisions, tables
from xinglin.directory.rules.problems import Problem, Wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

YES, NO = "yes", "no"
_YES_WORDS = {"是", "启用", "在岗", "开放", "y", "yes", "true", "1", "√"}
_NO_WORDS = {"否", "停用", "离岗", "关闭", "n", "no", "false", "0", "×"}
_SEPARATORS = re.compile(r"[;；、\n|]+")
_DISARMED = {"'=", "'+", "'-", "'@"}  # as exports write what a spreadsheet would take for a formula
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\ufeff\ufffd]")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``check`` says how its cells are read, ``argument`` what the check needs to know."""

    key: str
    heading: str
    english: str
    check: str
    argument: str
    required: bool
    note: str
    note_english: str
    example: str

    @property
    def label(self) -> str:
        return self.heading if str(get_language()).startswith("zh") else self.english

    @property
    def hint(self) -> str:
        return self.note if str(get_language()).startswith("zh") else self.note_english


@cache
def columns(kind: str) -> tuple[Column, ...]:
    """The columns of a kind, in the order of its template."""
    found = []
    for row in tables.rows("columns"):
        if row["kind"] == kind:
            check, _, argument = row["check"].partition(":")
            found.append(
                Column(
                    row["key"], row["heading"], row["english"], check, argument, row["required"] == "yes",
                    row["note"], row["note_english"], row["example"],
                )
            )  # fmt: skip
    return tuple(found)


@cache
def by_heading(kind: str) -> dict[str, str]:
    """What may stand above a column: Chinese or English heading or key → key."""
    found: dict[str, str] = {}
    for column in columns(kind):
        for text in (column.heading, column.english, column.key):
            found[plain_heading(text)] = column.key
    return found


def plain_heading(text: str) -> str:
    """A heading without blanks, the mark of a required column, and capitals."""
    return re.sub(r"[\s*＊]+", "", unicodedata.normalize("NFKC", text)).casefold()


def read(kind: str, cells: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """The values of one row's cells, and what is wrong with them.

    Values are as the kind keeps them: codes of tables, days as 2024-01-31, references still as they were typed.
    """
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for column in columns(kind):
        if column.key not in cells:
            if column.required:
                problems.append(Problem(gettext_noop("This is needed."), column=column.key))
            continue
        text = unicodedata.normalize("NFC", cells[column.key]).strip().strip("\u3000")
        if text[:2] in _DISARMED:
            text = text[1:]
        if not text:
            values[column.key] = ""
            if column.required:
                problems.append(Problem(gettext_noop("This is needed."), column=column.key))
            continue
        try:
            values[column.key], doubts = _READERS[column.check](text, column.argument)
        except Wrong as wrong:
            problems.append(wrong.problem.at(column.key))
        else:
            problems += [doubt.at(column.key) for doubt in doubts]
    return values, problems


_Read = tuple[str, tuple[Problem, ...]]


def _text(text: str, most: str) -> _Read:
    if len(text) > int(most):
        raise Wrong(
            gettext_noop("This is %(count)s characters long; at most %(most)s are taken."),
            count=len(text), most=most,
        )  # fmt: skip
    if _CONTROL.search(text):
        raise Wrong(gettext_noop("There is a character in it that cannot be read; was the encoding right?"))
    return text, ()


def _list(text: str, most: str) -> _Read:
    parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    return ";".join(_text(part, most)[0] for part in parts), ()


def _code(text: str, scheme: str) -> _Read:
    if scheme == "nhsa":
        first = codes.tidy(text)[:1]
        scheme = {"N": "nhsa_nurse", "H": "nhsa_technician"}.get(first, "nhsa_doctor")
    return codes.read(scheme, text)


def _table(text: str, name: str) -> _Read:
    return tables.code_in(name, text), ()


def _day(text: str, _: str) -> _Read:
    return days.read(text).isoformat(), ()


def _flag(text: str, _: str) -> _Read:
    word = text.casefold()
    if word in _YES_WORDS:
        return YES, ()
    if word in _NO_WORDS:
        return NO, ()
    raise Wrong(gettext_noop("%(text)s is neither yes nor no (是 or 否)."), text=text)


def _number(text: str, bounds: str) -> _Read:
    least, _, most = bounds.partition(":")
    try:
        number = float(text)
    except ValueError:
        raise Wrong(gettext_noop("%(text)s is not a number."), text=text) from None
    if not float(least) <= number <= float(most):
        raise Wrong(
            gettext_noop("%(text)s does not lie between %(least)s and %(most)s."),
            text=text, least=least, most=most,
        )  # fmt: skip
    return repr(number), ()


def _division(text: str, _: str) -> _Read:
    return divisions.full(codes.tidy(text)), ()


def _divisions(text: str, _: str) -> _Read:
    parts = [part.strip() for part in re.split(r"[;；、,，\s|]+", text) if part.strip()]
    return ";".join(dict.fromkeys(divisions.full(codes.tidy(part)) for part in parts)), ()


def _wide(text: str, group: str) -> _Read:
    """A reference that means the same everywhere: to a division or an institution."""
    return _division(text, "") if group == "division" else (text, ())


def _scoped(text: str, _: str) -> _Read:
    """A reference that means something inside the row's institution."""
    return text, ()


_READERS: dict[str, Callable[[str, str], _Read]] = {
    "text": _text,
    "list": _list,
    "code": _code,
    "table": _table,
    "day": _day,
    "yes": _flag,
    "no": _flag,
    "number": _number,
    "division": _division,
    "divisions": _divisions,
    "wide": _wide,
    "scoped": _scoped,
}
