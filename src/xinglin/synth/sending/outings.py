"""What happens at the region's institutions: outing after outing, each following from the seed and its number.

A resident, a place to go to, and what takes place there, by the same happenings of which the region's past is made.
The first outings bring one resident of the showcase to institutions with different doors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.synth import (
    acute,
    admissions,
    childhood,
    chronic,
    health,
    households,
    institutions,
    registration,
    showcase,
    traditional,
)
from xinglin.synth.health import YEAR
from xinglin.synth.life import Life
from xinglin.synth.sending import stations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xinglin.synth.health import Health
    from xinglin.synth.households import Person
    from xinglin.synth.institutions import Institution
    from xinglin.synth.plan import Plan
    from xinglin.synth.sending.stations import Station

Resource = dict[str, Any]

SHOWN = 0.08
"""The share of outings that residents of the showcase make."""
_STAY = 3  # days in hospital
_STAYS = 0.12  # of outings to hospitals
_TRIES = 40
_COMPANIONS = 4
_OPENING = (
    ("elder", "general"), ("elder", "tcm-hospital"), ("elder", "centre"), ("elder", "station"), ("elder", "district"),
    ("child", "maternal"), ("heart", "general"), ("lungs", "tcm-hospital"), ("elder", "clinic"),
)  # fmt: skip
_WORDS = ("general", "district", "centre", "station", "tcm-hospital", "clinic", "maternal", "cdc")
_WEIGHTS = (26, 20, 22, 9, 8, 6, 5, 4)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")
_ADULT, _SCHOOL = 18, 7


@dataclass(frozen=True, slots=True)
class Outing:
    """What an institution knows of one visit: its Patient, the Encounter, and what was done, in FHIR.

    ``stage`` says how far a stay has come: "admitted", "discharged", or "" for what is over on the same day.
    """

    number: int
    station: Station
    person: Person
    moment: datetime
    visit: str  # the institution's number of the visit
    stage: str
    resources: tuple[Resource, ...]  # the Patient first, then the Encounter
    errors: tuple[str, ...]  # of the registration

    @property
    def patient(self) -> Resource:
        return self.resources[0]

    @property
    def encounter(self) -> Resource:
        return self.resources[1]

    @property
    def record_number(self) -> str:
        """The institution's own number of the resident."""
        return str(self.patient["identifier"][0]["value"])

    def of(self, *types: str) -> list[Resource]:
        """The resources of these types."""
        return [one for one in self.resources if one["resourceType"] in types]


class Going(Life):
    """A resident on one day at one institution."""

    __slots__ = ("institution",)

    def __init__(
        self, person: Person, state: Health, dice: Random, day: int, institution: Institution
    ) -> None:
        super().__init__(person, state, dice, start=day - _STAY, until=day, settled=0)
        self.institution = institution

    def where(self, word: str) -> Institution:  # noqa: ARG002 -- wherever one would go, this is the place
        return self.institution


def outing(plan: Plan, number: int, moment: datetime) -> Outing:
    """The outing of that number, at that moment."""
    dice = Random(f"{plan.seed}/outing/{number}")  # noqa: S311 -- repeatable, not secret
    moment = moment.astimezone(LOCAL_ZONE).replace(microsecond=0)
    if number < len(_OPENING):
        key, word = _OPENING[number]
        person, state = _shown(plan)[key]
    else:
        word = dice.choices(_WORDS, _WEIGHTS)[0]
        person, state = _somebody(plan, dice, moment.toordinal(), word)
    going = Going(person, state, dice, moment.toordinal(), _place(person, word))
    stage = _take_place(going, word, stays=number >= len(_OPENING))
    return _outing(plan, number, going, moment, stage)


