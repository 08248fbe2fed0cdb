"""On a disk that is full the front machine takes nothing, loses nothing, can still be asked, and goes on by itself."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.edge.conftest import DATABASE, Hospital, wait_until
from tests.exchange.faults.disk import Disk
from xinglin.edge.buffer import Buffer, Full
from xinglin.edge.configuration import BufferPart
from xinglin.edge.messages import Batch, Captured
from xinglin.edge.running import Edge
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.edge.platform import Platform
    from xinglin.edge.configuration import Configuration

pytestmark = pytest.mark.crash


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with Disk(tmp_path / "buffer", "8m") as made:
        yield made


@pytest.fixture
def part(tmp_path: Path, disk: Disk) -> BufferPart:
    return BufferPart(disk.path, tmp_path / "keys", spare=0)


def message(size: int = 2000) -> Captured:
    return Captured("table", "text/csv", "p1", os.urandom(size))


def test_what_was_taken_is_there_and_can_be_asked_for_while_the_disk_is_full(
    part: BufferPart, disk: Disk
) -> None:
    buffer = Buffer(part, clock.now, make=True)
    buffer.put("lab", Batch([message(), message()], mark="2"))
    disk.fill()

    with pytest.raises(Full):
        buffer.put("lab", Batch([message(200_000)], mark="3"))
    buffer.close()
    again = Buffer(part, clock.now)

    assert (again.level().waiting, again.mark("lab")) == (2, "2")
    disk.empty()
    again.put("lab", Batch([message()], mark="3"))
    assert (again.level().waiting, again.mark("lab")) == (3, "3")
    again.close()


def test_a_disk_that_refused_is_left_alone_for_a_moment(part: BufferPart, disk: Disk) -> None:
    """Also where it seems to have some room: what frees little of it must not keep a processor busy."""
    buffer = Buffer(replace(part, spare=-1 << 40), clock.now, make=True)
    disk.fill()

    with pytest.raises(Full, match="The disk is full"):
        buffer.put("lab", Batch([message(200_000)]))

    assert (buffer.has_room(), buffer.wait_for_room(0.01)) == (False, False)
    buffer.close()


def test_rows_that_came_while_the_disk_was_full_arrive_once_there_is_room(
    configured: Callable[..., Configuration], hospital: Hospital, platform: Platform, disk: Disk
) -> None:
    read = configured(DATABASE)
    hospital.add(*((n, f"p{n}", "Na", "1", n) for n in range(20)))
    edge = Edge(read)
    edge.begin()
    wait_until(lambda: edge.buffer.mark("lab") is not None and edge.buffer.level().waiting == 0)
    disk.fill()
    hospital.add(*((n, f"p{n}", "x" * 2000, "1", n) for n in range(20, 200)))
    wait_until(lambda: edge.machine.sources[0].waits)

    disk.empty()
    wait_until(lambda: sum(body.count(b"\n") - 1 for body in platform.bodies) == 200, 40)
    edge.end()

    with sqlite3.connect(disk.path / "buffer.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
