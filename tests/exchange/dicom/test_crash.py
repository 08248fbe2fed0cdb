"""The listener is killed while a modality sends: every instance that was acknowledged is there, and whole."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from tests.exchange.dicom import make
from tests.exchange.dicom.test_listening import free_port, written
from xinglin.exchange.dicom import checking, keeping
from xinglin.record import database

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection

pytestmark = pytest.mark.crash
ROUNDS = 2
SENT_BEFORE = 15


def start(port: int, store: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DATABASE_URL": database.target(), "XINGLIN_DICOM_STORE": str(store)}
    environment.pop("PYTEST_VERSION", None)
    return subprocess.Popen(
        [sys.executable, "-m", "xinglin.config.command", "dicom", "run", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def associate(port: int):
    entity = AE(ae_title="MODALITY1")
    entity.add_requested_context(make.CT, ExplicitVRLittleEndian)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 10
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        association = entity.associate("127.0.0.1", port)
        if association.is_established:
            return association
        time.sleep(0.2)
    raise AssertionError("the listener did not come up")


def test_every_acknowledged_instance_is_there(desk: Connection, sender: Sender, store: Path) -> None:
    acknowledged: dict[str, bytes] = {}
    for turn in range(ROUNDS):
        port = free_port()
        process = start(port, store)
        association = associate(port)
        begun = len(acknowledged)
        stop = threading.Event()

        def keep_sending(base: int = turn * 10_000, link=association, halt: threading.Event = stop) -> None:
            number = base
            while not halt.is_set():
                number += 1
                one = written(make.dataset(number))
                try:
                    status = link.send_c_store(one)
                except (RuntimeError, OSError):
                    return
                if status.get("Status") != 0:
                    return
                acknowledged[str(one.SOPInstanceUID)] = one.PixelData

        sending = threading.Thread(target=keep_sending)
        sending.start()
        while len(acknowledged) < begun + SENT_BEFORE:
            time.sleep(0.01)
        process.kill()
        process.wait()
        stop.set()
        association.abort()
        sending.join(30)

    assert len(acknowledged) >= ROUNDS * SENT_BEFORE
    there = {
        uid: bytes(digest) for uid, digest in desk.execute("SELECT uid, digest FROM exchange_dicom_instance")
    }
    assert set(acknowledged) - set(there) == set()
    report = checking.check(desk)
    assert report.is_sound
    from pydicom import dcmread

    for uid, pixels in acknowledged.items():
        with keeping.store().open(there[uid]) as file:
            assert dcmread(file).PixelData == pixels
