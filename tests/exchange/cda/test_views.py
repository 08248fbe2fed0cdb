"""The pages of shared documents."""

from __future__ import annotations

import pytest

from tests.exchange.cda import make
from tests.exchange.cda.test_handler import written
from xinglin.exchange import naming
from xinglin.exchange.cda import kinds, writing
from xinglin.exchange.doors import Door

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def stored(hospital):
    """A document in the record; its id, and that of the patient."""
    from xinglin.exchange import processing
    from xinglin.exchange.receipts import Delivery, State

    sender, _ = hospital
    document = make.good(kinds.kinds()["C0002"])
    document.sections[1].statements[0].value.text = HOSTILE
    receipt = processing.deliver(Delivery(sender, Door.CDA, writing.write(document), ""))
    assert receipt.state is State.STORED, receipt.reasons
    return naming.id_of("h02", "DocumentReference", "C0002-1"), naming.id_of("h02", "Patient", "B0001")


def test_a_document_is_shown_beside_its_original(stored, browser):
    document, _ = stored

    page = (
        browser("doctor")
        .get(f"/exchange/documents/{document}/", headers={"Accept-Language": "en"})
        .content.decode()
    )

    assert "<h2>主诉" in page
    assert "Nothing is wrong with it by its template." in page
    assert "DE04.01.119.00" in page
    assert page.count("110105 ******** 002X") == 2
    assert "11010519491231002X" not in page
    assert "13800001234" not in page
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_look_at_a_document_is_noted(stored, browser):
    from xinglin.record import access, database

    document, _ = stored
    browser("doctor").get(f"/exchange/documents/{document}/")
    access.flush()

    with database.connect() as connection:
        rows = connection.execute(
            "SELECT purpose, outcome FROM record_access WHERE id = %s AND action = 'read'", [document]
        ).fetchall()
    assert rows == [("TREAT", "permit")]


def test_a_patients_documents_are_listed_and_chosen_by_kind(stored, browser):
    document, patient = stored
    reader = browser("doctor")

    every = reader.get("/exchange/documents/", {"patient": patient}).content.decode()
    others = reader.get("/exchange/documents/", {"patient": patient, "kind": "C0007"}).content.decode()
    nobody = reader.get("/exchange/documents/", headers={"Accept-Language": "en"}).content.decode()

    assert f"/exchange/documents/{document}/" in every
    assert f"/exchange/documents/{document}/" not in others
    assert "Name a patient by the number of the record" in nobody


def test_the_original_and_a_document_made_of_the_record_are_files(stored, browser, hospital):
    document, _ = stored
    reader = browser("doctor")

    original = reader.get(f"/exchange/documents/{document}/original.xml")
    anew = reader.get(f"/exchange/documents/{document}/record.xml")

    assert original["Content-Type"] == "application/xml; charset=utf-8"
    assert original["Content-Disposition"] == f'attachment; filename="{document}.xml"'
    assert original.content.startswith(b"<?xml")
    assert b"C0002-1" in anew.content


def test_a_document_can_be_made_of_a_visit(stored, browser):
    reader = browser("doctor")
    encounter = naming.id_of("h02", "Encounter", "V0001")

    page = reader.get("/exchange/documents/made/C0053/", {"encounter": encounter}).content.decode()
    file = reader.get("/exchange/documents/made/C0053/", {"encounter": encounter, "as": "xml"})
    unknown = reader.get("/exchange/documents/made/C0099/", {"encounter": encounter})

    assert "出院小结" in page
    assert b'code="C0053"' in file.content
    assert unknown.status_code == 404


def test_what_is_no_document_that_can_be_read_is_shown_as_it_is(hospital, browser):
    import base64

    from xinglin.record.door import open_as

    sender, _ = hospital
    door = open_as(sender.actor)
    door.update({
        "resourceType": "DocumentReference", "id": "d1", "status": "current",
        "content": [{"attachment": {"contentType": "application/xml", "data": base64.b64encode(b"<a>").decode()}}],
    })  # fmt: skip

    page = (
        browser("doctor").get("/exchange/documents/d1/", headers={"Accept-Language": "en"}).content.decode()
    )

    assert "This document cannot be read." in page
    assert "&lt;a&gt;" in page


def test_nobody_reads_documents_without_signing_in(stored, browser):
    document, _ = stored

    assert browser(None).get(f"/exchange/documents/{document}/").status_code == 302


def test_a_changed_original_is_not_shown_as_what_was_received(hospital, browser):
    import base64

    from xinglin.record.door import open_as

    sender, _ = hospital
    body = written("C0002")
    attachment = {"data": base64.b64encode(body).decode(), "hash": base64.b64encode(b"x" * 20).decode()}
    open_as(sender.actor).update({
        "resourceType": "DocumentReference", "id": "d2", "status": "current",
        "content": [{"attachment": {"contentType": "application/xml", **attachment}}],
    })  # fmt: skip

    assert browser("doctor").get("/exchange/documents/d2/").status_code == 409


def test_the_residents_record_lists_a_document_once_and_leads_to_it(stored, browser):
    document, patient = stored
    reader = browser("doctor")

    listed = reader.get(f"/residents/{patient}/documents/").content.decode()
    opened = reader.get(f"/residents/{patient}/documents/DocumentReference/{document}/").content.decode()

    assert listed.count(f"/documents/DocumentReference/{document}/") == 1
    assert "/documents/Composition/" not in listed
    assert f"/exchange/documents/{document}/" in opened
