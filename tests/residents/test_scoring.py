"""Self-tests by points: every band, the limit, what is refused, what stays in the record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.healthcard import make as cards
from tests.residents import make
from tests.residents.entering import client_of, plain
from xinglin.kernel.errors import Fault, Kind
from xinglin.residents import scoring

TEST = scoring.test("diabetes")
LEAST = {"age": 20.0, "bmi": 20.0, "waist": 60.0, "systolic": 100.0, "family": 0.0}
MOST = {"age": 74.0, "bmi": 35.0, "waist": 110.0, "systolic": 170.0, "family": 1.0}


@pytest.mark.parametrize(
    ("answers", "sex", "points"),
    [
        (LEAST, "female", 0),
        (LEAST, "male", 2),
        (MOST, "male", 51),
        (MOST, "female", 49),
        ({**LEAST, "age": 24}, "female", 0),
        ({**LEAST, "age": 25}, "female", 4),
        ({**LEAST, "age": 35}, "female", 8),
        ({**LEAST, "age": 40}, "female", 11),
        ({**LEAST, "age": 45}, "female", 12),
        ({**LEAST, "age": 50}, "female", 13),
        ({**LEAST, "age": 55}, "female", 15),
        ({**LEAST, "age": 60}, "female", 16),
        ({**LEAST, "age": 65}, "female", 18),
        ({**LEAST, "bmi": 22}, "female", 1),
        ({**LEAST, "bmi": 23.9}, "female", 1),
        ({**LEAST, "bmi": 24}, "female", 3),
        ({**LEAST, "bmi": 30}, "female", 5),
        ({**LEAST, "waist": 70}, "female", 3),
        ({**LEAST, "waist": 74.9}, "male", 2),
        ({**LEAST, "waist": 75}, "male", 5),
        ({**LEAST, "waist": 90}, "female", 10),
        ({**LEAST, "waist": 95}, "male", 12),
        ({**LEAST, "systolic": 110}, "female", 1),
        ({**LEAST, "systolic": 139}, "female", 6),
        ({**LEAST, "systolic": 160}, "female", 10),
        ({**LEAST, "family": 1}, "female", 6),
    ],
)
def test_points_are_those_of_the_table(answers, sex, points) -> None:
    assert scoring.score(TEST, answers, sex).points == points


@pytest.mark.parametrize(("points", "colour"), [(0, "green"), (24, "green"), (25, "amber"), (51, "amber")])
def test_the_limit_is_25(points, colour) -> None:
    assert scoring.result_of(TEST, points)["colour"] == colour


@given(
    st.fixed_dictionaries(
        {
            "age": st.floats(20, 74),
            "bmi": st.floats(10, 80),
            "waist": st.floats(40, 200),
            "systolic": st.floats(50, 300),
            "family": st.sampled_from([0.0, 1.0]),
        }
    ),
    st.sampled_from(["age", "bmi", "waist", "systolic"]),
    st.sampled_from(["male", "female"]),
)
def test_a_greater_figure_never_has_fewer_points(answers, raised, sex) -> None:
    item = next(i for i in TEST["item"] if i["code"] == raised)
    more = {**answers, raised: min(answers[raised] * 1.1, item["most"])}

    low, high = scoring.score(TEST, answers, sex), scoring.score(TEST, more, sex)

    assert 0 <= low.points <= high.points <= TEST["most_points"]


@pytest.mark.parametrize(
    ("answers", "sex"),
    [
        ({**LEAST, "age": 19}, "male"),
        ({**LEAST, "age": 75}, "male"),
        ({**LEAST, "family": 2}, "male"),
        ({k: v for k, v in LEAST.items() if k != "waist"}, "male"),
        (LEAST, "unknown"),
    ],
)
def test_what_cannot_be_scored_is_refused(answers, sex) -> None:
    with pytest.raises(Fault) as caught:
        scoring.score(TEST, answers, sex)

    assert caught.value.kind is Kind.INVALID


def test_a_resident_sees_the_result_and_it_stays(region, outbox) -> None:
    client = client_of(make.lin())  # 46 years old
    client.post("/my/measurements/waist/", {"waist": "96"})
    asked = client.get("/my/self-tests/diabetes/").content.decode()
    assert 'value="96.0"' in asked
    sent = {"age": "46", "bmi": "27", "waist": "96", "systolic": "128", "family": "1"}

    assert client.post("/my/self-tests/diabetes/", sent).url == "/my/self-tests/diabetes/"

    page = plain(client.get("/my/self-tests/diabetes/"))
    assert "36 分" in page  # 12 + 3 + 10 + 3 + 6 + 2
    assert "口服葡萄糖耐量试验" in page
    assert "36" in plain(client.get("/my/record/lin/results/"))


def test_who_has_diabetes_is_not_asked(region, outbox) -> None:
    icd = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11.900"}
    condition = {"resourceType": "Condition", "id": "dm", "subject": {"reference": "Patient/lin"}}
    cards.store({**condition, "code": {"coding": [icd]}})

    page = plain(client_of(make.lin()).get("/my/self-tests/diabetes/"))

    assert "已诊断糖尿病的人不需要做这项自测" in page
    assert "查看结果" not in page


def test_who_is_too_old_is_not_asked(region, outbox) -> None:
    page = plain(client_of(make.wang()).get("/my/self-tests/diabetes/"))

    assert "查看结果" not in page


def test_wrong_answers_keep_nothing(region, outbox) -> None:
    client = client_of(make.lin())

    assert client.post("/my/self-tests/diabetes/", {"age": "200"}).status_code == 422
    assert client.get("/my/self-tests/luck/").status_code == 404
    assert "分 /" not in plain(client.get("/my/self-tests/diabetes/"))


FRAILTY = scoring.test("frailty")
ROBUST = {item["code"]: 0.0 for item in FRAILTY["item"]}


@pytest.mark.parametrize(
    ("yes", "colour"),
    [
        ((), "green"),
        (("fatigue",), "amber"),
        (("resistance", "weight"), "amber"),
        (("fatigue", "ambulation", "illnesses"), "red"),
        (tuple(ROBUST), "red"),
    ],
)
def test_frailty_is_one_point_a_question_whatever_the_sex(yes, colour) -> None:
    found = scoring.score(FRAILTY, {**ROBUST, **dict.fromkeys(yes, 1.0)}, "unknown")

    assert (found.points, found.result["colour"]) == (len(yes), colour)


def test_test_whose_points_differ_by_sex_is_refused_where_nobody_says_which() -> None:
    with pytest.raises(Fault) as caught:
        scoring.score(TEST, LEAST, "unknown")

    assert caught.value.kind is Kind.INVALID


@pytest.mark.parametrize("code", list(scoring.tests()))
def test_every_self_test_says_everything_in_both_languages_and_reaches_its_most(code) -> None:
    of = scoring.test(code)

    for language in ("zh", "en"):
        assert all(of[language][word] for word in ("name", "about", "not_for"))
        assert all(item[language] for item in of["item"])
        assert all(one[language]["name"] and one[language]["means"] for one in of["result"])
    assert of["source"]
    assert of["confidence"]
    assert [one["from"] for one in of["result"]] == sorted({one["from"] for one in of["result"]})
    assert of["result"][0]["from"] == 0


@pytest.mark.parametrize("code", scoring.tests())
def test_the_source_of_a_test_is_named_in_the_reader_s_language(region, outbox, code):
    client = client_of(make.wang())

    chinese = client.get(f"/my/self-tests/{code}/").context["source"]
    client.cookies["django_language"] = "en"
    english = client.get(f"/my/self-tests/{code}/").context["source"]

    assert chinese == scoring.test(code)["zh"]["source"]
    assert english == scoring.test(code)["source"]
