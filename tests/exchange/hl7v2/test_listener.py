"""The MLLP server, over real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.exchange.hl7v2 import make
from tests.exchange.hl7v2.wire import Client, Server, serving
from xinglin.exchange.hl7v2.framing import framed
from xinglin.exchange.hl7v2.listener import Limits, tls_context

if TYPE_CHECKING:
    from pathlib import Path


def _wait(server: Server, name: str, number: int) -> None:
    until = time.monotonic() + 15
    while getattr(server.listener.counts, name) < number and time.monotonic() < until:
        time.sleep(0.01)
    assert getattr(server.listener.counts, name) == number


def test_a_message_is_taken_and_answered() -> None:
    with serving() as server, Client(server) as client:
        client.send(framed(make.results().encode()))

        assert client.said() == ("AA", "M1")
        assert server.desk.kept == [make.results().encode()]


def test_a_message_may_come_byte_by_byte() -> None:
    with serving() as server, Client(server) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in framed(make.results().encode()):
            client.send(bytes([byte]))

        assert client.said() == ("AA", "M1")


def test_several_messages_in_one_packet_are_answered_in_order() -> None:
    with serving() as server, Client(server) as client:
        client.send(b"".join(framed(make.results(f"M{number}").encode()) for number in range(20)))

        assert [client.said() for _ in range(20)] == [("AA", f"M{number}") for number in range(20)]


def test_many_senders_are_served_at_once() -> None:
    with serving() as server:
        clients = [Client(server) for _ in range(60)]
        for number, client in enumerate(clients):
            client.send(framed(make.results(f"M{number}").encode()))

        assert [client.said() for client in clients] == [("AA", f"M{number}") for number in range(60)]
        assert len(server.desk.kept) == 60
        for client in clients:
            client.socket.close()


def test_an_unusable_message_is_kept_and_says_where_it_is_wrong() -> None:
    body = make.results().replace("|P0001^^^H01^PI~450103198001022046^^^GA^NI|", "||").encode()
    with serving() as server, Client(server) as client:
        client.send(framed(body))

        answer = client.answer()
        assert answer is not None
        assert answer.segments[1].text(1) == "AE"
        errors = [segment.raw(2) for segment in answer.segments[2:] if segment.text(4) == "E"]
        assert "PID^1^3^1^1" in errors or "PID^1^3" in errors
        assert server.desk.kept == [body]


@pytest.mark.parametrize(
    ("change", "condition"),
    [
        (("|LIS|", "|WHO|"), "207"),
        (("ORU^R01^ORU_R01", "MFN^M02"), "200"),
        (("ORU^R01^ORU_R01", "ORU^R30"), "201"),
        (("|P|2.5.1|", "|T|2.5.1|"), "202"),
        (("|P|2.5.1|", "|P|2.1|"), "203"),
        (("\rPID|", "\rpid|"), "100"),
    ],
)
def test_what_is_refused_is_not_kept(change: tuple[str, str], condition: str) -> None:
    with serving() as server, Client(server) as client:
        client.send(framed(make.results().replace(*change, 1).encode()))

        answer = client.answer()
        assert answer is not None
        assert (answer.segments[1].text(1), answer.segments[1].text(2)) == ("AR", "M1")
        assert [segment.text(3) or segment.text(1, 4) for segment in answer.segments[2:]] == [condition]
        assert server.desk.kept == []


def test_what_is_no_message_is_refused() -> None:
    with serving() as server, Client(server) as client:
        client.send(framed(b"hello"))

        assert client.said() == ("AR", "")
        assert server.desk.kept == []


def test_in_the_enhanced_mode_custody_and_outcome_are_answered_apart() -> None:
    with serving() as server, Client(server) as client:
        client.send(framed(make.results("A", f15="AL", f16="NE").encode()))
        client.send(framed(make.results("B", f15="AL", f16="AL").encode()))
        client.send(framed(make.results("C", f15="NE", f16="ER").encode()))
        client.send(framed(make.results("D", f15="AL", f16="AL").replace("|LIS|", "|WHO|").encode()))

        assert [client.said() for _ in range(4)] == [("CA", "A"), ("CA", "B"), ("AA", "B"), ("CR", "D")]
        assert len(server.desk.kept) == 3


def test_an_answer_is_not_answered() -> None:
    with serving() as server, Client(server) as client:
        client.send(framed(make.message(make.header("ACK^R01"), "MSA|AA|7")))
        client.send(framed(make.results("next").encode()))

        assert client.said() == ("AA", "next")
        assert len(server.desk.kept) == 1


def test_a_message_in_gbk_is_answered_in_gbk() -> None:
    body = make.results(charset="GB 18030-2000").replace("|P0001^^^H01^PI~450103198001022046^^^GA^NI|", "||")
    with serving() as server, Client(server) as client:
        client.send(framed(body.encode("gb18030")))

        answer = client.answer()
        assert answer is not None
        assert (answer.header.text(18), answer.segments[1].text(1)) == ("GB 18030-2000", "AE")


def test_noise_is_passed_over_and_counted() -> None:
    with serving() as server, Client(server) as client:
        client.send(b"PING\r\n" + framed(make.results().encode()))

        assert client.said() == ("AA", "M1")
        assert server.listener.counts.noise == 1


def test_who_only_makes_noise_is_cut_off() -> None:
    with serving() as server, Client(server) as client:
        for _ in range(80):
            try:
                client.send(b"x" * 1024)
            except OSError:
                break

        assert client.said() is None
        assert server.desk.kept == []


def test_a_message_without_end_is_refused_and_the_next_is_taken() -> None:
    with serving() as server, Client(server) as client:
        client.send(b"\x0b" + make.results("lost").encode() + framed(make.results("next").encode()))

        assert [client.said(), client.said()] == [("AR", "lost"), ("AA", "next")]
        assert len(server.desk.kept) == 1


def test_a_message_too_large_is_refused_before_it_is_held() -> None:
    with serving(limits=Limits(threads=1, largest=5000)) as server, Client(server) as client:
        client.send(b"\x0b" + make.results("big").encode() + b"x" * 6000)

        assert [client.said(), client.said()] == [("AR", "big"), None]
        assert server.desk.kept == []


def test_a_silent_connection_is_closed() -> None:
    with serving(limits=Limits(threads=1, idle=0.2)) as server, Client(server) as client:
        client.send(b"\x0bMSH|")

        assert client.said() is None
        _wait(server, "timed_out", 1)


def test_a_message_that_trickles_is_not_waited_for() -> None:
    with serving(limits=Limits(threads=1, frame=0.5)) as server, Client(server) as client:
        client.send(b"\x0b")
        closed = False
        until = time.monotonic() + 15
        while not closed and time.monotonic() < until:
            try:
                client.send(b"x")
            except OSError:
                closed = True
            time.sleep(0.05)

        assert closed
        _wait(server, "timed_out", 1)


def test_while_the_platform_is_busy_the_message_waits() -> None:
    with serving(make.StandIn(busy_times=3)) as server, Client(server) as client:
        client.send(framed(make.results().encode()))

        assert client.said() == ("AA", "M1")
        assert len(server.desk.kept) == 1


def test_a_platform_that_stays_busy_says_so_and_has_kept_nothing() -> None:
    limits = Limits(threads=1, patience=0.1)
    with serving(make.StandIn(busy_times=99), limits) as server, Client(server) as client:
        client.send(framed(make.results().encode()))
        client.send(framed(make.results("E", f15="AL").encode()))

        assert [client.said(), client.said()] == [("AR", "M1"), ("CE", "E")]
        assert server.desk.kept == []


def test_a_platform_that_fails_never_accepts() -> None:
    limits = Limits(threads=1, patience=0.1)
    with serving(make.StandIn(fails=True), limits) as server, Client(server) as client:
        client.send(framed(make.results().encode()))

        assert client.said() == ("AR", "M1")


def test_more_connections_than_allowed_are_closed_at_once() -> None:
    with serving(limits=Limits(threads=1, connections=1)) as server, Client(server) as first:
        first.send(framed(make.results().encode()))
        assert first.said() == ("AA", "M1")
        with Client(server) as second:
            assert second.said() is None
        _wait(server, "turned_away", 1)


def test_what_is_under_way_at_a_stop_is_still_answered() -> None:
    gate = threading.Event()
    desk = make.StandIn(gate=gate)
    with serving(desk) as server, Client(server) as working, Client(server) as idle:
        working.send(framed(make.results().encode()))
        desk.entered.wait(10)
        server.stop()

        assert idle.said() is None
        gate.set()
        assert working.said() == ("AA", "M1")
        assert working.said() is None
        with pytest.raises(ConnectionError):
            Client(server).send(b"x")


def _certificate(folder: Path, name: str) -> tuple[Path, str]:
    """A certificate of its own with its key in one file, and its digest."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone(timedelta(0)))
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path, sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()


def test_a_client_is_known_by_its_certificate(tmp_path: Path) -> None:
    server_file, _ = _certificate(tmp_path, "server")
    client_file, digest = _certificate(tmp_path, "client")
    desk = make.StandIn(senders={}, certificates={digest: make.SENDER})
    context = ssl.create_default_context(cafile=str(server_file))
    context.load_cert_chain(client_file)

    with (
        serving(desk, tls=tls_context(server_file, server_file, client_file)) as server,
        Client(server, context) as client,
    ):
        client.send(framed(make.results().encode()))

        assert client.said() == ("AA", "M1")


def test_a_client_without_certificate_gets_nowhere(tmp_path: Path) -> None:
    server_file, _ = _certificate(tmp_path, "server")
    client_file, _ = _certificate(tmp_path, "client")
    context = ssl.create_default_context(cafile=str(server_file))

    with serving(tls=tls_context(server_file, server_file, client_file)) as server:
        said: tuple[str, str] | None = None
        with suppress(OSError), Client(server, context) as client:
            client.send(framed(make.results().encode()))
            said = client.said()

        assert (said, server.desk.kept) == (None, [])
