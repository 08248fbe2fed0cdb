"""Time stamps: ours as OpenSSL verifies them, and OpenSSL's as we do."""

from __future__ import annotations

import shutil
import subprocess
import threading
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import cms

from tests.signing.make import Pair, leaf, root
from tests.signing.test_actions import DOCTOR, YEAR, _prepare, _sign
from xinglin.crypto import signatures
from xinglin.crypto.algorithms import Algorithm
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record.door import open_as
from xinglin.signing import actions, authority, certificates, papers, queries, stamps, verifying
from xinglin.signing.verifying import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xinglin.record.database import Connection

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the other side of these tests")
DATA = b"header..signature"
CONFIGURATION = """
[tsa]
default_tsa = one
[one]
serial = {home}/serial
signer_cert = {home}/tsa.pem
signer_key = {home}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
certs = {home}/tsa.pem
"""


def _own(above: Pair) -> stamps.Own:
    signer = signatures.signer(above.signer.algorithm, signatures.make_secret(above.signer.algorithm))
    usages = frozenset({"digital_signature", authority.TIME_STAMPING})
    span = (clock.now() - timedelta(days=1), clock.now() + YEAR)
    made = authority.issue(
        above.certificate, above.signer, subject=("时间戳", ""), key=signer, span=span, usages=usages
    )
    return stamps.Own(made, signer, above.certificate)


def _openssl(*words: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_openssl_verifies_our_stamp(tmp_path: Path) -> None:
    above = root()
    (tmp_path / "root.pem").write_bytes(above.certificate.pem)
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "token").write_bytes(_own(above).stamp(DATA))

    said = _openssl(
        "ts", "-verify", "-in", tmp_path / "token", "-token_in", "-data", tmp_path / "data",
        "-CAfile", tmp_path / "root.pem",
    )  # fmt: skip

    assert said.strip() == "Verification: OK"


def test_a_stamp_says_when_and_by_whom_and_for_what() -> None:
    above, other = root(), root()
    before = clock.now().replace(microsecond=0)
    token = _own(above).stamp(DATA)

    found = stamps.check(token, DATA, roots=[above.certificate.der])

    assert (found.by, found.intact, found.trusted) == ("时间戳", True, True)
    assert before <= found.moment <= clock.now()
    assert stamps.maker(token) == "时间戳"
    assert not stamps.check(token, DATA + b".", roots=[above.certificate.der]).intact
    assert not stamps.check(token, DATA, roots=[other.certificate.der]).trusted
    assert not stamps.check(token, DATA, roots=[]).trusted


def test_a_signer_who_may_not_stamp_is_not_believed() -> None:
    above = root()
    ordinary = leaf(above, span=(clock.now() - timedelta(days=1), clock.now() + YEAR))
    token = stamps.Own(ordinary.certificate, ordinary.signer, above.certificate).stamp(DATA)

    assert not stamps.check(token, DATA, roots=[above.certificate.der]).trusted


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_what_is_no_token_is_told(cut: int) -> None:
    with pytest.raises(stamps.Malformed):
        stamps.check(_own(root()).stamp(DATA)[:cut], DATA, roots=[])


def test_a_token_that_was_changed_does_not_hold() -> None:
    above = root()
    token = cms.ContentInfo.load(_own(above).stamp(DATA))
    info = token["content"]["encap_content_info"]["content"].parsed
    info["gen_time"] = info["gen_time"].native - timedelta(days=300)
    changed = token.copy()
    changed["content"]["encap_content_info"]["content"] = cms.ParsableOctetString(info.dump(force=True))

    found = stamps.check(changed.dump(force=True), DATA, roots=[above.certificate.der])

    assert not found.intact


