"""The summary on A4, as a PDF that anybody can read, keep and print.

The Chinese font is one that every reader of PDF brings along (STSong-Light); it is not embedded.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

if TYPE_CHECKING:
    from xinglin.summary.building import Section, Summary

_FONT = "STSong-Light"
_MARGIN = 16 * mm
_WIDTHS = (
    56 * mm,
    58 * mm,
    22 * mm,
    42 * mm,
)  # name, details, day, institution: 178 mm, the width between the margins
_LINE = colors.HexColor("#b9c4c7")
_HEAD = colors.HexColor("#083d48")


@dataclass(frozen=True, slots=True)
class Words:
    """What is written around the entries, in the reader's language; ``facts``: whose summary it is and when made."""

    title: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[str, str, str, str]
    nothing: str
    foot: str
    chinese: bool


def pdf(made: Summary, words: Words) -> bytes:
    """The summary section by section; sections that need not be there are left out when they are empty."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    body = ParagraphStyle("body", fontName=_FONT, fontSize=9.5, leading=13, wordWrap="CJK")
    title = ParagraphStyle("title", parent=body, fontSize=18, leading=26)
    head = ParagraphStyle("head", parent=body, fontSize=12, leading=18, textColor=_HEAD, spaceBefore=4 * mm)
    small = ParagraphStyle("small", parent=body, fontSize=8, leading=11, textColor=colors.HexColor("#4a5a5e"))
    flow: list[Any] = [Paragraph(escape(words.title), title)]
    flow += [Paragraph(f"{escape(name)}：{escape(value)}", body) for name, value in words.facts]
    for section in made.sections:
        if not section.rows and not section.kind.required:
            continue
        flow.append(Paragraph(escape(section.kind.zh if words.chinese else section.kind.en), head))
        if section.rows:
            flow.append(_table(section, words, body, small))
        else:
            flow.append(Paragraph(escape(words.nothing), body))
    flow += [Spacer(1, 6 * mm), Paragraph(escape(words.foot), small)]
    kept = io.BytesIO()
    document = SimpleDocTemplate(
        kept, pagesize=A4, title=words.title, author="Xinglin", leftMargin=_MARGIN, rightMargin=_MARGIN,
        topMargin=_MARGIN, bottomMargin=_MARGIN,
    )  # fmt: skip
    numbered = _numbered(words.title)
    document.build(flow, onFirstPage=numbered, onLaterPages=numbered)
    return kept.getvalue()


def _table(section: Section, words: Words, body: ParagraphStyle, small: ParagraphStyle) -> Table:
    heads = [Paragraph(escape(name), small) for name in words.columns]
    rows = [
        [Paragraph(escape(text or "—"), body) for text in (row.name, row.detail, row.day, row.institution)]
        for row in section.rows
    ]
    style = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ]
    )
    return Table([heads, *rows], colWidths=_WIDTHS, repeatRows=1, style=style)


def _numbered(title: str) -> Any:
    """What is drawn at the foot of every page: what it is, and its number."""

    def draw(canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(_FONT, 8)
        canvas.drawString(_MARGIN, 9 * mm, title)
        canvas.drawRightString(A4[0] - _MARGIN, 9 * mm, str(document.page))
        canvas.restoreState()

    return draw
