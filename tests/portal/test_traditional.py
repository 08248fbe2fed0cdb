"""The record as Chinese medicine reads it."""

from __future__ import annotations

from typing import Any

from tests.portal import make
from tests.portal.test_views import text
from xinglin.kernel.actor import SYSTEM
from xinglin.portal.rules import traditional
from xinglin.portal.rules.sources import Sources
from xinglin.record.door import open_as

TCM = "urn:oid:2.16.156.10011.2.3.3.14"
CONSTITUTION = "urn:xinglin:codes:tcm-constitution"


def coded(code: str, display: str) -> dict[str, str]:
    return {"system": TCM, "code": code, "display": display}


def of(kind: str, id_: str, **more: Any) -> dict[str, Any]:
    return make.resource(kind, id_, "c", encounter={"reference": "Encounter/e4"}, **more)


def diagnosis(id_: str = "t1", **more: Any) -> dict[str, Any]:
    evidence = [{"code": [{"coding": [coded("B04.02", "肝阳上亢证")]}]}]
    said = {"coding": [coded("A06.05", "眩晕病")], "text": "眩晕病（肝阳上亢证）"}
    return of("Condition", id_, code=said, evidence=evidence, recordedDate="2026-02-10", **more)


def formula() -> dict[str, Any]:
    grams = {"unit": "g"}
    ingredient = [
        {
            "itemCodeableConcept": {"text": name},
            "strength": {"numerator": {"value": n, **grams}, "denominator": {"value": 1}},
        }
        for name, n in (("天麻", 9), ("钩藤", 12))
    ]
    held = {
        "resourceType": "Medication",
        "id": "f",
        "code": {"text": "天麻钩藤饮"},
        "ingredient": ingredient,
    }
    return of(
        "MedicationRequest", "t2", contained=[held], status="completed", intent="order",
        category=[{"text": "中药饮片处方"}], medicationReference={"reference": "#f", "display": "天麻钩藤饮加减"},
        authoredOn="2026-02-10", note=[{"text": "治法：平肝潜阳"}],
        dispenseRequest={"quantity": {"value": 7, "unit": "剂"}}, dosageInstruction=[{"text": "水煎服"}],
    )  # fmt: skip


def tongue() -> dict[str, Any]:
    said = {"coding": [{"code": "DE02.10.028.00"}], "text": "舌象"}
    return of(
        "Observation", "t3", status="final", code=said, effectiveDateTime="2026-02-10", valueString="舌红苔黄"
    )


def needles() -> dict[str, Any]:
    return of(
        "Procedure", "t4", status="completed", code={"text": "针刺治疗"}, performedDateTime="2026-02-10"
    )


def constitution(id_: str = "t5", day: str = "2026-03-01", score: float = 62.5) -> dict[str, Any]:
    def type_of(name: str, value: float, verdict: str) -> dict[str, Any]:
        said = [{"coding": [{"system": CONSTITUTION, "code": verdict}]}]
        return {
            "code": {"text": name},
            "valueQuantity": {"value": value, "unit": "分"},
            "interpretation": said,
        }

    return make.resource(
        "Observation", id_, "c", status="final",
        code={"coding": [{"system": CONSTITUTION, "code": "constitution"}], "text": "中医体质辨识"},
        effectiveDateTime=day, valueCodeableConcept={"text": "气虚质"}, method={"text": "九种体质"},
        component=[type_of("气虚质", score, "yes"), type_of("阳虚质", 35, "tends"), type_of("平和质", 20, "no")],
    )  # fmt: skip


def encounter() -> dict[str, Any]:
    return make.resource(
        "Encounter", "e4", "c", status="finished", type=[{"text": "中医内科"}],
        period={"start": "2026-02-10T09:00:00+08:00"}, **{"class": {"code": "AMB"}},
    )  # fmt: skip


def visits(*conditions: dict[str, Any], encounters: tuple[dict[str, Any], ...] | None = None) -> Any:
    return traditional.visits(
        encounters=(encounter(),) if encounters is None else encounters, conditions=conditions,
        requests=[formula()], observations=[tongue()], procedures=[needles()], sources=Sources(),
    )  # fmt: skip


def test_visit_holds_examination_syndrome_formula_and_therapy() -> None:
    (visit,) = visits(diagnosis())

    assert (visit.date, visit.department) == ("2026-02-10", "中医内科")
    assert [(d.disease, d.syndromes) for d in visit.diagnoses] == [("眩晕病", ("肝阳上亢证",))]
    assert [(s.name, s.text) for s in visit.signs] == [("舌象", "舌红苔黄")]
    (prescription,) = visit.prescriptions
    assert (prescription.name, prescription.packets, prescription.therapy) == (
        "天麻钩藤饮加减",
        "7",
        "平肝潜阳",
    )
    assert [(h.name, h.amount) for h in prescription.herbs] == [("天麻", "9 g"), ("钩藤", "12 g")]
    assert [t.name for t in visit.treatments] == ["针刺治疗"]
    assert traditional.syndromes([visit]) == (("肝阳上亢证", 1),)


def test_syndrome_beside_the_disease_or_in_its_words_is_found() -> None:
    beside = of("Condition", "x", code={"coding": [coded("A06.05", "眩晕病"), coded("B01.01", "痰湿证")]})
    in_words = of("Condition", "y", code={"coding": [coded("A06.05", "")], "text": "眩晕病·肝肾阴虚证"})

    (visit,) = visits(beside, in_words)

    assert [d.syndromes for d in visit.diagnoses] == [("痰湿证",), ("肝肾阴虚证",)]


def test_what_was_withdrawn_or_is_western_is_no_part_of_it() -> None:
    withdrawn = diagnosis(verificationStatus=make.status_of("condition-ver-status", "entered-in-error"))
    western = of("Condition", "w", code=make.concept("高血压", icd="I10"), recordedDate="2026-02-10")

    (visit,) = visits(withdrawn, western)

    assert visit.diagnoses == []


def test_what_names_no_visit_stands_under_its_day() -> None:
    assert [(v.date, v.department, len(v.signs)) for v in visits(encounters=())] == [("2026-02-10", "", 1)]


def test_constitutions_are_latest_first_with_what_stands_beside_the_main_type() -> None:
    found = traditional.constitutions([constitution("a", "2025-03-01", 50), constitution()], Sources())

    assert [(c.source.date, c.main) for c in found] == [("2026-03-01", "气虚质"), ("2025-03-01", "气虚质")]
    assert [t.name for t in found[0].beside] == ["阳虚质"]
    assert found[0].types[0] == traditional.Type("气虚质", "62.5", "yes")


def test_page_shows_the_visit_and_the_constitution(doctor) -> None:
    for resource in (diagnosis(), formula(), tongue(), needles(), constitution()):
        open_as(SYSTEM).update(resource)

    said = text(doctor.get("/residents/a/tcm/"))

    for words in (
        "肝阳上亢证",
        "天麻 9 g",
        "平肝潜阳",
        "× 7 剂",
        "舌红苔黄",
        "针刺治疗",
        "气虚质",
        "62.5",
        "阳虚质",
    ):
        assert words in said, words
