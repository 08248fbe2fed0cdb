"""What comes and goes: infections, injuries, surgery. Rates stand in ``data/episodes.csv``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from xinglin.synth import admissions, bodies, findings, orders, reports
from xinglin.synth.health import YEAR
from xinglin.synth.tables import rows

if TYPE_CHECKING:
    from xinglin.synth.charts import Visit
    from xinglin.synth.life import Life

_FEVERISH = {
    "uri",
    "bronchitis",
    "pneumonia",
    "influenza",
    "tonsillitis",
    "hand_foot_mouth",
    "otitis",
    "appendicitis",
}
_LASTED = ("半天", "1天", "2天", "3天", "1周")
_PANEL_TITLES = {
    "blood": "血常规",
    "inflammation": "C反应蛋白测定",
    "electrolytes": "电解质",
    "liver": "肝功能",
    "kidney": "肾功能",
    "lipids": "血脂四项",
}


@dataclass(frozen=True, slots=True)
class Episode:
    """One row of ``data/episodes.csv``; rates are for children (<15), adults and the old (≥60)."""

    disease: str
    sex: str
    from_age: int
    to_age: int
    per_year: tuple[float, float, float]
    where: str
    class_: str
    drugs: tuple[str, ...]
    panels: tuple[str, ...]
    image: str
    admission: float
    complaint: str


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


@cache
def episodes() -> tuple[Episode, ...]:
    return tuple(
        Episode(
            r["disease"], r["sex"], int(r["from_age"]), int(r["to_age"]),
            (float(r["per_year_child"]), float(r["per_year_adult"]), float(r["per_year_old"])),
            r["where"], r["class"], _split(r["drugs"]), _split(r["panels"]), r["image"],
            float(r["admission"]), r["complaint"],
        )
        for r in rows("episodes")
    )  # fmt: skip


@cache
def menu(sex: str, age: int) -> tuple[tuple[float, ...], tuple[Episode, ...]]:
    """Cumulative yearly rates of what may befall somebody of that sex and age."""
    band = 0 if age < 15 else 1 if age < 60 else 2
    total, rates, found = 0.0, [], []
    for episode in episodes():
        rate = episode.per_year[band]
        if rate and episode.sex in ("", sex) and episode.from_age <= age <= episode.to_age:
            total += rate
            rates.append(total)
            found.append(episode)
    return tuple(rates), tuple(found)


def at_once(episode: Episode, *, small: bool) -> Episode:
    """The episode as it is over within a visit; where the place is ``small`` without emergency, tests and images."""
    if small:
        return replace(episode, admission=0.0, class_="AMB", panels=(), image="")
    return replace(episode, admission=0.0)


def befall(life: Life) -> None:
    """Draw the acute episodes of the window and write them down."""
    dice, person = life.dice, life.person
    rates, _ = menu(person.sex, person.age_on(life.until))
    for day in life.days(rates[-1]):
        weights, choices = menu(person.sex, max(person.age_on(day), 0))
        life.plan(day, happen, dice.choices(choices, cum_weights=weights)[0])


def happen(life: Life, day: int, episode: Episode) -> None:
    dice = life.dice
    institution = life.where(episode.where)
    visit = life.visit(institution, day, _department(life, episode, day), episode.class_)
    visit.complain(f"{episode.complaint}{_LASTED[int(dice.random() * len(_LASTED))]}")
    condition = visit.diagnose(episode.disease)
    _signs(life, visit, feverish=episode.disease in _FEVERISH)
    large = institution.kind not in {"station", "village"}
    if large and episode.panels and dice.random() < 0.4:
        for panel in episode.panels:
            findings.panel(visit, _PANEL_TITLES[panel], _figures(life, panel, day))
    if large and episode.image:
        reports.image(visit, episode.image, abnormal=dice.random() < 0.75)
    for key in episode.drugs:
        if dice.random() < 0.8:
            orders.prescribe(visit, _for_child(life, key, day), condition)
    visit.close()
    if dice.random() < episode.admission:
        admissions.admit(life, day, episode.disease)


def _department(life: Life, episode: Episode, day: int) -> str:
    if (day - life.person.birth) / YEAR < 15:
        return "儿科"
    return "急诊科" if episode.class_ == "EMER" else visit_department(episode.disease)


@cache
def visit_department(disease: str) -> str:
    return next(r["department"] for r in rows("diseases") if r["key"] == disease)


def _for_child(life: Life, key: str, day: int) -> str:
    """Small children get the paediatric medicine instead."""
    if key in {"ibuprofen", "lianhua", "levofloxacin"} and (day - life.person.birth) / YEAR < 14:
        return "paracetamol" if key != "levofloxacin" else "azithromycin"
    return key


def _signs(life: Life, visit: Visit, *, feverish: bool) -> None:
    dice = life.dice
    fever = feverish and dice.random() < 0.6
    if feverish or dice.random() < 0.3:
        degrees = dice.gauss(38.4, 0.5) if fever else dice.gauss(36.6, 0.2)
        findings.sign(visit, "temperature", round(degrees, 1))
    if dice.random() < 0.4:
        findings.sign(visit, "pulse", int(dice.gauss(92 if fever else 76, 8)))
    if (visit.day - life.person.birth) / YEAR > 18 and dice.random() < 0.4:
        findings.pressure(visit, *bodies.pressure(life.health, visit.day, dice))


def _figures(life: Life, panel: str, day: int) -> dict[str, float]:
    dice, health = life.dice, life.health
    if panel == "blood":
        return bodies.blood(health, dice, infected=dice.random() < 0.5)
    if panel == "inflammation":
        return {"crp": max(0.5, dice.gauss(24, 15))}
    if panel == "electrolytes":
        return bodies.electrolytes(dice)
    if panel == "liver":
        return bodies.liver(health, dice)
    if panel == "kidney":
        return bodies.kidney(life.person, health, day, life.until, dice)
    return bodies.lipids(health, day, dice)
