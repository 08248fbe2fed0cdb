"""The examples of the documentation run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Server

pytestmark = pytest.mark.clients

_PAGES = Path(__file__).parents[2] / "docs" / "integrators"


def blocks(page: str) -> list[str]:
    """The shell examples of a page."""
    return re.findall(r"```sh\n(.*?)```", (_PAGES / page).read_text(), re.DOTALL)


def run(server: Server, examples: list[str]) -> str:
    """What the examples print, one after the other; each must succeed."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    done = subprocess.run(
        ["sh", "-eu"],
        input="\n".join(examples),
        env={**os.environ, "BASE": server.base, "TOKEN": server.token},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout


def test_examples_of_the_fhir_page_run(server: Server) -> None:
    examples = blocks("fhir.md")

    said = run(server, examples)

    assert len(examples) >= 8
    assert '"fhirVersion"' in said or '"resourceType":"CapabilityStatement"' in said
    assert said.count('"resourceType":"Bundle"') >= 9


def test_examples_of_the_page_of_codes_run(server: Server) -> None:
    said = run(server, [blocks("fhir.md")[0], *blocks("terminology.md")])

    assert '"code":"F2","display":"香蕉"}]' in said
    assert '{"name":"outcome","valueCode":"subsumes"}' in said
