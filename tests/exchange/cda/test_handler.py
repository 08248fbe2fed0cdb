"""Documents through the door into the record, and what the door answers."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone

import pytest

from tests.exchange.cda import make
from xinglin.exchange.cda import envelopes, kinds, reading, writing
from xinglin.exchange.cda.handler import Handler
from xinglin.exchange.doors import Door
from xinglin.kernel.errors import Fault

HANDLER = Handler()


def written(code="C0007", **changed):
    document = make.good(kinds.kinds()[code])
    for name, value in changed.items():
        setattr(document, name, value)
    return writing.write(document)


def registration(document, *, soap=True):
    held = base64.b64encode(document).decode()
    message = (
        '<RCMR_IN000002UV02 ITSVersion="XML_1.0" xmlns="urn:hl7-org:v3">'
        '<id root="2.16.156.10011.2.5.1.1" extension="M1"/>'
        '<sender><device><id><item root="2.16.156.10011.2.5.1.3" extension="HIS"/></id></device></sender>'
        '<controlActProcess classCode="STC" moodCode="APT"><subject><clinicalDocument>'
        f'<storageCode><originalText value="{held}"/></storageCode>'
        "</clinicalDocument></subject></controlActProcess></RCMR_IN000002UV02>"
    )
    if not soap:
        return message.encode()
    return (
        f'<soap:Envelope xmlns:soap="{envelopes.SOAP12}" xmlns:urn="urn:hl7-org:v3"><soap:Body><urn:HIPMessageServer>'
        f"<action>DocumentRegister</action><message><![CDATA[{message}]]></message>"
        "</urn:HIPMessageServer></soap:Body></soap:Envelope>"
    ).encode()


def test_the_envelope_says_what_it_is_whose_and_when():
    envelope = HANDLER.open(written(), "application/xml", make.SENDER)

    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=8)))
    assert (envelope.kind, envelope.control, envelope.patient, envelope.sent_at) == (
        "C0007",
        "C0007-1",
        "B0001",
        moment,
    )


def test_what_cannot_be_opened_is_a_fault_and_is_translated_to_its_reason():
    with pytest.raises(Fault):
        HANDLER.open(b"<a>", "", make.SENDER)

    translated = HANDLER.translate(b"<a>", "", make.SENDER)

    assert not translated.is_usable
    assert translated.reasons[0].place == "line 1, column 4"


def test_a_document_with_an_error_gives_no_resources():
    translated = HANDLER.translate(written(time=""), "", make.SENDER)

    assert [(one.severity, one.place) for one in translated.reasons] == [
        ("error", "/ClinicalDocument/effectiveTime")
    ]
    assert translated.resources == ()


def test_a_message_that_registers_a_document_is_taken_for_the_document():
    document = written()

    for soap in (True, False):
        body = registration(document, soap=soap)
        assert HANDLER.open(body, "", make.SENDER).kind == "C0007"
        found = HANDLER.translate(body, "", make.SENDER)
        (binary,) = [one for one in found.resources if one["resourceType"] == "Binary"]
        assert base64.b64decode(binary["data"]) == document


def test_documents_of_every_kind_are_stored_as_valid_resources(hospital):
    from xinglin.exchange import processing
    from xinglin.exchange.receipts import Delivery
    from xinglin.record.door import open_as

    sender, _ = hospital

    told = [
        (code, receipt.state.value, receipt.reasons)
        for code in kinds.kinds()
        for receipt in [processing.deliver(Delivery(sender, Door.CDA, written(code), "application/xml"))]
    ]

    assert told == [(code, "stored", ()) for code in kinds.kinds()]
    door = open_as(sender.actor)
    found = [entry.stored.resource for entry in door.search("Composition", [("_count", "100")]).entries]
    assert {one["type"]["coding"][0]["code"] for one in found} == set(kinds.kinds())


def test_the_same_document_sent_again_changes_nothing(hospital):
    from xinglin.exchange import processing
    from xinglin.exchange.receipts import Delivery
    from xinglin.record import database

    sender, _ = hospital
    body = written()
    processing.deliver(Delivery(sender, Door.CDA, body, ""))
    count = "SELECT count(*) FROM record_history"

    with database.connect() as connection:
        before = connection.execute(count).fetchone()
        receipt = processing.deliver(Delivery(sender, Door.CDA, body, ""))
        after = connection.execute(count).fetchone()

    assert receipt.repeated
    assert after == before


def test_a_bad_document_goes_to_quarantine_with_its_places(hospital):
    from xinglin.exchange import processing
    from xinglin.exchange.receipts import Delivery, State

    sender, _ = hospital
    document = make.good(kinds.kinds()["C0002"])
    document.sections[1].statements = []

    receipt = processing.deliver(Delivery(sender, Door.CDA, writing.write(document), ""))

    assert receipt.state is State.QUARANTINED
    assert [one.place for one in receipt.reasons] == [
        "/ClinicalDocument/component/structuredBody/component[2]/section"
    ]


def test_what_a_later_document_replaces_is_marked_as_superseded(hospital):
    from xinglin.exchange import naming, processing
    from xinglin.exchange.cda import documents as d
    from xinglin.exchange.receipts import Delivery
    from xinglin.record.door import open_as

    sender, _ = hospital
    first, second = make.good(kinds.kinds()["C0002"]), make.good(kinds.kinds()["C0002"])
    second.number = d.Number(d.NUMBER, "C0002-2")
    second.replaces = [d.Replaced(first.number)]

    for one in (first, second):
        processing.deliver(Delivery(sender, Door.CDA, writing.write(one), ""))

    door = open_as(sender.actor)
    states = [
        door.read("DocumentReference", naming.id_of("h02", "DocumentReference", number)).resource["status"]
        for number in ("C0002-1", "C0002-2")
    ]
    assert states == ["superseded", "current"]


def test_the_original_comes_back_byte_by_byte(hospital):
    from xinglin.exchange import naming, processing
    from xinglin.exchange.cda import registry
    from xinglin.exchange.receipts import Delivery
    from xinglin.record.door import open_as

    sender, _ = hospital
    body = written()
    processing.deliver(Delivery(sender, Door.CDA, body, ""))
    door = open_as(sender.actor)

    reference = registry.by_number(door, "C0007-1")

    assert reference["id"] == naming.id_of("h02", "DocumentReference", "C0007-1")
    assert registry.original(door, reference) == body
    composition = registry.composition_of(door, reference)
    again = reading.read(registry.written(door, composition, reference))
    assert [one.code for one in again.sections] == [one.code for one in reading.read(body).sections]
