"""No acknowledged message is ever missing: all doors at once, under faults of every kind."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.exchange.faults.disk import Disk
from tests.exchange.faults.scenario import Town

pytestmark = pytest.mark.crash
_DISKS = {
    "images": "320m",
    "buffer": "32m",
    "raw": "64m",
}  # for images there has to be more room than is kept free
_ROUNDS = int(os.environ.get("FAULTS_ROUNDS", "1"))
_SEED = int(os.environ.get("FAULTS_SEED", "20260101"))


def test_no_acknowledged_message_is_missing_and_none_is_there_twice() -> None:
    """Lines are cut and stall, every process is killed, every disk is full for a time."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # the database runs under an account of its own
        disks = {
            name: stack.enter_context(Disk(folder / "disks" / name, size)) for name, size in _DISKS.items()
        }
        town = stack.enter_context(Town(folder, _SEED, disks))
        town.say("begun")
        town.wait_through("at the beginning")
        for _ in range(_ROUNDS):
            faults = list(town.faults().items())
            town.chance.shuffle(faults)
            for name, fault in faults:
                town.suffer(name, fault)
        found = town.compare()
        town.say(f"compared {found.counts}")

    assert (found.missing, found.unused, found.twice, found.overtaken, found.strange) == ([], [], [], [], [])
    assert min(found.counts.values()) > 0
