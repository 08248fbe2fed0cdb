"""A few residents that every region has, with stories worth looking at. They come on top of ``residents``.

They follow from the last day and the number of years alone, not from the seed or the size of the region.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import TYPE_CHECKING

from xinglin.synth import (
    acute,
    allergies,
    childhood,
    chronic,
    health,
    identifiers,
    motherhood,
    places,
    traditional,
)
from xinglin.synth.health import YEAR, Health
from xinglin.synth.households import Person
from xinglin.synth.life import Life
from xinglin.synth.names import Name
from xinglin.synth.plan import LARGEST, Plan
from xinglin.synth.post import Portion, Post

if TYPE_CHECKING:
    from collections.abc import Mapping

_DUE_IN = 45  # days after the last one


@dataclass(frozen=True, slots=True)
class DemoResident:
    """Somebody to look up in a demonstration. ``patients`` are the Patient ids, the fullest chart first."""

    key: str
    name: str
    story: str
    identity_number: str
    patients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Story:
    """``lasting`` gives the years since each disease began."""

    key: str
    name: Name
    sex: str
    birth: date
    place: int
    story: str
    lasting: Mapping[str, float]
    figures: Mapping[str, float] = field(default_factory=dict)
    traditional: bool = False
    expecting: bool = False
    mother: str = ""
    ethnicity: str = "01"


_STORIES = (
    _Story(
        "elder", Name("王", "桂兰"), "female", date(1949, 3, 12), 4,
        "Diabetes, hypertension and kidney disease, seen by several institutions for years",
        {"hypertension": 14, "diabetes": 4.6, "nephropathy": 2.6, "ckd3": 1.6, "hyperlipidaemia": 8},
        figures={"hba1c": 9.8, "creatinine": 148.0, "creatinine_slope": 11.0, "adherence": 0.9},
        traditional=True,
    ),
    _Story(
        "mother", Name("李", "婉清"), "female", date(1995, 6, 18), 9,
        "Expecting her second child; the first is 陈沐阳", {"rhinitis": 6}, expecting=True,
    ),
    _Story(
        "child", Name("陈", "沐阳"), "male", date(2023, 5, 9), 9,
        "A child with birth record, immunisations and examinations", {}, mother="mother",
    ),
    _Story(
        "lungs", Name("赵", "德厚"), "male", date(1955, 11, 2), 26,
        "Chronic lung disease with stays in hospital and courses of Chinese medicine",
        {"copd": 9, "bph": 5, "insomnia": 3}, traditional=True,
    ),
    _Story(
        "heart", Name("覃", "建国"), "male", date(1961, 10, 1), 15,
        "Coronary disease after years of hypertension and gout, with heart failure",
        {"hypertension": 15, "gout": 7, "chd": 6, "heart_failure": 2, "hyperlipidaemia": 9},
    ),
    _Story(
        "minority", Name("", "阿依古丽·买买提"), "female", date(1988, 8, 21), 20,
        "A name that institutions write in several ways", {"gastritis": 4, "insomnia": 2},
        traditional=True, ethnicity="05",
    ),
)  # fmt: skip


def _person(number: int, story: _Story, mother: Person | None) -> Person:
    index = LARGEST + number
    place = places.community(story.place)
    division = identifiers.home_division(place.township.district, index)
    number_text = identifiers.identity_number(division, story.birth, story.sex, index)
    phone = mother.phone if mother else identifiers.phone(index)
    line = mother.line if mother else places.street_line(place, 37 * (number + 1))
    return Person(
        index, story.name, story.sex, story.birth.toordinal(), story.ethnicity, number_text, phone,
        place, line, mother.household if mother else index, True, "child" if mother else "head", mother,
    )  # fmt: skip


def _health(story: _Story, person: Person, dice: Random, until: int) -> Health:
    state = Health(lasting={key: until - int(years * YEAR) for key, years in story.lasting.items()})
    state.smoker = "copd" in story.lasting
    health.draw_figures(state, person, dice, (until - person.birth) / YEAR)
    for figure, value in story.figures.items():
        setattr(state, figure, value)
    return state


def _live(story: _Story, life: Life, children: list[Person]) -> None:
    allergies.draw(life.health, life.dice)
    acute.befall(life)
    chronic.look_after(life, closely=True)
    childhood.grow_up(life)
    motherhood.bear(life, children)
    if story.expecting:
        motherhood.carry(life, life.until + _DUE_IN, twins=False)
    if story.traditional:
        traditional.turn_to_tradition(life, always=True)
    life.run()


FIRST = LARGEST
"""The index of the first of them; residents of a region have smaller ones."""


def people(plan: Plan) -> dict[str, tuple[Person, Health]]:
    """They and their health on the last day, by their keys."""
    until = plan.until.toordinal()
    known = _people()
    return {
        story.key: (known[story.key], _health(story, known[story.key], _dice(story), until))
        for story in _STORIES
    }


def _people() -> dict[str, Person]:
    found: dict[str, Person] = {}
    for number, story in enumerate(_STORIES):
        found[story.key] = _person(number, story, found.get(story.mother))
    return found


def _dice(story: _Story) -> Random:
    return Random(f"showcase/{story.key}")  # noqa: S311 -- repeatable, not secret


def portion(plan: Plan) -> tuple[Portion, tuple[DemoResident, ...]]:
    """What is sent about them, and who they are."""
    plan = replace(plan, seed=0)
    until = plan.until.toordinal()
    known = _people()
    post, shown = Post(plan), []
    for story in _STORIES:
        person = known[story.key]
        dice = _dice(story)
        life = Life(
            person, _health(story, person, dice, until), dice, start=plan.start, until=until, settled=0
        )
        _live(story, life, [other for other in known.values() if other.mother is person])
        charts = sorted(post.send(life), key=lambda chart: -len(chart.resources))
        ids = tuple(chart.patient for chart in charts)
        shown.append(DemoResident(story.key, person.name.text, story.story, person.identity_number, ids))
    return post.portion(), tuple(shown)


def demo_residents(plan: Plan | None = None) -> tuple[DemoResident, ...]:
    """The residents of the showcase as they are in a region of the plan (the standing one by default)."""
    return portion(plan or Plan())[1]
