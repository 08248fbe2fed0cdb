"""Pregnancies that led to the births of the region: the file, antenatal visits, delivery, afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.synth import bodies, findings, institutions, orders, reports
from xinglin.synth.charts import day_text

if TYPE_CHECKING:
    from xinglin.synth.households import Person
    from xinglin.synth.institutions import Institution
    from xinglin.synth.life import Life

_TERM = 275  # days from the last period to the birth
_NOTICED = 35
_SUGAR_FOUND = 175
_WEEKS = (16, 20, 24, 28, 30, 32, 34, 36, 37, 38, 39)
_SCANS = {12, 24, 32, 37}
_CAESAREAN = 0.42
_GESTATIONAL_DIABETES = 0.14


def bear(life: Life, children: list[Person]) -> None:
    """Plan each pregnancy that ended in the birth of one of the children, twins once."""
    for child in children:
        if child.twin < 2:
            carry(life, child.birth, child.twin > 0)


def carry(life: Life, due: int, twins: bool) -> None:
    """Plan one pregnancy that ends (or would end) on the day ``due``."""
    dice, mother = life.dice, life.person
    conceived = due - _TERM
    diabetic = dice.random() < _GESTATIONAL_DIABETES
    hospital = (
        institutions.MATERNAL
        if mother.index % 3
        else institutions.district_hospital(mother.place.township.district)
    )
    life.plan(conceived + 80, _open_file, conceived)
    for week in _WEEKS:
        if dice.random() < 0.9 and week * 7 < _TERM - 2:
            life.plan(conceived + week * 7 + dice.randrange(5), _antenatal, conceived, hospital, diabetic)
    life.plan(due, _deliver, hospital, diabetic, twins)
    life.plan(due + 7 + dice.randrange(5), _home_visit)
    life.plan(due + 42, _afterwards, hospital)


def _over(life: Life, conceived: int) -> int | None:
    """The day of birth, if it has come."""
    due = conceived + _TERM
    return due if due <= life.until else None


def _open_file(life: Life, day: int, conceived: int) -> None:
    """The first antenatal visit at the centre, where the pregnancy file is opened."""
    visit = life.visit(life.where("centre"), day, "公共卫生科")
    condition = visit.problem("pregnancy", conceived + _NOTICED, _over(life, conceived))
    visit.complain(f"停经{(day - conceived) // 7}周，建立孕产妇保健册")
    findings.pressure(visit, *bodies.pressure(life.health, day, life.dice))
    findings.sign(visit, "weight", bodies.weight(life.health, life.dice))
    findings.sign(visit, "height", round(life.health.height, 1))
    findings.panel(visit, "血常规", bodies.blood(life.health, life.dice))
    findings.panel(visit, "肝功能", bodies.liver(life.health, life.dice))
    findings.panel(visit, "甲状腺功能", bodies.thyroid(life.dice))
    orders.prescribe(visit, "folic", condition)
    visit.close()


def _antenatal(life: Life, day: int, conceived: int, hospital: Institution, diabetic: bool) -> None:
    dice, week = life.dice, (day - conceived) // 7
    visit = life.visit(hospital, day, "产科")
    visit.problem("pregnancy", conceived + _NOTICED, _over(life, conceived))
    visit.complain(f"孕{week}周产前检查")
    if diabetic and week >= 25:
        visit.problem("gdm", conceived + _SUGAR_FOUND, _over(life, conceived))
    systolic, diastolic = bodies.pressure(life.health, day, dice)
    findings.pressure(visit, systolic - 4, diastolic - 3)
    findings.sign(visit, "weight", round(bodies.weight(life.health, dice) + week * 0.32, 1))
    if week >= 20:
        findings.sign(visit, "fundus", round(week - 1.5 + dice.gauss(0, 1), 1))
    findings.sign(visit, "fetal_heart", int(dice.gauss(144, 7)))
    if 24 <= week < 29:
        findings.result(visit, "glucose", dice.gauss(5.6 if diabetic else 4.5, 0.3))
    if week in _SCANS:
        reports.image(visit, "fetal_us", abnormal=dice.random() < 0.08)
    if week in {28, 36}:
        findings.panel(visit, "血常规", bodies.blood(life.health, dice))
    visit.close()


def _deliver(life: Life, day: int, hospital: Institution, diabetic: bool, twins: bool) -> None:
    dice = life.dice
    visit = life.visit(hospital, day, "产科", "IMP")
    surgical = twins or dice.random() < _CAESAREAN
    left = min(day + (5 if surgical else 3), life.until)
    visit.resource["period"]["end"] = f"{day_text(left)}T10:00:00+08:00"
    condition = visit.diagnose("caesarean" if surgical else "delivery")
    if diabetic:
        visit.problem("gdm", day - _TERM + _SUGAR_FOUND, day)
    findings.pressure(visit, *bodies.pressure(life.health, day, dice))
    findings.panel(visit, "血常规", bodies.blood(life.health, dice))
    if surgical:
        reports.procedure(visit, "74.1x01", "剖宫产术，子宫下段横切口", condition)
    way = "行子宫下段剖宫产术" if surgical else "经阴道分娩"
    babies = "双活婴" if twins else "一活婴"
    text = (
        f"姓名：{life.person.name.text}\n入院日期：{day_text(day)}　出院日期：{day_text(left)}\n"
        f"诊疗经过：入院后{way}，娩出{babies}，Apgar评分1分钟9分、5分钟10分，"
        f"产后出血约{int(dice.gauss(260, 60))}ml。\n"
        "出院情况：一般情况好，子宫复旧好，恶露不多，母乳喂养。\n出院医嘱：产后42天复查，注意休息与营养。"
    )
    reports.document(visit, "C0053", "出院小结", text)
    visit.close()


def _home_visit(life: Life, day: int) -> None:
    visit = life.visit(life.where("centre"), day, "公共卫生科", "HH")
    visit.diagnose("postpartum")
    findings.pressure(visit, *bodies.pressure(life.health, day, life.dice))
    findings.sign(visit, "temperature", round(life.dice.gauss(36.7, 0.2), 1))
    visit.close()


def _afterwards(life: Life, day: int, hospital: Institution) -> None:
    visit = life.visit(hospital, day, "产科")
    visit.diagnose("postpartum")
    findings.pressure(visit, *bodies.pressure(life.health, day, life.dice))
    findings.sign(visit, "weight", bodies.weight(life.health, life.dice))
    findings.panel(visit, "血常规", bodies.blood(life.health, life.dice))
    visit.close()
