"""Stays in hospital: admission, tests, procedure, discharge with its summary."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from xinglin.synth import bodies, findings, reports
from xinglin.synth.charts import day_text
from xinglin.synth.tables import by_key

if TYPE_CHECKING:
    from xinglin.synth.institutions import Institution
    from xinglin.synth.life import Life

PROCEDURES = {
    "appendicitis": ("47.0100", "腹腔镜阑尾切除术"),
    "gallstone": ("51.2300", "腹腔镜胆囊切除术"),
    "hip": ("81.5200", "髋关节部分置换"),
    "radius": ("79.3201", "桡骨骨折切开复位内固定术"),
    "angina": ("88.5500", "单根导管的冠状动脉造影术"),
    "cataract": ("13.4100", "白内障晶状体乳化和抽吸"),
}
_IMAGES = {
    "stroke": "head_ct",
    "angina": "ecg",
    "copd_acute": "chest_ct",
    "pneumonia": "chest_ct",
    "heart_failure": "echo",
}


def admit(life: Life, day: int, disease: str, institution: Institution | None = None) -> None:
    """A stay of some days for the disease, its records, and the discharge summary (WS/T 500 C0053)."""
    dice = life.dice
    days = 3 + int(dice.expovariate(1 / 5))
    left = min(day + days, life.until)
    where = institution or life.where("hospital")
    visit = life.visit(where, day, by_key("diseases")[disease]["department"], "IMP")
    visit.resource["period"]["end"] = f"{day_text(left)}T10:00:00+08:00"
    visit.resource["hospitalization"] = _HOME
    condition = visit.diagnose(disease)
    findings.pressure(visit, *bodies.pressure(life.health, day, dice))
    findings.sign(visit, "temperature", round(dice.gauss(36.9, 0.5), 1))
    findings.panel(visit, "血常规", bodies.blood(life.health, dice, infected=True))
    findings.panel(visit, "肾功能", bodies.kidney(life.person, life.health, day, life.until, dice))
    findings.panel(visit, "电解质", bodies.electrolytes(dice))
    if disease in _IMAGES:
        reports.image(visit, _IMAGES[disease], abnormal=True)
    if disease in PROCEDURES:
        reports.procedure(visit, *PROCEDURES[disease], condition)
    reports.document(visit, "C0053", "出院小结", _summary(life, disease, day, left))
    visit.close()


_HOME = {
    "dischargeDisposition": {
        "coding": [{"system": "urn:oid:2.16.156.10011.2.3.1.265", "code": "1", "display": "医嘱离院"}]
    }
}


@cache
def _course(disease: str) -> str:
    procedure = PROCEDURES.get(disease)
    done = f"在麻醉下行{procedure[1]}，过程顺利，" if procedure else "予对症支持治疗，"
    return f"入院后完善相关检查，排除禁忌，{done}病情逐渐好转，无特殊不适。"


def _summary(life: Life, disease: str, day: int, left: int) -> str:
    """The prose of a discharge summary, as a ward doctor would write it."""
    person, row = life.person, by_key("diseases")[disease]
    others = [by_key("diseases")[key]["display"] for key, onset in life.health.lasting.items() if onset < day]
    sex = "男" if person.sex == "male" else "女"
    lines = [
        f"姓名：{person.name.text}　性别：{sex}　年龄：{person.age_on(day)}岁",
        f"入院日期：{day_text(day)}　出院日期：{day_text(left)}　住院天数：{max(left - day, 1)}天",
        f"入院诊断：{row['display']}",
        f"既往史：{'、'.join(others) if others else '既往体健，否认高血压、糖尿病史'}。",
        f"诊疗经过：{_course(disease)}",
        f"出院诊断：1. {row['display']}" + "".join(f" {n}. {name}" for n, name in enumerate(others[:4], 2)),
        "出院情况：生命体征平稳，一般情况可，予以办理出院。",
        f"出院医嘱：1. 注意休息，合理饮食；2. 按时服药；3. 2周后{row['department']}门诊复诊，不适随诊。",
    ]
    return "\n".join(lines)
