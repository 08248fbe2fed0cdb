"""The listener is killed while a modality sends: every instance that was acknowledged is there, and whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread

from tests.exchange.dicom import make
from tests.exchange.dicom.test_listening import free_port
from xinglin.exchange.dicom import checking, keeping
from xinglin.record import database

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection

pytestmark = pytest.mark.crash
ROUNDS = 2
SENT_BEFORE = 15
ROOT = Path(__file__).parents[3]


def listener(port: int, store: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DATABASE_URL": database.target(), "XINGLIN_DICOM_STORE": str(store)}
    environment.pop("PYTEST_VERSION", None)
    return subprocess.Popen(
        [sys.executable, "-m", "xinglin.config.command", "dicom", "run", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def test_every_acknowledged_instance_is_there(desk: Connection, sender: Sender, store: Path) -> None:
    acknowledged: list[int] = []
    for turn in range(ROUNDS):
        port = free_port()
        listening = listener(port, store)
        with subprocess.Popen(
            [sys.executable, "-m", "tests.exchange.dicom.modality", str(port), str(turn * 10_000 + 1)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as modality:  # fmt: skip
            assert modality.stdout is not None
            sent = 0
            for line in modality.stdout:
                acknowledged.append(int(line))
                sent += 1
                if sent == SENT_BEFORE:
                    listening.kill()
            listening.wait()
        assert sent >= SENT_BEFORE

    there = {
        uid: bytes(digest) for uid, digest in desk.execute("SELECT uid, digest FROM exchange_dicom_instance")
    }
    assert {f"{make.ROOT}.1.1.{number}" for number in acknowledged} - set(there) == set()
    assert checking.check(desk).is_sound
    for number in acknowledged:
        with keeping.store().open(there[f"{make.ROOT}.1.1.{number}"]) as file:
            assert dcmread(file).PixelData == make.dataset(number).PixelData
