"""Small pieces of HL7 v3: identifiers, codes, quantities, times and values."""

from __future__ import annotations

import re
from typing import Any

from xinglin.exchange.cda.documents import (
    V3,
    Number,
    Value,
)

N = f"{{{V3}}}"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
SPACES = re.compile(r"[ \t\r\n]+")


def child_of(node: Any, *names: str) -> Any:
    """The element at the end of this way, or None."""
    for name in names:
        node = node.find(N + name)
        if node is None:
            return None
    return node


def words_of(node: Any) -> str:
    """The text of an element and what is in it, blanks as one."""
    return "" if node is None else SPACES.sub(" ", "".join(node.itertext())).strip()


def attribute_of(node: Any, name: str) -> str:
    return "" if node is None else (node.get(name) or "").strip()


def number_of(node: Any, *, root: bool = False) -> Number:
    """An identifier; with ``root`` also where only the root is there, which says what kind of thing it is."""
    if node is None:
        return Number()
    item = node.find(N + "item")
    node = node if item is None else item
    number = attribute_of(node, "extension")
    return Number(attribute_of(node, "root"), number) if number or root else Number()


def coded_of(node: Any) -> Value:
    if node is None:
        return Value()
    return Value(
        "CD",
        code=attribute_of(node, "code"),
        system=attribute_of(node, "codeSystem"),
        display=attribute_of(node, "displayName"),
        null=attribute_of(node, "nullFlavor"),
    )


def quantity_of(node: Any) -> Value:
    if node is None:
        return Value()
    return Value("PQ", text=attribute_of(node, "value"), unit=attribute_of(node, "unit"))


def rate_of(node: Any) -> Value:
    """How often: a number of times, or a code in a ``translation``."""
    found = quantity_of(node)
    coded = coded_of(child_of(node, "translation")) if node is not None else Value()
    if coded.is_empty:
        return found
    if not found.text:
        return coded
    found.code, found.system, found.display = coded.code, coded.system, coded.display
    return found


def value_of(node: Any) -> Value:
    """A ``value`` element by its xsi:type."""
    kind = (node.get(_XSI_TYPE) or "").rpartition(":")[2].strip()
    null = attribute_of(node, "nullFlavor")
    if kind in ("CD", "CE", "CV", "CO", "CS") or (not kind and node.get("code") is not None):
        value = coded_of(node)
        value.kind = kind and "CD"
        return value
    if kind in ("IVL_TS", "IVL_PQ", "PIVL_TS"):
        low, high = child_of(node, "low"), child_of(node, "high")
        return Value(
            kind, text=attribute_of(node, "value"), low=attribute_of(low, "value"), high=attribute_of(high, "value"),
            unit=attribute_of(low, "unit"), null=null,
        )  # fmt: skip
    if kind in ("ST", "ED", "SC"):
        return Value("ST", text=words_of(node) or attribute_of(node, "value"), null=null)
    if node.get("value") is not None:
        unit = attribute_of(node, "unit") or attribute_of(node, "currency")
        return Value(kind, text=attribute_of(node, "value"), unit=unit, null=null)
    return Value(kind, text=words_of(node), null=null)


def span_of(node: Any) -> tuple[str, str, str]:
    """The moment, or begin and end, of an effectiveTime."""
    if node is None:
        return "", "", ""
    low, high = attribute_of(child_of(node, "low"), "value"), attribute_of(child_of(node, "high"), "value")
    return attribute_of(node, "value"), low, high