def companions(plan: Plan, first: Outing) -> list[Outing]:
    """Others who went to the same institution on the day, whom it tells of in one file."""
    dice = Random(f"{plan.seed}/companions/{first.number}")  # noqa: S311 -- as above
    word = "cdc" if first.station.institution.kind == "cdc" else "centre"
    found: list[Outing] = []
    for place in range(1, 1 + dice.randrange(_COMPANIONS)):
        moment = first.moment - timedelta(minutes=7 * place)
        person, state = _somebody(plan, dice, moment.toordinal(), word)
        met = [first.person, *(other.person for other in found)]
        if person.index >= showcase.FIRST or any(person is other for other in met):
            continue
        going = Going(person, state, dice, moment.toordinal(), first.station.institution)
        _take_place(going, word, stays=False)
        found.append(_outing(plan, first.number, going, moment, ""))
    return found


# -- who


@lru_cache(maxsize=64)
def _block(seed: int, block: int, until: int) -> list[Person]:
    return households.block(seed, block, until)


@lru_cache(maxsize=8)
def _shown(plan: Plan) -> dict[str, tuple[Person, Health]]:
    return showcase.people(plan)


def _somebody(plan: Plan, dice: Random, day: int, word: str) -> tuple[Person, Health]:
    """Somebody who may have something to do there."""
    for _ in range(_TRIES):
        if dice.random() < SHOWN:
            person, state = dice.choice(list(_shown(plan).values()))
        else:
            person, state = _resident(plan, dice.randrange(plan.residents))
        if _suits(person, state, day, word):
            return person, state
    return _shown(plan)["child" if word in ("maternal", "cdc") else "elder"]


