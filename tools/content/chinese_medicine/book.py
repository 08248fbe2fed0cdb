"""Terms and facts as they are gathered, and how they are written."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.content.files import ROOT

from xinglin.terminology import spelling

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DATA = ROOT / "src" / "xinglin" / "tcm" / "knowledge" / "data"
TERM_COLUMNS = ("id", "kind", "name", "english", "pinyin")
FACT_COLUMNS = (
    "subject", "predicate", "object", "value", "data", "source", "locator", "basis", "confidence", "state"
)  # fmt: skip
UNREVIEWED = "unreviewed"
LETTERS = {
    "herb": "H", "piece": "H", "formula": "F", "patent": "M", "disease": "D", "syndrome": "S", "therapy": "T",
    "technique": "Q", "classic": "B", "effect": "E", "symptom": "Y", "group": "G",
}  # fmt: skip
"""The letter that ids of a kind begin with; meridians and points have the codes of the World Health Organization."""


@dataclass(frozen=True)
class Origin:
    """Where facts are from: a source of ``sources.toml``, a place in it, what it rests on, how sure it is."""

    source: str
    basis: str
    confidence: str = "likely"
    locator: str = ""

    def at(self, locator: str) -> Origin:
        return Origin(self.source, self.basis, self.confidence, locator)

    def less_sure(self) -> Origin:
        return Origin(self.source, self.basis, "unsure", self.locator)


@dataclass
class Term:
    id: str
    kind: str
    name: str
    english: str
    pinyin: str


@dataclass
class Book:
    """What was gathered. ``kept`` are the ids of the build before, by kind and key."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    terms: dict[tuple[str, str], Term] = field(default_factory=dict)
    facts: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)

    @classmethod
    def after(cls, folder: Path) -> Book:
        """A book that keeps the ids of what stands in ``folder``."""
        book = cls()
        for row in read(folder / "terms.tsv.gz"):
            letter = LETTERS.get(row["kind"], "")
            book.kept[letter or row["kind"], row["name"]] = row["id"]
            if letter:
                book._last[letter] = max(book._last.get(letter, 0), int(row["id"][1:]))
        return book

    def term(
        self, kind: str, name: str, origin: Origin, *, english: str = "", id_: str = "", pinyin: str = ""
    ) -> str:
        """The id of a term, made if it is new."""
        letter = LETTERS.get(kind, "")
        key = (letter or kind, name)
        if key in self.terms:
            return self.terms[key].id
        if not id_:
            id_ = self.kept.get(key, "")
        if not id_:
            self._last[letter] = self._last.get(letter, 0) + 1
            id_ = f"{letter}{self._last[letter]:04d}"
        self.terms[key] = Term(id_, kind, name, english, pinyin or spelt(name))
        self.fact(id_, "name", origin, value=name)
        return id_

    def known(self, kind: str, name: str) -> str:
        """The id of a term that is there; empty if it is not."""
        found = self.terms.get((LETTERS.get(kind, "") or kind, name))
        return found.id if found else ""

    def fact(
        self,
        subject: str,
        predicate: str,
        origin: Origin,
        *,
        object_: str = "",
        value: str = "",
        data: object = None,
    ) -> None:
        """Keep a fact; the same said by a second source is a second fact, the same twice by one is one."""
        said = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")) if data else ""
        key = (subject, predicate, object_, value, said, origin.source)
        row = (*key[:5], origin.source, origin.locator, origin.basis, origin.confidence, UNREVIEWED)
        self.facts.setdefault(key, row)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        terms = sorted(self.terms.values(), key=lambda term: (term.kind, _order(term.id)))
        rows = [(term.id, term.kind, term.name, term.english, term.pinyin) for term in terms]
        _write(folder / "terms.tsv.gz", TERM_COLUMNS, rows)
        place = {term.id: number for number, term in enumerate(terms)}
        facts = sorted(self.facts.values(), key=lambda row: (place[row[0]], row[1]))
        _write(folder / "facts.tsv.gz", FACT_COLUMNS, facts)


def _order(id_: str) -> tuple[str, int]:
    letters = id_.rstrip("0123456789")
    return letters, int(id_[len(letters) :] or 0)


def spelt(name: str) -> str:
    """The syllables of a name as the dictionary of terms reads it: ``bai shao``."""
    key = next((key for key in spelling.term_keys("", name) if key.text and key.spelt), None)
    return key.spelt if key and key.spelt else ""


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    lines = ["\t".join(columns)]
    for row in rows:
        if any("\t" in cell or "\n" in cell for cell in row):
            raise SystemExit(f"{path.name}: a tab or a line break within {row}")
        lines.append("\t".join(row))
    text = ("\n".join(lines) + "\n").encode()
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as file:
        file.write(text)
    path.write_bytes(out.getvalue())


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table that was written; none if there is no such file."""
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        head, *lines = file.read().splitlines()
    columns = head.split("\t")
    return [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]
