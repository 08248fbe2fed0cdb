"""On a disk that is full nothing is acknowledged, nothing is lost, and nothing is left lying about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.dicom import caller, conftest, make
from tests.exchange.dicom.test_taking import count, send
from tests.exchange.faults.disk import Disk
from xinglin.exchange.dicom import checking, keeping
from xinglin.exchange.dicom.rules import Status
from xinglin.exchange.dicom.taking import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection

pytestmark = pytest.mark.crash


@pytest.fixture
def disk(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """The images are kept there, down to the last byte of room."""
    unspared = replace(keeping.limits(), free=0)
    monkeypatch.setattr(keeping, "limits", lambda: unspared)
    with Disk(store, "8m") as made:
        yield made


def left(store: Path) -> list[str]:
    """What lies on its way in."""
    return [path.name for path in (store / "incoming").iterdir()]


def test_an_instance_that_the_disk_has_no_room_for_is_refused(
    desk: Connection, sender: Sender, store: Path, disk: Disk
) -> None:
    send(sender, make.file(number=1))
    with Arrival(sender, way="test") as arrival:
        incoming = keeping.store().begin()
        incoming.write(make.file(number=2))
        disk.fill()
        taken = arrival.take(incoming)

    assert (taken.status, left(store)) == (Status.OUT_OF_RESOURCES, [])
    disk.empty()
    assert [one.status for one in send(sender, make.file(number=2))] == [Status.SUCCESS]
    assert (count(desk, "instance"), checking.check(desk).found) == (2, [])


def test_what_breaks_off_on_a_full_disk_leaves_nothing(sender: Sender, store: Path, disk: Disk) -> None:
    incoming = keeping.store().begin()
    incoming.write(bytes(100_000))
    disk.fill()

    incoming.drop()
    incoming.drop()

    assert left(store) == []


def test_a_request_is_told_to_come_again(sender: Sender, store: Path, disk: Disk) -> None:
    calling = caller.Caller(f"Bearer {conftest.KEYS['h01']}")
    calling.store(make.file(number=1))
    disk.fill()
    large = make.dataset(number=2)
    large.PixelData = bytes(4_000_000)

    refused = calling.store(make.file(large))
    disk.empty()
    again: Any = calling.store(make.file(large))

    assert (refused.status, left(store), again.status) == (503, [], 200)
