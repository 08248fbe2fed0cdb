"""Fetch the front-end files that the platform serves, from npm, as VENDOR.toml names them.

    python tools/vendor_frontend.py            # write the files
    python tools/vendor_frontend.py --check    # tell whether the files are what VENDOR.toml says; no network

Each package's archive must have the SHA-256 written in VENDOR.toml; the hashes of the files are written to
VENDOR.sha256 beside it. To move to another version: change version and sha256, run, look at the diff.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parent.parent / "src" / "xinglin" / "ui" / "static" / "vendor"
LIST = STATIC / "VENDOR.toml"
HASHES = STATIC / "VENDOR.sha256"


def packages() -> list[dict[str, Any]]:
    """The packages of VENDOR.toml; ``files`` maps a name here to a name in the archive."""
    listed: list[dict[str, Any]] = tomllib.loads(LIST.read_text())["package"]
    for package in listed:
        for icon in package.pop("icons", []):
            package["files"][f"icons/{icon}.svg"] = f"icons/outline/{icon}.svg"
    return listed


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive(package: dict[str, Any], folder: Path) -> Path:
    """Download one package and insist on its hash."""
    spec = f"{package['name']}@{package['version']}"
    packed = subprocess.run(
        ["npm", "pack", spec, "--silent", "--pack-destination", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    path = folder / packed.stdout.strip().splitlines()[-1]
    found = digest(path.read_bytes())
    if found != package["sha256"]:
        raise SystemExit(f"{spec} has SHA-256 {found}, but VENDOR.toml says {package['sha256']}.")
    return path


def unpack(package: dict[str, Any], path: Path) -> dict[str, bytes]:
    """The wanted files of an archive, by their name here."""
    wanted: dict[str, bytes] = {}
    with tarfile.open(path) as tar:
        for here, there in package["files"].items():
            member = tar.extractfile(f"package/{there}")
            if member is None:
                raise SystemExit(f"{package['name']} holds no file {there}.")
            wanted[here] = _without_source_map(member.read())
    return wanted


def _without_source_map(content: bytes) -> bytes:
    """Drop the pointer to a source map, which is not shipped: browsers would ask for it."""
    lines = [
        line
        for line in content.splitlines(keepends=True)
        if b"sourceMappingURL=" not in line or len(line) > 200
    ]
    return b"".join(lines)


def fetch() -> None:
    hashes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for package in packages():
            for name, content in unpack(package, archive(package, Path(folder))).items():
                target = STATIC / package["folder"] / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                hashes.append(f"{digest(content)}  {package['folder']}/{name}")
    HASHES.write_text("\n".join(sorted(hashes, key=lambda line: line[66:])) + "\n")
    print(f"{len(hashes)} files written below {STATIC}")


def differences() -> list[str]:
    """Every file that is missing, changed, or not listed."""
    listed = {
        name: found for found, name in (line.split("  ", 1) for line in HASHES.read_text().splitlines())
    }
    wanted = {f"{package['folder']}/{name}" for package in packages() for name in package["files"]}
    found = {str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file()} - {
        LIST.name,
        HASHES.name,
    }
    problems = [f"{name}: not what VENDOR.toml lists" for name in sorted(wanted ^ set(listed))]
    written = {f"{package['folder']}/{name}" for package in packages() for name in package.get("written", [])}
    problems += [f"{name}: no package brings it" for name in sorted(found - wanted - written)]
    problems += [f"{name}: to be written by hand, but missing" for name in sorted(written - found)]
    problems += [f"{name}: missing" for name in sorted(wanted - found)]
    for name in sorted(found & set(listed)):
        if digest((STATIC / name).read_bytes()) != listed[name]:
            problems.append(f"{name}: changed since it was fetched")
    return problems


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit("\n".join(differences()) or 0)
    fetch()
