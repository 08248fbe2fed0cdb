"""Lasting diseases: clinic visits, the quarterly follow-up of public health, yearly examinations, stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.synth import admissions, bodies, findings, reports, supplies
from xinglin.synth.health import YEAR
from xinglin.synth.tables import by_key
from xinglin.synth.vocabulary import DATA_ELEMENTS

if TYPE_CHECKING:
    from xinglin.synth.charts import Visit
    from xinglin.synth.life import Life


@dataclass(frozen=True, slots=True)
class Care:
    """How a lasting disease is looked after at hospital; ``stay`` is what it may lead to, so often a year."""

    visits: float
    drugs: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    image: str = ""
    stay: str = ""
    stays: float = 0.0


CARE = {
    "hypertension": Care(
        0.5, ("amlodipine", "valsartan", "indapamide"), ("kidney", "electrolytes", "lipids"), "ecg"
    ),
    "diabetes": Care(
        1.5, ("metformin", "acarbose", "gliclazide", "dapagliflozin"), ("sugar", "kidney", "urine")
    ),
    "nephropathy": Care(1.5, ("valsartan", "dapagliflozin"), ("kidney", "urine", "blood", "sugar")),
    "ckd3": Care(1.5, ("valsartan",), ("kidney", "electrolytes", "blood"), "", "ckd3", 0.08),
    "neuropathy": Care(0.4, ("metformin",), ("sugar",)),
    "chd": Care(1.0, ("aspirin", "metoprolol", "atorvastatin"), ("lipids", "liver"), "ecg", "angina", 0.09),
    "heart_failure": Care(
        1.5, ("furosemide", "metoprolol"), ("heart", "electrolytes"), "echo", "heart_failure", 0.22
    ),
    "stroke_after": Care(0.8, ("clopidogrel", "atorvastatin"), ("lipids",), "carotid_us", "stroke", 0.06),
    "hyperlipidaemia": Care(0.4, ("atorvastatin",), ("lipids", "liver")),
    "copd": Care(1.2, ("tiotropium", "budesonide", "ambroxol"), ("lung",), "chest_ct", "copd_acute", 0.22),
    "asthma": Care(0.8, ("budesonide",), ("lung",)),
    "fatty_liver": Care(0.25, (), ("liver",), "abdomen_us"),
    "gout": Care(0.7, ("febuxostat",), ("kidney",)),
    "gastritis": Care(0.5, ("omeprazole",)),
    "knee": Care(0.5, ("celecoxib", "glucosamine"), (), "knee_x"),
    "back_pain": Care(0.4, ("celecoxib",)),
    "insomnia": Care(0.6, ("zopiclone",)),
    "bph": Care(0.7, ("tamsulosin",)),
    "osteoporosis": Care(0.4, ("calcium",)),
    "rhinitis": Care(0.4, ("loratadine",)),
    "thyroid": Care(0.4, (), ("thyroid",), "thyroid_us"),
    "cataract": Care(0.2, (), (), "", "cataract", 0.05),
}
_BEGINS_WITH = {"stroke_after": "stroke", "chd": "angina"}  # the stay that made the disease known
TITLES = {
    "sugar": "血糖及糖化血红蛋白",
    "kidney": "肾功能",
    "electrolytes": "电解质",
    "lipids": "血脂四项",
    "liver": "肝功能",
    "blood": "血常规",
    "urine": "尿微量白蛋白/肌酐",
    "heart": "NT-proBNP测定",
    "lung": "肺功能",
    "thyroid": "甲状腺功能",
}
_MANAGED = {"hypertension": 0.36, "diabetes": 0.42}
_ORDERED = 0.5  # how often a test that is due is ordered
_EVALUATION = {
    "coding": [{"system": DATA_ELEMENTS, "code": "CV05.10.012", "display": "随访评价结果"}],
    "text": "本次随访评价",
}


def measure(life: Life, panel: str, day: int) -> dict[str, float]:
    """The figures of a panel on a day."""
    health, dice = life.health, life.dice
    if panel == "sugar":
        return bodies.sugar(health, day, dice)
    if panel == "kidney":
        return bodies.kidney(life.person, health, day, life.until, dice)
    if panel == "lipids":
        return bodies.lipids(health, day, dice)
    simple = _SIMPLE.get(panel)
    return simple(life) if simple else bodies.electrolytes(dice)


_SIMPLE = {
    "liver": lambda life: bodies.liver(life.health, life.dice),
    "blood": lambda life: bodies.blood(life.health, life.dice),
    "urine": lambda life: bodies.albuminuria(life.health, life.dice),
    "heart": lambda life: bodies.strain(life.health, life.dice),
    "lung": lambda life: bodies.lung(life.health, life.dice),
    "thyroid": lambda life: bodies.thyroid(life.dice),
}


def look_after(life: Life, *, closely: bool = False) -> None:
    """Plan all visits that the resident's lasting diseases bring within the window.

    ``closely`` doubles the visits, orders every test, and puts the resident under management for certain.
    """
    for disease, onset in life.health.lasting.items():
        care = CARE.get(disease)
        if care is None:
            continue
        for day in life.days(care.visits * (2 if closely else 1), onset):
            life.plan(day, attend, disease, care, 1.0 if closely else _ORDERED)
        if disease in _BEGINS_WITH:
            life.plan(onset, admissions.admit, _BEGINS_WITH[disease])
        for day in life.days(care.stays, onset):
            life.plan(day, admissions.admit, care.stay)
    _follow_up(life, closely=closely)
    _examine(life)
    supplies.repeat(life, always=closely)


def attend(life: Life, day: int, disease: str, care: Care, ordered: float) -> None:
    """An out-patient visit for the disease, often at the same hospital."""
    dice, ill = life.dice, life.health.lasting
    visit = life.visit(life.where("hospital"), day, by_key("diseases")[disease]["department"])
    condition = visit.problem(disease, ill[disease])
    for other in ("hypertension", "diabetes"):
        if other != disease and other in ill and ill[other] < day and dice.random() < 0.7:
            visit.problem(other, ill[other])
    findings.pressure(visit, *bodies.pressure(life.health, day, dice))
    for panel in care.panels:
        if dice.random() < ordered:
            findings.panel(visit, TITLES[panel], measure(life, panel, day))
    if care.image and dice.random() < 0.35:
        reports.image(visit, care.image, abnormal=dice.random() < 0.6)
    count = 1 if disease in {"hypertension", "diabetes"} and dice.random() < 0.5 else len(care.drugs)
    supplies.begin(life, visit, care.drugs[: min(count, 3)], disease, condition)
    if dice.random() < 0.12:
        reports.document(visit, "C0002", "门（急）诊病历", _record(visit, disease))
    visit.close()


def _record(visit: Visit, disease: str) -> str:
    name = by_key("diseases")[disease]["display"]
    return (
        f"主诉：{name}复诊。\n现病史：患者确诊{name}，规律服药，近期病情平稳，饮食睡眠可，二便正常。\n"
        f"体格检查：神清，精神可，心肺腹查体未见明显异常，双下肢无水肿。\n诊断：{name}\n"
        f"处理：继续目前治疗，监测相关指标，{'1个月' if visit.dice.random() < 0.6 else '3个月'}后复诊。"
    )


def _follow_up(life: Life, *, closely: bool) -> None:
    """Public health's follow-up of the hypertensive and diabetic, every three months when it is kept."""
    ill, dice = life.health.lasting, life.dice
    managed = [key for key, share in _MANAGED.items() if key in ill and (closely or dice.random() < share)]
    if not managed:
        return
    for day in life.regular_days(91, min(ill[key] for key in managed), 21):
        life.plan(day, follow_up, [key for key in managed if ill[key] <= day])


