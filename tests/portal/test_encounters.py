"""A visit opens: what was found, prescribed and written at it, and nothing of another resident's."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.exchange.cda import make as shared
from tests.portal import make
from tests.portal.test_views import text
from xinglin.exchange.cda import kinds, writing
from xinglin.kernel.actor import SYSTEM
from xinglin.record.door import open_as

AT = {"encounter": {"reference": "Encounter/e1"}}


@pytest.fixture
def visited(stored: None) -> None:
    """The visit e1 with a diagnosis, a temperature, a glucose, a prescription and a document of XML."""
    door = open_as(SYSTEM)
    for resource in (
        {**make.condition("at1", make.concept("急性上呼吸道感染", icd="J06.9"), "2025-01-05", "a"), **AT},
        {
            **make.quantity("at2", make.concept("体温", loinc="8310-5"), "2025-01-05", 38.9, "℃", about="a"),
            **AT,
        },
        {**make.request("at3", make.concept("布洛芬片 0.3g"), "2025-01-05", 3, about="a"), **AT},
        _document("at4", "Binary/at4"),
    ):
        door.update(resource)


def _document(id_: str, url: str) -> dict[str, Any]:
    held = {"contentType": "application/xml", "url": url, "title": "门诊病历"}
    context = {"encounter": [{"reference": "Encounter/e1"}]}
    return make.resource(
        "DocumentReference", id_, "a", status="current", type=make.concept("门（急）诊病历"),
        date="2025-01-05T09:30:00+08:00", content=[{"attachment": held}], context=context,
    )  # fmt: skip


def test_list_of_visits_says_the_diagnosis_and_leads_to_the_visit(visited, doctor) -> None:
    answer = doctor.get("/residents/a/encounters/")

    assert '/residents/a/encounters/e1/"' in answer.content.decode()
    assert "急性上呼吸道感染" in text(answer)


def test_visit_shows_all_that_is_of_it(visited, doctor) -> None:
    answer = doctor.get("/residents/a/encounters/e1/")
    said = text(answer)

    assert answer.status_code == 200
    for words in (
        "心血管内科",
        "第一人民医院",
        "急性上呼吸道感染",
        "38.9",
        "常用参考",
        "布洛芬片 0.3g",
        "门（急）诊病历",
    ):
        assert words in said
    assert "糖化血红蛋白" not in said
    assert "style=" not in answer.content.decode()


def test_timeline_leads_to_the_visit(visited, doctor) -> None:
    assert "/residents/a/encounters/e1/" in doctor.get("/residents/a/timeline/?years=5").content.decode()


@pytest.mark.parametrize("address", ["/residents/d/encounters/e1/", "/residents/a/encounters/none/"])
def test_visit_of_another_resident_or_none_is_not_found(visited, doctor, address: str) -> None:
    assert doctor.get(address).status_code == 404


def test_visit_without_rights_is_refused(visited, resident_without_rights) -> None:
    assert resident_without_rights.get("/residents/a/encounters/e1/").status_code == 403


# -- its document


def test_document_that_is_not_here_says_so_on_the_page_of_the_record(visited, doctor) -> None:
    answer = doctor.get("/residents/a/documents/DocumentReference/at4/")

    assert answer.status_code == 200
    assert "未保存在此处" in text(answer)
    assert "王桂兰" in text(answer)


def test_document_that_is_no_shared_one_says_so_and_leads_to_the_original(visited, doctor) -> None:
    held = base64.b64encode(b"<x").decode()
    guard = {"reference": "DocumentReference/at4"}
    open_as(SYSTEM).update(
        {
            "resourceType": "Binary",
            "id": "at4",
            "contentType": "application/xml",
            "securityContext": guard,
            "data": held,
        }
    )

    answer = doctor.get("/residents/a/documents/DocumentReference/at4/")

    assert "无法读取" in text(answer)
    assert "/exchange/documents/at4/" in answer.content.decode()


def test_shared_document_is_read_on_the_page_of_the_record(visited, doctor) -> None:
    written = writing.write(shared.good(kinds.kinds()["C0002"]))
    guard = {"reference": "DocumentReference/at4"}
    held = base64.b64encode(written).decode()
    open_as(SYSTEM).update(
        {
            "resourceType": "Binary",
            "id": "at4",
            "contentType": "application/xml",
            "securityContext": guard,
            "data": held,
        }
    )

    answer = doctor.get("/residents/a/documents/DocumentReference/at4/")

    assert "主诉" in text(answer)
    assert "未保存在此处" not in text(answer)
    assert "/residents/a/encounters/e1/" in answer.content.decode()
    assert "/exchange/documents/at4/" in answer.content.decode()
