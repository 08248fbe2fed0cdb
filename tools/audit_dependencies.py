"""Ask pip-audit for known vulnerabilities of what is installed where the platform runs.

Usage: audit_dependencies.py [LOCK]   (requirements/run.lock if none is named)

Fails where a package has one. What the index of packages says nothing about is counted and told, not passed over: a
mirror that keeps files alone knows no vulnerabilities.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_EACH = 5  # ways of mending that are named


def main() -> int:
    lock = sys.argv[1] if len(sys.argv) > 1 else "requirements/run.lock"
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "pip-audit"), "--requirement", lock, "--disable-pip", "--no-deps",
            "--progress-spinner", "off", "--format", "json",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(done.stderr.strip() or "pip-audit gave no answer")
        return 1
    bad = [one for one in packages if one.get("vulns")]
    for one in bad:
        for found in one["vulns"]:
            mended = ", ".join(found["fix_versions"][:_EACH]) or "no version yet"
            print(f"{one['name']} {one['version']}: {found['id']}, mended in {mended}")
    unknown = [one["name"] for one in packages if "skip_reason" in one]
    print(
        f"{len(packages) - len(unknown)} of {len(packages)} packages were looked up, {len(bad)} are vulnerable"
    )
    if unknown:
        print(f"not known to the index that was asked: {len(unknown)} ({', '.join(unknown[:_EACH])} …)")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
