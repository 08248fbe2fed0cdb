"""An institution's codes from an uploaded table: CSV or Excel with a code, a name, and perhaps unit and count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.codebook.mapping.rules import MOST_LINES
from xinglin.kernel.errors import Issue, invalid
from xinglin.terminology import sheets

if TYPE_CHECKING:
    from xinglin.terminology.sheets import Row, Table

MOST_BYTES = 20 * 1024 * 1024
MOST_COUNT = 10**15
_HEADINGS = {
    "code": (
        "code",
        "编码",
        "代码",
        "项目编码",
        "项目代码",
        "院内编码",
        "院内代码",
        "本地编码",
        "诊断编码",
        "药品编码",
        "local code",
    ),
    "name": (
        "name",
        "名称",
        "项目名称",
        "院内名称",
        "本地名称",
        "诊断名称",
        "药品名称",
        "display",
        "local name",
    ),
    "unit": ("unit", "单位", "计量单位", "结果单位"),
    "count": ("count", "数量", "次数", "使用次数", "频次", "例数", "使用量", "uses"),
}


@dataclass(frozen=True, slots=True)
class Local:
    code: str
    name: str
    unit: str = ""
    count: int = 1
    beside: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """The good lines of a table, and what is wrong with the others, by line and column."""

    lines: list[Local]
    issues: list[Issue]


def read(name: str, data: bytes) -> Reading:
    """Read a table; raises ``invalid`` where it is none at all, or too large."""
    if len(data) > MOST_BYTES:
        raise invalid(
            gettext_noop("%(name)s is larger than %(most)d MB; split it."), name=name, most=MOST_BYTES >> 20
        )
    table = sheets.read(name, data, ())
    columns = _columns(name, table)
    found: dict[str, tuple[Local, int]] = {}
    for row in table.rows:
        made = _line(table, row, columns)
        if made is None:
            continue
        if made.code in found:
            first = found[made.code][1]
            message = gettext_noop(
                "%(line)sThe code %(code)s is there twice; before it was on line %(first)d."
            )
            table.say(row, columns["code"], message, code=made.code, first=first)
            continue
        found[made.code] = (made, row.line)
    if len(found) > MOST_LINES:
        raise invalid(
            gettext_noop("%(name)s has %(count)d codes; a book takes %(most)d. Split it by kind."),
            name=name, count=len(found), most=MOST_LINES,
        )  # fmt: skip
    return Reading([line for line, _ in found.values()], list(table.issues))


def _columns(name: str, table: Table) -> dict[str, str]:
    """Which column is which, by their usual headings."""
    found = {}
    for meaning, headings in _HEADINGS.items():
        known = [column for column in table.columns if column.strip().lower() in headings]
        if known:
            found[meaning] = known[0]
    for meaning in ("code", "name"):
        if meaning not in found:
            raise invalid(
                gettext_noop(
                    "%(name)s:1: No column is the %(meaning)s. Its heading may be one of %(known)s; the first line has"
                    " %(there)s."
                ),
                name=name,
                meaning=meaning,
                known=", ".join(_HEADINGS[meaning]),
                there=", ".join(filter(None, table.columns))[:200] or "—",
            )
    return found


def _line(table: Table, row: Row, columns: dict[str, str]) -> Local | None:
    cells = {meaning: row.cells.get(column, "") for meaning, column in columns.items()}
    before = len(table.issues)
    for meaning in ("code", "name"):
        if not cells[meaning]:
            message = gettext_noop("%(line)sThe cell is empty; every line needs a code and a name.")
            table.say(row, columns[meaning], message)
    count = _count(table, row, columns.get("count", ""), cells.get("count", ""))
    if len(table.issues) > before:
        return None
    return Local(cells["code"], cells["name"], cells.get("unit", ""), count)


def _count(table: Table, row: Row, column: str, text: str) -> int:
    if not text:
        return 1
    plain = text.replace(",", "").replace("，", "")
    if not plain.isdecimal() or int(plain) > MOST_COUNT:
        table.say(
            row, column, gettext_noop("%(line)s“%(value)s” is no count; write a whole number."), value=text
        )
        return 0
    return int(plain)