class _Stranger(BaseHTTPRequestHandler):
    """Somebody else's authority, with a key of RSA: OpenSSL behind HTTP."""

    home: Path
    answers = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        (self.home / "asked").write_bytes(body)
        if self.answers:
            _openssl(
                "ts", "-reply", "-config", self.home / "cnf", "-section", "one", "-queryfile", self.home / "asked",
                "-out", self.home / "answer",
            )  # fmt: skip
        self.send_response(200 if self.answers else 503)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.end_headers()
        if self.answers:
            self.wfile.write((self.home / "answer").read_bytes())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        pass


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[HTTPServer]:
    (tmp_path / "cnf").write_text(CONFIGURATION.format(home=tmp_path))
    (tmp_path / "serial").write_text("01\n")
    _openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Stranger",
        "-addext", "extendedKeyUsage=critical,timeStamping", "-addext", "keyUsage=critical,digitalSignature",
        "-keyout", tmp_path / "tsa.key", "-out", tmp_path / "tsa.pem",
    )  # fmt: skip
    handler = type("Handler", (_Stranger,), {"home": tmp_path})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _address(server: HTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/"


def test_an_outside_authority_is_asked_and_believed_once_it_is_trusted(
    stranger: HTTPServer, tmp_path: Path
) -> None:
    token = stamps.Remote(_address(stranger)).stamp(DATA)

    der = certificates.read_any((tmp_path / "tsa.pem").read_bytes())
    found = stamps.check(token, DATA, roots=[der])
    assert (found.by, found.intact, found.trusted) == ("Stranger", True, True)
    assert not stamps.check(token, DATA, roots=[root().certificate.der]).trusted


# -- in the record


def _with_clock(connection: Connection) -> None:
    number = _prepare(connection, DOCTOR)
    with connection.transaction():
        actions.begin_clock(connection, by=number, name="时间戳", now=clock.now() - timedelta(seconds=1))


def test_a_stamped_signature_outlives_a_later_revocation(region: Connection) -> None:
    _with_clock(region)
    provenance = _sign(region)
    with region.transaction():
        actions.revoke(region, account=DOCTOR.id, reason="离职", now=clock.now() + timedelta(seconds=2))
    resource = open_as(SYSTEM).read("Provenance", provenance).resource
    document = open_as(SYSTEM).read("DiagnosticReport", "r").text
    text, stamp, late = (
        verifying.text_of(resource),
        verifying.stamp_of(resource),
        clock.now() + timedelta(days=1),
    )

    stamped = verifying.check(region, text, document, at=late, stamp=stamp)
    bare = verifying.check(region, text, document, at=late)
    foreign = verifying.check(region, text, document, at=late, stamp=_own(root()).stamp(text.encode()))
    wrong = verifying.check(region, text, document, at=late, stamp=_own(root()).stamp(DATA))
    garbage = verifying.check(region, text, document, at=late, stamp=b"unreadable")

    assert stamped.stamp is not None
    assert (stamped.state, stamped.stamp.by) == (State.VALID, "时间戳")
    assert (bare.state, bare.why, bare.stamp) == (State.DOUBTED, "revoked", None)
    assert (foreign.state, foreign.why, foreign.stamp) == (State.DOUBTED, "revoked", None)
    assert (wrong.state, wrong.why) == (garbage.state, garbage.why) == (State.BROKEN, "stamp")
    (shown,) = verifying.of_resource(region, open_as(DOCTOR), "DiagnosticReport", "r")
    assert (shown.state, shown.stamp) == (State.VALID, stamped.stamp)
    assert resource["signature"][1]["who"] == {"display": "时间戳"}


def test_a_stamped_pdf_outlives_its_certificate(region: Connection) -> None:
    _with_clock(region)
    held = queries.credential_of(region, DOCTOR.id)
    assert held is not None
    plain = papers.draw("胸片", [], ["未见异常"], address="https://region.example/x")

    with_stamp = papers.sign(plain, held, actions.stamper(region))
    without = papers.sign(plain, held)

    late = clock.now() + timedelta(days=400)
    (kept,) = papers.check(region, with_stamp, at=late)
    (lost,) = papers.check(region, without, at=late)
    assert kept.stamp is not None
    assert (kept.state, kept.stamp.by) == (State.VALID, "时间戳")
    assert (lost.state, lost.why) == (State.DOUBTED, "expired")


def test_where_the_authority_does_not_answer_nothing_is_signed(
    region: Connection, stranger: HTTPServer, settings: Any
) -> None:
    _prepare(region, DOCTOR)
    settings.SETTINGS = replace(settings.SETTINGS, tsa=_address(stranger))
    stranger.RequestHandlerClass.answers = False  # type: ignore[attr-defined]  # of _Stranger

    with pytest.raises(Fault) as refused:
        _sign(region)

    assert refused.value.kind is Kind.BUSY
    assert queries.signatures_of(region, "DiagnosticReport", "r") == []
    assert open_as(SYSTEM).search("Provenance", "").total in (0, None)


def test_there_is_one_stamping_authority_of_our_own_and_it_needs_ecdsa(region: Connection) -> None:
    _with_clock(region)
    with region.transaction():
        sm2 = actions.begin_authority(region, name="国密", algorithm=Algorithm.SM2, now=clock.now())

    for number in (1, sm2):
        with pytest.raises(Fault) as refused, region.transaction():
            actions.begin_clock(region, by=number, name="又一个", now=clock.now())
        assert refused.value.kind in (Kind.CONFLICT, Kind.NOT_FOUND)
    with pytest.raises(Fault), region.transaction():
        actions.trust_clock(region, der=queries.clocks(region)[0].certificate, name="再来", now=clock.now())

    assert [one.name for one in queries.clocks(region)] == ["时间戳"]
