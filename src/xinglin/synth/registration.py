"""How a resident stands in one institution's register: the Patient resource, with the clerk's errors.

``RATES`` declares each error's share of registrations (of those where it is possible). What was done to whom
goes to the truth file, never into the resource.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from xinglin.synth import identifiers, names, places
from xinglin.synth.health import YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from xinglin.synth.charts import Chart
    from xinglin.synth.households import Person

RATES = {
    "missing_id": 0.30,
    "old_id": 0.05,  # fifteen digits, of those over 40
    "wrong_id": 0.01,
    "missing_phone": 0.12,
    "changed_phone": 0.10,
    "homophone_name": 0.025,
    "mistyped_name": 0.012,
    "default_birthday": 0.02,
    "missing_sex": 0.01,
    "missing_address": 0.15,
    "old_address": 0.06,
}
_MIN_AGE_OF_OLD_ID = 40
_NEWBORN = 75
_IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_RECORD_NUMBER = {"coding": [{"system": _IDENTIFIER_TYPES, "code": "MR"}], "text": "病案号"}
_MOTHER = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH", "display": "mother"}
    ],
    "text": "母亲",
}
_ID_CARD = {"coding": [{"system": _IDENTIFIER_TYPES, "code": "NI"}], "text": "居民身份证"}


class _Form:
    """A registration being filled in: what the clerk wrote, and where that differs from the truth."""

    __slots__ = (
        "address",
        "birth",
        "dice",
        "errors",
        "identity",
        "name",
        "person",
        "phone",
        "place",
        "rates",
        "sex",
    )

    def __init__(self, person: Person, dice: Random, rates: Mapping[str, float]) -> None:
        self.person, self.dice, self.rates = person, dice, rates
        self.place = person.place
        self.errors: list[str] = []
        self.name = person.name
        self.identity: str | None = person.identity_number
        self.phone: str | None = person.phone
        self.birth = date.fromordinal(person.birth).isoformat()
        self.sex: str | None = person.sex
        self.address: str | None = places.address_text(person.place, person.line)

    def fails(self, kind: str) -> bool:
        """Whether this error happens here, noting it."""
        rate = self.rates.get(kind)
        if rate is None or self.dice.random() >= rate:
            return False
        self.errors.append(kind)
        return True


def _write_identity(form: _Form, day: int) -> None:
    number = form.person.identity_number
    if form.fails("missing_id"):
        form.identity = None
    elif (day - form.person.birth) / YEAR >= _MIN_AGE_OF_OLD_ID and form.fails("old_id"):
        form.identity = identifiers.old_number(number)
    elif form.fails("wrong_id"):
        at = form.dice.randrange(6, 17)
        form.identity = (
            number[:at] + str((int(number[at]) + 1 + form.dice.randrange(9)) % 10) + number[at + 1 :]
        )


def _write_phone(form: _Form, day: int) -> None:
    if form.fails("missing_phone"):
        form.phone = None
    elif form.fails("changed_phone"):
        form.phone = identifiers.phone(form.person.index * 7 + day)


def _write_name(form: _Form, day: int) -> None:
    person = form.person
    if person.mother is not None and day - person.birth < _NEWBORN:
        form.name = names.Name("", _newborn_name(person))
        form.errors.append("newborn_name")
        return
    misheard = names.misheard(person.name, form.dice)
    if misheard is not None and form.fails("homophone_name"):
        form.name = misheard
    elif form.fails("mistyped_name"):
        form.name = names.mistyped(person.name, form.dice)
    elif form.fails("other_character"):
        form.name = names.miswritten(person.name, form.dice)


def _newborn_name(person: Person) -> str:
    """What a maternity ward calls a child that has no name yet."""
    assert person.mother is not None
    kind = "之子" if person.sex == "male" else "之女"
    order = {0: "", 1: "大", 2: "小"}[person.twin]
    return f"{person.mother.name.text}{kind[0]}{order}{kind[1]}"


def _write_birth(form: _Form, _day: int) -> None:
    if not form.birth.endswith("-01-01") and form.fails("default_birthday"):
        form.birth = form.birth[:4] + "-01-01"
    elif form.fails("wrong_birthday"):
        form.birth = _wrong_birthday(form)


def _wrong_birthday(form: _Form) -> str:
    """Another day of the month, or day and month the other way round where the calendar has that."""
    year, month, day = form.birth.split("-")
    if int(day) <= 12 and day != month and form.dice.random() < 0.4:
        return f"{year}-{day}-{month}"
    return f"{year}-{month}-{int(day) % 28 + 1:02d}"


def _write_rest(form: _Form, _day: int) -> None:
    if form.fails("missing_sex"):
        form.sex = None
    if form.fails("missing_address"):
        form.address = None
    elif form.fails("moved"):
        form.place = places.community(form.dice.randrange(places.communities_for(form.person.household)))
        form.address = places.address_text(
            form.place, places.street_line(form.place, form.dice.randrange(4000))
        )
    elif form.fails("old_address"):
        form.address = places.address_text(
            form.person.place, places.street_line(form.person.place, form.dice.randrange(4000))
        )


_STEPS: tuple[Callable[[_Form, int], None], ...] = (
    _write_identity,
    _write_phone,
    _write_name,
    _write_birth,
    _write_rest,
)


def register(
    chart: Chart, dice: Random, day: int, rates: Mapping[str, float] = RATES
) -> tuple[dict[str, Any], list[str]]:
    """The Patient that the institution sends, first registered on ``day``, and the errors in it."""
    person = chart.person
    form = _Form(person, dice, rates)
    if day - person.birth < _NEWBORN:
        form.identity = None
        form.errors.append("no_id_yet")
        steps = _STEPS[1:]
    else:
        steps = _STEPS
    for step in steps:
        step(form, day)
    return _patient(chart, form), form.errors


def _patient(chart: Chart, form: _Form) -> dict[str, Any]:
    code, person = chart.institution.code, chart.person
    number = identifiers.record_number(code, person.index)
    identifier: list[dict[str, Any]] = [
        {
            "use": "usual",
            "type": _RECORD_NUMBER,
            "system": f"urn:xinglin:institution:{code}:patient",
            "value": number,
        }
    ]
    if form.identity is not None:
        identifier.append(
            {"use": "official", "type": _ID_CARD, "system": identifiers.ID_SYSTEM, "value": form.identity}
        )
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": chart.patient,
        "meta": chart.meta,
        "identifier": identifier,
        "active": True,
        "name": [_name(form.name, structured=chart.words.turn % 4 != 0)],
        "birthDate": form.birth,
        "managingOrganization": chart.words.organization,
    }
    if form.phone is not None:
        patient["telecom"] = [{"system": "phone", "value": form.phone, "use": "mobile"}]
    if person.mother is not None and person.phone == person.mother.phone:
        patient["contact"] = [_mother(person.mother)]
    if form.sex is not None:
        patient["gender"] = form.sex
    if form.address is not None:
        patient["address"] = [_address(form)]
    return patient


def _mother(mother: Person) -> dict[str, Any]:
    """The contact of a child whose own number is the mother's."""
    telecom = [{"system": "phone", "value": mother.phone, "use": "mobile"}]
    return {"relationship": [_MOTHER], "name": {"text": mother.name.text}, "telecom": telecom}


def _name(name: names.Name, *, structured: bool) -> dict[str, Any]:
    if structured and name.surname:
        return {"use": "official", "text": name.text, "family": name.surname, "given": [name.given]}
    return {"use": "official", "text": name.text}


def _address(form: _Form) -> dict[str, Any]:
    town = form.place.township
    return {
        "use": "home",
        "text": form.address,
        "state": places.PROVINCE,
        "city": places.CITY,
        "district": places.DISTRICTS[town.district],
        "country": "CN",
    }
