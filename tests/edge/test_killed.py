"""``kill -9`` at any moment, again and again: what the institution's database has is what arrives, each row once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.edge.conftest import DATABASE, Hospital, wait_until
from tests.edge.platform import Platform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xinglin.edge.configuration import Configuration

pytestmark = pytest.mark.crash
_KILLS = 5
_RUN = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
os.environ["DATABASE_URL"] = "postgresql:///none"
from xinglin.config.command import main
sys.argv = ["xinglin", "edge", *sys.argv[1:]]
main()
"""


def command(home: Path, *words: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "XINGLIN_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_what_the_database_has_is_what_arrives(
    configured: Callable[..., Configuration], hospital: Hospital, platform: Platform, tmp_path: Path
) -> None:
    chance = random.Random(3)
    read = configured(
        DATABASE.replace('patient = "patient"', 'patient = "patient"\nrows = 3'),
        buffer_more='limit = "40 KB"',
    )
    platform.behave = lambda *_: chance.choice(["keep", "keep", "keep", "cut after", "cut before", "503"])
    given = 0
    for _ in range(_KILLS):
        hospital.add(*((n, f"p{n % 40}", "Na", str(n), n) for n in range(given, given + 300)))
        given += 300
        process = command(tmp_path / "home", "run", str(read.path))
        seen = platform.requests
        wait_until(lambda seen=seen: platform.requests > seen + 2, 60)
        time.sleep(chance.random() * 0.4)
        process.send_signal(signal.SIGKILL)
        process.communicate()

    platform.behave = lambda *_: "keep"
    process = command(tmp_path / "home", "run", str(read.path))
    wait_until(lambda: len(_rows(platform)) >= given, 60)
    status = command(tmp_path / "home", "status", "--json", str(read.path)).communicate()[0]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)

    assert _rows(platform) == list(range(given))
    assert _in_order(platform)
    told = json.loads(status)
    assert (told["running"], told["refused"], process.returncode) == (True, 0, 0)


def _rows(platform: Platform) -> list[int]:
    """The numbers of all rows that were kept, sorted; one that was captured twice is there twice."""
    return sorted(int(line.split(b",")[0]) for body in platform.bodies for line in body.splitlines()[1:])


def _in_order(platform: Platform) -> bool:
    last: dict[bytes, int] = {}
    for body in platform.bodies:
        for line in body.splitlines()[1:]:
            number, patient = line.split(b",")[:2]
            if int(number) < last.get(patient, -1):
                return False
            last[patient] = int(number)
    return True
