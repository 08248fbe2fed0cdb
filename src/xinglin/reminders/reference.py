"""The rules and tables as a page of the documentation. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.reminders import cases, knowledge, rulebook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TABLES = (
    ("Medicines that harm together", "药物相互作用", "interactions.tsv"),
    ("Medicines and kidney function", "肾功能与用药", "renal.tsv"),
    ("Medicines and age", "年龄与用药", "ages.tsv"),
    ("Results", "结果界限", "limits.tsv"),
    ("Notifiable diseases", "法定传染病", "notifiable.tsv"),
)


def page() -> str:
    """All of it in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Rules of reminders"
    yield ""
    yield "Written by `xinglin reminders reference`; do not edit."
    yield ""
    yield "## Rules that are shipped"
    yield ""
    yield from _table(
        ("id", "rule", "规则", "version", "hooks", "level", "begins", "cases", "source", "confidence"),
        (
            (
                f"`{one.id}`", one.title.en, one.title.zh, str(one.version), ", ".join(sorted(one.hooks)),
                str(one.indicator), str(one.begins), str(len(cases.of_rule(one.id))), one.source, one.confidence,
            )
            for one in rulebook.shipped().rules.values()
        ),
    )  # fmt: skip
    yield "## Duplicate therapy: classes of which one is enough"
    yield ""
    kinds = [one for one in knowledge.shipped().kinds.values() if one.duplicate]
    yield from _table(
        ("class", "类别", "ATC"), ((one.name.en, one.name.zh, ", ".join(one.prefixes)) for one in kinds)
    )
    yield "## Examinations that hold for some days"
    yield ""
    mutual = knowledge.shipped().mutual.values()
    yield from _table(
        ("examination", "检查", "days"), ((one.name.en, one.name.zh, str(one.days)) for one in mutual)
    )
    for title, chinese, file in _TABLES:
        yield f"## {title} · {chinese}"
        yield ""
        yield from _table_of(file)


def _table_of(file: str) -> Iterator[str]:
    rows = list(knowledge.table(file))
    yield from _table(tuple(rows[0]), (tuple(row.values()) for row in rows))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' for _ in heads)} |"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') or '—' for cell in row)} |"
    yield ""
