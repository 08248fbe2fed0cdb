from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.signing.make import leaf, root
from xinglin.crypto.algorithms import Algorithm
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.record.door import open_as
from xinglin.signing import actions, certificates, jws, queries, verifying
from xinglin.signing.verifying import State

if TYPE_CHECKING:
    from xinglin.record.database import Connection

DOCTOR = Actor("account/2", "黄志远", frozenset({"doctor"}), institution="hospital")
CHIEF = Actor("account/3", "<script>alert(1)</script>", frozenset({"doctor"}), institution="hospital")
YEAR = timedelta(days=365)
REPORT = ("DiagnosticReport", "r", 1)


def _report(text: str = "未见异常") -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "胸片"},
        "conclusion": text,
    }


def _prepare(connection: Connection, *people: Actor, algorithm: Algorithm = Algorithm.ECDSA_P256) -> int:
    open_as(SYSTEM).update({"resourceType": "Organization", "id": "hospital", "name": "第一人民医院"})
    open_as(SYSTEM).update(_report())
    with connection.transaction():
        number = actions.begin_authority(
            connection, name="测试认证机构", algorithm=algorithm, now=clock.now()
        )
        for one in people:
            actions.issue(connection, by=number, to=one, practitioner="", span=YEAR, now=clock.now())
    return number


def _sign(connection: Connection, actor: Actor = DOCTOR, role: str = "author", version: int = 1) -> str:
    with connection.transaction():
        return actions.sign(
            connection, target=(*REPORT[:2], version), role=role, actor=actor, now=clock.now()
        )


def _states(connection: Connection) -> list[State]:
    return [v.state for v in verifying.of_resource(connection, open_as(DOCTOR), "DiagnosticReport", "r")]


def _count(connection: Connection) -> tuple[int, int]:
    row = connection.execute(
        "SELECT (SELECT count(*) FROM signing_signature),"
        " (SELECT count(*) FROM ledger_queue WHERE kind = 'signing.sign')"
    ).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("algorithm", [Algorithm.ECDSA_P256, Algorithm.SM2])
def test_author_and_reviewer_sign_one_version(region: Connection, algorithm: Algorithm) -> None:
    _prepare(region, DOCTOR, CHIEF, algorithm=algorithm)

    first = _sign(region)
    _sign(region, CHIEF, "reviewer")

    assert _states(region) == [State.VALID, State.VALID]
    assert _count(region) == (2, 2)
    provenance = open_as(SYSTEM).read("Provenance", first).resource
    assert provenance["target"] == [{"reference": "DiagnosticReport/r/_history/1"}]
    assert provenance["signature"][0]["sigFormat"] == "application/jose"


def test_a_later_change_is_told_as_a_change(region: Connection) -> None:
    _prepare(region, DOCTOR)
    _sign(region)

    open_as(SYSTEM).update(_report("右肺结节"))

    (verdict,) = verifying.of_resource(region, open_as(DOCTOR), "DiagnosticReport", "r")
    assert (verdict.state, verdict.version, verdict.current) == (State.CHANGED, 1, 2)


def test_signing_twice_and_signing_what_has_changed_are_refused(region: Connection) -> None:
    _prepare(region, DOCTOR)
    _sign(region)

    with pytest.raises(Fault) as twice:
        _sign(region)
    open_as(SYSTEM).update(_report("右肺结节"))
    with pytest.raises(Fault) as late:
        _sign(region)

    assert (twice.value.kind, late.value.kind) == (Kind.CONFLICT, Kind.CONFLICT)
    assert _count(region) == (1, 1)


def test_who_has_no_certificate_signs_nothing(region: Connection) -> None:
    _prepare(region, DOCTOR)

    with pytest.raises(Fault) as refused:
        _sign(region, CHIEF)

    assert refused.value.kind is Kind.FORBIDDEN
    assert _count(region) == (0, 0)


def test_a_revoked_certificate_signs_no_more_and_what_it_signed_stands(region: Connection) -> None:
    _prepare(region, DOCTOR)
    _sign(region)

    with region.transaction():
        actions.revoke(region, account=DOCTOR.id, reason="离职", now=clock.now() + timedelta(seconds=2))

    with pytest.raises(Fault) as refused:
        _sign(region, role="reviewer")
    assert refused.value.kind is Kind.FORBIDDEN
    assert _states(region) == [State.VALID]
    text = verifying.text_of(
        open_as(SYSTEM)
        .read("Provenance", queries.signatures_of(region, "DiagnosticReport", "r")[0].provenance)
        .resource
    )
    document = open_as(SYSTEM).read("DiagnosticReport", "r").text
    pasted = verifying.check(region, text, document, at=clock.now() + timedelta(days=1))
    assert (pasted.state, pasted.why) == (State.DOUBTED, "revoked")


def test_tampered_bytes_are_told_as_broken(region: Connection) -> None:
    _prepare(region, DOCTOR)
    _sign(region)
    one = queries.signatures_of(region, "DiagnosticReport", "r")[0]
    text = verifying.text_of(open_as(SYSTEM).read("Provenance", one.provenance).resource)
    document = open_as(SYSTEM).read("DiagnosticReport", "r").text

    assert verifying.check(region, text, document, at=clock.now()).state is State.VALID
    forged = document.replace("未见".encode(), "可见".encode())
    assert verifying.check(region, text, forged, at=clock.now()).state is State.BROKEN
    assert verifying.check(region, "x.y.z", document, at=clock.now()).state is State.MALFORMED


def test_a_stranger_s_authority_is_not_believed(region: Connection) -> None:
    _prepare(region, DOCTOR)
    stranger = leaf(root(), span=(clock.now(), clock.now() + YEAR))
    text = jws.sign(b"{}", signer=stranger.signer, chain=[stranger.certificate], now=clock.now())

    found = verifying.check(region, text, b"{}", at=clock.now())

    assert (found.state, found.why) == (State.DOUBTED, "untrusted")


def test_a_certificate_from_outside_is_kept_only_with_its_own_key(region: Connection) -> None:
    above = root()
    span = (clock.now() - timedelta(days=1), clock.now() + YEAR)
    mine, other = leaf(above, span=span), leaf(above, span=span)
    key = certificates.to_pkcs8(Algorithm.ECDSA_P256, b"\x01" * 32)

    with region.transaction():
        actions.trust_authority(region, certificate=above.certificate, now=clock.now())
    with pytest.raises(Fault) as wrong, region.transaction():
        actions.keep_credential(
            region, certificate=mine.certificate, pkcs8=key, to=DOCTOR, practitioner="", now=clock.now()
        )
    with pytest.raises(Fault) as leafy, region.transaction():
        actions.trust_authority(region, certificate=other.certificate, now=clock.now())

    assert (wrong.value.kind, leafy.value.kind) == (Kind.INVALID, Kind.INVALID)
    assert queries.credentials(region) == []
