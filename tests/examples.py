"""The example resources of FHIR R4 itself, from the npm package ``hl7.fhir.r4.examples`` (CC0)."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "hl7.fhir.r4.examples"
VERSION = "4.0.1"
_CACHE = Path(__file__).parents[1] / "var" / "cache"


def examples() -> Iterator[tuple[str, bytes]]:
    """(name of the file, its JSON) for every resource of the package, definitions included.

    The package is fetched once into ``var/cache``; where that cannot be done the test is skipped.
    """
    with tarfile.open(tarball()) as archive:
        for member in archive:
            name = Path(member.name).name
            if member.isfile() and name.endswith(".json") and name not in ("package.json", ".index.json"):
                stream = archive.extractfile(member)
                assert stream is not None
                yield name, stream.read()


def tarball() -> Path:
    """The package itself."""
    path = _CACHE / f"{PACKAGE}-{VERSION}.tgz"
    if path.exists():
        return path
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"{path.name} is not in var/cache, and there is no npm to fetch it")
    _CACHE.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"]
    done = subprocess.run(command, cwd=_CACHE, capture_output=True, check=False)
    if done.returncode or not path.exists():
        pytest.skip(f"{path.name} is not in var/cache, and npm could not fetch it")
    return path
