"""Lists the messages that faults and outcomes carry, as they stand in the source.

python tools/collect_messages.py            every message with the file it stands in
python tools/collect_messages.py --missing  those that the Chinese catalogue of ``xinglin.api`` lacks
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[1] / "src" / "xinglin"
CATALOGUE = SOURCE / "api" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"

# Callables, by the last part of their name, and the position of the message among their arguments.
SAYING = {
    **dict.fromkeys(
        ("invalid", "forbidden", "not_found", "gone", "conflict", "busy", "unsupported", "precondition"), 0
    ),
    "of_success": 0,
    "Issue": 1,
    "wrong": 1,
    "Refusal": 3,
}
_PAIR = re.compile(r'^msgid ((?:"(?:[^"\\]|\\.)*"\s*)+)msgstr ((?:"(?:[^"\\]|\\.)*"\s*)+)', re.MULTILINE)


def messages() -> dict[str, str]:
    """Message → the file it stands in, relative to the package."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        for text in _said(tree):
            found.setdefault(text, str(path.relative_to(SOURCE)))
    return found


def translations() -> dict[str, str]:
    """The Chinese catalogue of faults: message → translation."""
    text = CATALOGUE.read_text() if CATALOGUE.exists() else ""
    pairs = ((ast.literal_eval(f"({a})"), ast.literal_eval(f"({b})")) for a, b in _PAIR.findall(text))
    return {message: translated for message, translated in pairs if message}


def _said(tree: ast.Module) -> Iterator[str]:
    """The constant messages of a module: given to a callable of ``SAYING``, or kept in a name for one."""
    kept = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (place := SAYING.get(_name(node.func))) is not None:
            for argument in node.args[place : place + 1]:
                value = kept.get(argument.id) if isinstance(argument, ast.Name) else argument
                yield from _constants(value)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _constants(node: ast.expr | None) -> Iterator[str]:
    """A constant text, or both of a choice between two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        pass


if __name__ == "__main__":
    known = translations() if "--missing" in sys.argv else {}
    for message, place in messages().items():
        if message not in known:
            print(f"{place}\t{message}")
