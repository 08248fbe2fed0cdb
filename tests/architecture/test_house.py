"""The house rules that no other tool keeps."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "xinglin"
FILES = sorted(SOURCE.rglob("*.py"))
FORBIDDEN_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "core",
    "service",
    "services",
    "manager",
    "misc",
}
LONGEST_FILE = 420
LONGEST_FUNCTION = 60
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("time", "time"),
    ("timezone", "now"),
}


def relative(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def test_no_module_has_an_empty_name() -> None:
    assert [relative(p) for p in FILES if p.stem in FORBIDDEN_NAMES] == []


def test_every_package_has_a_map() -> None:
    maps = [p for p in SOURCE.glob("*/__init__.py") if not ast.get_docstring(ast.parse(p.read_text()))]

    assert [relative(p) for p in maps] == []


def test_files_stay_small() -> None:
    long = {relative(p): n for p in FILES if (n := len(p.read_text().splitlines())) > LONGEST_FILE}

    assert long == {}


def test_functions_stay_a_screen_long() -> None:
    long = {
        f"{relative(p)}:{node.name}": node.end_lineno - node.lineno
        for p in FILES
        for node in ast.walk(ast.parse(p.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno > LONGEST_FUNCTION
    }

    assert long == {}


@pytest.mark.parametrize("path", [p for p in FILES if relative(p) != "kernel/clock.py"], ids=relative)
def test_only_the_kernel_looks_at_the_clock(path: Path) -> None:
    calls = [
        f"{node.lineno}: {node.func.value.id}.{node.func.attr}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in CLOCKS
    ]

    assert calls == []