def _resident(plan: Plan, index: int) -> tuple[Person, Health]:
    until = plan.until.toordinal()
    person = _block(plan.seed, index // households.BLOCK, until)[index % households.BLOCK]
    dice = Random(f"{plan.seed}/{index}")  # noqa: S311 -- as in ``stream``: the same health
    return person, health.draw(person, dice, until)


def _suits(person: Person, state: Health, day: int, word: str) -> bool:
    age = (day - person.birth) / YEAR
    if word in ("maternal", "cdc"):
        return 0 <= age < _SCHOOL
    if word in ("tcm-hospital", "clinic"):
        return age >= _ADULT
    if word == "centre":
        return 0 <= age < _SCHOOL or bool(_managed(state)) or age >= 65
    return age >= 1


def _managed(state: Health) -> list[str]:
    return [key for key in ("hypertension", "diabetes") if key in state.lasting]


def _place(person: Person, word: str) -> Institution:
    town = person.place.township
    places: dict[str, Callable[[], Institution]] = {
        "district": lambda: institutions.district_hospital(town.district),
        "centre": lambda: institutions.centre(town.number),
        "station": lambda: institutions.station(person.place.number),
        "tcm-hospital": lambda: institutions.TCM,
        "clinic": lambda: institutions.clinic(town.number // 2),
        "maternal": lambda: institutions.MATERNAL,
        "cdc": lambda: institutions.CDC,
        "general": lambda: institutions.general(0),
    }
    return places[word]()


# -- what


def _take_place(going: Going, word: str, *, stays: bool) -> str:
    """Let something happen that such an institution sees; the stage of the stay, if it is one."""
    day = going.until
    age = (day - going.person.birth) / YEAR
    if word in ("tcm-hospital", "clinic"):
        _consult(going, day)
    elif word in ("maternal", "cdc") or (word == "centre" and age < _SCHOOL):
        _child(going, day, word)
    elif word == "centre":
        _centre(going, day)
    elif word == "station":
        _fall_ill(going, day, small=True)
    else:
        return _hospital(going, day, stays=stays)
    return ""


def _consult(going: Going, day: int) -> None:
    dice, ill = going.dice, going.health.lasting
    own = [key for key in ill if traditional.patterns(key)]
    western = dice.choice(own) if own and dice.random() < 0.8 else dice.choice(traditional.PASSING)
    traditional.consult(going, day, dice.choice(traditional.patterns(western)), again=dice.random() < 0.3)


def _child(going: Going, day: int, word: str) -> None:
    dice, months = going.dice, (day - going.person.birth) / YEAR * 12
    if word == "maternal" and dice.random() < 0.5:
        return childhood.examine(
            going, day, min(childhood.EXAMINATIONS, key=lambda month: abs(month - months))
        )
    due = [doses for month, doses in childhood.schedule() if 0 < month <= max(months, 2)]
    return childhood.vaccinate(going, day, due[-1])


def _centre(going: Going, day: int) -> None:
    managed = _managed(going.health)
    if managed:
        chronic.follow_up(going, day, managed)
    else:
        chronic.examine(going, day, "centre")


def _hospital(going: Going, day: int, *, stays: bool) -> str:
    dice, ill = going.dice, going.health.lasting
    drawn = dice.random()
    own = [key for key in ill if key in chronic.CARE]
    if stays and drawn < _STAYS:
        stay = next((chronic.CARE[key].stay for key in own if chronic.CARE[key].stay), "pneumonia")
        leaves = dice.random() < 0.5
        admissions.admit(going, day - _STAY if leaves else day, stay)
        return "discharged" if leaves else "admitted"
    if own and drawn < 0.7:
        disease = dice.choice(own)
        chronic.attend(going, day, disease, chronic.CARE[disease], 0.9)
    else:
        _fall_ill(going, day, small=False)
    return ""


def _fall_ill(going: Going, day: int, *, small: bool) -> None:
    """One of the episodes that may befall such a person, without what would need a stay."""
    weights, choices = acute.menu(going.person.sex, max(going.person.age_on(day), 0))
    episode = going.dice.choices(choices, cum_weights=weights)[0]
    acute.happen(going, day, acute.at_once(episode, small=small))


# -- as the institution knows it


def _outing(plan: Plan, number: int, going: Going, moment: datetime, stage: str) -> Outing:
    (chart,) = going.charts.values()
    shown = going.person.index >= showcase.FIRST
    dice = Random(f"{plan.seed}/{going.person.index}/{chart.institution.code}")  # noqa: S311 -- as in ``post``
    rates = {} if shown else registration.RATES
    patient, errors = registration.register(chart, dice, moment.toordinal(), rates)
    visit = f"{moment:%y%m%d%H%M%S}{number % 1000:03d}"
    encounter = chart.resources[0]
    if stage == "admitted":
        encounter["status"] = "in-progress"
        encounter["period"] = {"start": encounter["period"]["start"]}
        encounter.pop("hospitalization", None)
    encounter["identifier"] = [
        {"system": f"urn:xinglin:institution:{chart.institution.code}:visit", "value": visit}
    ]
    encounter["serviceProvider"] = {**encounter["serviceProvider"]}
    names = stations.staff(chart.institution)
    for one in encounter["participant"]:
        id_ = one["individual"]["reference"].partition("/")[2]
        one["individual"] = {**one["individual"], "display": names[id_]}
    moved = _Moved(chart.patient, visit, _shift(encounter, moment, stage))
    resources = [patient, *(moved.content(one) for one in chart.resources)]
    return Outing(
        number, stations.station(chart.institution), going.person, moment, visit, stage, tuple(resources),
        tuple(errors),
    )  # fmt: skip


def _shift(encounter: Resource, moment: datetime, stage: str) -> float:
    """Seconds by which all times move, so that the visit has just ended, or the stay just begun."""
    anchor = encounter["period"]["start" if stage == "admitted" else "end"]
    return (moment - datetime.fromisoformat(anchor)).total_seconds()


class _Moved:
    """Resources of a chart with their times moved, and with ids by the number of the visit."""

    def __init__(self, patient: str, visit: str, seconds: float) -> None:
        self._own, self._visit, self._seconds = f"{patient}-", visit, seconds

    def content(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.content(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.content(one) for one in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if _MOMENT.fullmatch(text):
            return (datetime.fromisoformat(text) + timedelta(seconds=self._seconds)).isoformat()
        head, own, tail = text.partition(self._own)
        return f"{head}{self._visit}-{tail}" if own and (not head or head.endswith("/")) else text


def by_id(resources: Iterable[Resource]) -> dict[str, Resource]:
    """Resources by what references to them say."""
    return {f"{one['resourceType']}/{one['id']}": one for one in resources}
