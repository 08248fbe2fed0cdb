"""The catalogue as a table: read, checked line by line, written, compared. Pure.

The file is tab-separated (or CSV): lines ``# title``, ``# version``, ``# effective``, ``# source``, ``# confidence``
with their value in the second column, then a heading, then one line an item.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import Fault, Issue, Kind
from xinglin.recognition import values
from xinglin.recognition.finding import plain
from xinglin.recognition.values import LOINC, Catalogue, Item, Scope, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COLUMNS = (
    "code", "name", "english", "kind", "group", "loinc", "codes", "names", "days", "tier", "mark", "price", "source",
    "confidence",
)  # fmt: skip
HEADS = ("title", "version", "effective", "source", "confidence")
CONFIDENCES = ("confirmed", "likely", "expert", "estimated", "invented")
MOST_BYTES = 2_000_000
_MOST_ITEMS = 5_000
_MOST_DAYS = 3_650
_MOST_ISSUES = 50
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,39}")
_LOINC_CODE = re.compile(r"[0-9]{1,7}-[0-9]")
_PRICE = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of an item from one version to another: ``fields`` are (name, before, after)."""

    code: str
    name: str
    kind: str  # added | removed | changed
    fields: tuple[tuple[str, str, str], ...] = ()


class _Wrong(Exception):  # noqa: N818 -- never leaves this module
    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message, self.params = message, params


def _invalid(wrong: Iterable[Issue]) -> Fault:
    return Fault(Kind.INVALID, list(wrong)[:_MOST_ISSUES])


@lru_cache(maxsize=8)
def read(text: str, number: int = 0) -> Catalogue:
    """The catalogue of a file; raises ``invalid`` with every line that is wrong and what would be right."""
    heads, rows = _rows(text)
    issues: list[Issue] = []
    items: dict[str, Item] = {}
    for line, row in rows:
        try:
            item = _item(row)
            if item.code in items:
                raise _Wrong(gettext_noop("the code %(value)s stands in the file twice"), value=item.code)
            items[item.code] = item
        except _Wrong as wrong:
            issues.append(_at(line, wrong))
    if not issues and not items:
        issues.append(Issue("value", gettext_noop("The file holds no item.")))
    if len(items) > _MOST_ITEMS:
        issues.append(
            Issue("value", gettext_noop("A catalogue has at most %(most)s items."), {"most": _MOST_ITEMS})
        )
    try:
        effective = date.fromisoformat(heads.get("effective", ""))
    except ValueError:
        effective = date.min
        issues.append(
            Issue("value", gettext_noop("A line “# effective” with a day such as 2026-11-27 is missing."))
        )
    issues += [
        Issue("required", gettext_noop("A line “# %(name)s” with its value is missing."), {"name": name})
        for name in ("version", "source", "confidence")
        if not heads.get(name)
    ]
    if issues:
        raise _invalid(issues)
    return Catalogue(
        heads.get("title", ""),
        heads["version"],
        effective,
        heads["source"],
        heads["confidence"],
        items,
        number,
    )


def _at(line: int, wrong: _Wrong) -> Issue:
    """The fault of a line: the message in two parts, so that each can be translated."""
    return Issue("value", wrong.message, dict(wrong.params), expression=str(line))


def _rows(text: str) -> tuple[dict[str, str], list[tuple[int, dict[str, str]]]]:
    """The values of the first lines, and the rows with the numbers of their lines."""
    text = text.removeprefix("\ufeff")
    separator = "\t" if "\t" in text else ","
    heads: dict[str, str] = {}
    heading: list[str] = []
    rows: list[tuple[int, dict[str, str]]] = []
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if cells[0].startswith("#"):
            name = cells[0].lstrip("# ").strip()
            if name in HEADS and len(cells) > 1:
                heads[name] = cells[1].strip()
        elif not heading:
            heading = [cell.strip() for cell in cells]
            _require_columns(heading)
        else:
            row = dict(zip(heading, (cell.strip() for cell in cells), strict=False))
            rows.append((reader.line_num, row))
    return heads, rows


def _require_columns(heading: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in heading]
    unknown = [name for name in heading if name not in COLUMNS]
    if missing or unknown:
        said = {"columns": COLUMNS, "missing": missing, "unknown": unknown}
        raise _invalid(
            [
                Issue(
                    "structure",
                    gettext_noop(
                        "The heading must have the columns %(columns)s; missing: %(missing)s; not known: %(unknown)s."
                    ),
                    {name: ", ".join(values_) or "–" for name, values_ in said.items()},
                )
            ]
        )


