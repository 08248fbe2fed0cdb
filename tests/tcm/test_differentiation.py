"""Differentiation: reading clinical text, choosing for cases, proposing, the doctor's choice, the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault
from xinglin.tcm.differentiation import actions, choosing, evaluating, naming, proposing, reading
from xinglin.tcm.differentiation.models import Choice
from xinglin.tcm.differentiation.reading import Part
from xinglin.tcm.differentiation.weights import Lesson, Weights, learn, weights

if TYPE_CHECKING:
    from pathlib import Path

DOCTOR = Actor("account/1", "韦医生", frozenset({"doctor"}), institution="tcm-1")
LIVER = "胁肋胀痛，情志抑郁则甚，胸闷嗳气，食少，口苦，无发热，舌苔薄白，脉弦。"
KIDNEY = "畏寒肢冷，腰膝酸软，夜尿频多，五更泄泻，舌淡胖，苔白滑，脉沉迟无力。"


# -- reading


def test_findings_have_places_parts_and_what_is_denied() -> None:
    text = "咳嗽3天，痰黄稠，无发热；无汗，稍恶寒。舌质红，少津，苔黄腻，脉滑数。"

    found = reading.findings(text)

    assert all(text[one.start : one.end] == one.text for one in found)
    by_text = {one.text: one for one in found}
    assert by_text["无发热"].denied
    assert not by_text["无汗"].denied
    assert by_text["咳嗽3天"].time == "3天"
    assert by_text["稍恶寒"].degree == "slight"
    assert [by_text[t].part for t in ("舌质红", "少津", "苔黄腻", "脉滑数", "痰黄稠")] == [
        Part.TONGUE, Part.TONGUE, Part.TONGUE, Part.PULSE, Part.SIGN,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "denied"),
    [
        ("否认胸痛", True), ("未见黄疸", True), ("无明显口渴", True), ("没有出汗", True), ("无力", False),
        ("舌无苔", False), ("神疲乏力", False), ("患者否认外伤", True), ("现无头痛", True),
    ],
)  # fmt: skip
def test_what_is_denied(said: str, denied: bool) -> None:
    assert reading.findings(said)[0].denied is denied


@given(st.text(max_size=400))
def test_any_text_is_read_and_proposed_for(text: str) -> None:
    for one in reading.findings(text):
        assert text[one.start : one.end] == one.text
    made = proposing.propose(text)
    assert abs(sum(one.share for one in made.syndromes) - 1) < 1e-6 or not made.syndromes


def test_names_are_characters_with_what_they_stand_for() -> None:
    assert naming.letters("肾阳衰微证") == frozenset("肾阳衰微虚")
    assert naming.likeness(naming.letters("肝郁气滞"), naming.letters("肝气郁结")) > 0.7
    assert naming.likeness(naming.letters("肝郁气滞"), naming.letters("肾阳虚")) == 0


# -- choosing


def test_the_official_measure_punishes_what_is_wrong() -> None:
    assert evaluating.score({"A", "B"}, {"A", "B"}) == 1
    assert evaluating.score({"A"}, {"A", "B"}) == 0.5
    assert evaluating.score({"A", "B", "C", "D"}, {"A"}) == 0.25
    assert evaluating.score(set(), {"A"}) == 0


def test_that_set_is_chosen_whose_expected_score_is_highest() -> None:
    likely = np.array([0.9, 0.05, 0.8, 0.05])
    assert sorted(choosing.best_set(likely)) == [0, 2]
    assert choosing.best_set(np.array([0.1, 0.6, 0.1])) == [1]
    # against trying every set out, option by option
    rng = np.random.default_rng(1)
    chances = rng.random(5)
    worth: dict[tuple[int, ...], float] = {}
    for chosen in range(1, 32):
        marks = {at for at in range(5) if chosen >> at & 1}
        if len(marks) > 4:
            continue
        total = 0.0
        for truth in range(32):
            right = {at for at in range(5) if truth >> at & 1}
            chance = float(np.prod([chances[at] if at in right else 1 - chances[at] for at in range(5)]))
            total += chance * len(marks & right) / (len(right) + len(marks - right)) if marks | right else 0
        worth[tuple(sorted(marks))] = total
    assert tuple(sorted(choosing.best_set(chances))) == max(worth, key=lambda key: worth[key])


def test_cases_are_chosen_for_as_cross_validation_said(shared_data: Path) -> None:
    folder = shared_data / "tcm" / "TCMEval-SDT"
    cases = evaluating.cases((folder / "Validation_TCM_Data_v1.json").read_text("utf-8"))
    right = evaluating.gold((folder / "Validation_data_result.txt").read_text("utf-8"))

    found = evaluating.scores(cases, right, weights())

    assert found["this"][0] >= 0.38
    assert found["this"][1] >= 0.45
    assert max(found["random"]) < 0.12
    assert found["all"] == pytest.approx((0.222, 0.154), abs=0.001)
    assert all(found["co-occurrence"][at] < found["this"][at] for at in (0, 1))


def test_no_case_and_no_answer_is_shipped(shared_data: Path) -> None:
    said = json.loads((shared_data / "tcm/TCMEval-SDT/Validation_TCM_Data_v1.json").read_text("utf-8"))
    words = set(weights().words)
    assert max(map(len, words)) == 2
    assert not {one["Clinical Data"] for one in said} & set(weights().known_names)


def test_learning_is_repeatable_and_says_what_was_taught() -> None:
    lessons = [
        Lesson("胁痛，脉弦", naming.letters("肝郁气滞"), 1.0, 1.0),
        Lesson("腰酸，脉沉", naming.letters("肾阳虚"), 1.0, 1.0),
    ] * 10
    known = [("肝郁气滞", "胁痛，脉弦"), ("肾阳虚", "腰酸，脉沉")]
    nothing = {
        name: np.zeros(13, dtype=np.float32) for name in ("first_P", "first_S", "second_P", "second_S")
    }

    one, other = learn(lessons, known), learn(lessons, known)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    made = Weights({**one, **nothing})
    scores = dict(zip(made.letters, made.scores(made.words_of("胁痛")), strict=True))

    assert scores["肝"] > 0 > scores["肾"]
    assert made.company(made.words_of("腰酸"), "肾") > made.company(made.words_of("腰酸"), "肝")
    shares = made.shares(made.words_of("胁痛，腰酸"))
    assert np.allclose(shares.sum(axis=0), made.scores(made.words_of("胁痛，腰酸")))


# -- proposing


@pytest.mark.parametrize(("text", "wanted"), [(LIVER, "肝郁气滞"), (KIDNEY, "肾阳")])
def test_a_proposal_says_what_speaks_for_it(text: str, wanted: str) -> None:
    made = proposing.propose(text)

    assert made.known
    assert any(set(wanted) <= set(one.term.name) for one in made.syndromes[:3])
    first = made.syndromes[0]
    assert first.supporting[0].share > 0
    assert all(one.finding.text in text for one in (*first.supporting, *first.opposing))
    assert [one.name for one in made.elements[:2]]
    assert made.question is not None
    assert made.question.sign not in text
    assert made.therapies[0].term.source
    assert all(one.term.source and one.term.contains for one in made.formulas)


def test_what_is_denied_speaks_for_nothing() -> None:
    made = proposing.propose("否认畏寒，否认腰酸，否认夜尿多，" + LIVER)

    assert not any(ground.finding.denied for one in made.syndromes for ground in one.supporting)
    assert made.syndromes[0].strength == pytest.approx(proposing.propose(LIVER).syndromes[0].strength)


@pytest.mark.parametrize(
    ("text", "why"),
    [("头晕", "few"), ("", "few"), ("今天天气很好，我去公园散步，中午吃了面条，看了电影。", "vague")],
)
def test_it_says_when_it_does_not_know(text: str, why: str) -> None:
    made = proposing.propose(text)

    assert (made.known, made.why) == (False, why)


def test_treatment_is_for_the_syndrome_that_was_chosen() -> None:
    first = proposing.propose(LIVER)
    other = proposing.propose(LIVER, first.syndromes[2].term.id)

    assert [a.term.id for a in first.therapies] != [a.term.id for a in other.therapies]
    assert {m.effect for m in first.modifications} == {"止痛", "消食"}


# -- the doctor's choice


def test_choices_are_kept_without_the_text_and_measured(db: None) -> None:
    proposed = [one.term.id for one in proposing.propose(LIVER).syndromes]
    actions.choose(proposed=proposed, known=True, term=proposed[0], name="甲", actor=DOCTOR)
    actions.choose(proposed=proposed, known=True, term=proposed[2], name="丙", actor=DOCTOR)
    actions.choose(proposed=proposed, known=False, term="", name="他证", actor=DOCTOR)

    (month,) = actions.months("tcm-1")
    assert (month.count, month.first, month.third, month.other) == (3, 1, 2, 1)
    assert actions.months("elsewhere") == []
    with pytest.raises(Fault, match="which syndrome"):
        actions.choose(proposed=proposed, known=True, term="", name=" ", actor=DOCTOR)
    with pytest.raises(Fault, match="doctors"):
        actions.choose(
            proposed=[], known=True, term="", name="x", actor=Actor("a", "b", frozenset({"nurse"}))
        )


@pytest.fixture
def doctor(_record_database: None, db: None) -> Client:
    from xinglin.accounts.models import Account

    client = Client()
    account, _ = Account.objects.get_or_create(
        username="tcm-doctor",
        defaults={"display_name": "韦医生", "roles": ["doctor"], "institution_id": "tcm-1"},
    )
    client.force_login(account)
    return client


def test_the_page_and_the_interface(doctor: Client) -> None:
    page = doctor.post("/tcm/differentiation/", {"text": LIVER}).content.decode()
    assert "肝郁气滞证" in page
    assert "建议追问" in page
    assert doctor.post("/tcm/differentiation/", {"text": " "}).status_code == 422
    assert "不足以辨证" in doctor.post("/tcm/differentiation/", {"text": "头晕"}).content.decode()
    said: dict[str, Any] = doctor.post(
        "/tcm/differentiation/propose", json.dumps({"text": LIVER}), content_type="application/json"
    ).json()
    assert said["syndromes"][0]["supporting"][0]["text"] in LIVER
    assert (
        doctor.post("/tcm/differentiation/propose", "{", content_type="application/json").status_code == 400
    )
    proposed = ",".join(one["id"] for one in said["syndromes"])
    chosen = {"proposed": proposed, "known": "1", "term": said["syndromes"][0]["id"]}
    assert (
        "已与建议一并留存"
        in doctor.post("/tcm/differentiation/choose/", chosen, follow=True).content.decode()
    )
    assert Choice.objects.get().rank == 1
    assert "100 %" in doctor.get("/tcm/differentiation/measured/").content.decode()
    assert Client().get("/tcm/differentiation/").status_code == 302


# -- the command


def test_the_command_answers_and_scores(tmp_path: Path, capsys: Any) -> None:
    case = {
        "Medical Record ID": "病例1",
        "Clinical Data": LIVER,
        "Options of TCM Pathogenesis": "A:肝气郁结;B:肾阳亏虚;C:热伤肺络",
        "Options of TCM Syndrome": "A:命门火衰;B:肝郁气滞;C:风寒束表",
    }
    path, gold = tmp_path / "cases.json", tmp_path / "gold.txt"
    path.write_text(json.dumps([case], ensure_ascii=False), "utf-8")
    gold.write_text("\ufeff病例1@胁肋胀痛@A@B@解释\n", "utf-8")

    call_command("tcm", "evaluate", "--cases", str(path))
    (said,) = json.loads(capsys.readouterr().out)
    assert (said["id"], said["pathogenesis"], said["syndrome"]) == ("病例1", ["A"], ["B"])
    call_command("tcm", "evaluate", "--cases", str(path), "--gold", str(gold))
    assert "1.000" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "no JSON"), ("{}", "list of cases"), ('[{"Medical Record ID": "1"}]', "Case 1 has no")],
)
def test_a_file_that_is_none_says_so(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(content, "utf-8")
    with pytest.raises(CommandError, match=words):
        call_command("tcm", "evaluate", "--cases", str(path))
