"""The register: divisions, residents, where they live, and the office's counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identity import people
from tests.identity.people import CITY, DISTRICT, LATER, NOW, OTHER_VILLAGE, STEWARD, TOWN, VILLAGE, entry
from xinglin.identity.population import counts, divisions, queries, residents, rules
from xinglin.identity.population.residents import Residence
from xinglin.identity.population.rules import Standing
from xinglin.kernel.errors import Fault, Kind

TREE = rules.Tree(people.DIVISIONS)


def code_of(text: str) -> str | None:
    place = TREE.find(text)
    return place.code if place else None


# -- codes and addresses


@pytest.mark.parametrize(
    ("code", "level"), [(CITY, 2), (DISTRICT, 3), (TOWN, 4), (VILLAGE, 5), ("450000000000", 1)]
)
def test_level_follows_from_the_zeros_at_the_end(code, level):
    assert rules.level(code) == level
    assert rules.head(code).ljust(12, "0") == code


def test_parents_lead_down_from_the_province():
    assert rules.parents(VILLAGE) == ("450000000000", CITY, DISTRICT, TOWN)


@given(st.integers(1, 99_999), st.integers(10**11, 10**12 - 1).filter(lambda n: n % 1000))
def test_archive_number_can_be_read_back(serial, division):
    assert rules.read_number(rules.archive_number(str(division), serial)) == (str(division), serial)


@pytest.mark.parametrize("text", ["", "4598020010010000", VILLAGE + "00000", TOWN + "00001", "x" * 17])
def test_what_is_no_archive_number_is_refused(text):
    with pytest.raises(Fault) as fault:
        rules.read_number(text)
    assert fault.value.kind is Kind.INVALID


@pytest.mark.parametrize(
    ("address", "code", "door"),
    [
        ("桂南省杏川市杏林区东门街道松塘社区人民路38号3栋501室", VILLAGE, "人民路38号3栋501室"),
        ("杏川市 杏林区 东门街道 松塘社区 人民路 38号", VILLAGE, "人民路38号"),
        ("杏川市杏林区东门街道人民路38号", TOWN, "人民路38号"),
        ("杏川市杏林区", DISTRICT, ""),
        ("东门街道竹园社区２组５号", OTHER_VILLAGE, "2组5号"),
        ("某省某市某路1号", None, None),
    ],
)
def test_address_is_found_in_the_smallest_division_it_names(address, code, door):
    place = TREE.find(address)

    assert (place and place.code, place and place.door) == (code, door)


def test_address_without_a_number_names_no_dwelling():
    assert rules.door("人民路") == ""


@pytest.mark.parametrize(
    ("home", "present", "standing"),
    [("459831", VILLAGE, Standing.SETTLED), ("439810", VILLAGE, Standing.ARRIVED),
     ("", VILLAGE, Standing.UNKNOWN), ("459831", "", Standing.UNKNOWN)],
)  # fmt: skip
def test_standing_is_guessed_from_the_identity_number(home, present, standing):
    assert rules.standing(home, present) is standing


# -- divisions


def test_divisions_follow_the_locations(register):
    assert [d.name for d in divisions.path(register, VILLAGE)] == ["杏川市", "杏林区", "东门街道", "松塘社区"]
    assert [d.code for d in divisions.below(register, "")] == [CITY]
    assert [d.code for d in divisions.below(register, TOWN)] == [VILLAGE, OTHER_VILLAGE]


def test_division_is_renamed_and_removed_with_its_location(register):
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    open_as(SYSTEM).update(people.location(VILLAGE, "新塘社区"))
    open_as(SYSTEM).delete("Location", f"xc-{OTHER_VILLAGE}")

    assert [(d.code, d.name) for d in divisions.below(register, TOWN)] == [(VILLAGE, "新塘社区")]


def test_location_that_is_a_building_is_no_division():
    building = people.location(VILLAGE, "门诊楼") | {"physicalType": {"coding": [{"code": "bu"}]}}

    assert divisions.of_location(building) is None


# -- residents


def test_resident_is_entered_where_the_address_says(register):
    residents.enter(register, [entry("p1", "王桂兰")], TREE, NOW)

    found = residents.find(register, "p1")
    assert found is not None
    assert (found.present, found.door, found.standing, found.stated) == (
        VILLAGE, residents.doorplate("人民路38号3栋501室"), "settled", False,
    )  # fmt: skip
    assert [(r.since, r.until, r.present) for r in residents.residences(register, "p1")] == [
        (date(2026, 3, 1), None, VILLAGE)
    ]


def test_entering_the_same_again_changes_nothing(register):
    residents.enter(register, [entry("p1", "王桂兰")], TREE, NOW)

    assert residents.enter(register, [entry("p1", "王桂兰")], TREE, LATER) == 0
    assert len(residents.residences(register, "p1")) == 1


def test_change_of_address_ends_one_residence_and_begins_the_next(register):
    residents.enter(register, [entry("p1", "王桂兰")], TREE, NOW)
    residents.enter(register, [entry("p1", "王桂兰", address="杏川市杏林区东门街道竹园社区2号")], TREE, LATER)

    assert [(r.present, r.since, r.until) for r in residents.residences(register, "p1")] == [
        (OTHER_VILLAGE, date(2026, 4, 1), None),
        (VILLAGE, date(2026, 3, 1), date(2026, 4, 1)),
    ]


def moved(since: date, present: str | None = OTHER_VILLAGE, standing: str = "away") -> Residence:
    return Residence(since, None, VILLAGE, present, "竹园社区2号", standing, STEWARD.id)


def test_what_people_state_outlives_what_patients_say(register):
    residents.enter(register, [entry("p1", "王桂兰")], TREE, NOW)

    residents.move(register, person="p1", residence=moved(date(2026, 3, 20)), actor=STEWARD, now=LATER)
    residents.enter(register, [entry("p1", "王桂兰")], TREE, LATER)

    found = residents.find(register, "p1")
    assert found is not None
    assert (found.present, found.standing, found.stated) == (OTHER_VILLAGE, "away", True)


@pytest.mark.parametrize(
    ("residence", "kind"),
    [
        (moved(date(2027, 1, 1)), Kind.INVALID),
        (moved(date(2020, 1, 1)), Kind.CONFLICT),
        (moved(date(2026, 3, 20), "459899000000"), Kind.INVALID),
        (moved(date(2026, 3, 20), None), Kind.INVALID),
    ],
)
def test_impossible_move_is_refused_and_changes_nothing(register, residence, kind):
    residents.enter(register, [entry("p1", "王桂兰")], TREE, NOW)
    before = (residents.find(register, "p1"), residents.residences(register, "p1"))

    with pytest.raises(Fault) as fault, register.transaction():
        residents.move(register, person="p1", residence=residence, actor=STEWARD, now=LATER)

    assert fault.value.kind is kind
    assert (residents.find(register, "p1"), residents.residences(register, "p1")) == before


def test_somebody_may_leave_the_region(register):
    residents.enter(register, [entry("p1", "王桂兰")], TREE, NOW)

    residents.move(
        register, person="p1", residence=moved(date(2026, 3, 20), None, "left"), actor=STEWARD, now=LATER
    )

    found = residents.find(register, "p1")
    assert found is not None
    assert (found.present, found.standing) == (None, "left")


# -- counts


COUNTS = "division,year,registered,permanent,floating,source,confidence\n"


def test_counts_are_read_and_summed_upwards(register):
    text = COUNTS + f"{VILLAGE},2025,100,90,10,census,counted\n{OTHER_VILLAGE},2024,50,60,,census,counted\n"

    counts.load(register, counts=counts.read(text), actor=STEWARD, now=NOW)

    found = counts.latest(register, [VILLAGE, TOWN, CITY], 2026)
    assert (found[VILLAGE].permanent, found[TOWN].permanent, found[CITY].registered) == (90, 150, 150)


def test_count_of_a_later_year_is_not_used(register):
    counts.load(
        register, counts=counts.read(COUNTS + f"{VILLAGE},2027,1,1,,x,counted\n"), actor=STEWARD, now=NOW
    )

    assert counts.latest(register, [VILLAGE], 2026) == {}


def test_wrong_lines_are_named_with_line_and_column_and_nothing_is_taken():
    text = (
        COUNTS + "45,2025,1,1,,x,counted\n4x,2025,1,1,,x,\n45,20x5,1,1,,x,\n46,2025,,,,x,\n45,2025,1,1,,x,\n"
    )

    with pytest.raises(Fault) as fault:
        counts.read(text)

    assert [(i.params["line"], i.params["column"]) for i in fault.value.issues] == [
        (3, "division"), (4, "year"), (5, "permanent"), (6, "division"),
    ]  # fmt: skip
    assert fault.value.issues[0].text == (
        "Line 3, column division: “4x” is no division code of 2, 4, 6, 9 or 12 digits."
    )


def test_file_without_a_column_says_which():
    with pytest.raises(Fault, match="the column permanent is missing"):
        counts.read("division,year,registered\n")


# -- figures and lists


def test_figures_of_sister_divisions(register):
    residents.enter(
        register,
        [
            entry("p1", "王桂兰"),
            entry("p2", "李明", birth="2026-01-05", home=""),
            entry("p3", "陈东", home="439810"),
            entry("p4", "赵德", dead=True, died=date(2026, 2, 1)),
            entry("p5", "周平", address="杏川市杏林区东门街道竹园社区7号"),
            entry("p6", "吴名", address=""),
        ],
        TREE,
        NOW,
    )
    counts.load(
        register, counts=counts.read(COUNTS + f"{VILLAGE},2025,9,8,1,x,counted\n"), actor=STEWARD, now=NOW
    )

    first, second = queries.areas(register, divisions.below(register, TOWN), 2026)

    assert (first.living, first.settled, first.floating, first.births, first.deaths) == (3, 1, 1, 1, 1)
    assert (first.denominator, first.rate, second.living, second.rate) == (8, 0.0, 1, None)
    assert queries.nowhere(register) == 1
    (city,) = queries.areas(register, divisions.below(register, ""), 2026)
    assert (city.living, city.deaths, city.denominator) == (4, 1, 8)


def test_lists_hold_who_is_asked_for(register):
    residents.enter(
        register,
        [entry("p1", "王桂兰"), entry("p2", "李明", birth="2026-01-05"), entry("p3", "陈东", home="439810"),
         entry("p4", "赵德", dead=True, died=date(2026, 2, 1)), entry("p6", "吴名", address="")],
        TREE, NOW,
    )  # fmt: skip

    def names(kind: str, **more: object) -> list[str]:
        wanted = queries.Wanted(kind, year=2026, **more)  # type: ignore[arg-type]
        return sorted(r.name for _, r in queries.listed(register, wanted))

    assert names("living") == sorted(["王桂兰", "李明", "陈东", "吴名"])
    assert names("living", name="王") == ["王桂兰"]
    assert names("floating") == ["陈东"]
    assert names("births") == ["李明"]
    assert names("deaths", division=VILLAGE) == ["赵德"]
    assert names("nowhere") == ["吴名"]
    assert names("unfiled", division=DISTRICT) == sorted(["王桂兰", "李明", "陈东"])


def test_pages_follow_one_another_without_gap_or_repeat(register):
    entries = [
        entry(f"p{n}", f"王{n % 3}", address=("" if n % 4 else "东门街道松塘社区1号")) for n in range(11)
    ]
    residents.enter(register, entries, TREE, NOW)
    wanted, seen, after = queries.Wanted(), [], None

    while page := queries.listed(register, wanted, after, limit=4):
        seen += [r.person for _, r in page]
        after = (page[-1][1].present or "", page[-1][1].name, page[-1][0])

    assert sorted(seen) == sorted(e.person for e in entries)
    assert [r.person for r in queries.all_of(register, wanted)] == seen
    assert queries.count(register, wanted) == 11


def test_merged_person_leaves_the_register(register):
    residents.enter(register, [entry("p1", "王桂兰"), replace(entry("p2", "王桂蓝"))], TREE, NOW)

    residents.remove(register, ["p2"])

    assert residents.find(register, "p2") is None
    assert residents.find(register, "p1") is not None