def _item(row: Mapping[str, str]) -> Item:
    code, name = row.get("code", ""), row.get("name", "")
    if not _CODE.fullmatch(code):
        raise _Wrong(
            gettext_noop("the code “%(value)s” is to be letters, digits, points and hyphens, at most 40"),
            value=code,
        )
    if not name:
        raise _Wrong(gettext_noop("the item %(value)s has no name"), value=code)
    loinc = row.get("loinc", "").split()
    for one in loinc:
        if not _LOINC_CODE.fullmatch(one):
            raise _Wrong(gettext_noop("“%(value)s” is no LOINC code, such as 14771-0"), value=one)
    codes = row.get("codes", "").split()
    for one in codes:
        if "|" not in one:
            raise _Wrong(gettext_noop("“%(value)s” in codes is to be written system|code"), value=one)
    return Item(
        code=code, name=name, english=row.get("english", ""), kind=values.Kind(_one_of("kind", row, values.Kind)),
        group=row.get("group", ""), codes=(*(f"{LOINC}|{one}" for one in loinc), *codes),
        names=tuple(one.strip() for one in row.get("names", "").split("|") if plain(one)), days=_days(row),
        tier=Tier(row["tier"]) if row.get("tier") and _one_of("tier", row, Tier) else None,
        mark=Scope(row["mark"]) if row.get("mark") and _one_of("mark", row, Scope) else None, fen=_fen(row),
        source=_required("source", row), confidence=_one_of("confidence", row, CONFIDENCES),
    )  # fmt: skip


def _required(name: str, row: Mapping[str, str]) -> str:
    if not row.get(name):
        raise _Wrong(gettext_noop("the column %(name)s is empty"), name=name)
    return row[name]


def _one_of(name: str, row: Mapping[str, str], known: Iterable[str]) -> str:
    value = row.get(name, "")
    names = [str(one) for one in known]
    if value not in names:
        raise _Wrong(
            gettext_noop("%(name)s is “%(value)s”, but must be one of %(known)s"),
            name=name, value=value, known=", ".join(names),
        )  # fmt: skip
    return value


def _days(row: Mapping[str, str]) -> int:
    value = row.get("days", "")
    if not value.isascii() or not value.isdigit() or not 0 < int(value) <= _MOST_DAYS:
        raise _Wrong(
            gettext_noop("days is “%(value)s”, but must be a whole number from 1 to %(most)s"),
            value=value, most=_MOST_DAYS,
        )  # fmt: skip
    return int(value)


def _fen(row: Mapping[str, str]) -> int:
    value = row.get("price", "")
    if not _PRICE.fullmatch(value):
        raise _Wrong(gettext_noop("price is “%(value)s”, but must be yuan such as 20.00"), value=value)
    yuan, _, rest = value.partition(".")
    return int(yuan) * 100 + int(rest.ljust(2, "0") or 0)


def as_row(item: Item) -> dict[str, str]:
    """The line of an item, by column."""
    loinc = [code.removeprefix(f"{LOINC}|") for code in item.codes if code.startswith(f"{LOINC}|")]
    return {
        "code": item.code, "name": item.name, "english": item.english, "kind": item.kind.value, "group": item.group,
        "loinc": " ".join(loinc),
        "codes": " ".join(code for code in item.codes if not code.startswith(f"{LOINC}|")),
        "names": "|".join(item.names), "days": str(item.days), "tier": item.tier or "", "mark": item.mark or "",
        "price": item.price, "source": item.source, "confidence": item.confidence,
    }  # fmt: skip


def write(catalogue: Catalogue) -> str:
    """What ``read`` reads, tab-separated."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    for name in HEADS:
        value = getattr(catalogue, name)
        writer.writerow([f"# {name}", value.isoformat() if isinstance(value, date) else value])
    writer.writerow(COLUMNS)
    for item in catalogue.items.values():
        row = as_row(item)
        writer.writerow([row[name] for name in COLUMNS])
    return text.getvalue()


def compare(before: Catalogue, after: Catalogue) -> list[Change]:
    """What changes from one to the other, in the order of the newer and then of what falls away."""
    found = []
    for code, item in after.items.items():
        old = before.items.get(code)
        if old is None:
            found.append(Change(code, item.name, "added"))
        elif old != item:
            was, is_ = as_row(old), as_row(item)
            fields = tuple((name, was[name], is_[name]) for name in COLUMNS if was[name] != is_[name])
            found.append(Change(code, item.name, "changed", fields))
    return found + [
        Change(code, old.name, "removed") for code, old in before.items.items() if code not in after.items
    ]


def resolve(catalogue: Catalogue, text: str) -> Item | None:
    """The item that a code, a ``system|code``, a LOINC code or a name means; None where none or several do."""
    if text in catalogue.items:
        return catalogue.items[text]
    wanted = plain(text)
    found = [
        item for item in catalogue.items.values()
        if text in item.codes or f"{LOINC}|{text}" in item.codes
        or wanted in {plain(name) for name in (item.name, *item.names)}
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def numbered(catalogue: Catalogue, number: int) -> Catalogue:
    """The same as a version of this platform."""
    return replace(catalogue, number=number)
