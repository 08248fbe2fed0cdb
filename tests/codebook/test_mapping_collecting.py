"""Codes from the record: which were sent, how often, with what beside them."""

from __future__ import annotations

import pytest

from tests.codebook import mapping_make as make
from xinglin.codebook.mapping import collecting, queries
from xinglin.kernel.errors import Fault
from xinglin.record import jobs

LOCAL = "urn:xinglin:institution:h1:test"


def observation(code: str, name: str, *, loinc: str = "", unit: str = "U/L") -> dict:
    codings = [{"system": LOCAL, "code": code, "display": name}]
    if loinc:
        codings.append({"system": make.LOINC, "code": loinc})
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": codings, "text": name},
        "valueQuantity": {"value": 5, "unit": unit},
    }


@pytest.fixture
def sent(workbench, door):
    door.update({"resourceType": "Organization", "id": "h1", "name": "市人民医院"})
    for _ in range(3):
        door.create(observation("T1", "谷丙转氨酶", loinc="1742-6"))
    door.create(observation("T1", "ALT", loinc="1742-6"))
    door.create(observation("T2", "项目乙", loinc="14682-9", unit="umol/L"))
    return workbench


def test_collected_codes_have_name_unit_count_and_what_was_sent_beside(sent):
    job = jobs.work(collecting.jobs.ask(collecting.COLLECT, {"kinds": ["test"]}, make.STEWARD).id)

    assert job.state == "done"
    assert job.result == {"books": [1], "codes": 2, "read": 5}
    ((book, coverage),) = queries.books(sent)
    assert (book.institution, book.source, book.target) == ("市人民医院", LOCAL, make.LOINC)
    assert (coverage.codes, coverage.volume) == (2, 5)
    line = make.line(sent, book, "T1")
    assert (line.name, line.unit, line.count) == ("谷丙转氨酶", "U/L", 4)
    assert line.beside == {f"{make.LOINC}|1742-6": 4}


def test_code_sent_beside_decides_where_the_name_says_nothing(sent):
    jobs.work(jobs.ask(collecting.COLLECT, {"kinds": ["test"]}, make.STEWARD).id)
    book = queries.books(sent)[0][0]

    assert make.line(sent, book, "T2").candidates[0].code == "14682-9"


def test_collecting_again_keeps_decisions(sent):
    jobs.work(jobs.ask(collecting.COLLECT, {"kinds": ["test"]}, make.STEWARD).id)
    book = queries.books(sent)[0][0]
    sent.execute("UPDATE mapping_line SET state = 'none' WHERE code = 'T2'")

    jobs.work(jobs.ask(collecting.COLLECT, {"kinds": ["test"]}, make.STEWARD).id)

    assert [one.id for one, _ in queries.books(sent)] == [book.id]
    assert make.line(sent, book, "T2").state == "none"


def test_record_without_local_codes_makes_no_book(workbench, door):
    door.create(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": make.LOINC, "code": "1742-6"}]},
        }
    )

    job = jobs.work(jobs.ask(collecting.COLLECT, {"kinds": ["test"]}, make.STEWARD).id)

    assert job.result == {"books": [], "codes": 0, "read": 1}
    assert queries.books(workbench) == []


def test_collecting_for_a_doctor_fails_and_changes_nothing(sent):
    job = jobs.work(jobs.ask(collecting.COLLECT, {"kinds": ["test"]}, make.DOCTOR).id)

    assert job.state == "failed"
    assert queries.books(sent) == []
    with pytest.raises(Fault):
        queries.book(sent, 1)
