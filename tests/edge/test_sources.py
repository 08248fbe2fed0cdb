"""What is read of databases, folders and relays: everything once, nothing twice."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

import pytest

from tests.edge.conftest import DATABASE, Hospital
from xinglin.edge.buffer import Buffer
from xinglin.edge.messages import Batch, Captured
from xinglin.edge.sources import DatabaseReader, FolderReader, Relay, Trouble
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from xinglin.edge.configuration import Configuration


@pytest.fixture
def opened(
    configured: Callable[..., Configuration],
) -> Iterator[Callable[[str], tuple[Configuration, Buffer]]]:
    buffers = []

    def made(sources: str) -> tuple[Configuration, Buffer]:
        read = configured(sources)
        buffers.append(Buffer(read.buffer, clock.now))
        return read, buffers[-1]

    yield made
    for buffer in buffers:
        buffer.close()


def bodies(buffer: Buffer) -> list[str]:
    return [
        buffer.load(place).body.decode().replace("\r\n", "\n").replace("\r", "\n")
        for place, _ in buffer.waiting(0, 1000)
    ]


HEADING = "id,patient,item,value,changed\n"


def test_rows_are_read_from_the_watermark_on(opened, hospital: Hospital) -> None:
    read, buffer = opened(DATABASE)
    reader = DatabaseReader(read.sources[0])
    hospital.add((1, "p1", "Na", "140", 10), (2, "p2", "K", "4.1", 11))

    counts = [reader.poll(buffer), reader.poll(buffer)]
    hospital.add((3, "p1", "Na", "139", 11), (1, "p1", "Na", "141", 12))
    counts += [reader.poll(buffer), reader.poll(buffer)]

    assert counts == [2, 0, 1, 0]
    assert bodies(buffer) == [
        HEADING + "1,p1,Na,140,10\n",
        HEADING + "2,p2,K,4.1,11\n",
        HEADING + "3,p1,Na,139,11\n1,p1,Na,141,12\n",
    ]
    reader.close()


def test_a_row_that_was_committed_late_is_found_within_the_overlap(opened, hospital: Hospital) -> None:
    read, buffer = opened(DATABASE.replace("overlap = 0", "overlap = 5"))
    reader = DatabaseReader(read.sources[0])
    hospital.add((1, "p1", "Na", "140", 100))
    reader.poll(buffer)

    hospital.add((2, "p1", "K", "4", 96))
    reader.poll(buffer)
    hospital.add((3, "p1", "Ca", "2", 110))
    reader.poll(buffer)
    reader.poll(buffer)

    assert [body.removeprefix(HEADING)[:1] for body in bodies(buffer)] == ["1", "2", "3"]
    reader.close()


def test_rows_are_compared_by_their_key(opened, hospital: Hospital) -> None:
    source = DATABASE.replace(" WHERE changed >= :since", "").replace('watermark = "changed"', 'key = ["id"]')
    read, buffer = opened(source.replace("start = 0\noverlap = 0", "rows = 1"))
    reader = DatabaseReader(read.sources[0])
    hospital.add((1, "p1", "Na", "140", 10), (2, "p1", "K", "4", 11))
    counts = [reader.poll(buffer), reader.poll(buffer)]

    hospital.add((2, "p1", "K", "5", 11))
    counts += [reader.poll(buffer), reader.poll(buffer)]

    assert counts == [2, 0, 1, 0]
    assert bodies(buffer)[-1] == HEADING + "2,p1,K,5,11\n"
    reader.close()


WHOLE = "SELECT * FROM result WHERE patient = :group_1 AND item = :group_2 ORDER BY id"
GROUPED = DATABASE.replace(
    'patient = "patient"', f'patient = "patient"\ngroup = ["patient", "item"]\nwhole = "{WHOLE}"'
)


def test_a_group_is_read_whole_when_one_of_its_rows_has_changed(opened, hospital: Hospital) -> None:
    read, buffer = opened(GROUPED)
    reader = DatabaseReader(read.sources[0])
    hospital.add((1, "p1", "Na", "140", 10), (2, "p1", "Na", "141", 10), (3, "p2", "Na", "139", 10))
    reader.poll(buffer)

    hospital.add((2, "p1", "Na", "142", 20))
    reader.poll(buffer)
    reader.poll(buffer)

    assert bodies(buffer) == [
        HEADING + "1,p1,Na,140,10\n2,p1,Na,141,10\n",
        HEADING + "3,p2,Na,139,10\n",
        HEADING + "1,p1,Na,140,10\n2,p1,Na,142,20\n",
    ]
    reader.close()


def test_a_group_is_not_cut_where_rows_are_read_in_lots(opened, hospital: Hospital) -> None:
    read, buffer = opened(DATABASE.replace('patient = "patient"', 'patient = "patient"\ngroup = ["patient"]'))
    reader = DatabaseReader(read.sources[0])
    hospital.add(*((number, f"p{number // 450}", "Na", "1", number) for number in range(1350)))

    reader.poll(buffer)

    assert [body.count("\n") - 1 for body in bodies(buffer)] == [450, 450, 450]
    reader.close()


def test_a_column_may_hold_the_message_itself(opened, hospital: Hospital) -> None:
    source = DATABASE.replace('door = "table"', 'door = "cda"\nbody = "value"')
    read, buffer = opened(source)
    hospital.add((1, "p1", "C0006", "<ClinicalDocument/>", 10))

    DatabaseReader(read.sources[0]).poll(buffer)

    assert [(buffer.load(1).door, buffer.load(1).media, buffer.load(1).body)] == [
        ("cda", "application/xml", b"<ClinicalDocument/>")
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("ORDER BY changed, id", "ORDER BY changed DESC"), "do not come in the order of changed"),
        (
            ("id, patient, item, value, changed FROM", "id, patient, item, value FROM"),
            "has no column changed; it has id, patient",
        ),
        (("FROM result", "FROM results"), "refuses the query: no such table: results"),
        (("his.sqlite", "no.sqlite"), "cannot be reached"),
        (('kind = "database"', 'kind = "database"\ndriver = "nodb"'), "nodb is not installed here"),
        (('kind = "database"', 'kind = "database"\ndriver = "json"'), "json is no database driver"),
    ],
)
def test_what_is_wrong_with_a_database_is_told(
    opened, hospital: Hospital, change: tuple[str, str], words: str
) -> None:
    hospital.add((1, "p1", "Na", "140", 10), (2, "p1", "Na", "140", 11))
    source = DATABASE.replace("DATABASE", str(hospital.path)).replace(*change)
    read, buffer = opened(source)

    with pytest.raises(Trouble, match=words):
        DatabaseReader(read.sources[0]).poll(buffer)

    assert (buffer.level().waiting, buffer.mark("lab")) == (0, None)


# -- folders


FOLDER = """
[[source]]
name = "files"
kind = "folder"
door = "table"
folder = "out"
pattern = "*.csv"
patient = "patient"
settle = 0
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_a_file_is_read_once_and_again_when_it_has_changed(opened, out: Path) -> None:
    read, buffer = opened(FOLDER)
    reader = FolderReader(read.sources[0])
    (out / "a.csv").write_bytes("patient,value\np1,好\np2,2\np1,3\n".encode("gbk"))
    (out / "a.txt").write_text("something else")
    counts = [reader.poll(buffer), reader.poll(buffer)]
    os.utime(out / "a.csv", (1, 1))
    counts.append(reader.poll(buffer))
    (out / "a.csv").write_text("patient,value\np9,1\n")
    counts.append(reader.poll(buffer))

    assert counts == [2, 0, 0, 1]
    assert bodies(buffer) == [
        "patient,value\np1,好\np1,3\n",
        "patient,value\np2,2\n",
        "patient,value\np9,1\n",
    ]


