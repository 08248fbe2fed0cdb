"""What is a result and what stands aside: nothing that a document says besides is taken for a laboratory's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portal import make
from tests.portal.test_views import HTMX, text
from xinglin.kernel.actor import SYSTEM
from xinglin.portal.rules import groups, results, telling, traditional
from xinglin.portal.rules.groups import Group
from xinglin.portal.rules.results import Flag
from xinglin.portal.rules.sources import Sources
from xinglin.record.door import open_as

ELEMENTS = "urn:oid:2.16.156.10011.2.2.1"
CONSTITUTION = "urn:xinglin:codes:tcm-constitution"


def category(code: str) -> list[dict[str, Any]]:
    return [make.status_of("observation-category", code)]


def element(code: str, name: str, **value: Any) -> dict[str, Any]:
    return {"code": {"coding": [{"system": ELEMENTS, "code": code, "display": name}], "text": name}, **value}


def document_part(id_: str = "cda1", about: str = "a") -> dict[str, Any]:
    """The section of a shared document as the door for documents keeps it: one Observation, a part a statement."""
    return make.resource(
        "Observation", id_, about, status="final", category=category("survey"),
        code={"coding": [{"system": make.LOINC, "code": "29548-5"}], "text": "诊断记录章节"},
        effectiveDateTime="2026-03-01",
        component=[
            element("DE05.10.130.00", "中医病名代码", valueCodeableConcept={"text": "眩晕病"}),
            element("DE02.10.028.00", "中医“四诊”观察结果", valueString="舌红苔黄，脉弦"),
            element("DE04.10.174.00", "收缩压(mmHg)", valueQuantity={"value": 182, "unit": "mmHg"}),
            element("DE05.01.024.00", "疾病诊断编码", valueCodeableConcept=make.concept("原发性高血压")),
        ],
    )  # fmt: skip


def scores() -> dict[str, Any]:
    coded = {"coding": [{"system": CONSTITUTION, "code": "constitution"}], "text": "中医体质辨识"}
    qi = {"coding": [{"system": CONSTITUTION, "code": "qi-deficient"}], "text": "气虚质"}
    return make.resource(
        "Observation", "con", "a", status="final", category=category("survey"), code=coded,
        effectiveDateTime="2026-03-02", valueCodeableConcept={"text": "气虚质"},
        component=[{"code": qi, "valueQuantity": {"value": 56.25}}],
    )  # fmt: skip


def grouped(*observations: dict[str, Any]) -> dict[str, Group]:
    return {one.name: one.group for one in results.series(observations, Sources())}


def sent(name: str, code: str = "", *, system: str = "", **more: Any) -> dict[str, Any]:
    coding = {"coding": [{"system": system, "code": code}]} if code else {}
    value = {} if any(key.startswith("value") for key in more) else {"valueString": "有"}
    return make.resource(
        "Observation", name, status="final", code={**coding, "text": name}, **{**value, **more}
    )


@pytest.mark.parametrize(
    ("observation", "group"),
    [
        (sent("尿蛋白", category=category("laboratory")), Group.LABORATORY),
        (sent("脉络膜厚度", category=category("laboratory")), Group.LABORATORY),
        (sent("尿蛋白", valueCodeableConcept={"text": "阳性"}), Group.LABORATORY),
        (sent("血糖", "14749-6", system=make.LOINC, valueQuantity={"value": 5.5}), Group.LABORATORY),
        (sent("体温", category=category("vital-signs")), Group.SIGNS),
        (sent("体温", "8310-5", system=make.LOINC, valueQuantity={"value": 36.6}), Group.SIGNS),
        (sent("脉搏", "8867-4", system=make.LOINC, valueQuantity={"value": 72}), Group.SIGNS),
        (sent("检查所见", category=category("imaging")), Group.EXAMINATION),
        (sent("腹部", category=category("exam")), Group.EXAMINATION),
        (sent("舌象", category=category("exam")), Group.TCM),
        (sent("脉象"), Group.TCM),
        (sent("现病史", "DE02.10.071.00", system=ELEMENTS), Group.OTHER),
        (sent("吸烟状况", category=category("social-history")), Group.OTHER),
        (sent("糖尿病风险", category=category("survey"), valueInteger=17), Group.OTHER),
    ],
)
def test_observation_stands_in_its_group(observation, group):
    assert list(grouped(observation).values()) == [group]


def test_what_a_document_says_stands_aside_part_by_part():
    assert grouped(document_part(), scores()) == {
        "中医病名代码": Group.TCM,
        "中医“四诊”观察结果": Group.TCM,
        "收缩压(mmHg)": Group.OTHER,
        "疾病诊断编码": Group.OTHER,
        "中医体质辨识": Group.TCM,
        "气虚质": Group.TCM,
    }


@pytest.mark.parametrize(
    "categories", [("laboratory",), ("vital-signs",), ("survey",), ("exam", "laboratory"), ()]
)
def test_what_categories_decide_at_once_is_what_all_rules_decide(categories):
    at_once = groups.at_once(categories)

    assert at_once in {None, groups.group(categories, (("", "DE02.10.028.00"),), "舌象", worded=True)}
    assert (at_once is None) == (not {"laboratory", "vital-signs"} & set(categories))


def test_every_rule_names_a_way_to_fit():
    assert [rule for rule in groups.rules() if not (
        rule.categories or rule.systems or rule.codes or rule.begins or rule.contains
    )] == []  # fmt: skip


def test_result_and_what_a_form_says_of_it_are_never_one_series():
    said = {"effectiveDateTime": "2026-01-02", "valueQuantity": {"value": 140, "unit": "mmHg"}}
    measured = sent("收缩压", category=category("vital-signs"), **said)
    asked = {**sent("收缩压", category=category("survey"), **said), "id": "other"}

    found = results.series([asked, measured], Sources())

    assert [(s.group, len(s.points)) for s in found] == [(Group.SIGNS, 1), (Group.OTHER, 1)]
    assert len({s.key for s in found}) == 2


def test_what_stands_aside_comes_last_even_out_of_range():
    high = {"valueQuantity": {"value": 9, "unit": "分"}, "interpretation": [make.concept(code="H")]}
    found = results.series(
        [
            sent("跌倒风险", category=category("survey"), **high),
            sent("尿蛋白", category=category("laboratory")),
        ],
        Sources(),
    )

    assert [s.name for s in found] == ["尿蛋白", "跌倒风险"]
    assert found[1].last.flag is Flag.HIGH
    assert [s.name for s in results.of_results(found)] == ["尿蛋白"]


def test_no_chart_is_drawn_of_what_stands_aside():
    days = ("2026-01-01", "2026-01-02", "2026-01-03")
    scored = [
        {
            **sent("评分", category=category("survey"), effectiveDateTime=day, valueQuantity={"value": 3}),
            "id": day,
        }
        for day in days
    ]

    assert telling.telling(results.series(scored, Sources())) == ()


def test_finding_is_written_as_there_or_not():
    parts = [
        {"code": {"text": "头晕"}, "valueBoolean": True},
        {"code": {"text": "呕吐"}, "valueBoolean": False},
    ]
    exam = make.resource("Observation", "x", status="final", category=category("exam"), code={"text": "问诊"},
                         component=parts)  # fmt: skip

    assert [(s.name, s.last.text) for s in results.series([exam], Sources())] == [
        ("呕吐", "−"),
        ("头晕", "+"),
    ]


def test_document_section_tells_the_view_of_chinese_medicine_what_the_examinations_found():
    found = traditional.visits(
        encounters=(),
        conditions=(),
        requests=(),
        observations=[document_part()],
        procedures=(),
        sources=Sources(),
    )

    assert [(s.name, s.text) for visit in found for s in visit.signs] == [
        ("中医“四诊”观察结果", "舌红苔黄，脉弦")
    ]


def test_pulse_that_was_counted_is_no_finding_of_the_four_examinations():
    counted = sent("脉搏", effectiveDateTime="2026-03-01", valueQuantity={"value": 72, "unit": "次/分"})
    felt = sent("脉象", effectiveDateTime="2026-03-01", valueString="弦")

    (visit,) = traditional.visits(
        encounters=(),
        conditions=(),
        requests=(),
        observations=[counted, felt],
        procedures=(),
        sources=Sources(),
    )

    assert [s.name for s in visit.signs] == ["脉象"]


# -- pages


@pytest.fixture
def shared(stored: None) -> None:
    """The record of the region, to which a shared document and an examination of the constitution have come."""
    door = open_as(SYSTEM)
    door.update(document_part())
    door.update(scores())


def test_overview_shows_results_alone_and_says_what_stands_aside(shared, doctor):
    said = text(doctor.get("/residents/a/results/?card=1", headers=HTMX))

    assert "糖化血红蛋白" in said
    assert "中医病名代码" not in said
    assert "182" not in said
    assert "6 条其他记录" in said


def test_page_of_results_shows_what_stands_aside_at_its_end_under_its_own_head(shared, doctor):
    said = text(doctor.get("/residents/a/results/")).partition("项目 最近结果")[2]

    places = [
        said.index(word) for word in ("检验", "糖化血红蛋白", "生命体征", "中医观察", "气虚质", "其他观察")
    ]
    assert places == sorted(places)
    assert said.index("疾病诊断编码") > places[-1]


def test_results_are_chosen_by_their_group(shared, doctor):
    chosen = text(doctor.get("/residents/a/results/?group=other", headers=HTMX))

    assert "疾病诊断编码" in chosen
    assert "糖化血红蛋白" not in chosen


def test_grid_by_day_holds_what_stands_aside_only_when_it_is_asked_for(shared, doctor):
    whole = text(doctor.get("/residents/a/results/?view=grid", headers=HTMX))
    chosen = text(doctor.get("/residents/a/results/?view=grid&group=tcm", headers=HTMX))

    assert "2026-03-01" not in whole
    assert "气虚质" in chosen
    assert "糖化血红蛋白" not in chosen


def test_each_observation_aside_can_be_opened(shared, doctor):
    answer = doctor.get("/residents/a/results/trend/", {"test": "疾病诊断编码~~aside"})

    assert answer.status_code == 200
    assert "原发性高血压" in text(answer)
    assert "第一人民医院" in text(answer)


def test_view_of_chinese_medicine_shows_the_documents_examinations(shared, doctor):
    assert "舌红苔黄，脉弦" in text(doctor.get("/residents/a/tcm/", headers=HTMX))
