"""What measuring a resident on a given day shows: the figures of their health, their trend, and chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.synth.health import YEAR

if TYPE_CHECKING:
    from random import Random

    from xinglin.synth.health import Health
    from xinglin.synth.households import Person


def treated(health: Health, disease: str, day: int) -> float:
    """How far treatment has come: 0 before the onset, rising within two years towards the adherence."""
    onset = health.lasting.get(disease)
    if onset is None or day < onset:
        return 0.0
    return min(1.0, (day - onset) / (2 * YEAR)) * health.adherence


def pressure(health: Health, day: int, dice: Random) -> tuple[int, int]:
    """Systolic and diastolic pressure in mmHg."""
    effect = treated(health, "hypertension", day)
    return int(health.systolic - 22 * effect + dice.gauss(0, 6)), int(
        health.diastolic - 13 * effect + dice.gauss(0, 4)
    )


def weight(health: Health, dice: Random) -> float:
    return round(health.bmi * (health.height / 100) ** 2 + dice.gauss(0, 0.8), 1)


def hba1c(health: Health, day: int, dice: Random) -> float:
    """Percent; it falls by up to two and a half points under treatment that is followed."""
    onset = health.lasting.get("diabetes")
    if onset is not None and day < onset:
        return 6.0 + dice.gauss(0, 0.2)
    return max(5.0, health.hba1c - 2.6 * treated(health, "diabetes", day) + dice.gauss(0, 0.25))


def creatinine(health: Health, day: int, until: int, dice: Random) -> float:
    """μmol/L; it rises year by year towards the figure of the last day."""
    return max(30.0, health.creatinine - health.creatinine_slope * (until - day) / YEAR + dice.gauss(0, 2.5))


def egfr(person: Person, micromol: float, day: int) -> float:
    """CKD-EPI 2009 (without race) in mL/min/1.73 m²."""
    female = person.sex == "female"
    scr, kappa, alpha = micromol / 88.4, 0.7 if female else 0.9, -0.329 if female else -0.411
    age = (day - person.birth) / YEAR
    value: float = 141 * min(scr / kappa, 1) ** alpha * max(scr / kappa, 1) ** -1.209 * 0.993**age
    return value * 1.018 if female else value


def sugar(health: Health, day: int, dice: Random) -> dict[str, float]:
    glycated = hba1c(health, day, dice)
    return {"glucose": max(3.4, glycated * 1.35 - 2.4 + dice.gauss(0, 0.5)), "hba1c": glycated}


def kidney(person: Person, health: Health, day: int, until: int, dice: Random) -> dict[str, float]:
    value = creatinine(health, day, until, dice)
    filtration = egfr(person, value, day)
    return {
        "creatinine": value,
        "urea": max(2.0, value / 14 + dice.gauss(0, 0.6)),
        "urate": max(110.0, health.urate + dice.gauss(0, 20)),
        "egfr": min(filtration, 135.0),
    }


def albuminuria(health: Health, dice: Random) -> dict[str, float]:
    high = "nephropathy" in health.lasting
    return {"acr": max(2.0, dice.gauss(180, 60) if high else dice.gauss(14, 6))}


def lipids(health: Health, day: int, dice: Random) -> dict[str, float]:
    effect = treated(health, "hyperlipidaemia", day)
    ldl = max(0.9, health.ldl - 1.6 * effect + dice.gauss(0, 0.15))
    triglyceride = max(0.4, health.triglyceride - 0.6 * effect + dice.gauss(0, 0.2))
    hdl = max(0.6, dice.gauss(1.3, 0.2))
    return {
        "cholesterol": ldl + hdl + triglyceride / 2.2,
        "triglyceride": triglyceride,
        "hdl": hdl,
        "ldl": ldl,
    }


def liver(health: Health, dice: Random) -> dict[str, float]:
    fatty = "fatty_liver" in health.lasting
    alt = max(6.0, dice.gauss(48 if fatty else 21, 12 if fatty else 6))
    return {
        "alt": alt,
        "ast": max(9.0, alt * 0.8 + 5 + dice.gauss(0, 3)),
        "albumin": dice.gauss(43, 2.2),
        "bilirubin": max(4.0, dice.gauss(12, 3.5)),
    }


def blood(health: Health, dice: Random, *, infected: bool = False) -> dict[str, float]:
    haemoglobin = health.haemoglobin + dice.gauss(0, 3)
    return {
        "wbc": max(2.0, dice.gauss(11.5 if infected else 6.2, 2.2 if infected else 1.3)),
        "neutrophils": min(95.0, dice.gauss(78 if infected else 58, 6)),
        "rbc": haemoglobin / 30.5,
        "haemoglobin": haemoglobin,
        "platelets": max(60.0, dice.gauss(220, 45)),
    }


def electrolytes(dice: Random) -> dict[str, float]:
    return {"potassium": dice.gauss(4.2, 0.35), "sodium": dice.gauss(140.5, 2)}


def strain(health: Health, dice: Random) -> dict[str, float]:
    return {
        "bnp": max(30.0, dice.gauss(1800, 700) if "heart_failure" in health.lasting else dice.gauss(120, 60))
    }


def lung(health: Health, dice: Random) -> dict[str, float]:
    ill = "copd" in health.lasting
    ratio = dice.gauss(58, 6) if ill else dice.gauss(80, 4)
    return {
        "fev1_fvc": ratio,
        "fev1_pred": max(22.0, ratio - 4 + dice.gauss(0, 8) if ill else dice.gauss(94, 8)),
    }


def thyroid(dice: Random) -> dict[str, float]:
    return {"tsh": max(0.1, dice.gauss(2.2, 0.9)), "ft4": dice.gauss(14, 2)}
