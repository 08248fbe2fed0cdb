"""The patient summary over a real record: by the operation and on a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.api.conftest import caller, record  # noqa: F401 -- fixtures
from tests.portal import region
from tests.portal.conftest import doctor, resident_without_rights, stored  # noqa: F401 -- fixtures
from tests.portal.test_views import text

if TYPE_CHECKING:
    from django.test import Client

    from tests.api.caller import Caller


def test_page_shows_the_sections_and_gives_the_document(doctor: Client) -> None:  # noqa: F811 -- the fixture
    page = doctor.get("/residents/a/summary/")
    given = doctor.get("/residents/a/summary/document/")
    document = json.loads(given.content)

    said = text(page)
    for words in (
        "过敏与不良反应",
        "青霉素",
        "当前用药",
        "氨氯地平",
        "当前健康问题",
        "2型糖尿病",
        "流感疫苗",
    ):
        assert words in said, words
    assert given["Content-Type"] == "application/fhir+json"
    assert "attachment" in given["Content-Disposition"]
    assert (document["type"], document["entry"][0]["resource"]["type"]["coding"][0]["code"]) == (
        "document",
        "60591-5",
    )
    assert document["entry"][1]["resource"]["id"] == "a"


def test_summary_needs_rights(resident_without_rights: Client) -> None:  # noqa: F811 -- the fixture
    assert resident_without_rights.get("/residents/a/summary/").status_code == 403
    assert resident_without_rights.get("/residents/a/summary/document/").status_code == 403


def test_operation_gives_the_document_by_id_and_by_identifier(caller: Caller) -> None:  # noqa: F811 -- the fixture
    region.store()

    by_id = caller.get("Patient/b/$summary")
    by_number = caller.get("Patient/$summary?identifier=110105491231002")

    assert by_id.status == by_number.status == 200
    assert by_id.json["type"] == "document"
    assert by_id.ids[1:3] == by_number.ids[1:3] == ["b", "xinglin"]
    assert "c2" in by_id.ids
    assert {e["subject"]["reference"] for e in by_id.resources if "subject" in e} == {"Patient/b"}


def test_operation_that_is_asked_wrongly_or_of_nobody_is_refused(caller: Caller) -> None:  # noqa: F811 -- as above
    assert caller.get("Patient/nobody/$summary").status == 404
    assert caller.get("Patient/$summary").status == 400
    assert caller.get("Patient/$summary?identifier=nothing").status == 404
    assert caller.get("Patient/nobody/$summary?colour=blue").status == 400
