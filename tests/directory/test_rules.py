"""Codes, days, the tree and names, by tables and by laws."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from xinglin.directory.rules import codes, days, divisions, spelling, tables
from xinglin.directory.rules.divisions import Phase, Succession
from xinglin.directory.rules.problems import Wrong
from xinglin.kernel import checkdigits


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


def fault(scheme, text) -> str:
    with pytest.raises(Wrong) as wrong:
        codes.read(scheme, text)
    return wrong.value.problem.text


@pytest.mark.parametrize(
    ("scheme", "text", "value"),
    [
        ("uscc", "91350100m000100y43", "91350100M000100Y43"),
        ("uscc", "９１３５０１００M000100Y43", "91350100M000100Y43"),
        ("orgcode", "D2143569-X", "D2143569X"),
        ("ws218", "PDY60340X37028219D2112", "PDY60340X37028219D2112"),
        ("identity", "11010519491231002x", "11010519491231002X"),
        ("nhsa_technician", "HY459802000001", "HY459802000001"),
        ("division", "4598", "459800000000"),
    ],
)
def test_right_codes_are_taken_as_their_scheme_writes_them(scheme, text, value):
    assert codes.read(scheme, text) == (value, ())


@pytest.mark.parametrize(
    ("scheme", "text", "said"),
    [
        ("uscc", "91350100M000100Y44",
         "The last character is a check: it should be 3, not 4. It or another is mistyped."),
        ("uscc", "91350100M000100Y4", "Unified social credit code has 18 characters; this has 17."),
        ("uscc", "9135010OM000100Y43", "Character 8, “O”, cannot stand there in Unified social credit code."),
        ("orgcode", "D2143569-1",
         "The last character is a check: it should be X, not 1. It or another is mistyped."),
        ("ws218", "PDY60340X", "Health institution code (22 characters) has 22 characters; this has 9."),
        ("identity", "110105194912310021",
         "The last character is a check: it should be X, not 1. It or another is mistyped."),
        ("nhsa_technician", "HZ459802000001",
         "Character 2, “Z”, cannot stand there in Insurance pharmacist or technician code."),
        ("division", "45980", "A division code has 2, 4, 6, 9 or 12 digits; this has 5."),
        ("division", "4598O2", "A division code has digits only; 4598O2 has others."),
        ("division", "09", "No province has the number 09; they lie between 11 and 83."),
        ("division", "450000001",
         "After a part of zeros nothing may follow: 450000001000 would be a division of none."),
    ],
)  # fmt: skip
def test_wrong_codes_are_told_what_would_be_right(scheme, text, said):
    assert fault(scheme, text) == said


@pytest.mark.parametrize(
    ("scheme", "text", "said"),
    [
        ("ws218", "45540175011010811A1001",
         "Characters 1 to 9 are usually an organization code, whose check character would be 9."),
        ("ws218", "PDY60340X3702A219D2112", "Characters 10 to 15 are usually a division code; 3702A2 is none."),
        ("ws218", "PDY60340X37028219Y9992",
         "Characters 18 to 21 are usually a class of institution; Y999 is not in the table."),
        ("doctor_practice", "1104500", "Doctor's practice certificate has 15 characters; this has 7."),
    ],
)  # fmt: skip
def test_what_is_only_likely_raises_a_doubt_and_is_taken(scheme, text, said):
    value, doubts = codes.read(scheme, text)

    assert (value, [d.text for d in doubts]) == (text, [said])


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17), st.data())
def test_one_wrong_character_of_a_credit_code_is_always_found(body, data):
    code = body + checkdigits.social_credit(body)
    assert codes.read("uscc", code) == (code, ())

    place = data.draw(st.integers(0, 17))
    other = data.draw(st.sampled_from([c for c in "0123456789ABCDEFGHJKLMNPQRTUWXY" if c != code[place]]))
    with pytest.raises(Wrong):
        codes.read("uscc", code[:place] + other + code[place + 1 :])


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=8, max_size=8))
def test_an_organization_code_with_its_check_is_sound(body):
    assert codes.is_sound("orgcode", body + checkdigits.organization(body))


def test_every_table_tells_where_it_comes_from():
    names = [p.stem for p in tables.DATA.glob("*.csv") if p.stem not in {"columns", "provinces", "schemes"}]
    lacking = [
        (name, e.code)
        for name in names
        for e in tables.table(name).values()
        if not (e.source and e.confidence and e.name)
    ]

    assert (lacking, len(names)) == ([], 16)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-01-31", date(2024, 1, 31)),
        ("2024/1/31", date(2024, 1, 31)),
        ("20240131", date(2024, 1, 31)),
        ("2024年1月31日", date(2024, 1, 31)),
        ("2024-01-31 00:00:00", date(2024, 1, 31)),
    ],
)
def test_days_are_read_as_people_write_them(text, day):
    assert days.read(text) == day


@pytest.mark.parametrize("text", ["2024-02-30", "31.1.2024", "0001-01-01", "soon"])
def test_other_days_are_refused(text):
    with pytest.raises(Wrong):
        days.read(text)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_the_last_day_and_the_day_after_undo_each_other(day):
    assert days.first_after(days.last(day)) == day


# -- the tree

heads = st.sampled_from(["45", "4598", "459802", "459802001", "459802001203", "44", "441900", "441900003"])


@given(heads)
def test_what_is_above_a_code_is_of_ever_higher_levels(head):
    code = divisions.full(head)
    levels = [divisions.level(c) for c in (code, *divisions.above(code))]

    assert levels == sorted(set(levels), reverse=True)
    for parent in divisions.above(code):
        divisions.require_parent(code, parent)


@given(st.lists(heads, min_size=2, max_size=8))
def test_no_chain_of_parents_comes_back(chain):
    allowed = []
    for child, parent in pairwise(chain):
        try:
            divisions.require_parent(divisions.full(child), divisions.full(parent))
        except Wrong:
            return
        allowed.append(child)

    assert chain[-1] not in allowed


days_or_never = st.one_of(st.none(), st.dates(date(2000, 1, 1), date(2000, 2, 1)))


@given(st.lists(st.tuples(days_or_never, days_or_never), max_size=5))
def test_overlaps_are_found_exactly(spans):
    phases = [Phase("4598", str(n), None, s, e) for n, (s, e) in enumerate(spans) if not (s and e and e <= s)]
    shared = [
        day
        for day in (date(1999, 12, 1) + timedelta(days=n) for n in range(120))
        if sum(p.holds(day) for p in phases) > 1
    ]

    assert (divisions.overlapping(phases) is not None) == bool(shared)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.dates(date(2000, 1, 1), date(2010, 1, 1))),
        max_size=12,
    ),
    st.sets(st.integers(0, 6)),
    st.dates(date(1999, 1, 1), date(2011, 1, 1)),
)
def test_an_old_code_leads_only_to_codes_in_force_and_always_ends(edges, living, day):
    steps = [Succession(str(a), str(b), d, "recoded") for a, b, d in edges if a != b]

    found = divisions.resolve(
        "0", day, in_force=lambda c: int(c) in living, after=lambda c: [s for s in steps if s.former == c]
    )

    reached, open_ = {"0"}, ["0"]
    while open_:
        here = open_.pop()
        if int(here) in living:
            continue
        for s in steps:
            if s.former == here and s.day <= day and s.latter not in reached:
                reached.add(s.latter)
                open_.append(s.latter)
    assert found == sorted(c for c in reached if int(c) in living)


# -- names


@pytest.mark.parametrize("typed", ["第一人民医院", "rmyy", "xingchuanshi", "xcsdyrmyy", "yiyuan", "杏川"])
def test_an_institution_is_found_from_any_of_its_characters(typed):
    keys = [key for _, key in spelling.long_keys("杏川市第一人民医院")]

    assert any(key.startswith(spelling.plain(typed)) for key in keys)


def test_a_name_of_words_is_found_from_each_of_them():
    keys = [key for _, key in spelling.long_keys("Boston Medical Center")]

    assert keys == ["bostonmedicalcenter", "medicalcenter", "center"]


def test_names_are_compared_without_points_blanks_and_width():
    assert spelling.plain("阿依古丽·买买提（ＡＢ）") == "阿依古丽买买提ab"
