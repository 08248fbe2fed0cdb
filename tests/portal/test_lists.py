"""Allergies, problems, medicines, documents: each over several institutions."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from uuid import uuid4

import pytest

from tests.portal import make
from xinglin.portal.rules import allergies, documents, immunisations, medicines, people, problems, timeline
from xinglin.portal.rules.sources import Sources
from xinglin.reminders.values import Card, Indicator

TODAY = date(2026, 11, 21)
SOURCES = Sources({"Patient/p": "甲医院", "Patient/q": "乙医院"})


def allergy(id_: str, text: str, about: str = "p", **more: object) -> dict[str, object]:
    return make.resource(
        "AllergyIntolerance", id_, about, code=make.concept(text), recordedDate="2019-06-01", **more
    )


# -- allergies


def test_allergies_of_nobody_are_not_recorded():
    assert allergies.box([], SOURCES) == allergies.Box(allergies.State.NOT_RECORDED)


@pytest.mark.parametrize(
    "code",
    [
        make.concept("无已知过敏"),
        make.concept("否认药物及食物过敏史"),
        make.concept("No known allergy"),
        make.concept(code="716186003"),
    ],
)
def test_allergies_denied_are_none_known(code):
    found = allergies.box([make.resource("AllergyIntolerance", "1", code=code)], SOURCES)

    assert (found.state, found.allergies, len(found.denied)) == (allergies.State.NONE_KNOWN, (), 1)


def test_allergies_known_to_one_win_over_another_that_denies():
    found = allergies.box(
        [allergy("1", "青霉素"), allergy("2", "无已知过敏", "q"), allergy("3", "青霉素", "q")], SOURCES
    )

    assert found.state is allergies.State.KNOWN
    assert [(a.name, a.institutions) for a in found.allergies] == [("青霉素", ("甲医院", "乙医院"))]
    assert [s.institution for s in found.denied] == ["乙医院"]


@pytest.mark.parametrize(
    "void",
    [{"verificationStatus": make.concept(code="refuted")}, {"clinicalStatus": make.concept(code="resolved")}],
)
def test_allergies_that_were_withdrawn_do_not_count(void):
    assert allergies.box([allergy("1", "青霉素", **void)], SOURCES).state is allergies.State.NOT_RECORDED


def test_allergies_that_are_dangerous_come_first():
    found = allergies.box([allergy("1", "海鲜"), allergy("2", "青霉素", criticality="high")], SOURCES)

    assert [a.name for a in found.allergies] == ["青霉素", "海鲜"]


def test_those_who_deny_allergies_are_no_allergies_and_the_latest_counts():
    found = allergies.box(
        [allergy("1", "无已知过敏"), {**allergy("2", "无已知过敏", "q"), "recordedDate": "2025-01-01"}],
        SOURCES,
    )

    assert (len(found.allergies), found.said_none and found.said_none.date) == (0, "2025-01-01")


# -- problems


def test_problems_with_the_same_code_are_one_with_every_name_and_source():
    found = problems.problems(
        [
            make.condition("1", make.concept("高血压病", icd="I10.x09"), "2020-01-01"),
            make.condition("2", make.concept("原发性高血压", icd="I10.x09"), "2024-05-05", "q"),
            make.condition("3", make.concept("高血压病", icd="I10.x09"), "2022-01-01"),
        ],
        SOURCES,
    )

    assert [(p.name, p.others, p.since, p.last) for p in found] == [
        ("高血压病", ("原发性高血压",), "2020-01-01", "2024-05-05")
    ]
    assert found[0].institutions == ("乙医院", "甲医院")


def test_problems_that_are_over_stand_last():
    found = problems.problems(
        [
            make.condition("1", make.concept("上呼吸道感染", icd="J06.9"), "2026-01-01", status="resolved"),
            make.condition("2", make.concept("2型糖尿病", icd="E11.9"), "2020-01-01"),
        ],
        SOURCES,
    )

    assert [(p.name, p.active) for p in found] == [("2型糖尿病", True), ("上呼吸道感染", False)]


def test_problems_entered_in_error_are_left_out():
    wrong = {
        **make.condition("1", make.concept("肺炎"), "2026-01-01"),
        "verificationStatus": make.concept(code="entered-in-error"),
    }

    assert problems.problems([wrong], SOURCES) == ()


def test_tags_show_what_is_active_and_dangerous_first():
    found = problems.problems(
        [
            make.condition("1", make.concept("高血压", icd="I10.x09"), "2020-01-01"),
            make.condition("2", make.concept("糖尿病", icd="E11.900"), "2019-01-01"),
            make.condition("3", make.concept("肺癌", icd="C34.9"), "2018-01-01", status="resolved"),
            make.condition("4", make.concept("感冒", icd="J00"), "2026-01-01"),
        ],
        SOURCES,
    )

    tags = problems.tags(found, people.Age(68, 0, 0))

    assert [(t.kind, t.name, t.colour) for t in tags] == [
        ("problem", "糖尿病", "red"),
        ("problem", "高血压", "amber"),
        ("old", "", "blue"),
    ]


def test_problem_is_one_by_its_code_in_either_edition_and_by_its_name():
    def told(id_: str, text: str, when: str, system: str = "", code: str = ""):
        coding = [{"system": system, "code": code}] if code else []
        return make.condition(id_, {"coding": coding, "text": text} if coding else {"text": text}, when)

    who, national = "http://hl7.org/fhir/sid/icd-10", "urn:oid:2.16.156.10011.2.3.3.11"
    found = problems.problems(
        [
            told("1", "原发性高血压(2级)", "2026-01-01", who, "I10"),
            told("2", "高血压病", "2026-02-01", national, "I10.x09"),
            told("3", "慢性肾功能不全", "2026-01-02", who, "N18.3"),
            told("4", "CKD3期", "2026-01-01", national, "N18.300"),
            told("5", "CKD3期", "2026-01-01"),
            told("6", "2型糖尿病", "2026-01-01", who, "E11.9"),
            told("7", "2型糖尿病肾病", "2025-01-01", who, "E11.2"),
        ],
        SOURCES,
    )

    assert [(p.name, p.code, len(p.sources)) for p in found] == [
        ("高血压病", "I10.x09", 2),
        ("CKD3期", "N18.3", 3),
        ("2型糖尿病", "E11.9", 1),
        ("2型糖尿病肾病", "E11.2", 1),
    ]


# -- medicines


def test_medicines_with_the_same_code_are_one():
    found = medicines.medicines(
        [
            make.request("1", make.concept("氨氯地平片 5mg", atc="C08CA01"), "2026-11-01", 30),
            make.request(
                "2", make.concept("苯磺酸氨氯地平片 5mg", atc="C08CA01"), "2026-11-10", 30, about="q"
            ),
        ],
        SOURCES,
        TODAY,
    )

    assert [(m.name, m.current, m.duplicate, m.days_left) for m in found] == [
        ("苯磺酸氨氯地平片 5mg", True, True, 19)
    ]
    assert [(c.start, c.end, c.source.institution) for c in found[0].courses] == [
        ("2026-11-10", "2026-12-10", "乙医院"),
        ("2026-11-01", "2026-12-01", "甲医院"),
    ]


def test_medicines_without_a_code_are_known_by_the_name_without_its_strength():
    found = medicines.medicines(
        [
            make.request("1", make.concept("维生素C片 100mg"), "2026-01-01"),
            make.request("2", make.concept("维生素C片 0.1 g"), "2026-02-01"),
        ],
        SOURCES,
        TODAY,
    )

    assert [len(m.courses) for m in found] == [2]


@pytest.mark.parametrize(
    ("more", "current"),
    [
        ({"days": 21}, True),
        ({"days": 20}, False),
        ({"days": 30, "status": "stopped"}, False),
        ({"status": "active"}, True),
        ({"status": "completed"}, False),
    ],
)
def test_medicine_is_current_while_its_supply_lasts(more, current):
    (found,) = medicines.medicines(
        [make.request("1", make.concept("药"), "2026-10-31", **more)], SOURCES, TODAY
    )

    assert found.current is current


@pytest.mark.parametrize("more", [{"status": "entered-in-error"}, {"intent": "proposal"}])
def test_medicine_that_was_never_prescribed_is_left_out(more):
    assert (
        medicines.medicines([make.request("1", make.concept("药"), "2026-11-01", 30, **more)], SOURCES, TODAY)
        == ()
    )


def test_medicine_of_one_institution_twice_is_no_duplicate():
    twice = [make.request(i, make.concept("药"), "2026-11-01", 30) for i in ("1", "2")]

    (found,) = medicines.medicines(twice, SOURCES, TODAY)

    assert found.duplicate is False


def test_medicine_without_a_code_is_known_by_the_substance_that_its_name_says():
    found = medicines.medicines(
        [
            make.request("1", make.concept("二甲双胍缓释片 0.5g"), "2026-11-01", 60),
            make.request(
                "2", make.concept("盐酸二甲双胍片 0.25g", atc="A10BA02"), "2026-11-10", 60, about="q"
            ),
        ],
        SOURCES,
        TODAY,
    )

    assert [(m.current, m.duplicate, m.codes, len(m.courses)) for m in found] == [
        (True, True, ("A10BA02",), 2)
    ]


def test_current_medicines_of_a_class_of_which_one_is_enough_name_each_other():
    sent = [
        make.request("1", make.concept("依那普利片 10mg", atc="C09AA02"), "2026-11-01", 60),
        make.request("2", make.concept("培哚普利片 4mg", atc="C09AA04"), "2026-11-10", 60, about="q"),
        make.request("3", make.concept("雷米普利片 5mg", atc="C09AA05"), "2024-01-01", 30),
        make.request("4", make.concept("氨氯地平片 5mg", atc="C08CA01"), "2026-11-01", 60),
    ]

    found = {m.name: m.alike for m in medicines.medicines(sent, SOURCES, TODAY)}

    assert found == {
        "依那普利片 10mg": ("培哚普利片 4mg",),
        "培哚普利片 4mg": ("依那普利片 10mg",),
        "雷米普利片 5mg": (),
        "氨氯地平片 5mg": (),
    }


def test_formula_lists_its_herbs():
    herb = {"itemCodeableConcept": {"text": "天麻"}, "strength": {"numerator": {"value": 10, "unit": "g"}}}
    formula = {
        "resourceType": "Medication",
        "id": "f",
        "code": {"text": "天麻钩藤饮"},
        "form": {"text": "汤剂"},
        "ingredient": [herb],
    }
    sent = make.request(
        "1", {}, "2026-11-01", 7, contained=[formula], medicationReference={"reference": "#f"}
    )
    del sent["medicationCodeableConcept"]

    (found,) = medicines.medicines([sent], SOURCES, TODAY)

    assert (found.name, found.herbs, found.tcm) == ("天麻钩藤饮", ("天麻 10g",), True)


def test_dose_and_how_often_are_put_together_when_nobody_worded_them():
    dosage = {
        "doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "g"}}],
        "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
    }

    sent = make.request("1", make.concept("药"), "2026-11-01", dosageInstruction=[dosage])
    (found,) = medicines.medicines([sent], SOURCES, TODAY)

    assert (found.amount, found.dose) == ("0.5 g", "0.5 g 一日2次")


def test_medicine_that_is_taken_and_was_taken_is_one_row_with_its_history():
    found = medicines.medicines(
        [
            make.request("1", make.concept("二甲双胍片 0.5g", atc="A10BA02"), "2026-08-01", 30),
            make.request("2", make.concept("二甲双胍片 0.5g"), "2026-11-20", status="active", about="q"),
        ],
        SOURCES,
        TODAY,
    )

    assert [(m.current, m.days_left, [c.current for c in m.courses]) for m in found] == [
        (True, None, [True, False])
    ]


# -- documents and immunisations


def attachment(text: str, kind: str = "text/plain") -> dict[str, str]:
    return {"contentType": kind, "data": b64encode(text.encode()).decode()}


def test_document_is_read_as_text_without_markup():
    sent = make.resource(
        "DocumentReference",
        "1",
        content=[{"attachment": attachment("<p>主诉</p><script>x</script>头晕", "text/html")}],
    )

    assert [p.text for p in documents.content(sent).parts] == ["主诉\nx头晕"]


def test_document_that_is_no_text_is_named():
    sent = make.resource(
        "DocumentReference",
        "1",
        content=[{"attachment": {"contentType": "application/pdf", "title": "出院", "size": 10}}],
    )

    found = documents.content(sent)

    assert (found.parts, found.attachments) == ((), (documents.Attachment("出院", "application/pdf", 10),))


def test_document_in_a_chinese_charset_is_read():
    data = b64encode("头晕".encode("gb18030")).decode()
    held = {"contentType": "text/plain; charset=GB18030", "data": data}
    sent = make.resource("DocumentReference", "1", content=[{"attachment": held}])

    assert [p.text for p in documents.content(sent).parts] == ["头晕"]


@pytest.mark.parametrize("data", ["***", "gICA"])
def test_document_that_cannot_be_decoded_is_named(data):
    sent = make.resource(
        "DocumentReference", "1", content=[{"attachment": {"contentType": "text/plain", "data": data}}]
    )

    assert len(documents.content(sent).attachments) == 1


def test_report_shows_findings_before_the_conclusion():
    sent = make.resource("DiagnosticReport", "1", presentedForm=[attachment("片状影")], conclusion="肺炎")

    assert [(p.kind, p.text) for p in documents.content(sent).parts] == [
        ("finding", "片状影"),
        ("conclusion", "肺炎"),
    ]


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"category": [make.concept(code="RAD")]}, "imaging"),
        ({"category": [make.concept(code="LAB")]}, "laboratory"),
        ({"result": [{"reference": "Observation/1"}]}, "laboratory"),
        ({}, "document"),
    ],
)
def test_report_kind(more, kind):
    assert documents.kind_of(make.resource("DiagnosticReport", "1", **more)) == kind


def test_documents_latest_first_without_the_withdrawn():
    sent = [
        make.resource("DocumentReference", "1", date="2020-01-01T08:00:00+08:00", description="旧"),
        make.resource("DocumentReference", "2", date="2024-01-01T23:30:00Z", description="新"),
        make.resource(
            "DocumentReference", "3", date="2025-01-01", description="错", status="entered-in-error"
        ),
    ]

    found = documents.documents(sent, SOURCES)

    assert [(d.title, d.source.date) for d in found] == [("新", "2024-01-02"), ("旧", "2020-01-01")]


def test_immunisation_says_its_dose_and_whether_it_was_given():
    sent = make.resource(
        "Immunization",
        "1",
        status="not-done",
        vaccineCode=make.concept("乙型肝炎疫苗"),
        occurrenceDateTime="2024-01-01",
        protocolApplied=[{"doseNumberPositiveInt": 2, "seriesDosesPositiveInt": 3}],
    )

    (found,) = immunisations.immunisations([sent], SOURCES)

    assert (found.name, found.number, found.given, found.source.institution) == (
        "乙型肝炎疫苗",
        "2/3",
        False,
        "甲医院",
    )


# -- where data come from


@pytest.mark.parametrize(
    ("more", "institution"),
    [
        ({}, "甲医院"),
        ({"performer": [{"reference": "Organization/x"}]}, "某所"),
        ({"performer": [{"reference": "Practitioner/x"}]}, "甲医院"),
        ({"encounter": {"reference": "Encounter/1"}}, "急诊中心"),
        ({"custodian": {"reference": "Organization/y", "display": "自报"}}, "自报"),
    ],
)
def test_source_is_said_by_the_resource_its_encounter_or_its_patient(more, institution):
    sources = Sources({"Patient/p": "甲医院"}, {"Organization/x": "某所"}, {"Encounter/1": "急诊中心"})

    assert sources.institution(make.resource("Observation", "1", **more)) == institution


def test_a_datum_leads_to_its_message_for_those_who_may_read_messages():
    from django.template.loader import render_to_string

    came = make.resource("Observation", "1", meta={"source": "urn:xinglin:message:0sbhbz1bxvg00zb"})
    loaded = make.resource("Observation", "2", meta={"source": "urn:xinglin:institution:xc-h01"})
    sources = Sources({"Patient/p": "甲医院"}, {}, {})
    source = sources.of(came, "2026-11-26")

    assert source.message == "0sbhbz1bxvg00zb"
    assert sources.of(loaded, "2026-11-26").message == ""
    shown = render_to_string("portal/origin.html", {"s": source, "origins": True})
    assert 'href="/exchange/messages/0sbhbz1bxvg00zb/"' in shown
    assert "href" not in render_to_string("portal/origin.html", {"s": source, "origins": False})


def test_the_department_is_what_a_visit_says_of_its_service_where_it_has_no_type():
    visit = make.resource("Encounter", "1", serviceType={"text": "肾内科"}, period={"start": "2026-11-26"})
    (found,) = timeline.visits([visit], Sources({}, {}, {}))

    assert found.department == "肾内科"


def card(indicator: str, *about: str) -> Card:
    return Card(
        uuid4(), "renal-taken", 1, Indicator(indicator), "eGFR 29", "", "", "", ("dose", "剂量"), about=about
    )


def test_medicine_is_marked_by_the_grave_reminders_about_any_of_its_prescriptions():
    sent = [
        make.request("1", make.concept("二甲双胍片", atc="A10BA02"), "2026-11-01", 30),
        make.request("2", make.concept("二甲双胍片", atc="A10BA02"), "2026-11-10", 30, about="q"),
        make.request("3", make.concept("氨氯地平片", atc="C08CA01"), "2026-11-10", 30),
    ]
    cards = [
        card("critical", "Observation/o", "MedicationRequest/1"),
        card("warning", "MedicationRequest/2"),
        card("info", "MedicationRequest/3"),
        card("critical", "Observation/o"),
    ]

    found = medicines.marked(medicines.medicines(sent, SOURCES, TODAY), cards)

    assert {m.name: m.reminders for m in found} == {"二甲双胍片": tuple(cards[:2]), "氨氯地平片": ()}
