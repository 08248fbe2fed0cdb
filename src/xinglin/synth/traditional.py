"""Visits to Chinese medicine: disease and syndrome, tongue and pulse, formula, needles.

The pairs of disease, syndrome, method and formula stand in ``data/tcm_patterns.csv`` (GB/T 15657-2021).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.synth import findings, orders, reports
from xinglin.synth.charts import ACTIVE, CONFIRMED, ENCOUNTER_DIAGNOSIS, RESOLVED, day_text
from xinglin.synth.tables import rows
from xinglin.synth.vocabulary import DATA_ELEMENTS, TCM_CODES

if TYPE_CHECKING:
    from xinglin.synth.charts import Visit
    from xinglin.synth.life import Life

Pattern = dict[str, str]

_BELIEVERS = 0.16
_FOUR_EXAMINATIONS = {"system": DATA_ELEMENTS, "code": "DE02.10.028.00", "display": "中医四诊观察结果"}
_TONGUE = {"coding": [_FOUR_EXAMINATIONS], "text": "舌象"}
_PULSE = {"coding": [_FOUR_EXAMINATIONS], "text": "脉象"}
_NEEDLES = {"knee", "back_pain", "stroke_after", "insomnia"}
PASSING = ("uri", "bronchitis", "cough", "gastroenteritis", "dyspepsia")


@cache
def patterns(western: str) -> tuple[Pattern, ...]:
    """The patterns in which a Western diagnosis may present."""
    return tuple(row for row in rows("tcm_patterns") if row["western"] == western)


def turn_to_tradition(life: Life, *, always: bool = False) -> None:
    """Plan the courses of treatment of a resident who believes in it: some visits a week apart."""
    dice, person, health = life.dice, life.person, life.health
    if not always and (person.age_on(life.until) < 12 or dice.random() >= _BELIEVERS):
        return
    lasting = [key for key in health.lasting if patterns(key)]
    for day in life.days(0.5 + 0.5 * min(len(lasting), 2)):
        own = [key for key in lasting if health.lasting[key] <= day]
        western = dice.choice(own) if own and dice.random() < 0.8 else dice.choice(PASSING)
        if person.sex == "female" and person.age_on(day) < 45 and dice.random() < 0.15:
            western = "dysmenorrhoea"
        pattern = dice.choice(patterns(western))
        for week in range(dice.randrange(1, 4 if western in health.lasting else 2)):
            life.plan(day + 7 * week, consult, pattern, week > 0)


@cache
def _disease(code: str, name: str) -> dict[str, Any]:
    return {"coding": [{"system": TCM_CODES, "code": code, "display": name}], "text": name}


def consult(life: Life, day: int, pattern: Pattern, again: bool) -> None:
    western = pattern["western"]
    visit = life.visit(life.where("tcm"), day, "中医妇科" if western == "dysmenorrhoea" else "中医内科")
    visit.complain(pattern["complaint"] + ("，服药后减轻，复诊" if again else ""))
    onset = life.health.lasting.get(western)
    if onset is not None:
        visit.problem(western, onset)
    else:
        visit.diagnose(western)
    condition = _condition(visit, pattern, lasting=onset is not None)
    findings.said(visit, _TONGUE, pattern["tongue"])
    findings.said(visit, _PULSE, pattern["pulse"])
    orders.prescribe_formula(visit, pattern, condition)
    if western in _NEEDLES and life.dice.random() < 0.5:
        reports.procedure(visit, "", "针刺治疗", condition)
    if life.dice.random() < 0.3:
        reports.document(visit, "C0002", "中医门诊病历", _record(pattern))
    visit.close()


def _condition(visit: Visit, pattern: Pattern, *, lasting: bool) -> dict[str, str]:
    """A TCM diagnosis: the disease as code, the syndrome as its evidence."""
    name, syndrome = pattern["disease"], pattern["syndrome"]
    reference = visit.chart.put(
        "Condition",
        {
            "clinicalStatus": ACTIVE if lasting else RESOLVED,
            "verificationStatus": CONFIRMED,
            "category": ENCOUNTER_DIAGNOSIS,
            "code": {**_disease(pattern["disease_code"], name), "text": f"{name}（{syndrome}）"},
            "subject": visit.chart.subject,
            "encounter": visit.encounter,
            "onsetDateTime": day_text(visit.day),
            "recordedDate": visit.when,
            "asserter": visit.doctor,
            "evidence": [{"code": [_disease(pattern["syndrome_code"], syndrome)]}],
        },
    )
    visit.resource["diagnosis"].append({"condition": reference})
    return reference


def _record(pattern: Pattern) -> str:
    return (
        f"主诉：{pattern['complaint']}。\n四诊：{pattern['tongue']}；{pattern['pulse']}。\n"
        f"中医诊断：{pattern['disease']}　{pattern['syndrome']}\n治法：{pattern['therapy']}\n"
        f"方药：{pattern['formula']}加减（{pattern['herbs'].replace(' ', 'g ')}g），7剂，水煎服，"
        "每日1剂，早晚分服。"
    )