def test_a_file_that_is_still_written_is_left_alone(opened, out: Path) -> None:
    read, buffer = opened(FOLDER.replace("settle = 0", "settle = 60"))
    (out / "a.csv").write_text("patient\np1\n")

    assert FolderReader(read.sources[0]).poll(buffer) == 0


def test_a_file_is_moved_when_it_is_in_the_buffer(opened, out: Path, tmp_path: Path) -> None:
    read, buffer = opened(FOLDER + 'after = "move"\ndone = "sent"\n')
    reader = FolderReader(read.sources[0])
    for _ in range(2):
        (out / "a.csv").write_text("patient\np1\n")
        assert reader.poll(buffer) == 1

    assert (list(out.iterdir()), sorted(path.name for path in (tmp_path / "sent").iterdir())) == (
        [],
        ["a-1.csv", "a.csv"],
    )


def test_one_bad_file_does_not_keep_the_others_back(opened, out: Path) -> None:
    read, buffer = opened(FOLDER)
    (out / "a.csv").write_text("patient,value\np1\n")
    (out / "b.csv").write_text("patient,value\np1,1\n")

    with pytest.raises(Trouble, match=r"a.csv, row 2: there are 1 cells under 2 columns"):
        FolderReader(read.sources[0]).poll(buffer)

    assert bodies(buffer) == ["patient,value\np1,1\n"]


