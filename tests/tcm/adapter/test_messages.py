"""The message set: samples go through the door and into the record, and what is wrong is said by its code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from tests.tcm.adapter.conftest import KEYS
from xinglin.exchange.doors import Door, Sender
from xinglin.exchange.mapping import benches
from xinglin.fhir import json
from xinglin.tcm.adapter import envelopes, handler, messages

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = messages.DATA / "samples"
GOOD = sorted((SAMPLES / "good").iterdir())
BAD = sorted((SAMPLES / "bad").iterdir())
HERE = Sender(1, "zyg01", "仁和中医馆", "clinic-1", frozenset({Door.TCM}))


def post(body: bytes, *, key: str = "", media: str = "text/xml", accept: str = "") -> tuple[int, bytes]:
    from io import BytesIO

    from xinglin.exchange import face

    status: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/exchange/in/tcm", "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": media, "wsgi.input": BytesIO(body), "HTTP_ACCEPT": accept,
        "HTTP_AUTHORIZATION": f"Bearer {key or KEYS['zyg01']}",
    }  # fmt: skip
    answer = b"".join(face.application(environ, lambda said, _: status.append(said)))
    return int(status[0][:3]), answer


def send(path: Path) -> tuple[int, Any]:
    status, answer = post(path.read_bytes())
    return status, etree.fromstring(answer) if answer.startswith(b"<") else json.parse(answer)


def stored(type_name: str, *asked: tuple[str, str]) -> list[dict[str, Any]]:
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    return [entry.stored.resource for entry in open_as(SYSTEM).search(type_name, list(asked)).entries]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_good_samples_say_something_and_nothing_is_wrong(path: Path) -> None:
    body = path.read_bytes()

    made = handler.Handler().translate(body, "", HERE)

    assert made.reasons == ()
    assert made.resources


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_bad_samples_are_refused_for_the_reason_in_their_name(path: Path) -> None:
    made = handler.Handler().translate(path.read_bytes(), "", HERE)

    codes = {reason.code for reason in made.reasons}
    assert made.resources == ()
    assert any(path.stem == code or path.stem.startswith(f"{code}-") for code in codes)


def test_every_type_has_a_mapping_a_good_sample_and_says_how_sure_it_is() -> None:
    types = messages.shipped().types
    kinds = {envelopes.read(path.read_bytes()).kind for path in GOOD}

    assert set(types) == kinds
    assert {benches.bench("tcm").example(kind)[:5] for kind in types} == {"<?xml"}
    assert all(handler.mapping_of(kind, HERE).about.kinds == (kind,) for kind in types)
    assert {one.confidence for one in types.values()} <= {"certain", "likely", "own"}


def test_a_visit_is_in_the_record_after_its_messages(clinic: Sender) -> None:
    for path in GOOD:
        status, _ = send(path)
        assert status == 200, path.name

    (patient,) = stored("Patient", ("identifier", "urn:xinglin:zyg01:patient|P1001"))
    about = ("patient", f"Patient/{patient['id']}")
    (visit,) = stored("Encounter", about)
    herbs = stored("MedicationRequest", about)
    conditions = stored("Condition", about)
    (bill,) = stored("Invoice", ("subject", f"Patient/{patient['id']}"))
    (needles,) = stored("Procedure", about)
    (four,) = stored("Observation", about, ("code", "urn:oid:2.16.156.10011.2.2.1|DE02.10.028.00"))
    assert patient["birthDate"] == "1968-03-15"
    assert visit["status"] == "finished"
    assert visit["reasonCode"] == [{"text": "失眠2周"}]
    assert {h["medicationCodeableConcept"]["text"] for h in herbs} == {
        "党参", "黄芪", "当归", "茯神", "酸枣仁", "木香", "炙甘草",
    }  # fmt: skip
    (suan,) = [h for h in herbs if h["medicationCodeableConcept"]["text"] == "酸枣仁"]
    assert suan["dosageInstruction"][0]["additionalInstruction"][0] == {"text": "先煎"}
    assert suan["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 15
    assert suan["dispenseRequest"]["quantity"] == {"value": 7, "unit": "剂"}
    assert {c["code"]["text"] for c in conditions} == {"不寐病·心脾两虚证", "失眠", "内伤咳嗽病·热毒上攻证"}
    assert bill["totalNet"] == {"value": 126.4, "currency": "CNY"}
    assert [line["chargeItemCodeableConcept"]["text"] for line in bill["lineItem"]] == [
        "中药饮片费",
        "诊查费",
    ]
    assert needles["bodySite"] == [{"text": "内关、神门、足三里"}]
    assert [one["code"]["text"] for one in four["component"]] == ["望诊", "闻诊", "问诊", "切诊"]


def test_codes_of_the_edition_of_1995_are_kept_as_such() -> None:
    made = handler.Handler().translate((SAMPLES / "good" / "09-diagnosis-1995.xml").read_bytes(), "", HERE)

    assert [one["system"] for one in made.resources[0]["code"]["coding"]] == [
        "urn:xinglin:codes:gbt-15657-1995"
    ] * 2
    assert [one["code"] for one in made.resources[0]["code"]["coding"]] == ["BNF012", "ZBRDC00"]


def test_the_answer_to_a_good_message_has_its_receipt(clinic: Sender) -> None:
    status, answer = send(SAMPLES / "good" / "01-registration.xml")
    again = send(SAMPLES / "good" / "01-registration.xml")[1]

    assert status == 200
    assert answer.findtext("Result/code") == "0"
    assert answer.findtext("Header/msgID") == "R0001"
    assert answer.findtext("Header/receiver") == "HIS"
    assert again.findtext("Result/receipt") == answer.findtext("Result/receipt")
    assert again.findtext("Result/repeated") == "1"


def test_a_bad_message_is_kept_in_quarantine_and_each_error_has_its_place(clinic: Sender) -> None:
    status, answer = send(SAMPLES / "bad" / "value.xml")

    assert status == 422
    assert answer.findtext("Result/code") == "2002"
    assert answer.findtext("Result/state") == "quarantined"
    assert [one.findtext("place") for one in answer.findall("Error")] == ["Charge/chargeTime", "Charge/total"]
    assert stored("Invoice") == []


def test_soap_is_answered_in_soap_and_json_in_json(clinic: Sender) -> None:
    status, answer = send(SAMPLES / "good" / "01-registration-soap.xml")
    said = etree.fromstring("".join(answer.itertext()).strip().encode())
    status_of_json, answer_of_json = send(SAMPLES / "good" / "10-visit-end.json")

    assert (status, status_of_json) == (200, 200)
    assert answer.find(".//{http://service.example/}acceptMessageResponse/return") is not None
    assert said.findtext("Result/code") == "0"
    assert answer_of_json["Response"]["Result"]["code"] == "0"


def test_the_platforms_own_receipt_is_given_where_it_is_asked_for(clinic: Sender) -> None:
    body = (SAMPLES / "good" / "01-registration.xml").read_bytes()

    status, answer = post(body, accept="application/vnd.xinglin.receipt+json")

    assert (status, json.parse(answer)["state"]) == (200, "stored")


def test_a_sender_with_another_key_or_door_keeps_nothing(clinic: Sender) -> None:
    body = (SAMPLES / "good" / "01-registration.xml").read_bytes()

    status, _ = post(body, key="xls_nobody")

    assert status == 401
    assert stored("Patient") == []


def test_a_document_type_is_refused() -> None:
    body = b'<!DOCTYPE Request [<!ENTITY x "y">]><Request><Header><msgType>TCM_HIS_01</msgType></Header></Request>'

    made = handler.Handler().translate(body, "", HERE)

    assert [reason.code for reason in made.reasons] == ["security"]


def test_gb18030_is_read_as_its_declaration_says() -> None:
    text = (SAMPLES / "good" / "01-registration.xml").read_text("utf-8").replace("UTF-8", "GBK")

    made = handler.Handler().translate(text.encode("gbk"), "", HERE)

    assert made.resources[0]["name"] == [{"text": "覃秀兰"}]
