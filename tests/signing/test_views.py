from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from xinglin.accounts.actions import issue_token
from xinglin.accounts.models import Account
from xinglin.accounts.queries import actor_of
from xinglin.crypto.algorithms import Algorithm
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.signing import actions, papers, queries, reading
from xinglin.signing.verifying import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection

PASSWORD = "a long password"
PAGE = "/signing/of/DiagnosticReport/r/"
REPORT = {
    "resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "胸片"},
    "conclusion": "<script>alert(1)</script>未见异常",
}  # fmt: skip


@pytest.fixture
def account(region: Connection, transactional_db: None) -> Iterator[Account]:
    made = Account.objects.create_user(
        "signer", PASSWORD, display_name="<b>黄志远</b>", institution_id="", roles=["doctor"]
    )
    open_as(SYSTEM).update(REPORT)
    with region.transaction():
        number = actions.begin_authority(
            region, name="测试机构", algorithm=Algorithm.ECDSA_P256, now=clock.now()
        )
        actions.issue(
            region, by=number, to=actor_of(made), practitioner="", span=timedelta(days=9), now=clock.now()
        )
    yield made
    made.delete()


@pytest.fixture
def browser(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def _signed() -> int:
    return len(queries.signatures_of(database.connection(), "DiagnosticReport", "r"))


def test_a_document_is_signed_after_the_password(browser: Client) -> None:
    given = {"role": "author", "version": "1", "as": "signature"}

    wrong = browser.post(PAGE, {**given, "password": "guess"})
    before = _signed()
    right = browser.post(PAGE, {**given, "password": PASSWORD})

    assert (wrong.status_code, before, right.status_code, _signed()) == (400, 0, 302, 1)
    page = browser.get(PAGE).content.decode()
    assert "&lt;b&gt;黄志远&lt;/b&gt;" in page
    assert "<b>黄志远" not in page
    assert "<script>alert" not in page


def test_who_is_not_signed_in_is_sent_away(account: Account) -> None:
    assert Client().get(PAGE).status_code == 302
    assert Client().post("/signing/verify", b"{}", content_type="application/json").status_code == 401


def test_what_cannot_be_signed_is_not_found(browser: Client) -> None:
    assert [browser.get(f"/signing/of/{at}/").status_code for at in ("Patient/a", "Composition/x/y")] == [
        404,
        404,
    ]


def test_a_signed_pdf_comes_back_and_tampering_is_told(browser: Client) -> None:
    pdf = browser.post(PAGE, {"password": PASSWORD, "as": "pdf"}).content
    connection, now = database.connection(), clock.now()

    def told(data: bytes) -> list[State]:
        return [v.state for v in papers.check(connection, data, at=now)]

    assert told(pdf) == [State.VALID]
    assert told(pdf.replace(b"/A4", b"/A4").replace(b"Xinglin", b"Xinglim", 1)) == [State.BROKEN]
    assert told(papers.draw("x", [], [], address="x")) == []
    assert [v.why for v in papers.check(connection, pdf, at=now + timedelta(days=30))] == ["expired"]
    assert told(_appended(pdf)) == [State.CHANGED]


def _appended(pdf: bytes) -> bytes:
    import io

    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.add_object(generic.pdf_string("more"))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_program_is_told_whether_a_signature_holds(browser: Client, account: Account) -> None:
    browser.post(PAGE, {"role": "author", "version": "1", "password": PASSWORD})
    (one,) = queries.signatures_of(database.connection(), "DiagnosticReport", "r")
    provenance = json.loads(open_as(SYSTEM).read("Provenance", one.provenance).text)
    token = {"HTTP_AUTHORIZATION": f"Bearer {issue_token(account=account, label='t')}"}

    answers = [
        Client()
        .post("/signing/verify", body, content_type="application/json", **token)
        .json()["signatures"][0]
        for body in (
            {"signature": provenance},
            {"signature": provenance, "document": REPORT},
            {"signature": "none"},
        )
    ]

    assert [a["state"] for a in answers] == ["valid", "broken", "malformed"]


def test_the_page_verifies_files_and_texts(browser: Client) -> None:
    import io

    file = io.BytesIO(browser.post(PAGE, {"password": PASSWORD, "as": "pdf"}).content)
    file.name = "a.pdf"

    assert "签名有效" in browser.post("/signing/verify/", {"file": file}).content.decode()
    assert "无法读取签名" in browser.post("/signing/verify/", {"text": "<script>"}).content.decode()
    assert browser.get("/signing/verify/").status_code == 200


def test_a_report_is_shown_with_its_results_and_whose_it_is(browser: Client) -> None:
    door = open_as(SYSTEM)
    door.update({"resourceType": "Patient", "id": "p", "name": [{"family": "唐", "given": ["秀英"]}]})
    code = {"text": "血压"}
    parts = [
        {"code": {"text": "收缩压"}, "valueQuantity": {"value": 132, "unit": "mmHg"}},
        {"code": {"text": "体位"}, "valueCodeableConcept": {"coding": [{"display": "坐位"}]}},
    ]
    door.update(
        {"resourceType": "Observation", "id": "o", "status": "final", "code": code, "component": parts}
    )
    results = [
        {"reference": "Observation/o"},
        {"display": "外院 <b>结果</b>", "reference": "Observation/away"},
    ]
    door.update(REPORT | {"subject": {"reference": "Patient/p"}, "result": results[:1]})

    page = browser.get(PAGE).content.decode()

    assert "<b>唐秀英</b>" in page
    assert "<li>血压；收缩压 132 mmHg；体位 坐位</li>" in page
    hidden = reading.results_of(door, {"result": [results[1], {"reference": "https://x/Observation/1"}]})
    assert hidden == ["外院 <b>结果</b>"]
