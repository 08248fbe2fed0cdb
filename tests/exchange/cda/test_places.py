"""An institution's own mapping of its documents."""

from __future__ import annotations

import pytest

from tests.exchange.cda import make
from xinglin.exchange.cda import kinds, reading, trying, writing
from xinglin.exchange.cda.handler import Handler
from xinglin.exchange.cda.places import PLACES
from xinglin.exchange.doors import Door
from xinglin.exchange.mapping import holding
from xinglin.exchange.mapping.tree import SyntaxWrong

BODY = writing.write(make.good(kinds.kinds()["C0007"]))
ROOT = reading.read(BODY).node
OWN = """
[mapping]
id = "own-c0007"
version = "1"
door = "cda"
kinds = ["C0007"]
source = "the hospital's own report"
effective = 2026-01-01
confidence = "certain"

[[resource]]
type = "DiagnosticReport"
key = ["recordTarget/patientRole/id[@root='2.16.156.10011.1.33']/@extension"]
[resource.set]
"status" = "'amended'"
"code.text" = "DE04.30.018.00"

[[resource]]
type = "Basic"
key = ["id/@extension", "'remark'"]
[resource.set]
"code.text" = "title"
"""


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("title", ["检验报告"]),
        ("id/@extension", ["C0007-1"]),
        ("recordTarget/patientRole/id[@root='2.16.156.10011.1.33']/@extension", ["L0001"]),
        ("recordTarget/patientRole/id[2]/@root", ["2.16.156.10011.1.11"]),
        ("//administrativeGenderCode/@code", ["2"]),
        ("DE04.30.015.00", ["5.40"]),
        ("DE04.30.015.00/value/@value", ["5.40"]),
        ("DE04.30.017.00", ["1"]),
        ("component//section[code/@code='29548-5']/title", ["诊断"]),
        ("effectiveTime", ["20260102030405"]),
        ("nothing", []),
    ],
)
def test_places_of_a_document(path, texts):
    assert [PLACES.text(node) for node in PLACES.compile(path)(ROOT)] == texts


@pytest.mark.parametrize(
    ("path", "at"), [("", 0), ("id/", 3), ("id[@root=]", 2), ("id]", 2), ("@root/id", 0)]
)
def test_what_is_no_place_is_told_where(path, at):
    with pytest.raises(SyntaxWrong) as caught:
        PLACES.compile(path)

    assert caught.value.at == at


def test_a_place_says_where_it_is():
    (node,) = PLACES.compile("recordTarget/patientRole/id[2]/@root")(ROOT)

    assert PLACES.place(node) == "/ClinicalDocument/recordTarget/patientRole/id[2]/@root"


def test_what_an_institution_maps_otherwise_is_added(monkeypatch):
    def in_force(door, kind, sender):
        return OWN if (door, kind, sender.code) == (Door.CDA, "C0007", "h01") else None

    monkeypatch.setattr(holding, "text_in_force", in_force)

    told = Handler().translate(BODY, "", make.SENDER)

    found = {one["resourceType"]: one for one in told.resources}
    assert told.reasons == ()
    assert found["DiagnosticReport"]["status"] == "amended"
    assert found["DiagnosticReport"]["code"]["text"].startswith("检验类别")
    assert found["DiagnosticReport"]["conclusion"].startswith("检验报告结果")
    assert found["Basic"]["code"] == {"text": "检验报告"}


def test_the_bench_has_a_document_of_every_kind_to_begin_with():
    for code in kinds.kinds():
        body = trying.example(code).encode()
        assert trying.parse(body, "", make.SENDER, code).tag.endswith("ClinicalDocument")
