"""A query with ``:names`` as each driver wants it (PEP 249 ``paramstyle``). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PIECE = re.compile(
    r"(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/)|(?<![:\w]):(?P<name>[A-Za-z_]\w*)",
    re.DOTALL,
)


def bound(query: str, values: Mapping[str, Any], style: str) -> tuple[str, Any]:
    """The query and its parameters in the driver's style. Names in texts and comments are left alone."""
    order: list[str] = []
    percent = style in ("format", "pyformat")

    def plain(piece: str) -> str:
        return piece.replace("%", "%%") if percent else piece

    made, last = [], 0
    for found in _PIECE.finditer(query):
        made.append(plain(query[last : found.start()]))
        last = found.end()
        name = found["name"]
        if name is None or name not in values:
            made.append(plain(found[0]))
            continue
        made.append(_place(style, name, order))
    made.append(plain(query[last:]))
    if style in ("named", "pyformat"):
        return "".join(made), {name: values[name] for name in dict.fromkeys(order)}
    if style == "numeric":
        return "".join(made), [values[name] for name in dict.fromkeys(order)]
    return "".join(made), [values[name] for name in order]


def _place(style: str, name: str, order: list[str]) -> str:
    order.append(name)
    if style == "qmark":
        return "?"
    if style == "format":
        return "%s"
    if style == "pyformat":
        return f"%({name})s"
    return f":{list(dict.fromkeys(order)).index(name) + 1}" if style == "numeric" else f":{name}"