def test_a_killed_process_goes_on_in_the_middle_of_a_file(opened, out: Path) -> None:
    read, buffer = opened(FOLDER)
    (out / "a.csv").write_text("patient\n" + "".join(f"p{number}\n" for number in range(450)))
    reader = FolderReader(read.sources[0])
    put, calls = buffer.put, []

    def killed(source: str, batch: Batch) -> int:
        calls.append(len(batch.messages))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return put(source, batch)

    buffer.put = killed
    with pytest.raises(KeyboardInterrupt):
        reader.poll(buffer)
    buffer.put = put
    rest = FolderReader(read.sources[0]).poll(buffer)

    assert (calls, rest) == ([200, 200, 50], 50)
    assert sorted(bodies(buffer)) == sorted(f"patient\np{number}\n" for number in range(450))


def test_hl7_files_are_cut_into_messages(opened, out: Path) -> None:
    read, buffer = opened(
        FOLDER.replace("table", "hl7v2").replace('patient = "patient"\n', "").replace("csv", "hl7")
    )
    one = "MSH|^~\\&|LIS||||||ADT^A01|{0}|P|2.5\rPID|||{0}\r"
    (out / "a.hl7").write_bytes((one.format(1) + one.format(2)).encode("gbk"))

    assert FolderReader(read.sources[0]).poll(buffer) == 2
    assert buffer.load(1).media == "application/hl7-v2; charset=utf-8"


# -- relays

RELAY = '[[source]]\nname = "relay"\nkind = "relay"\nport = 0\nwait = 1\n'


@pytest.fixture
def relay(opened) -> Iterator[tuple[Relay, Buffer]]:
    read, buffer = opened(RELAY)
    made = Relay(read.sources[0], buffer)
    made.begin()
    yield made, buffer
    made.end()


def said(relay: Relay, *messages: bytes) -> list[list[str]]:
    """The acknowledgements of messages that are sent over one connection in one piece."""
    with socket.create_connection(("127.0.0.1", relay.port), 10) as connection:
        connection.sendall(b"".join(b"\x0b" + message + b"\x1c\r" for message in messages))
        held = b""
        while held.count(b"\x1c\r") < len(messages):
            some = connection.recv(4096)
            assert some, "the connection was closed"
            held += some
    return [part.strip(b"\x0b").decode().split("\r")[1].split("|") for part in held.split(b"\x1c\r")[:-1]]


def hl7(number: int, more: str = "") -> bytes:
    return f"MSH|^~\\&|LIS|H01|P|R|20260101||ORU^R01|M{number}|P|2.5.1{more}\rPID|||{number}||张三\r".encode(
        "gbk"
    )


def test_a_message_is_acknowledged_when_it_is_in_the_buffer(relay: tuple[Relay, Buffer]) -> None:
    answers = said(relay[0], hl7(1), hl7(2), hl7(3, "|||AL|NE"))

    assert answers == [["MSA", "AA", "M1"], ["MSA", "AA", "M2"], ["MSA", "CA", "M3"]]
    assert [relay[1].load(place).body for place, _ in relay[1].waiting(0, 9)] == [
        hl7(1),
        hl7(2),
        hl7(3, "|||AL|NE"),
    ]


def test_what_is_no_message_is_rejected(relay: tuple[Relay, Buffer]) -> None:
    assert said(relay[0], b"GET / HTTP/1.1")[0][1] == "AR"
    assert relay[1].level().waiting == 0


def test_a_sender_is_told_to_come_again_where_there_is_no_room(opened, configured) -> None:
    read = configured(RELAY.replace("wait = 1", "wait = 1.0"), buffer_more='limit = "100 B"')
    buffer = Buffer(read.buffer, clock.now)
    buffer.put("relay", Batch([Captured("hl7v2", "", "", b"x")]))
    relay = Relay(read.sources[0], buffer)
    relay.begin()

    answer = said(relay, hl7(1))[0]
    relay.end()

    assert (answer[1], buffer.level().waiting) == ("AE", 1)
    buffer.close()


def test_a_sender_that_cuts_the_connection_does_no_harm(relay: tuple[Relay, Buffer]) -> None:
    with socket.create_connection(("127.0.0.1", relay[0].port), 10) as connection:
        connection.sendall(b"\x0b" + hl7(1)[:20])
    time.sleep(0.05)

    assert said(relay[0], hl7(2)) == [["MSA", "AA", "M2"]]
    assert relay[1].level().waiting == 1
