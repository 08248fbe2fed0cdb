"""A resident's state of health: lasting diseases with their co-occurrence, and the body's own figures.

Prevalences are rounded from published national surveys of adults; what matters is that they rise with age and
that diseases come together as they do in life (diabetes and coronary disease in the hypertensive, kidney
disease in the diabetic, chronic lung disease in men who smoke).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from xinglin.synth.households import Person

YEAR = 365.2425

# share of people of at least that age who have the disease
HYPERTENSION = ((18, 0.04), (35, 0.14), (45, 0.28), (55, 0.43), (65, 0.55), (75, 0.6))
DIABETES = ((30, 0.03), (40, 0.07), (50, 0.12), (60, 0.17), (70, 0.19))
SMOKING = ((18, 0.3), (25, 0.45), (60, 0.38), (75, 0.25))

_WITH_DIABETES = {True: 1.5, False: 0.65}  # by hypertension
_OTHERS = (
    # key, from age, share, sex, factor if hypertensive, factor if diabetic
    ("hyperlipidaemia", 35, 0.2, None, 1.5, 1.6),
    ("chd", 50, 0.06, None, 2.2, 1.6),
    ("stroke_after", 55, 0.03, None, 2.6, 1.5),
    ("fatty_liver", 30, 0.1, None, 1.3, 1.6),
    ("gout", 35, 0.04, "male", 1.5, 1.0),
    ("gastritis", 25, 0.07, None, 1.0, 1.0),
    ("knee", 55, 0.12, None, 1.0, 1.0),
    ("back_pain", 30, 0.06, None, 1.0, 1.0),
    ("insomnia", 35, 0.06, None, 1.0, 1.0),
    ("bph", 60, 0.25, "male", 1.0, 1.0),
    ("osteoporosis", 65, 0.2, "female", 1.0, 1.0),
    ("rhinitis", 5, 0.07, None, 1.0, 1.0),
    ("thyroid", 35, 0.07, None, 1.0, 1.0),
    ("cataract", 68, 0.12, None, 1.0, 1.4),
    ("menopause", 46, 0.08, "female", 1.0, 1.0),
)


@dataclass(slots=True)
class Health:
    """``lasting``: disease key → ordinal of onset. Figures are those of the untreated person at ``until``."""

    lasting: dict[str, int] = field(default_factory=dict)
    smoker: bool = False
    bmi: float = 23.0
    systolic: float = 120.0
    diastolic: float = 76.0
    hba1c: float = 5.4
    glucose: float = 5.2
    creatinine: float = 70.0
    creatinine_slope: float = 0.3  # μmol/L a year
    ldl: float = 2.7
    triglyceride: float = 1.3
    urate: float = 320.0
    haemoglobin: float = 140.0
    height: float = 165.0
    adherence: float = 0.7  # share of prescribed medicine that is taken
    allergies: tuple[int, ...] = ()  # rows of the table in ``allergies``


def share(table: tuple[tuple[int, float], ...], age: float) -> float:
    """The share of the last age band that ``age`` reaches; 0 below the first."""
    return next((value for start, value in reversed(table) if age >= start), 0.0)


def draw(person: Person, dice: Random, until: int) -> Health:
    """The health of a resident on the last day."""
    age = (until - person.birth) / YEAR
    health = Health()
    health.smoker = dice.random() < share(SMOKING, age) * (1.0 if person.sex == "male" else 0.04)
    _add(health, "hypertension", share(HYPERTENSION, age), dice, person, until)
    hypertensive = "hypertension" in health.lasting
    _add(health, "diabetes", share(DIABETES, age) * _WITH_DIABETES[hypertensive], dice, person, until)
    diabetic = "diabetes" in health.lasting
    for key, start, chance, sex, if_hypertensive, if_diabetic in _OTHERS:
        if age >= start and sex in (None, person.sex):
            factor = (if_hypertensive if hypertensive else 0.75) * (if_diabetic if diabetic else 0.9)
            _add(health, key, chance * factor, dice, person, until)
    _add_lungs(health, age, dice, person, until)
    _add_complications(health, age, dice, person, until)
    draw_figures(health, person, dice, age)
    return health


def _add(health: Health, key: str, chance: float, dice: Random, person: Person, until: int) -> None:
    """Give the disease with that chance, begun within fifteen years, after the age of twelve."""
    if dice.random() < chance:
        earliest = max(person.birth + int(12 * YEAR), until - int(15 * YEAR))
        health.lasting[key] = dice.randrange(min(earliest, until - 60), until - 30)


def _add_lungs(health: Health, age: float, dice: Random, person: Person, until: int) -> None:
    if age < 8 or dice.random() < 0.5:
        _add(health, "asthma", 0.03, dice, person, until)
    if age >= 42:
        _add(
            health,
            "copd",
            (0.2 if health.smoker else 0.035) * (1.5 if age >= 60 else 0.7),
            dice,
            person,
            until,
        )


def _add_complications(health: Health, age: float, dice: Random, person: Person, until: int) -> None:
    """Diseases that follow from others, begun after them."""
    for cause, key, chance in (
        ("diabetes", "nephropathy", 0.16),
        ("diabetes", "neuropathy", 0.12),
        ("chd", "heart_failure", 0.14),
    ):
        begun = health.lasting.get(cause)
        if begun is not None and age >= 45 and dice.random() < chance:
            health.lasting[key] = dice.randrange(begun, until - 20)
    if "nephropathy" in health.lasting and dice.random() < 0.5:
        health.lasting["ckd3"] = dice.randrange(health.lasting["nephropathy"], until - 10)
    elif "hypertension" in health.lasting and age > 60:
        _add(health, "ckd3", 0.03, dice, person, until)


def draw_figures(health: Health, person: Person, dice: Random, age: float) -> None:
    """The body's figures, in keeping with the lasting diseases."""
    male, gauss, ill = person.sex == "male", dice.gauss, health.lasting
    health.height = gauss(169 if male else 158, 6) - max(0.0, age - 40) * 0.1
    health.bmi = max(16.5, gauss(23.6 + 1.2 * ("hypertension" in ill) + 1.0 * ("diabetes" in ill), 2.8))
    health.systolic = gauss(152, 9) if "hypertension" in ill else gauss(112 + age * 0.2, 7)
    health.diastolic = gauss(92, 6) if "hypertension" in ill else gauss(72 + age * 0.06, 5)
    health.hba1c = max(6.4, gauss(8.7, 1.2)) if "diabetes" in ill else gauss(5.4, 0.25)
    health.glucose = health.hba1c * 1.35 - 2.6 if "diabetes" in ill else gauss(5.1, 0.4)
    kidneys = 62 * ("ckd3" in ill) + 18 * ("nephropathy" in ill)
    health.creatinine = max(35.0, gauss(78 if male else 60, 8) + kidneys + max(0.0, age - 60) * 0.4)
    health.creatinine_slope = gauss(0.4, 0.2) + 7.0 * ("ckd3" in ill) + 2.5 * ("nephropathy" in ill)
    health.ldl = max(1.2, gauss(3.9 if "hyperlipidaemia" in ill else 2.7, 0.55))
    health.triglyceride = max(0.5, gauss(2.4 if "hyperlipidaemia" in ill else 1.25, 0.5))
    health.urate = gauss(520 if "gout" in ill else 350 if male else 280, 45)
    health.haemoglobin = gauss(150 if male else 131, 9) - 18 * ("ckd3" in ill)
    health.adherence = min(1.0, max(0.1, gauss(0.72, 0.2)))