def follow_up(life: Life, day: int, diseases: list[str]) -> None:
    dice, health = life.dice, life.health
    visit = life.visit(life.where("centre"), day, "公共卫生科", "AMB" if dice.random() < 0.7 else "HH")
    conditions = {key: visit.problem(key, health.lasting[key]) for key in diseases}
    systolic, diastolic = bodies.pressure(health, day, dice)
    findings.pressure(visit, systolic, diastolic)
    findings.sign(visit, "weight", bodies.weight(health, dice))
    satisfied = systolic < 140 and diastolic < 90
    if "diabetes" in diseases:
        sugar = bodies.sugar(health, day, dice)["glucose"]
        findings.result(visit, "glucose_meter", sugar)
        satisfied = satisfied and sugar < 7.0
    findings.said(visit, _EVALUATION, "控制满意" if satisfied else "控制不满意")
    for key, condition in conditions.items():
        supplies.renew(life, visit, CARE[key].drugs[0], key, condition)
    visit.close()


_FULL = ("blood", "kidney", "lipids")


def _examine(life: Life) -> None:
    """The yearly examination of those over 65 at their centre, and of some of the employed at hospital."""
    dice, person = life.dice, life.person
    employed = dice.random() < 0.05
    for day in life.regular_days(365, person.birth + int(22 * YEAR), 60):
        old = (day - person.birth) / YEAR >= 65
        if (old and dice.random() < 0.55) or (employed and dice.random() < 0.6):
            life.plan(day, examine, "centre" if old else "general")


def examine(life: Life, day: int, where: str) -> None:
    dice, health = life.dice, life.health
    visit = life.visit(life.where(where), day, "公共卫生科")
    visit.diagnose("exam")
    findings.sign(visit, "height", round(health.height, 1))
    findings.sign(visit, "weight", bodies.weight(health, dice))
    findings.sign(visit, "waist", round(health.bmi * 3.4 + dice.gauss(2, 2), 1))
    findings.pressure(visit, *bodies.pressure(health, day, dice))
    for panel in _FULL:
        findings.panel(visit, TITLES[panel], measure(life, panel, day))
    findings.result(visit, "glucose", bodies.sugar(health, day, dice)["glucose"])
    reports.image(visit, "ecg", abnormal="chd" in health.lasting)
    reports.image(visit, "abdomen_us", abnormal="fatty_liver" in health.lasting)
    visit.close()
