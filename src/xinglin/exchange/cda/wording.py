"""Values and sections of a document in words, as people read them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from xinglin.exchange.cda import moments

if TYPE_CHECKING:
    from xinglin.exchange.cda.documents import (
        Section,
        Statement,
    )


_XHTML = "http://www.w3.org/1999/xhtml"
NOTHING = f'<div xmlns="{_XHTML}"><p>—</p></div>'


def narrative_of(section: Section) -> str:
    """What the section says in words: its own narrative, else its elements and values."""
    lines = section.text.splitlines() or [
        f"{one.name or one.code}：{words}" for one in section.all() if (words := said(one))
    ]
    body = "".join(f"<p>{escape(line)}</p>" for line in lines if line.strip())
    return f'<div xmlns="{_XHTML}">{body}</div>' if body else ""


def said(one: Statement) -> str:
    """A statement's value as people read it."""
    if one.medicine is not None:
        medicine = one.medicine
        pieces = (
            medicine.drug.display or medicine.drug.code, f"{medicine.dose.text}{medicine.dose.unit}",
            f"{medicine.rate.text}{medicine.rate.unit}" or medicine.rate.display,
            medicine.route.display or medicine.route.code,
            medicine.form.display,
        )  # fmt: skip
        return " ".join(piece for piece in pieces if piece)
    value = one.value
    if value is None or value.is_empty:
        return ""
    if value.kind == "BL":
        return {"true": "是", "false": "否"}.get(value.text, value.text)
    if value.kind == "TS":
        return time_words(value.text)
    if value.low or value.high:
        return f"{time_words(value.low)} – {time_words(value.high)}"
    if value.code or value.display:
        return " ".join(dict.fromkeys(text for text in (value.display, value.code) if text))
    return f"{value.text} {value.unit}".strip()


def time_words(text: str) -> str:
    """A time as people read it; as it stands where it is none."""
    return moments.to_fhir(text)[:16].replace("T", " ") or text
