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

_PAGE = Path(__file__).parents[2] / "docs" / "integrators" / "fhir.md"


def test_examples_of_the_fhir_page_run(server: Server) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    blocks = re.findall(r"```sh\n(.*?)```", _PAGE.read_text(), re.DOTALL)

    done = subprocess.run(
        ["sh", "-eu"],
        input="\n".join(blocks),
        env={**os.environ, "BASE": server.base, "TOKEN": server.token},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert len(blocks) >= 8
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert '"fhirVersion"' in done.stdout or '"resourceType":"CapabilityStatement"' in done.stdout
    assert done.stdout.count('"resourceType":"Bundle"') >= 9
