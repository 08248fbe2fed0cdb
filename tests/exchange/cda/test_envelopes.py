"""HL7 v3 by SOAP: register, query, fetch, acknowledged with AA and AE."""

# ruff: noqa: E501 -- resources and messages are easier to read in one line

from __future__ import annotations

import base64

import pytest
from django.test import Client
from lxml import etree

from tests.exchange.cda import make
from tests.exchange.cda.test_handler import registration, written
from xinglin.exchange.cda import envelopes
from xinglin.kernel.errors import Fault

V3 = "{urn:hl7-org:v3}"


def question(interaction, inside, soap=True):
    message = (
        f'<{interaction} xmlns="urn:hl7-org:v3"><id extension="M2"/><controlActProcess><queryByParameter>'
        f'<queryId extension="Q1"/><parameterList>{inside}</parameterList></queryByParameter></controlActProcess></{interaction}>'
    )
    if not soap:
        return message.encode()
    return f'<s:Envelope xmlns:s="{envelopes.SOAP11}"><s:Body>{message}</s:Body></s:Envelope>'.encode()


def sent(key, body):
    response = Client().post(
        "/exchange/soap", body, content_type="text/xml", headers={"Authorization": f"Bearer {key}"}
    )
    return response.status_code, etree.fromstring(response.content)


def state(root):
    (said,) = root.iter(V3 + "acknowledgement")
    return said.get("typeCode"), [one.get("value") for one in said.iter(V3 + "text")]


def test_a_registration_is_stored_and_acknowledged_in_the_operation_that_brought_it(hospital):
    _, key = hospital

    status, root = sent(key, registration(written()))

    assert status == 200
    (result,) = root.iter(V3 + "HIPMessageServerResult")
    answer = etree.fromstring(result.text)
    assert answer.tag == V3 + "MCCI_IN000002UV01"
    assert state(answer) == ("AA", ["OK"])
    assert next(answer.iter(V3 + "targetMessage"))[0].get("extension") == "M1"


def test_a_registration_of_a_bad_document_is_answered_with_its_reasons(hospital):
    _, key = hospital

    _, root = sent(key, registration(written(time=""), soap=False))

    code, said = state(root)
    assert code == "AE"
    assert len(said) == 1
    assert said[0].startswith("/ClinicalDocument/effectiveTime: ")


@pytest.mark.parametrize(
    ("inside", "count"),
    [
        ('<x><value root="2.16.156.10011.2.5.1.4" extension="B0001"/></x>', 1),
        (f'<x><item root="2.16.156.10011.1.3" extension="{make.IDENTITY}"/></x>', 1),
        ('<x><item root="2.16.156.10011.1.11" extension="V0001"/></x>', 1),
        ('<x><item root="2.16.156.10011.1.4" extension="D001"/></x>', 1),
        ('<x><item root="2.16.156.10011.1.11" extension="V0002"/></x>', 0),
        ('<x><value root="2.16.156.10011.2.5.1.4" extension="B0001"/><code code="C0002" codeSystem="2.16.156.10011.2.5.1.23"/></x>', 0),
        ('<x><value root="2.16.156.10011.2.5.1.4" extension="B0001"/><low value="20260101"/><high value="20260131"/></x>', 1),
        ('<x><value root="2.16.156.10011.2.5.1.4" extension="B0001"/><low value="20260201"/></x>', 0),
    ],
)  # fmt: skip
def test_documents_are_found_by_patient_visit_author_kind_and_time(hospital, inside, count):
    _, key = hospital
    sent(key, registration(written()))

    status, root = sent(key, question(envelopes.QUERY, inside))

    assert status == 200
    assert state(root) == ("AA", ["OK"])
    numbers = [
        one[0].get("extension")
        for one in root.iter(V3 + "id")
        if len(one) and one[0].get("root") == envelopes.DOCUMENTS
    ]
    assert numbers == ["C0007-1"] * count
    assert next(root.iter(V3 + "queryResponseCode")).get("code") == ("OK" if count else "NF")


def test_a_document_is_fetched_as_it_was_received(hospital):
    _, key = hospital
    body = written()
    sent(key, registration(body))

    _, root = sent(key, question(envelopes.FETCH, '<id root="2.16.156.10011.2.5.1.24" extension="C0007-1"/>'))

    (held,) = root.iter(V3 + "originalText")
    assert state(root) == ("AA", ["OK"])
    assert base64.b64decode(held.get("value")) == body


def test_a_document_that_is_not_there_and_a_question_without_a_number_are_refused(hospital):
    _, key = hospital

    _, absent = sent(key, question(envelopes.FETCH, '<id root="2.16.156.10011.2.5.1.24" extension="X"/>'))
    _, open_ = sent(key, question(envelopes.QUERY, "<x/>"))

    assert state(absent)[0] == "AE"
    assert state(open_)[0] == "AE"


def test_without_the_senders_key_nothing_is_answered(hospital):
    sender, _ = hospital

    status, root = sent("xls_wrong", registration(written()))

    assert status == 401
    assert root.tag == f"{{{envelopes.SOAP11}}}Envelope"
    assert sender.code == "h02"


@pytest.mark.parametrize(
    "body",
    [
        b"<a/>",
        b'<e:Envelope xmlns:e="x"/>',
        f'<s:Envelope xmlns:s="{envelopes.SOAP11}"><s:Body/></s:Envelope>'.encode(),
        b'<RCMR_IN000002UV02 xmlns="urn:hl7-org:v3"/>',
        b'<RCMR_IN000002UV02 xmlns="urn:hl7-org:v3"><controlActProcess/></RCMR_IN000002UV02>',
        b"<!DOCTYPE x><a/>",
    ],
)
def test_what_is_no_message_is_told_why(body):
    with pytest.raises(Fault) as caught:
        envelopes.read(body)

    assert caught.value.issues[0].text
