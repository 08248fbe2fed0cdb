"""The versioned tables in ``data``: codes with name, source, effective day and confidence."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import get_language, gettext_noop

from xinglin.directory.rules.problems import Wrong

DATA = Path(__file__).resolve().parent.parent / "data"
_SHOWN = 6  # codes that a refusal names


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of a table. ``group`` is what the table makes of it."""

    code: str
    name: str
    english: str
    group: str
    source: str
    effective: str
    confidence: str

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.name if str(get_language()).startswith("zh") else self.english or self.name


def rows(name: str) -> list[dict[str, str]]:
    """The rows of ``data/<name>.csv``."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def table(name: str) -> dict[str, Entry]:
    """A table of codes, in its own order."""
    return {row["code"]: Entry(**row) for row in rows(name)}


@cache
def _by_name(name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in table(name).values():
        for text in (entry.name, entry.english):
            if text:
                found.setdefault(text.casefold(), entry.code)
    return found


def code_in(name: str, text: str) -> str:
    """The code that ``text`` is, or names. Raises ``Wrong`` with codes that would be right."""
    known = table(name)
    if text in known:
        return text
    if text.upper() in known:
        return text.upper()
    named = _by_name(name).get(text.replace("（", "(").replace("）", ")").casefold())
    if named is not None:
        return named
    alike = [e for e in known.values() if text and (text in e.name or e.code.startswith(text[:1].upper()))]
    shown = (alike or list(known.values()))[:_SHOWN]
    raise Wrong(
        gettext_noop("%(text)s is not in the table; it has codes such as %(codes)s."),
        text=text,
        codes=", ".join(f"{entry.code} {entry.name}" for entry in shown),
    )


def label(name: str, code: str) -> str:
    """The name of a code in the reader's language, or the code itself where the table does not have it."""
    entry = table(name).get(code)
    return entry.label if entry else code
