"""Everything that CI runs. Stops at nothing, reports all.

Usage: check.py [NAME…]   (names of the checks to run; all without)
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS: dict[str, list[str]] = {
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "lint": [str(BIN / "ruff"), "check", "--quiet", "."],
    "imports": [str(BIN / "lint-imports"), "--no-cache"],
    "types": [str(BIN / "mypy")],
    "dependencies": [sys.executable, "tools/audit_dependencies.py"],
    "docs": [str(BIN / "mkdocs"), "build", "--strict", "--quiet", "--site-dir", "var/site"],
    "tests": [str(BIN / "pytest"), "-n", "2", "--dist", "worksteal", "-q"],
}


def main() -> int:
    os.chdir(ROOT)
    environment = {**os.environ, "DATABASE_URL": os.environ.get("DATABASE_URL", "postgresql:///unused")}
    failed = []
    for name in sys.argv[1:] or CHECKS:
        started = time.monotonic()
        print(f"== {name}", flush=True)
        # the tests start a server of their own unless one is named; the type checker only reads the setting
        env = environment if name == "types" else os.environ
        if subprocess.run(CHECKS[name], check=False, env=env).returncode:
            failed.append(name)
        print(
            f"   {name}: {'FAILED' if name in failed else 'ok'} in {time.monotonic() - started:.0f} s",
            flush=True,
        )
    print("failed: " + ", ".join(failed) if failed else "all checks passed", flush=True)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
