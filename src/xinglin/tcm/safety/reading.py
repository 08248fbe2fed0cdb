"""Prescriptions as they are typed: ``甘草6g(先煎)``, one herb a line or divided by commas."""

from __future__ import annotations

import re

from xinglin.tcm.safety.values import PREPARATIONS, Line

_LINE = re.compile(
    r"^(?P<patent>[@＠])?\s*(?P<name>[^\d]+?)\s*(?:(?P<grams>\d+(?:\.\d+)?)\s*(?:g|G|克)?\s*(?P<rest>[^\d]*))?$"
)
_ROUTES = {"外用": "topical", "丸": "pill", "入丸": "pill", "泡酒": "wine", "浸酒": "wine", "散": "powder"}
_BETWEEN = re.compile(r"[\n;；,，、]+")
_WORDS = re.compile(r"[\s()（）]+")


def lines(text: str) -> list[Line]:
    """The lines of what was typed; what is behind the amount are preparations, a route, or words of processing."""
    return [_line(part) for part in parts(text)]


def parts(text: str) -> list[str]:
    """What was typed, herb by herb."""
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def _line(text: str) -> Line:
    match = _LINE.match(text)
    if match is None:
        return Line(text)
    words = [word for word in _WORDS.split(match["rest"] or "") if word]
    if match["patent"]:
        return Line(match["name"].strip(), patent=True)
    return Line(
        match["name"].strip(),
        float(match["grams"]) if match["grams"] else None,
        route=next((_ROUTES[word] for word in words if word in _ROUTES), ""),
        preparation=tuple(PREPARATIONS[word] for word in words if word in PREPARATIONS),
        processing=next((w for w in words if w not in PREPARATIONS and w not in _ROUTES and len(w) < 4), ""),
    )
