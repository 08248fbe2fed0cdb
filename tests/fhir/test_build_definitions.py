from __future__ import annotations

import importlib.util
from pathlib import Path

from tests.examples import tarball
from xinglin.fhir.definitions import files

TOOL = Path(__file__).parents[2] / "tools" / "build_definitions.py"


def test_the_committed_files_are_what_the_tool_makes_of_the_package() -> None:
    spec = importlib.util.spec_from_file_location("build_definitions", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    made = tool.compile_package(tarball())

    assert set(made) == {"structures", "codes", "search"}
    for name, content in made.items():
        assert files.read(name) == content
