"""Whatever the line does: every message arrives once, those of a patient in their order."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.edge.conftest import DATABASE, Hospital, wait_until
from tests.edge.platform import Platform
from xinglin.edge.buffer import Buffer
from xinglin.edge.messages import Batch, Captured
from xinglin.edge.running import Edge
from xinglin.edge.sending import Sender
from xinglin.edge.translating import Translators
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.edge.configuration import Configuration

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def line(configured: Callable[..., Configuration]) -> Iterator[tuple[Sender, Buffer]]:
    read = configured(DATABASE)
    buffer = Buffer(read.buffer, clock.now)
    sender = Sender(read, buffer, Translators(read))
    sender.begin()
    yield sender, buffer
    sender.end(2)
    buffer.close()


def put(buffer: Buffer, count: int, *, patients: int = 7, first: int = 0) -> list[bytes]:
    made = [
        Captured("table", "text/csv", f"p{number % patients}", f"p{number % patients},{number}".encode())
        for number in range(first, first + count)
    ]
    buffer.put("lab", Batch(made))
    return [one.body for one in made]


def in_order(bodies: list[bytes]) -> bool:
    """Whether the numbers of each patient rise."""
    last: dict[bytes, int] = {}
    for body in bodies:
        patient, _, number = body.partition(b",")
        if int(number) < last.get(patient, -1):
            return False
        last[patient] = int(number)
    return True


def arrived(platform: Platform, buffer: Buffer, sent: list[bytes]) -> None:
    wait_until(lambda: buffer.level().waiting == 0)
    assert sorted(platform.bodies) == sorted(sent)
    assert in_order(platform.bodies)


def test_messages_arrive_once_and_in_order(line: tuple[Sender, Buffer], platform: Platform) -> None:
    sent = put(line[1], 200)
    line[0].come()

    arrived(platform, line[1], sent)
    assert {door for door, _ in platform.kept.values()} == {"table"}


def test_messages_arrive_though_the_buffer_could_not_be_read_for_a_time(
    line: tuple[Sender, Buffer], platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, failures = line[1].load, iter(range(5))

    def fails(place: int) -> object:
        if next(failures, None) is not None:
            raise sqlite3.OperationalError("disk I/O error")
        return whole(place)

    monkeypatch.setattr(line[1], "load", fails)
    sent = put(line[1], 20)
    line[0].come()

    arrived(platform, line[1], sent)


@pytest.mark.parametrize("way", ["cut before", "cut after", "500", "503", "429", "stranger"])
def test_messages_arrive_though_every_third_answer_is_lost(
    line: tuple[Sender, Buffer], platform: Platform, way: str
) -> None:
    platform.behave = lambda number, _: way if number % 3 == 0 else "keep"

    arrived(platform, line[1], put(line[1], 60))


def test_messages_arrive_whatever_happens(line: tuple[Sender, Buffer], platform: Platform) -> None:
    chance = random.Random(7)
    ways = ["keep", "keep", "keep", "cut before", "cut after", "500", "502", "503", "stranger"]
    platform.behave = lambda *_: chance.choice(ways)
    sent = []
    for number in range(5):
        sent += put(line[1], 40, first=number * 40)
        time.sleep(0.05)

    arrived(platform, line[1], sent)


def test_messages_arrive_when_a_platform_that_hangs_is_back(
    line: tuple[Sender, Buffer], platform: Platform
) -> None:
    platform.behave = lambda number, _: "hang" if number <= 2 else "keep"

    arrived(platform, line[1], put(line[1], 20))
    assert "does not answer in time" in str(line[0].line.error)


def test_messages_wait_while_the_platform_is_away_and_arrive_when_it_is_back(
    line: tuple[Sender, Buffer], platform: Platform
) -> None:
    sent = put(line[1], 30)
    platform.end()
    sent += put(line[1], 30, first=30)
    line[0].come()
    wait_until(lambda: not line[0].line.is_up)
    sent += put(line[1], 30, first=60)

    platform.begin()

    arrived(platform, line[1], sent)
    assert line[0].line.is_up


def test_a_refused_message_is_kept_aside_and_others_go_on(
    line: tuple[Sender, Buffer], platform: Platform
) -> None:
    platform.behave = lambda _, body: "refuse" if body.endswith(b",3") else "keep"
    sent = put(line[1], 20, patients=2)

    wait_until(lambda: line[1].level().waiting == 0)
    (refusal,) = line[1].refused()
    assert (refusal.reasons[0]["text"], line[1].refused_body(refusal.place)) == (
        "There is no number.",
        b"p1,3",
    )
    assert sorted(platform.bodies) == sorted(set(sent) - {b"p1,3"})

    platform.behave = lambda *_: "keep"
    line[1].resend()
    line[0].come()
    wait_until(lambda: line[1].level().waiting == 0)
    assert (sorted(platform.bodies), line[1].refused()) == (sorted(sent), [])


def test_a_message_that_the_platform_fails_on_holds_up_its_own_patient_alone(
    line: tuple[Sender, Buffer], platform: Platform
) -> None:
    platform.behave = lambda _, body: "500" if body == b"p0,0" else "keep"
    put(line[1], 20, patients=4)

    wait_until(lambda: len(platform.bodies) == 15)

    assert [body for body in platform.bodies if body.startswith(b"p0")] == []
    platform.behave = lambda *_: "keep"
    wait_until(lambda: len(platform.bodies) == 20)
    assert in_order(platform.bodies)


def test_a_wrong_key_holds_everything_up_and_says_so(
    line: tuple[Sender, Buffer], platform: Platform, tmp_path
) -> None:
    (tmp_path / "sender.key").write_text("wrong")
    sent = put(line[1], 5)
    wait_until(lambda: "does not know the key" in str(line[0].line.error))
    assert (platform.bodies, line[1].level().refused) == ([], 0)

    (tmp_path / "sender.key").write_text("right")

    arrived(platform, line[1], sent)


def test_large_messages_are_packed(line: tuple[Sender, Buffer], platform: Platform) -> None:
    large = "张三,阳性\n".encode() * 1000
    line[1].put("lab", Batch([Captured("table", "text/csv", "p", large)]))

    arrived_ = lambda: platform.bodies == [large]  # noqa: E731 -- one line
    wait_until(arrived_)


# -- the whole machine


@pytest.fixture
def edge(configured: Callable[..., Configuration], hospital: Hospital) -> Iterator[Callable[..., Edge]]:
    made: list[Edge] = []

    def begin(sources: str = DATABASE, **more: str) -> Edge:
        one = Edge(configured(sources, **more))
        one.begin()
        made.append(one)
        return one

    yield begin
    for one in made:
        one.end()


def test_rows_of_the_database_arrive_and_the_state_is_told(
    edge, hospital: Hospital, platform: Platform
) -> None:
    hospital.add((1, "p1", "Na", "140", 10), (2, "p2", "K", "4", 11))

    running = edge(platform_more="heartbeat = 1")

    wait_until(lambda: len(platform.bodies) == 2)
    wait_until(lambda: bool(platform.states))
    told = running.told()
    assert (told["line"]["up"], told["queue"]["waiting"], told["sources"][0]["error"]["message"]) == (
        True,
        0,
        "",
    )
    wait_until(lambda: any(state["counts"] for state in platform.states))
    (count,) = platform.states[-1]["counts"]
    assert (count["source"], count["captured"], count["expected"]) == ("lab", 2, None)


def test_a_source_waits_for_room_and_nothing_is_lost(edge, hospital: Hospital, platform: Platform) -> None:
    hospital.add(*((number, f"p{number}", "Na", "x" * 40, number) for number in range(2000)))
    released = threading.Event()
    platform.behave = lambda *_: "keep" if released.is_set() else "503"

    running = edge(
        DATABASE.replace('patient = "patient"', 'patient = "patient"\nrows = 1'),
        buffer_more='limit = "60 KB"',
    )
    wait_until(lambda: running.machine.sources[0].waits)
    assert str(running.machine.sources[0].error) == "The buffer has reached its limit."
    released.set()

    wait_until(lambda: len(platform.bodies) == 2000, 40)
    rows = [int(line.split(b",")[0]) for body in platform.bodies for line in body.splitlines()[1:]]
    assert sorted(rows) == list(range(2000))


def test_the_days_are_counted_by_the_institution_itself(edge, hospital: Hospital) -> None:
    count = '[source.count]\nquery = "SELECT count(*) FROM result WHERE value < :day"\nevery = 60\ndays = 2\n'
    hospital.add((1, "p1", "Na", "1", 10))

    running = edge(DATABASE + count)

    wait_until(lambda: len([one for one in running.last_counts() if one["expected"] == 1]) == 2)


MAPPING = """
[mapping]
id = "lab"
version = "1"
door = "table"
kinds = ["lab"]

