"""What is new since the reader's last visit, and what institutions contradict each other in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.portal import make
from tests.portal.test_views import text
from xinglin.kernel.actor import SYSTEM
from xinglin.portal.rules import allergies, browsing, changes, conflicts, people
from xinglin.portal.rules.sources import Source, Sources
from xinglin.record import access, database
from xinglin.record.door import open_as

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
GAP = timedelta(minutes=60)


def looked(*minutes: int) -> list[datetime]:
    return [NOW - timedelta(minutes=n) for n in minutes]


# -- the last visit


def visit(*minutes: int) -> changes.Visit:
    return changes.visit(looked(*minutes), NOW, GAP, timedelta(seconds=20))


def test_visit_before_this_one_is_the_look_before_a_gap() -> None:
    assert visit(0, 1, 50, 200, 201, 900) == changes.Visit(looked(200)[0], looked(50)[0])


def test_looks_without_a_gap_are_this_visit_alone() -> None:
    assert visit(1, 40, 90, 140) == changes.Visit(None, looked(140)[0])


def test_somebody_who_never_looked_opens_the_record_for_the_first_time() -> None:
    assert visit() == visit(0) == changes.Visit(None, None)


def test_visit_of_an_hour_ago_and_more_is_the_last_one() -> None:
    assert visit(61) == changes.Visit(looked(61)[0], None)


# -- what is new


def test_new_entry_is_told_from_a_changed_one() -> None:
    new = make.quantity("new", make.concept("血糖"), "2026-11-01", 7.1, "mmol/L")
    old = make.quantity("old", make.concept("血糖"), "2026-10-01", 5.1, "mmol/L")
    new["meta"] = {"versionId": "1", "lastUpdated": "2026-11-02T00:00:00Z"}
    old["meta"] = {"versionId": "3", "lastUpdated": "2026-11-03T00:00:00Z"}

    found = changes.changes([new, old], 0, Sources())

    assert [(c.name, c.value, c.new, c.source.reference) for c in found] == [
        ("血糖", "5.1 mmol/L", False, "Observation/old"),
        ("血糖", "7.1 mmol/L", True, "Observation/new"),
    ]


def test_first_visit_says_so_and_a_later_one_lists_what_came_since(doctor) -> None:
    first = text(doctor.get("/residents/a/changes/"))
    access.flush()
    with database.connect() as connection:  # that visit was yesterday
        connection.execute("UPDATE record_access SET moment = moment - interval '1 day'")
    make_new = make.quantity(
        "fresh", make.concept("糖化血红蛋白", loinc="4548-4"), "2026-11-20", 9.9, "%", about="b"
    )
    with database.connect() as connection:  # and everything else was there before it
        connection.execute("UPDATE record_access SET moment = now()")
    open_as(SYSTEM).update({**make_new, "referenceRange": make.bounds(4, 6)})

    since = text(doctor.get("/residents/a/changes/?days=7"))

    assert "您首次打开此档案。" in first
    assert "近 7 天新增" in since
    assert "9.9 %" in since


def test_last_visit_is_the_reader_s_own(doctor) -> None:
    doctor.get("/residents/a/problems/")
    access.flush()
    with database.connect() as connection:
        connection.execute(
            "UPDATE record_access SET moment = moment - interval '2 hours', actor = 'account/0'"
        )

    others = text(doctor.get("/residents/a/changes/"))
    access.flush()
    with database.connect() as connection:
        connection.execute("UPDATE record_access SET moment = moment - interval '2 hours'")
    own = text(doctor.get("/residents/a/changes/"))

    assert "您首次打开此档案。" in others
    assert "自上次查看以来新增" in own
    assert "您首次打开此档案。" not in own


def begun_before(minutes: int) -> None:
    """Put the accesses so far back by that long."""
    access.flush()
    with database.connect() as connection:
        connection.execute("UPDATE record_access SET moment = moment - make_interval(mins => %s)", [minutes])


def test_second_look_of_a_first_visit_lists_what_came_since_it_began(doctor) -> None:
    doctor.get("/residents/a/problems/")
    time_of_opening = datetime.now(UTC)
    fresh = make.quantity("fresh", make.concept("肾小球滤过率"), "2026-11-20", 29, "mL/min", about="b")

    open_as(SYSTEM).update({**fresh, "referenceRange": make.bounds(90, 120)})
    begun_before(4)
    page = doctor.get("/residents/a/changes/")
    again = text(page)

    assert "您首次打开此档案。" not in again
    assert "打开以来新增" in again
    assert "此前未打开过" in again
    assert "29 mL/min" in again
    assert page.context["since"] < time_of_opening


def test_what_comes_during_a_later_visit_is_new_as_well(doctor) -> None:
    doctor.get("/residents/a/problems/")
    begun_before(26 * 60)
    doctor.get("/residents/a/problems/")
    begun_before(4)

    fresh = make.quantity("fresh", make.concept("肾小球滤过率"), "2026-11-20", 29, "mL/min", about="b")
    open_as(SYSTEM).update({**fresh, "referenceRange": make.bounds(90, 120)})
    page = text(doctor.get("/residents/a/changes/"))

    assert "自上次查看以来新增" in page
    assert "29 mL/min" in page
    assert "本次自" in page


def test_a_first_visit_counts_from_its_own_beginning() -> None:
    assert visit(1, 40, 90, 140).since == looked(140)[0]
    assert visit(0, 1, 50, 200, 201, 900).since == looked(200)[0]
    assert visit().since is None


# -- what contradicts


def blood(id_: str, words: str, about: str, code: str = "883-9") -> dict:
    return make.resource(
        "Observation", id_, about, status="final", code=make.concept("血型", loinc=code),
        effectiveDateTime="2024-01-01", valueCodeableConcept={"text": words},
    )  # fmt: skip


def found(patients=(), facts=(), box=allergies.UNAVAILABLE, last=None) -> dict[str, list[str]]:
    sources = Sources.from_patients(patients, {}, {})
    said = conflicts.conflicts(patients, facts, box, last, sources, browsing.figures())
    return {c.about: [saying.said for saying in c.sayings] for c in said}


def test_two_blood_groups_are_shown_and_the_same_in_other_words_is_one() -> None:
    assert found(facts=[blood("1", "A型", "a"), blood("2", "O型", "b")]) == {"blood-group": ["A型", "O型"]}
    assert found(facts=[blood("1", "A型", "a"), blood("2", "A", "b")]) == {}
    assert found(facts=[blood("1", "A型", "a"), blood("2", "不详", "b")]) == {}


def test_withdrawn_blood_group_contradicts_nothing() -> None:
    withdrawn = {**blood("2", "O", "b"), "status": "entered-in-error"}

    assert found(facts=[blood("1", "A", "a"), withdrawn]) == {}


def test_birth_dates_names_and_sexes_of_patients_are_compared() -> None:
    one = make.patient("a", "甲医院", birthDate="1950-01-01", gender="male", name=[{"text": "王一"}])
    other = make.patient("b", "乙医院", birthDate="1950-01-10", gender="unknown", name=[{"text": "王一"}])

    assert found([one, other]) == {"birth-date": ["1950-01-01", "1950-01-10"]}


@pytest.mark.parametrize("other", ["李 娜", "李\u3000娜", "李娜 "])
def test_name_that_is_only_written_otherwise_contradicts_nothing(other: str) -> None:
    sent = [
        make.patient("a", "甲医院", name=[{"text": "李娜"}]),
        make.patient("b", "乙医院", name=[{"text": other}]),
    ]

    assert found(sent) == {}
    assert people.person(sent).name_others == ()
    assert people.differing(people.person(sent[1:]), people.person(sent)) == frozenset()


def test_phone_that_differs_is_marked_and_no_contradiction() -> None:
    phones = ("13812345678", "138-1234-5678", "13900000000")
    sent = [
        make.patient(
            str(n), f"{n}医院", name=[{"text": "李娜"}], telecom=[{"system": "phone", "value": phone}]
        )
        for n, phone in enumerate(phones)
    ]
    shown = people.person(sent)

    assert found(sent) == {}
    assert [sorted(people.differing(people.person([one]), shown)) for one in sent] == [[], [], ["phone"]]


def test_known_allergy_against_none_known_is_a_conflict() -> None:
    known = allergies.Allergy("青霉素", (), "high", (Source("甲医院", "2020-01-01", "AllergyIntolerance/1"),))
    denied = (Source("乙医院", "2021-01-01", "AllergyIntolerance/2"),)

    assert found(box=allergies.Box(allergies.State.KNOWN, (known,), denied)) == {"allergies": ["青霉素", ""]}
    assert found(box=allergies.Box(allergies.State.KNOWN, (known,), ())) == {}


def test_visit_after_the_day_of_death_is_a_conflict() -> None:
    dead = make.patient("a", "甲医院", deceasedDateTime="2025-02-03")

    assert found([dead], last=Source("乙医院", "2025-03-01", "Encounter/1")) == {
        "death": ["2025-02-03", "2025-03-01"]
    }
    assert found([dead], last=Source("乙医院", "2025-02-03", "Encounter/1")) == {}


def test_page_of_conflicts_says_who_says_what(doctor) -> None:
    for resource in (blood("x1", "A型", "a"), blood("x2", "O型", "b")):
        open_as(SYSTEM).update(resource)

    said = text(doctor.get("/residents/a/conflicts/"))

    assert "A型 第一人民医院" in said
    assert "O型 东门社区卫生服务中心" in said
    assert "3 处矛盾" in said  # with name and birth date
