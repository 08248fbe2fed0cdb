"""From a hospital's socket to the record, with clients that others have written."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import hl7
import pytest
from hl7.client import MLLPClient
from hl7apy.core import Message
from hl7apy.parser import parse_message

from tests.exchange.hl7v2 import make
from tests.exchange.hl7v2.wire import Client, serving
from tests.exchange.make import STEWARD
from xinglin.exchange import naming, senders
from xinglin.exchange.hl7v2 import door
from xinglin.exchange.hl7v2.framing import framed
from xinglin.exchange.hl7v2.management.commands.mllp import Platform
from xinglin.kernel import origin
from xinglin.record import database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.doors import Sender


def _read(sender: Sender, type_name: str, *parts: str) -> dict[str, Any]:
    found: dict[str, Any] = (
        open_as(sender.actor).read(type_name, naming.id_of(sender.code, type_name, *parts)).resource
    )
    return found


def _received() -> list[tuple[str, int]]:
    """Kind and state of all messages that were kept."""
    return (
        database.connection().execute("SELECT kind, state FROM exchange_message ORDER BY number").fetchall()
    )


def test_results_come_into_the_record(laboratory: Sender) -> None:
    with serving(Platform()) as server, Client(server) as client:
        client.send(framed(make.results().encode()))

        assert client.said() == ("AA", "M1")
    assert _read(laboratory, "Patient", "P0001")["name"][0]["text"] == "韦桂兰"
    assert _read(laboratory, "Observation", "R0001", "6690-2", "-")["valueQuantity"]["unit"] == "10^9/L"
    assert len(_read(laboratory, "DiagnosticReport", "R0001")["result"]) == 5
    assert _received() == [("ORU^R01", 1)]


def test_the_same_message_twice_changes_nothing(laboratory: Sender) -> None:
    with serving(Platform()) as server, Client(server) as client:
        for _ in range(2):
            client.send(framed(make.results().encode()))
            assert client.said() == ("AA", "M1")

    assert _read(laboratory, "Patient", "P0001")["meta"]["versionId"] == "1"
    assert _received() == [("ORU^R01", 1)]


def test_an_unusable_message_waits_in_quarantine_and_is_answered_with_its_places(laboratory: Sender) -> None:
    body = make.results().replace("\rOBR|", "\rZZZ|").encode()
    with serving(Platform()) as server, Client(server) as client:
        client.send(framed(body))

        answer = client.answer()
    assert answer is not None
    assert answer.segments[1].text(1) == "AE"
    assert ["OBR^1", "101"] in [[segment.raw(2), segment.text(3)] for segment in answer.segments[2:]]
    assert _received() == [("ORU^R01", 2)]


def test_a_visit_is_followed_from_admission_to_discharge_and_back(laboratory: Sender) -> None:
    def adt(control: str, event: str, more: str = "") -> bytes:
        return make.message(
            make.header(f"ADT^{event}", control), f"EVN|{event}|20261126", make.PID, make.PV1 + more
        )

    stands = []
    with serving(Platform()) as server, Client(server) as client:
        for control, event, more in (
            ("1", "A01", ""), ("2", "A03", "|20261126080000"), ("3", "A13", ""), ("4", "A11", ""),
        ):  # fmt: skip
            client.send(framed(adt(control, event, more)))
            assert client.said() == ("AA", control)
            visit = _read(laboratory, "Encounter", "V0001")
            stands.append((visit["status"], visit["period"].get("end")))

    assert stands == [
        ("in-progress", None), ("finished", "2026-11-26T08:00:00+08:00"), ("in-progress", None), ("cancelled", None),
    ]  # fmt: skip


def test_an_empty_field_leaves_what_is_known_and_two_quotes_take_it_away(laboratory: Sender) -> None:
    def told(control: str, phone: str, address: str) -> bytes:
        pid = make.segment("PID", f1="1", f3="7", f5="张三", f7="19800102", f8="M", f11=address, f13=phone)
        return make.message(make.header("ADT^A31", control), "EVN|A31|20261126", pid)

    known = []
    with serving(Platform()) as server, Client(server) as client:
        for control, phone, address in (
            ("1", "13800138000", "民族大道1号^^南宁市"), ("2", "", ""), ("3", '""', ""), ("4", '""', '""'),
        ):  # fmt: skip
            client.send(framed(told(control, phone, address)))
            assert client.said() == ("AA", control)
            patient = _read(laboratory, "Patient", "7")
            known.append((patient.get("telecom", [{}])[0].get("value"), "address" in patient))

    assert known == [("13800138000", True), ("13800138000", True), (None, True), (None, False)]


def test_a_discharge_that_is_taken_back_takes_the_way_of_leaving_with_it(laboratory: Sender) -> None:
    leaving = make.segment("PV1", f1="1", f2="I", f19="V0001", f36="1", f44="20261120", f45="20261126")
    staying = make.segment("PV1", f1="1", f2="I", f19="V0001", f44="20261120")
    ways = []
    with serving(Platform()) as server, Client(server) as client:
        for control, event, pv1 in (("1", "A03", leaving), ("2", "A13", staying)):
            client.send(
                framed(make.message(make.header(f"ADT^{event}", control), f"EVN|{event}|2026", make.PID, pv1))
            )
            assert client.said() == ("AA", control)
            ways.append("hospitalization" in _read(laboratory, "Encounter", "V0001"))

    assert ways == [True, False]


def test_over_http_the_same_message_is_answered_by_an_acknowledgement(laboratory: Sender) -> None:
    from xinglin.exchange import face
    from xinglin.kernel import clock

    key = senders.renew_key(database.connection(), code="lis", actor=STEWARD, now=clock.now())
    began: list[Any] = []
    body = make.results().encode()
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/exchange/in/hl7v2", "CONTENT_TYPE": "application/hl7-v2",
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), "HTTP_AUTHORIZATION": f"Bearer {key}",
        "HTTP_ACCEPT": "application/hl7-v2",
    }  # fmt: skip
    with origin.coming_from(origin.of_request({"REMOTE_ADDR": "127.0.0.1"}, 0)):
        answer = b"".join(face.application(environ, lambda *given: began.extend(given)))

    assert (began[0], dict(began[1])["Content-Type"]) == ("200 OK", "application/hl7-v2")
    assert answer.split(b"\r")[1].startswith(b"MSA|AA|M1|Receipt ")
    assert _received() == [("ORU^R01", 1)]


def test_an_institutions_own_mapping_reads_its_own_segments(laboratory: Sender) -> None:
    from xinglin.exchange.mapping import holding

    own = door.library()["hl7v2-adt"].replace('id = "hl7v2-adt"', 'id = "lis-adt"') + OWN
    feed = holding._held.feed
    holding.feed_with(lambda: {("lis", "hl7v2", "ADT^A31"): own})
    try:
        with serving(Platform()) as server, Client(server) as client:
            client.send(
                framed(make.message(make.header("ADT^A31"), "EVN|A31|2026", make.PID, "ZPI|1|||李四家"))
            )
            assert client.said() == ("AA", "M1")
    finally:
        assert feed is not None
        holding.feed_with(feed)

    assert _read(laboratory, "RelatedPerson", "P0001")["name"] == [{"text": "李四家"}]


OWN = """
[[resource]]
type = "RelatedPerson"
when = "ZPI-4 != ''"
key = ["$patient"]
[resource.set]
"patient" = "@ref(Patient, $patient)"
"name[0].text" = "ZPI-4"
"""


def test_two_numbers_of_a_patient_are_merged(laboratory: Sender) -> None:
    with serving(Platform()) as server, Client(server) as client:
        for number in ("7", "8"):
            client.send(
                framed(
                    make.message(
                        make.header("ADT^A28", number),
                        "EVN|A28|2026",
                        f"PID|1||{number}^^^H01^PI||张三||19800102|M",
                    )
                )
            )
            assert client.said() == ("AA", number)
        client.send(
            framed(
                make.message(
                    make.header("ADT^A40", "M"),
                    "EVN|A40|2026",
                    "PID|1||7^^^H01^PI||张三||19800102|M",
                    "MRG|8^^^H01^PI",
                )
            )
        )
        assert client.said() == ("AA", "M")

    given_up = _read(laboratory, "Patient", "8")
    assert (given_up["active"], given_up["link"][0]["other"]["reference"]) == (
        False, f"Patient/{naming.id_of('lis', 'Patient', '7')}",
    )  # fmt: skip
    assert _read(laboratory, "Patient", "7")["active"] is True


def test_who_is_not_registered_is_refused(laboratory: Sender) -> None:
    with serving(Platform()) as server, Client(server) as client:
        client.send(framed(make.results().replace("|LIS|", "|XXX|").encode()))

        assert client.said() == ("AR", "M1")
    assert _received() == []


def test_who_sends_from_elsewhere_is_refused(laboratory: Sender) -> None:
    database.connection().execute(
        "UPDATE exchange_sender SET networks = ARRAY['10.0.0.0/8'] WHERE code = 'lis'"
    )
    senders.forget()
    with serving(Platform()) as server, Client(server) as client:
        client.send(framed(make.results().encode()))

        assert client.said() == ("AR", "M1")
    assert _received() == []


def test_in_the_enhanced_mode_a_message_is_kept_and_worked_later(laboratory: Sender) -> None:
    from xinglin.exchange import working

    with serving(Platform()) as server, Client(server) as client:
        client.send(framed(make.results(f15="AL", f16="NE").encode()))
        assert client.said() == ("CA", "M1")
    assert _received() == [("ORU^R01", 0)]

    working.drain()

    assert _received() == [("ORU^R01", 1)]
    assert len(_read(laboratory, "DiagnosticReport", "R0001")["result"]) == 5


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8"])
def test_a_message_built_by_hl7apy_is_taken_and_the_answer_reads_well(
    laboratory: Sender, version: str
) -> None:
    message = Message("ADT_A01", version=version)
    message.msh.msh_3, message.msh.msh_4 = "LIS", "H01"
    message.msh.msh_7, message.msh.msh_9 = (
        "20261126093000",
        "ADT^A01" if version < "2.4" else "ADT^A01^ADT_A01",
    )
    message.msh.msh_10, message.msh.msh_11, message.msh.msh_18 = "77", "P", "UNICODE UTF-8"
    message.evn.evn_2 = "20261126"
    message.pid.pid_3 = "P7^^^H01^PI"
    message.pid.pid_5 = "韦^桂兰"
    message.pid.pid_7 = "19800102"
    message.pv1.pv1_2 = "I"
    message.pv1.pv1_19 = "V7"
    with serving(Platform()) as server, socket.create_connection(server.address, timeout=20) as connection:
        connection.sendall(message.to_mllp().encode())
        data = b""
        while not data.endswith(b"\x1c\r"):
            data += connection.recv(4096)

    answer = parse_message(data.strip(b"\x0b\x1c\r").decode(), find_groups=False)
    assert (answer.msa.msa_1.value, answer.msa.msa_2.value, answer.version) == ("AA", "77", version)
    if version >= "2.4":  # before, an answer does not name its structure, and hl7apy knows none
        answer.validate()
    assert _read(laboratory, "Patient", "P7")["name"][0]["text"] == "韦桂兰"


def test_an_answer_with_errors_is_valid_by_hl7apy(laboratory: Sender) -> None:
    with serving(Platform()) as server, Client(server) as client:
        client.send(
            framed(make.results().replace("|P0001^^^H01^PI~450103198001022046^^^GA^NI|", "||").encode())
        )
        answer = client.answer()

    assert answer is not None
    read = parse_message(str(answer).rstrip("\r"), find_groups=False)
    read.validate()
    assert read.err[0].err_3.err_3_1.value == "101"


def test_the_client_of_python_hl7_is_served(laboratory: Sender) -> None:
    with serving(Platform()) as server, MLLPClient(*server.address) as client:
        answers = [hl7.parse(client.send_message(hl7.parse(make.results(f"C{number}"))).decode().strip("\x0b\x1c\r"))
                   for number in range(3)]  # fmt: skip

    assert [(str(answer.segment("MSA")[1]), str(answer.segment("MSA")[2])) for answer in answers] == [
        ("AA", "C0"), ("AA", "C1"), ("AA", "C2"),
    ]  # fmt: skip


@pytest.fixture
def command(laboratory: Sender) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """``xinglin mllp`` with two processes, as it is started in earnest; and its port."""
    environ = os.environ | {"DATABASE_URL": database.target(), "PYTHONUNBUFFERED": "1"}
    started = subprocess.Popen(
        [sys.executable, "-m", "xinglin.config.command", "mllp", "--port", "0", "--workers", "2"],
        env=environ, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stdout is not None
    line = started.stdout.readline()
    found = re.search(r":(\d+)$", line.strip())
    assert found is not None, line
    yield started, int(found[1])
    if started.poll() is None:
        started.kill()
    started.stdout.close()
    started.wait(20)


def test_the_command_serves_with_several_processes_and_stops_when_told(
    laboratory: Sender, command: tuple[subprocess.Popen[str], int]
) -> None:
    process, port = command
    for number in range(6):
        with MLLPClient("127.0.0.1", port) as client:
            answer = client.send_message(make.results(f"C{number}").encode())
            assert f"MSA|AA|C{number}".encode() in answer

    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            break
    else:
        pytest.fail("somebody still listens")
    assert len(_received()) == 6
