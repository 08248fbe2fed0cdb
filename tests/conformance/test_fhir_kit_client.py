"""fhir-kit-client, from npm, as a client over HTTP. https://www.npmjs.com/package/fhir-kit-client"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Server

pytestmark = pytest.mark.clients

_HERE = Path(__file__).parent
_CACHE = _HERE.parents[1] / "var" / "cache" / "npm"


@pytest.fixture(scope="session")
def journey() -> Path:
    """The script beside its installed packages; skipped where there is no Node.js, or no way to npm."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("Node.js and npm are not installed")
    _CACHE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "journey.mjs"):
        shutil.copy(_HERE / name, _CACHE / name)
    wanted = json.loads((_HERE / "package.json").read_text())["dependencies"]["fhir-kit-client"]
    installed = _CACHE / "node_modules" / "fhir-kit-client" / "package.json"
    if not installed.exists() or json.loads(installed.read_text())["version"] != wanted:
        done = subprocess.run(
            ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"],
            cwd=_CACHE,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            pytest.skip(f"npm could not install fhir-kit-client: {done.stderr[-500:]}")
    return _CACHE / "journey.mjs"


def test_journey_of_a_javascript_client(server: Server, journey: Path) -> None:
    done = subprocess.run(
        ["node", str(journey)],
        env={**os.environ, "BASE": server.base, "TOKEN": server.token},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "fhirVersion": "4.0.1",
        "created": "欧阳",
        "read": True,
        "updated": "2",
        "patched": ["female", "3"],
        "vread": None,
        "history": ["3", "2", "1"],
        "typeHistory": "history",
        "systemHistory": "history",
        "pages": [2, 2, 1],
        "found": 5,
        "posted": 1,
        "transaction": ["201 Created", "201 Created"],
        "compartment": 1,
        "everything": ["Observation", "Patient"],
        "batch": ["200 OK", "404 Not Found"],
        "deleted": True,
        "gone": 410,
        "refused": [400, "Patient.name[0].family"],
    }
