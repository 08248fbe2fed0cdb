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


def _run(page: str, server: Server) -> tuple[int, subprocess.CompletedProcess[str]]:
    """How many examples the page has, and what they said, one after the other."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    blocks = re.findall(r"```sh\n(.*?)```", (_PAGES / page).read_text(), re.DOTALL)
    done = subprocess.run(
        ["sh", "-eu"],
        input="\n".join(blocks),
        env={**os.environ, "BASE": server.base, "TOKEN": server.token},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return len(blocks), done


def test_examples_of_the_fhir_page_run(server: Server) -> None:
    count, done = _run("fhir.md", server)

    assert count >= 8
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert '"fhirVersion"' in done.stdout or '"resourceType":"CapabilityStatement"' in done.stdout
    assert done.stdout.count('"resourceType":"Bundle"') >= 9


def test_examples_of_the_identity_page_run(server: Server) -> None:
    count, done = _run("identity.md", server)

    assert count == 5
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert '"code":"ok"' in done.stdout
    assert done.stdout.count('"valueCode":"certain"') == 2
    assert '"value":"B-7"' in done.stdout
    assert '"seealso"' in done.stdout
