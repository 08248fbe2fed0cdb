"""Rules as data: what is read, what is refused and with which words, versions and taking back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.quality import make
from tests.quality.make import NOW, STEWARD, rule
from xinglin.kernel.errors import Fault
from xinglin.quality import actions, checks, compiling, rulebook, running, scoring
from xinglin.quality.rules import Dimension, read_csv, read_one, read_toml, write_csv
from xinglin.quality.scoring import Tally, score
from xinglin.quality.states import STEPS, State, Verb, step

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.record.database import Connection

SHIPPED = rulebook.shipped()


def test_what_is_shipped_uses_every_type_and_every_dimension() -> None:
    assert {one.check for one in SHIPPED.values()} == set(checks.TYPES)
    assert {one.dimension for one in SHIPPED.values()} == set(Dimension)
    assert len(checks.TYPES) >= 30


def test_every_shipped_rule_says_where_it_comes_from_in_both_languages() -> None:
    assert [
        one.id
        for one in SHIPPED.values()
        if not (one.source and one.confidence and one.title and one.title_zh)
    ] == []


def test_the_database_understands_every_shipped_rule(quality: Connection) -> None:
    for one in SHIPPED.values():
        assert running.dry(one, now=NOW) == (0, 0, []), one.id


def test_rules_can_be_written_as_csv_and_read_again() -> None:
    assert [one.as_data() for one in read_csv(write_csv(SHIPPED.values()))] == [
        one.as_data() for one in SHIPPED.values()
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"dimension": "beauty"},
            "XX-1: dimension is beauty, but must be one of conformance, accuracy, completeness,",
        ),
        ({"check": "magic"}, "XX-1: check is magic, but must be one of required,"),
        ({"params": {"column": "shoe"}}, "XX-1: column is shoe, but must be one of self, vid, person,"),
        ({"params": {}}, "XX-1: column is ?, but must be one of self,"),
        ({"weight": 1000}, "XX-1: weight is 1000, but must lie from 0.0 to 100.0."),
        ({"where": {"shoe": 1}}, "XX-1: where is shoe, but must be one of"),
        (
            {"where": {"dataset": ["nowhere"]}},
            "XX-1: where.dataset is nowhere, but must be one of registration,",
        ),
        ({"colour": "red"}, "XX-1: there is no field colour in a rule."),
        ({"source": ""}, "XX-1: the field source is missing."),
        (
            {"check": "format", "params": {"column": "receipt", "pattern": "a("}},
            "XX-1: the pattern is wrong at character 2",
        ),
        ({"effective": "soon"}, "XX-1: effective is soon, but must be a day such as 2026-11-26."),
    ],
)
def test_a_wrong_rule_is_refused_with_what_would_be_right(more: dict[str, Any], said: str) -> None:
    with pytest.raises(Fault) as caught:
        rule(**more)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("expression", "at"), [("w / (h", 7), ("w + x", 5), ("w ; drop", 3), ("", 1), ("w w", 3), ("w * ", 5)]
)
def test_arithmetic_is_read_strictly(expression: str, at: int) -> None:
    with pytest.raises(Fault, match=rf"wrong at character {at}\b"):
        rule(
            table="observation", check="computed",
            params={"result": "c", "inputs": {"w": "a", "h": "b"}, "expression": expression, "tolerance": 1},
        )  # fmt: skip


@given(st.text(max_size=30))
def test_no_text_escapes_from_a_literal(text: str) -> None:
    made = compiling.count(compiling.plans([rule(where={"receipt": text})], NOW)[0])
    quoted = text.replace("\0", "").replace("'", "''")
    assert f"t.receipt = '{quoted}'" in made
    assert made.replace(f"'{quoted}'", "").count("'") == 0


def test_a_file_that_is_no_toml_says_where() -> None:
    with pytest.raises(Fault, match=r"TOML: .*line 1, column"):
        read_toml("[[rule]")


def test_an_id_may_not_stand_in_a_file_twice() -> None:
    with pytest.raises(Fault, match="XX-1: this id stands in the file twice"):
        read_csv(write_csv([rule(), rule()]))


def test_a_rule_that_is_changed_replaces_the_shipped_one_and_can_be_taken_back(quality: Connection) -> None:
    old = SHIPPED["CP-SX-1"]
    data = old.as_data() | {"threshold": 0.5}
    with quality.transaction():
        actions.put_in_force(quality, rule=read_one(data), actor=STEWARD, now=NOW)
    assert rulebook.in_force(quality)["CP-SX-1"].threshold == 0.5
    assert rulebook.in_force(quality)["CP-SX-1"].version == 1

    with quality.transaction():
        actions.undo(quality, id_="CP-SX-1", to=0, actor=STEWARD, now=NOW)

    held = rulebook.in_force(quality)["CP-SX-1"]
    assert (held.threshold, held.version) == (old.threshold, 2)
    assert [one.number for one in rulebook.versions(quality, "CP-SX-1")] == [2, 1, 0]


def test_a_draft_changes_nothing_and_a_withdrawn_rule_is_gone(quality: Connection) -> None:
    with quality.transaction():
        actions.put_in_force(quality, rule=rule(), actor=STEWARD, now=NOW, state=rulebook.DRAFT)
        actions.put_in_force(
            quality, rule=SHIPPED["CP-SX-1"], actor=STEWARD, now=NOW, state=rulebook.WITHDRAWN
        )
    held = rulebook.in_force(quality)
    assert ("XX-1" in held, "CP-SX-1" in held, len(held)) == (False, False, len(SHIPPED) - 1)


def test_an_operators_file_can_replace_all_rules(quality: Connection) -> None:
    with quality.transaction():
        done = rulebook.load(quality, [rule()], actor=STEWARD, now=NOW, replace=True, words="own.toml")
    assert done == {"added": 1, "changed": 0, "same": 0, "withdrawn": len(SHIPPED)}
    assert list(rulebook.in_force(quality)) == ["XX-1"]


def test_who_belongs_to_an_institution_makes_no_rules(quality: Connection) -> None:
    bound = make.account("韦建平", "steward", "h1")
    with pytest.raises(Fault, match="Data quality is the work"), quality.transaction():
        actions.put_in_force(quality, rule=rule(), actor=bound, now=NOW)
    assert quality.execute("SELECT count(*) FROM quality_rule").fetchone() == (0,)


# -- scores


def test_a_score_is_the_weighted_mean_of_what_is_good(tmp_path: Path) -> None:
    rules = make.only(rule("XX-1", weight=3), rule("XX-2"), rule("XX-3", dimension="accuracy"))
    found = score(
        [Tally("XX-1", 100, 10), Tally("XX-2", 50, 25), Tally("XX-3", 10, 0)], rules, scoring.scheme(tmp_path)
    )
    assert found.dimensions == {
        Dimension.COMPLETENESS: pytest.approx(80.0),
        Dimension.ACCURACY: pytest.approx(100.0),
    }
    assert found.total == pytest.approx(90.0)
    assert (found.checked, found.failed) == (160, 35)


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 1000)), min_size=1, max_size=6))
def test_a_score_lies_between_its_bounds_and_falls_with_each_fault(pairs: list[tuple[int, int]]) -> None:
    from pathlib import Path

    scheme = scoring.scheme(Path("/nowhere"))
    rules = {f"XX-{n}": rule(f"XX-{n}", dimension=list(Dimension)[n % 6]) for n in range(len(pairs))}
    tallies = [Tally(f"XX-{n}", checked, min(failed, checked)) for n, (checked, failed) in enumerate(pairs)]
    before = score(tallies, rules, scheme).total
    assert before is not None
    assert 0 <= before <= 100
    first = tallies[0]
    if first.failed < first.checked:
        worse = score([Tally(first.rule, first.checked, first.failed + 1), *tallies[1:]], rules, scheme).total
        assert worse is not None
        assert worse < before


def test_grades_are_data(tmp_path: Path) -> None:
    scheme = scoring.scheme(tmp_path)
    assert [scheme.grade(value) for value in (95.0, 90.0, 80.0, 60.0, 59.9, None)] == [
        "A",
        "A",
        "B",
        "C",
        "D",
        "",
    ]
    (tmp_path / "quality").mkdir()
    text = (rulebook._SHIPPED.parent / "scoring-1.toml").read_text()
    (tmp_path / "quality" / "scoring.toml").write_text(text.replace("from = 90", "from = 99"))
    assert scoring.scheme(tmp_path).grade(95.0) == "B"


def test_a_file_of_scores_that_is_wrong_says_so(tmp_path: Path) -> None:
    (tmp_path / "quality").mkdir()
    (tmp_path / "quality" / "scoring.toml").write_text("[weights]\n")
    with pytest.raises(Fault, match=r"scoring\.toml cannot be used: 'conformance' is missing"):
        scoring.scheme(tmp_path)


# -- states


def test_every_state_can_be_reached_and_only_the_last_are_ends() -> None:
    reached, frontier = {State.NEW}, [State.NEW]
    while frontier:
        now = frontier.pop()
        for one in STEPS:
            if one.source is now and one.target not in reached:
                reached.add(one.target)
                frontier.append(one.target)
    assert reached == set(State)
    assert {state for state in State if not any(one.source is state for one in STEPS)} == {State.CLOSED}


def test_a_step_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(Fault, match="A problem that is closed cannot take the step issue"):
        step(State.CLOSED, Verb.ISSUE)
