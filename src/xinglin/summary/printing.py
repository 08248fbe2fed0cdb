"""The summary as a PDF, to take along where no computer reads FHIR: Chinese and English beside each other. Pure.

The Chinese font is one that every reader of PDF brings along (STSong-Light); it is not embedded.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.summary.building import Row, Section, Summary

_FONT = "STSong-Light"
_LINE, _HEAD, _INK = HexColor("#71868e"), HexColor("#e3f2f3"), HexColor("#14252b")
_WIDTHS = (58 * mm, 62 * mm, 24 * mm, 34 * mm)
_TITLE = "国际患者摘要 International Patient Summary"
_COLUMNS = ("条目 Entry", "详情 Details", "日期 Date", "机构 Institution")
_EMPTY = "无人记录，不等于没有。 Nobody has written any down; that does not mean that there are none."
_FOOT = (
    "由平台自各机构报送的数据汇总，每项取最近一次；未经签名，不作诊断。"
    " Put together from what institutions sent, the latest of each; not signed, and no diagnosis."
)


def draw(made: Summary, facts: Sequence[tuple[str, str]], *, now: datetime) -> bytes:
    """The PDF on A4. ``facts`` say who it is of, as name and value; ``now`` has the zone in which it is told."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    body = ParagraphStyle("body", fontName=_FONT, fontSize=9, leading=13, wordWrap="CJK", textColor=_INK)
    head = ParagraphStyle("head", parent=body, fontSize=16, leading=24)
    part = ParagraphStyle("part", parent=body, fontSize=11, leading=18, spaceBefore=3 * mm)
    told = "　".join(f"{name} {value}" for name, value in facts if value)
    flow: list[Any] = [
        Paragraph(escape(_TITLE), head),
        Paragraph(escape(told), body),
        Paragraph(escape(f"制作时间 Made {now:%Y-%m-%d %H:%M %Z}"), body),
    ]
    for section in made.sections:
        flow.append(Paragraph(escape(f"{section.kind.zh} {section.kind.en}"), part))
        flow.append(_table(section, body) if section.rows else Paragraph(escape(_EMPTY), body))
    flow += [Spacer(1, 5 * mm), Paragraph(escape(_FOOT), body)]
    written = io.BytesIO()
    margins = {"leftMargin": 16 * mm, "rightMargin": 16 * mm, "topMargin": 16 * mm, "bottomMargin": 16 * mm}
    sheet = SimpleDocTemplate(written, pagesize=A4, title=_TITLE, author="Xinglin", lang="zh-CN", **margins)
    sheet.build(flow, onFirstPage=_number, onLaterPages=_number)
    return written.getvalue()


def _table(section: Section, style: ParagraphStyle) -> LongTable:
    rows = [[Paragraph(escape(name), style) for name in _COLUMNS]]
    rows += [[Paragraph(escape(text), style) for text in _cells(row)] for row in section.rows]
    look = [
        ("GRID", (0, 0), (-1, -1), 0.4, _LINE), ("BACKGROUND", (0, 0), (-1, 0), _HEAD),
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]  # fmt: skip
    return LongTable(rows, colWidths=_WIDTHS, repeatRows=1, style=TableStyle(look), hAlign="LEFT")


def _cells(row: Row) -> tuple[str, ...]:
    return tuple(text or "—" for text in (row.both, row.detail, row.day, row.institution))


def _number(canvas: Any, _: Any) -> None:
    canvas.setFont(_FONT, 8)
    canvas.drawRightString(A4[0] - 16 * mm, 9 * mm, str(canvas.getPageNumber()))
