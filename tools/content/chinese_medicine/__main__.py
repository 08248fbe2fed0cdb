"""``python -m tools.content.chinese_medicine [FACTS]``; see the package."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

from tools.content.chinese_medicine import codes_of_herbs, formulas, herbs, lexicons, peoples, points
from tools.content.chinese_medicine.book import DATA, Book
from tools.content.files import CONTENT, ROOT, read


def build(facts: Path, folder: Path) -> Book:
    """Gather everything, with the ids of the build in ``folder``, and write it there."""
    kb = facts / "tcm" / "kb"
    codes: dict[str, list[str]] = defaultdict(list)
    for row in read(CONTENT / "codesystems" / "gbt-15657-2021.csv"):
        codes[f"{row['code'][:1]}|{row['display']}"].append(row["code"])
    book = Book.after(folder)
    points.gather(book)
    lexicons.gather(book, kb, codes)
    resolved = herbs.gather(book, kb)
    formulas.gather(book, kb, CONTENT, resolved)
    formulas.classics(book)
    book.write(folder)
    peoples.write(CONTENT, folder)
    codes_of_herbs.write(book)
    return book


def main() -> None:
    facts = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    if not (facts / "tcm" / "kb").is_dir():
        raise SystemExit(f"{facts}/tcm/kb is no folder of tables")
    book = build(facts, DATA)
    for kind, count in sorted(Counter(term.kind for term in book.terms.values()).items()):
        print(f"{count:7,} {kind}")
    for predicate, count in sorted(Counter(row[1] for row in book.facts.values()).items()):
        print(f"{count:7,} {predicate}")
    print(f"{len(book.facts):7,} facts")


if __name__ == "__main__":
    main()
