"""Where an entry of the record comes from is one click away, for whoever may read it and for nobody else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.portal import make
from tests.portal.test_views import HTMX, text
from xinglin.fhir import json
from xinglin.kernel.actor import SYSTEM
from xinglin.portal.rules import origins
from xinglin.record.door import open_as

PARTS = (
    "encounters/", "problems/", "allergies/", "medicines/", "results/", "results/trend/?test=4548-4~%25",
    "documents/", "immunisations/", "summary/", "images/", "tcm/", "changes/?days=365", "conflicts/",
    "documents/DiagnosticReport/r2/", "medicines/?card=1", "problems/?card=1", "results/?card=1", "documents/?card=1",

)  # fmt: skip
LINK = re.compile(r'class="xl-origin" href="([^"]+)"')


def linked(client: Client, part: str) -> list[str]:
    return LINK.findall(client.get(f"/residents/a/{part}", headers=HTMX).content.decode())


@pytest.mark.parametrize("part", PARTS)
def test_every_part_leads_to_the_source_of_what_it_shows(doctor, part):
    door = open_as(SYSTEM)
    for one in _more():
        door.update(one)

    found = linked(doctor, part)

    assert found, part
    for address in set(found):
        answer = doctor.get(address, headers=HTMX)
        assert answer.status_code == 200, address
        assert "数据来源" in text(answer)


def _more() -> list[dict[str, Any]]:
    """What the region has none of: a study, a visit to Chinese medicine with what it found, a contradiction."""
    said = {"coding": [{"code": "DE02.10.028.00"}], "text": "舌象"}
    blood = make.concept("ABO血型", loinc="883-9")
    return [
        make.resource("ImagingStudy", "im", "a", status="available", started="2026-01-05", description="胸部CT"),
        make.resource(
            "Observation", "tongue", "c", status="final", code=said, effectiveDateTime="2026-02-10",
            encounter={"reference": "Encounter/e4"}, valueString="舌红苔黄",
        ),
        make.resource("Observation", "ab1", "a", status="final", code=blood, valueString="A型"),
        make.resource("Observation", "ab2", "b", status="final", code=blood, valueString="B型"),
    ]  # fmt: skip


def test_source_says_who_when_as_what_and_every_version(doctor):
    door = open_as(SYSTEM)
    changed = door.read("Observation", "o0").resource
    door.update({**changed, "performer": [{"display": "检验科 韦医生"}]})

    said = text(doctor.get("/residents/a/from/Observation/o0/", headers=HTMX))

    for word in (
        "糖化血红蛋白",
        "第一人民医院",
        "2025-01-15",
        "Observation/o0",
        "检验科 韦医生",
        "4548-4",
        "版本 2",
    ):
        assert word in said, word
    assert "未随消息送达" in said
    assert "valueQuantity.value 6.4" in said


def test_source_is_a_page_of_its_own_too(doctor):
    said = text(doctor.get("/residents/a/from/Observation/o0/"))

    assert "王桂兰" in said
    assert "数据来源" in said


@pytest.mark.parametrize(
    "address",
    ["/residents/d/from/Observation/o0/", "/residents/a/from/Observation/nobody/", "/residents/a/from/Patient/d/",
     "/residents/a/from/Nothing/o0/", "/residents/a/from/Organization/hospital/"],
)  # fmt: skip
def test_source_of_what_is_not_this_residents_is_not_shown(doctor, address):
    assert doctor.get(address).status_code in {403, 404}


def test_source_is_not_shown_to_who_may_not_read_the_record(resident_without_rights):
    answer = resident_without_rights.get("/residents/a/from/Observation/o0/")

    assert answer.status_code == 403
    assert "糖化血红蛋白" not in answer.content.decode()


def test_looking_at_a_source_is_noted(doctor):
    from xinglin.record import access, database

    doctor.get("/residents/a/from/Observation/o0/", headers=HTMX)

    access.flush()
    counted = "SELECT count(*) FROM record_access WHERE id = 'o0' AND outcome = 'permit'"
    assert database.connection().execute(counted).fetchone()[0] == 1


def test_elements_are_listed_as_they_were_sent():
    sent = json.parse(
        b'{"resourceType":"Observation","valueQuantity":{"value":5.40},"a":[{"b":true},{"b":"x"}]}'
    )

    assert origins.elements(sent) == [
        ("resourceType", "Observation"), ("valueQuantity.value", "5.40"), ("a[0].b", "true"), ("a[1].b", "x"),
    ]  # fmt: skip


def test_codes_are_those_of_every_element_that_has_some():
    sent = {
        "resourceType": "Encounter", "class": {"system": "act", "code": "AMB"},
        "type": [{"coding": [{"system": "s", "code": "1", "display": "门诊"}]}],
    }  # fmt: skip

    assert [(c.element, c.system, c.code, c.display) for c in origins.codes(sent)] == [
        ("type", "s", "1", "门诊"),
        ("class", "act", "AMB", ""),
    ]
