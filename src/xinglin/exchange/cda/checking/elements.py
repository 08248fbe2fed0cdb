"""Values of data elements: their types, units, times and codes."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import kinds, moments
from xinglin.exchange.cda.checking.findings import (
    MISSING,
    NEW_CODE,
    NO_CODE,
    NO_NUMBER,
    NO_TIME,
    NO_TRUTH,
    NO_TYPE,
    OTHER_UNIT,
    OTHERWISE,
    WRONG_TYPE,
    Findings,
)
from xinglin.exchange.cda.documents import (
    ELEMENTS,
)
from xinglin.exchange.doors import ERROR, WARNING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.exchange.cda.documents import Statement, Value
    from xinglin.exchange.cda.kinds import Element

_SHOWN = 8  # codes that are named where one is wrong
_NUMERIC = ("PQ", "REAL", "INT", "MO")
_ALIKE = {"ED": "ST", "SC": "ST", "CE": "CD", "CV": "CD", "CO": "CD", "CS": "CD"}


def check_moment(found: Findings, place: Any, name: str, text: str, *, needed: bool = False) -> None:
    if not text:
        if needed:
            found.add(ERROR, "required", place, MISSING, name=name, right="20260102030405")
    elif moments.read(text) is None:
        found.add(ERROR, "value", place, NO_TIME, found=text)


def check_value(found: Findings, one: Statement, element: Element | None) -> None:
    """A statement's value and times, by the template's element if it is one."""
    for name, text in (("effectiveTime", one.at), ("low", one.low), ("high", one.high)):
        check_moment(found, one.node, name, text)
    if one.system and one.code.startswith("DE") and one.system != ELEMENTS:
        found.add(
            WARNING, "value", one.node, OTHERWISE, name="code/@codeSystem", right=ELEMENTS, found=one.system
        )
    value = one.value
    if value is None or value.is_empty:
        return
    place = _value_node(one)
    if not value.kind:
        right = element.types[0] if element else "ST"
        found.add(WARNING, "structure", place, NO_TYPE, name=one.name or one.code, right=right)
    kind = _ALIKE.get(value.kind, value.kind)
    readable = _readable(found, place, value, kind)
    if element is None or not readable:
        return
    sure = element.confidence != "unsure"
    if kind and kind not in element.types and not _is_near(value, kind, element.types):
        severity = ERROR if sure and not _can_be(value, element.types) else WARNING
        found.add(
            severity, "value", place, WRONG_TYPE,
            name=element.name, right=" | ".join(element.types), found=value.kind,
        )  # fmt: skip
    elif kind == "CD" and value.code:
        check_code(found, place, value, element.domain, sure=sure)
    if kind == "PQ" and element.unit and value.unit and not _same_unit(value.unit, element.unit):
        found.add(
            WARNING, "value", place, OTHER_UNIT, name=element.name, right=element.unit, found=value.unit
        )


def _value_node(one: Statement) -> Any:
    node = one.node.find("{urn:hl7-org:v3}value") if one.node is not None else None
    return one.node if node is None else node


def _readable(found: Findings, place: Any, value: Value, kind: str) -> bool:
    """Whether the value is what its own type says."""
    if kind in _NUMERIC and value.text and not _is_number(value.text, whole=kind == "INT"):
        found.add(ERROR, "value", place, NO_NUMBER, found=value.text)
    elif kind == "TS" and moments.read(value.text) is None:
        found.add(ERROR, "value", place, NO_TIME, found=value.text)
    elif kind == "BL" and value.text not in ("true", "false"):
        found.add(ERROR, "value", place, NO_TRUTH, found=value.text)
    elif kind == "IVL_TS" and any(text and moments.read(text) is None for text in (value.low, value.high)):
        found.add(ERROR, "value", place, NO_TIME, found=value.low or value.high)
    else:
        return True
    return False


def _is_number(text: str, *, whole: bool = False) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return number.is_finite() and "_" not in text and (not whole or number == number.to_integral_value())


def _is_near(value: Value, kind: str, types: Iterable[str]) -> bool:
    """Types that say the same: numbers among each other, a span where a moment is wanted."""
    return (kind in _NUMERIC and any(one in _NUMERIC for one in types)) or (
        kind == "IVL_TS" and "TS" in types and bool(value.low or value.text)
    )


def _can_be(value: Value, types: Iterable[str]) -> bool:
    """Whether the value can be read as one of these types, although it is said to be another."""
    text = value.text or value.display or value.code
    return any(
        one == "ST"
        or (one in _NUMERIC and _is_number(text, whole=one == "INT"))
        or (one == "TS" and moments.read(text) is not None)
        or (one == "BL" and text in ("true", "false"))
        for one in types
    )


def _same_unit(said: str, right: str) -> bool:
    return _unit(said) == _unit(right)


def _unit(text: str) -> str:
    text = text.strip().lower().replace("°c", "℃").replace("cel", "℃").replace("mm[hg]", "mmhg")
    return text.replace("μ", "u").replace("µ", "u").replace("/分", "/min").replace("次", "").replace(" ", "")


def check_code(found: Findings, place: Any, value: Value, domain: str, *, sure: bool) -> None:
    """Whether the code is one of its table: that of the element, else the one the document names."""
    table = kinds.table(domain) if domain else kinds.table(value.system) if value.system else None
    if table is None:
        return
    oid = kinds.oid_of(table.url)
    if value.system and oid and not value.system.startswith(oid):
        found.add(WARNING, "value", place, OTHERWISE, name="codeSystem", right=oid, found=value.system)
    if value.code in table.codes or all(part in table.codes for part in re.split(r"[+*/]", value.code)):
        return
    if not table.is_whole:
        found.add(WARNING, "code-invalid", place, NEW_CODE, found=value.code, table=table.title)
        return
    severity = ERROR if sure else WARNING
    found.add(
        severity, "code-invalid", place, NO_CODE,
        found=value.code, table=table.title, right=_right(table.codes.items(), value.display),
    )  # fmt: skip


def _right(codes: Iterable[tuple[str, str]], display: str) -> str:
    """Codes that would be right: first the one whose name the document gives."""
    listed = list(codes)
    named = [pair for pair in listed if display and pair[1] == display]
    shown = named or listed[:_SHOWN]
    words = ", ".join(f"{code} {name}" for code, name in shown)
    return words if named or len(listed) <= _SHOWN else f"{words} …"
