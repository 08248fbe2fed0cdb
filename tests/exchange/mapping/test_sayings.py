"""What the language says can be translated."""

from __future__ import annotations

import ast
from pathlib import Path

from xinglin.exchange import mapping
from xinglin.exchange.mapping.sayings import SAID

PURE = (
    "building", "calling", "compiling", "described", "dialects", "functions", "language", "reaching", "running",
    "source", "syntax", "targets", "tree", "works",
)  # fmt: skip
SAYING = {"SyntaxWrong", "Unusable", "mark", "wrong_key", "wrong_value", "_issue", "say"}


def spoken() -> set[str]:
    """Every sentence that the pure modules hand to something that says it."""
    found = set()
    for name in PURE:
        tree = ast.parse((Path(mapping.__file__).parent / f"{name}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) in SAYING
            ):
                given = [
                    a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
                ]
                found |= {text for text in given if " " in text}
    return found


def test_all_that_the_language_says_is_marked_for_translators() -> None:
    assert spoken() - set(SAID) == set()