[[resource]]
type = "Patient"
key = ["patient"]
[resource.set]
"name[0].text" = "patient"
"""


def test_rows_are_mapped_before_they_are_sent(edge, hospital: Hospital, platform: Platform, tmp_path) -> None:
    import json

    from xinglin.exchange.naming import id_of

    (tmp_path / "lab.toml").write_text(MAPPING)
    hospital.add((1, "p1", "Na", "140", 10))

    edge(DATABASE + 'mapping = "lab.toml"\n')

    wait_until(lambda: len(platform.bodies) == 1)
    ((door, body),) = platform.kept.values()
    entry = json.loads(body)["entry"][0]
    id_ = id_of("h01", "Patient", "p1")
    assert (door, entry["request"]) == ("fhir", {"method": "PUT", "url": f"Patient/{id_}"})
    assert entry["resource"]["name"] == [{"text": "p1"}]


def test_what_a_mapping_cannot_use_is_refused_here_and_works_when_it_is_put_right(
    edge, hospital: Hospital, platform: Platform, tmp_path
) -> None:
    (tmp_path / "lab.toml").write_text(MAPPING.replace('key = ["patient"]', 'key = ["number"]'))
    hospital.add((1, "p1", "Na", "140", 10))

    running = edge(DATABASE + 'mapping = "lab.toml"\n')
    wait_until(lambda: running.buffer.level().refused == 1)
    (refusal,) = running.buffer.refused()
    assert ("There is no column number" in refusal.reasons[0]["text"], platform.bodies) == (True, [])

    (tmp_path / "lab.toml").write_text(MAPPING)
    running.buffer.resend()
    running.sender.come()

    wait_until(lambda: len(platform.bodies) == 1)
