"""What follows from the scores."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identity import make
from xinglin.identity import rules, scoring, traits, weights
from xinglin.identity.frequencies import Frequencies
from xinglin.identity.rules import Candidate, Decision, Zone
from xinglin.identity.scoring import Rule, Score
from xinglin.kernel.errors import Fault

W = weights.current()
SPARE = {"identity": None, "phone": None, "address": None, "birthDate": None, "gender": None}
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "identity": st.sampled_from(
            [None, make.number(order=125), make.number(order=321), "459802800203123"]
        ),
        "phone": st.sampled_from([None, "15498765432", "15412345671"]),
        "address": st.sampled_from([None, "杏林区人民路12号3栋", "青石县竹河村6组10号"]),
        "gender": st.sampled_from([None, "male"]),
        "birthDate": st.sampled_from([None, "1980-01-01", "1980-03-02", "1955-10-17"]),
        "mother": st.sampled_from(["韦秀英", "黄兰"]),
    },
)
SOMEBODY = st.builds(
    lambda name, changes: make.known(name, **changes),
    st.sampled_from(
        ["覃晓梅", "覃小妹", "覃晓兰", "韦秀英", "覃晓梅之女", "覃晓梅之大女", "Qin Xiaomei", ""]
    ),
    CHANGES,
)


def score(a: traits.Traits, b: traits.Traits, **given_too: Frequencies) -> Score:
    return scoring.score(a, b, W, given_too.get("frequencies"))


def decide(
    arriving: traits.Traits, *persons: tuple[traits.Traits, ...], belongs: int | None = None
) -> Decision:
    candidates = [
        Candidate(number, tuple(score(arriving, member) for member in members), members)
        for number, members in enumerate(persons)
    ]
    return rules.decide(candidates, W, belongs=belongs)


@given(SOMEBODY, SOMEBODY)
def test_a_score_has_no_order(a, b):
    assert score(a, b) == score(b, a)


@given(SOMEBODY, SOMEBODY)
def test_the_weights_of_the_fields_add_up(a, b):
    found = score(a, b)

    assert sum(field.bits for field in found.fields) == pytest.approx(found.bits)
    assert [field.name for field in found.fields] == ["prior", *weights.FIELDS]


def test_nothing_in_common_to_compare_weighs_nothing_but_the_prior():
    nobody = traits.Traits()

    assert [f.bits for f in score(nobody, nobody).fields][1:] == [0.0] * len(weights.FIELDS)


def test_the_same_patient_again_joins():
    found = decide(make.known(), (make.known(),))

    assert (found.zone, found.person, found.reasons) == (Zone.JOIN, 0, ("fits",))


def test_a_stranger_is_a_new_person():
    stranger = make.known(
        "黄建国", identity=make.number("19551017"), phone="15498765432", birthDate="1955-10-17", gender="male"
    )

    assert decide(make.known(), (stranger,)).zone is Zone.NEW
    assert decide(make.known()) == Decision(Zone.NEW, None, -99.0, 99.0, ("nobody alike",))


@pytest.mark.parametrize(
    "changes",
    [
        {"identity": None},
        {"identity": "459802800203123"},  # the older number
        {"identity": None, "phone": "15498765432"},
        {"identity": None, "address": "青石县竹河村6组10号"},
        {"birthDate": "1980-01-01"},
        {"name": "覃小妹", "identity": None},
        {"name": "覃小妹", "phone": "15498765432", "address": "青石县竹河村6组10号"},
        {"name": "覃晓兰", "phone": None, "address": None},
        {"name": "Qin Xiaomei", "identity": None},
    ],
)
def test_a_patient_with_usual_mistakes_joins(changes):
    name = changes.pop("name", "覃晓梅")

    assert decide(make.known(name, **changes), (make.known(),)).zone is Zone.JOIN


def test_two_proven_numbers_are_two_persons_whatever_else_agrees():
    other = make.known(identity=make.number(order=641))

    found = score(make.known(), other)
    assert found.rule is Rule.VETO
    assert decide(make.known(), (other,)).zone is Zone.NEW


def test_a_number_with_a_wrong_check_digit_vetoes_nothing():
    number = make.number()
    wrong = number[:10] + str((int(number[10]) + 1) % 10) + number[11:]

    assert score(make.known(), make.known(identity=wrong)).rule is Rule.NONE
    assert decide(make.known(), (make.known(identity=wrong),)).zone is Zone.JOIN


def test_two_proven_numbers_that_are_nearly_the_same_go_to_people():
    near = next(
        n
        for n in (make.number(order=o) for o in range(100, 999))
        if sum(map(str.__ne__, n, make.number())) == 2
    )

    found = decide(make.known(), (make.known(identity=near),))
    assert score(make.known(), make.known(identity=near)).rule is Rule.CLOSE
    assert found.zone is not Zone.JOIN


def test_twins_go_to_people():
    first, second = make.known("覃子涵", identity=None), make.known("覃子轩", identity=None)

    found = decide(first, (second,))
    assert score(first, second).rule is Rule.TWINS
    assert (found.zone, found.reasons) == (Zone.REVIEW, ("twins",))


def test_namesakes_in_one_household_go_to_people():
    father, son = (
        make.known("覃建国", identity=None),
        make.known("覃建国", identity=None, birthDate="2008-11-27"),
    )

    found = score(father, son)
    assert found.rule is Rule.NAMESAKE
    assert decide(father, (son,)).zone is not Zone.JOIN


def test_one_number_under_two_names_goes_to_people():
    found = decide(make.known("黄建国"), (make.known("覃晓梅"),))

    assert (found.zone, found.reasons) == (Zone.REVIEW, ("borrowed",))


def test_a_mothers_number_does_not_make_the_child_the_mother():
    mother = make.known("覃晓梅")
    child = make.known("黄小宝", birthDate="2024-05-06", gender="male")

    assert decide(child, (mother,)).zone is not Zone.JOIN


def test_twins_under_their_mothers_number_go_to_people():
    born = {"birthDate": "2020-05-06", "gender": "male"}
    first, second = make.known("覃子涵", **born), make.known("覃子轩", **born)

    assert first.documents == second.documents
    assert decide(first, (second,)).zone is not Zone.JOIN


def test_a_newborn_is_not_the_mother_but_becomes_the_child():
    mother = make.known("覃晓梅")
    newborn = make.known("覃晓梅之子", identity=None, birthDate="2026-05-06", gender="male")
    child = make.known("黄小宝", identity=None, birthDate="2026-05-06", gender="male", mother="覃晓梅")

    assert score(newborn, mother).rule is Rule.NEWBORN
    assert decide(newborn, (mother,)).zone is Zone.NEW
    assert decide(child, (mother,), (newborn,)).person == 1


def test_newborn_twins_are_two():
    first = make.known("覃晓梅之大子", identity=None, birthDate="2026-05-06", gender="male")
    second = make.known("覃晓梅之小子", identity=None, birthDate="2026-05-06", gender="male")

    assert score(first, second).rule is Rule.VETO
    assert decide(first, (second,)).zone is Zone.NEW


def test_named_twins_told_apart_by_order_go_to_people_whatever_else_agrees():
    first = make.known(identity=None, multipleBirthInteger=1)
    second = make.known(identity=None, multipleBirthInteger=2)

    assert score(first, second).rule is Rule.TWINS
    assert decide(first, (second,)).zone is Zone.REVIEW
    assert decide(first, (make.known(identity=None), second)).zone is Zone.REVIEW
    assert decide(first, (make.known(identity=None, multipleBirthInteger=1),)).zone is Zone.JOIN


def test_a_newborn_twin_and_a_named_child_go_to_people_or_stay_apart():
    twin = make.known("覃晓梅之大子", identity=None, birthDate="2026-05-06", gender="male")
    child = make.known("黄小宝", identity=None, birthDate="2026-05-06", gender="male", mother="覃晓梅")

    assert decide(child, (twin,)).zone is not Zone.JOIN


def test_placeholders_carry_no_weight():
    hollow = {
        "identity": "000000000000000000",
        "phone": "13800000000",
        "birthDate": "1900-01-01",
        "address": None,
    }

    found = score(make.known("覃晓梅", **hollow), make.known("覃晓梅", **hollow))
    weighing = {field.name for field in found.fields if field.bits and field.name != "prior"}
    assert weighing == {"name", "sex"}


def test_a_clinics_phone_counts_for_nothing_once_it_is_known():
    patients = [make.known(f"覃{c}", identity=None) for c in "甲乙丙丁"]
    common = Frequencies(100_000, {"phone": {"15412345670": W.shared}})

    rare, shared = score(*patients[:2]), score(*patients[:2], frequencies=common)
    assert next(f for f in rare.fields if f.name == "phone").comparable
    assert not next(f for f in shared.fields if f.name == "phone").comparable


def test_a_rare_name_weighs_more_than_a_common_one():
    spare = {**SPARE, "birthDate": "1980-02-03"}
    common = Frequencies(1_000_000, {"surname": {"王": 72_000}, "given": {"伟": 9_000, "沐彤": 30}})

    def against_strangers(name: str) -> float:
        return score(make.known(name, **spare), make.known(name, **spare), frequencies=common).stranger[
            scoring.NAME
        ]

    assert against_strangers("王沐彤") > against_strangers("王伟") + 5


def test_two_that_fit_equally_are_left_to_people():
    arriving = make.known("覃晓梅", identity=None, phone=None, address=None, birthDate="1980")
    first = make.known(identity=make.number(order=123))
    second = make.known(identity=make.number(order=641))
    strong = Frequencies(0)

    scores = [scoring.score(arriving, other, W, strong) for other in (first, second)]
    lifted = [s._replace(bits=9.0) for s in scores]
    found = rules.decide(
        [Candidate(1, [lifted[0]], [first]), Candidate(2, [lifted[1]], [second])], W, frequencies=strong
    )
    assert (found.zone, found.reasons, found.doubtful) == (Zone.REVIEW, ("two fit",), (2,))


def test_a_patient_that_fits_two_persons_shows_them_to_be_one():
    by_number = make.known(phone="15498765432", address=None)
    by_home = make.known(identity=None, birthDate="1980-01-01", phone="15412345670")

    found = decide(make.known(), (by_number,), (by_home,))
    assert found.zone is Zone.JOIN
    assert {found.person, *found.also} == {0, 1}


def test_two_persons_whose_numbers_differ_are_never_shown_to_be_one():
    found = decide(make.known(identity=None), (make.known(),), (make.known(identity=make.number(order=641)),))

    assert found.also == ()
    assert found.zone is Zone.REVIEW


def test_who_belongs_stays_on_less_than_it_took_to_join():
    member = make.known(identity=None, phone=None, address=None)
    weak = score(make.known("覃晓梅"), member)._replace(bits=W.zones.stay + 0.1, rule=Rule.NONE)
    weaker = weak._replace(bits=W.zones.stay - 0.1)

    def zone(found: Score, belongs: int | None) -> Zone:
        return rules.decide([Candidate(7, [found], [member])], W, belongs=belongs).zone

    assert zone(weak, None) is Zone.REVIEW
    assert zone(weak, 7) is Zone.JOIN
    assert zone(weaker, 7) is Zone.REVIEW


def test_who_belongs_leaves_for_a_much_better_person():
    here = score(make.known(), make.known(identity=None, phone=None, address=None))
    found = rules.decide(
        [Candidate(1, [here]), Candidate(2, [score(make.known(), make.known())])], W, belongs=1
    )

    assert found.person == 2


def test_what_several_patients_of_a_person_say_is_put_together():
    arriving = make.known(identity=None)
    by_phone = score(arriving, make.known(identity=None, address="青石县竹河村6组10号"))
    by_home = score(arriving, make.known(identity=None, phone="15498765432"))

    together = rules.combine([by_phone, by_home])
    assert together.levels[scoring.PHONE] == together.levels[scoring.ADDRESS] == 1
    assert together.stranger[scoring.ADDRESS] > by_phone.stranger[scoring.ADDRESS]


def test_one_vetoing_patient_vetoes_the_person():
    arriving = make.known()
    scores = [
        score(arriving, make.known(identity=None)),
        score(arriving, make.known(identity=make.number(order=641))),
    ]

    assert rules.combine(scores).rule is Rule.VETO


def test_a_person_with_two_numbers_one_of_which_is_mine_is_for_people():
    arriving = make.known()
    scores = [score(arriving, make.known()), score(arriving, make.known(identity=make.number(order=641)))]

    assert rules.combine(scores).rule is Rule.CLOSE


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[levels.sex]\nsame = ", "[levels.sex]\nalike = ", "no level same of sex"),
        ("same = { m = 0.99, stranger = 0.5", "same = { m = 0, stranger = 0.5", "sex.same are shares"),
    ],
)
def test_a_weights_file_with_a_mistake_is_refused(old, new, message):
    text = (weights.DATA / "weights-1.toml").read_text()
    assert old in text

    with pytest.raises(Fault, match=message):
        weights.parse(text.replace(old, new))


def test_the_rules_that_go_to_people_are_data():
    first, second = make.known("覃子涵", identity=None), make.known("覃子轩", identity=None)
    lenient = replace(W, people=frozenset())

    found = scoring.score(first, second, lenient)._replace(bits=20.0)
    assert rules.decide([Candidate(1, [found])], lenient).zone is Zone.JOIN
    assert rules.decide([Candidate(1, [found])], W).zone is Zone.REVIEW
