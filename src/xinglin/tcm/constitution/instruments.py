"""Instruments: questions, the types they count for, and verdicts; read from data. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import invalid, not_found, unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

DATA = Path(__file__).with_name("data")
SHIPPED = ("zyyxh-t157-2009", "elderly-33", "gbt46939-2025")
FEMALE, MALE = "female", "male"


@dataclass(frozen=True, slots=True)
class Item:
    """A question. ``sex`` where only one sex is asked; ``cuts`` of a measure (``bmi``, ``waist`` in cm) answer it."""

    id: str
    zh: str
    en: str
    sex: str = ""
    zh_options: tuple[str, ...] = ()
    en_options: tuple[str, ...] = ()
    measure: str = ""
    cuts: tuple[float, ...] = ()

    def text(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en

    def options(self, language: str) -> tuple[str, ...]:
        return self.zh_options if language.startswith("zh") else self.en_options

    def answer_for(self, measured: float) -> int:
        """The answer that a measured value is: 1 below the first cut, one more for each cut that is reached."""
        return 1 + sum(measured >= cut for cut in self.cuts)


@dataclass(frozen=True, slots=True)
class Type:
    """A type of constitution and the questions that count for it; ``reversed`` ones as six minus the answer."""

    code: str
    zh: str
    en: str
    items: tuple[str, ...]
    reversed: frozenset[str]

    def name(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Instrument:
    """One version of one instrument; ``method`` is ``percent`` or ``sum``."""

    id: str
    version: str
    zh: str
    en: str
    source: str
    effective: date
    confidence: str
    enabled: bool
    method: str
    items: tuple[Item, ...]
    types: tuple[Type, ...]
    verdicts: Mapping[str, float]
    from_age: int = 0

    @property
    def url(self) -> str:
        """The canonical address of its Questionnaire."""
        return f"urn:xinglin:questionnaire:{self.id}|{self.version}"

    def title(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en

    def asked(self, sex: str) -> tuple[Item, ...]:
        """The questions for somebody of that sex, in order."""
        return tuple(item for item in self.items if not item.sex or item.sex == sex)

    def type(self, code: str) -> Type:
        return next(each for each in self.types if each.code == code)


def _item(entry: dict[str, Any], options: dict[str, list[str]]) -> Item:
    return Item(
        entry["id"], entry["zh"], entry["en"], entry.get("sex", ""),
        tuple(entry.get("zh_options", options["zh"])), tuple(entry.get("en_options", options["en"])),
        entry.get("measure", ""), tuple(entry.get("cuts", ())),
    )  # fmt: skip


def _type(entry: dict[str, Any]) -> Type:
    items, turned = tuple(entry["items"]), frozenset(entry.get("reversed", ()))
    return Type(entry["code"], entry["zh"], entry["en"], items, turned)


def read(path: Path) -> Instrument:
    """An instrument of a file; a ValueError says what is wrong with it."""
    with path.open("rb") as source:
        found = tomllib.load(source)
    made = Instrument(
        found["id"], found["version"], found["title_zh"], found["title_en"], found["source"], found["effective"],
        found["confidence"], found["enabled"], found["method"],
        tuple(_item(each, found["options"]) for each in found["item"]), tuple(map(_type, found["type"])),
        found["verdicts"], found.get("from_age", 0),
    )  # fmt: skip
    known = [item.id for item in made.items]
    used = {item for each in made.types for item in each.items}
    if len(known) != len(set(known)) or used != set(known):
        message = f"{path.name}: questions and types do not fit: {sorted(used ^ set(known))}"
        raise ValueError(message)
    if made.enabled and not made.types:
        message = f"{path.name}: an instrument without questions cannot be enabled"
        raise ValueError(message)
    return made


@cache
def shipped() -> dict[str, Instrument]:
    """The shipped instruments by id."""
    return {name: read(DATA / f"{name}.toml") for name in SHIPPED}


def instrument(id_: str) -> Instrument:
    """An instrument that may be used; raises ``not_found``, and ``unsupported`` for one that is disabled."""
    found = shipped().get(id_)
    if found is None:
        raise not_found(gettext_noop("There is no instrument %(id)s."), id=id_)
    if not found.enabled:
        raise unsupported(
            gettext_noop("The instrument %(id)s is not in use here: its questions are not known."), id=id_
        )
    return found


def for_age(age: int | None) -> Instrument:
    """The instrument for somebody of that age in years: that for older people from 65."""
    found = sorted((each for each in shipped().values() if each.enabled), key=lambda one: -one.from_age)
    return next(each for each in found if not each.from_age or (age is not None and age >= each.from_age))


def require_answers(of: Instrument, answers: Mapping[str, int], sex: str) -> None:
    """Raise ``invalid`` for an answer that is none, or to a question that is not asked."""
    known = {item.id for item in of.asked(sex)}
    for question, answer in answers.items():
        if question not in known:
            raise invalid(gettext_noop("There is no question %(id)s for this person."), id=question)
        if answer not in range(1, 6):
            raise invalid(gettext_noop("The answer to %(id)s is to be a number from 1 to 5."), id=question)
