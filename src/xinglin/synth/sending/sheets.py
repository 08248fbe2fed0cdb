"""Outings as tables of the standard data sets: basic data, follow-ups, examinations, doses, prescriptions.

A file tells of some residents, a row for each, or for each dose and each medicine.
"""

from __future__ import annotations

import csv
import io
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.exchange.tables import sets
from xinglin.fhir.reading import amount_of
from xinglin.synth.identifiers import ID_SYSTEM
from xinglin.synth.sending.drafts import Draft
from xinglin.synth.tables import rows
from xinglin.synth.vocabulary import LOINC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xinglin.synth.sending.outings import Outing

Row = dict[str, str]

BASICS, HYPERTENSION, DIABETES = "HDSD00.01", "WS372.2", "WS372.5"
EXAMINATION, DOSES, PRESCRIPTION = "WS373.3", "WS375.12", "WS445.3.1"
_MEASURES = {
    "8480-6": "收缩压(mmHg)",
    "8462-4": "舒张压(mmHg)",
    "29463-7": "体重(kg)",
    "8302-2": "身高(cm)",
    "8280-0": "腰围(cm)",
    "8310-5": "体温(℃)",
    "718-7": "血红蛋白(g/L)",
    "6690-2": "白细胞(10^9/L)",
    "777-3": "血小板(10^9/L)",
    "14682-9": "血清肌酐(μmol/L)",
    "14771-0": "空腹血糖(mmol/L)",
    "14743-9": "空腹血糖(mmol/L)",
    "14647-2": "总胆固醇(mmol/L)",
    "14927-8": "甘油三酯(mmol/L)",
}


def make(told: Iterable[Outing], encoding: str) -> list[Draft]:
    """The files of these outings, a file for each set that there is something of."""
    files: dict[str, list[Row]] = {}
    known = list(told)
    for outing in known:
        for set_id, row in _rows(outing):
            files.setdefault(set_id, []).append(row)
    media = f"text/csv; charset={encoding}"
    return [
        Draft(set_id, f"{set_id}-{known[0].visit}.csv", _written(set_id, lines, encoding), media)
        for set_id, lines in files.items()
    ]


def _written(set_id: str, lines: list[Row], encoding: str) -> bytes:
    """With the template's own headings; columns of which nobody says anything are left out."""
    columns = [one.name for one in sets.find(set_id).columns]
    used = [name for name in columns if any(line.get(name) for line in lines)]
    made = io.StringIO()
    writer = csv.DictWriter(made, used, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(lines)
    return made.getvalue().encode("utf-8-sig" if encoding == "utf-8" else encoding, "replace")


@cache
def _codes(table: str) -> dict[str, str]:
    return {row["value"]: row["code"] for row in rows("sheet_codes") if row["table"] == table}


def _rows(outing: Outing) -> Iterator[tuple[str, Row]]:
    who = _who(outing)
    yield (
        BASICS,
        {**who, "常住地址": _address(outing), "民族代码": outing.person.ethnicity, "建档日期": _day(outing)},
    )
    for set_id, row in _visit(outing):
        yield set_id, {**who, **row}
    for number, one in enumerate(outing.of("Immunization"), 1):
        yield DOSES, {**who, **_dose(outing, number, one)}
    for number, one in enumerate(outing.of("MedicationRequest"), 1):
        yield PRESCRIPTION, {**who, **_medicine(outing, number, one)}


def _who(outing: Outing) -> Row:
    patient = outing.patient
    identity = next((one["value"] for one in patient["identifier"] if one["system"] == ID_SYSTEM), "")
    return {
        sets.PATIENT: outing.record_number,
        "姓名": patient["name"][0]["text"],
        "性别代码": _codes("sex").get(patient.get("gender", ""), ""),
        "出生日期": patient["birthDate"].replace("-", ""),
        "身份证件类别代码": "01" if identity else "",
        "身份证件号码": identity,
        "本人电话号码": next((one["value"] for one in patient.get("telecom", ())), ""),
    }


def _address(outing: Outing) -> str:
    return str(next((one["text"] for one in outing.patient.get("address", ())), ""))


def _day(outing: Outing) -> str:
    return f"{outing.moment:%Y%m%d}"


def _doctor(outing: Outing) -> str:
    return str(outing.encounter["participant"][0]["individual"]["display"])


# -- visits


def _visit(outing: Outing) -> Iterator[tuple[str, Row]]:
    """A follow-up for each disease that is looked after, or an examination."""
    measured = dict(_measured(outing))
    evaluation = next((one["valueString"] for one in outing.of("Observation") if "valueString" in one), "")
    if evaluation in _codes("evaluation"):
        for disease, set_id in (("I10", HYPERTENSION), ("E11", DIABETES)):
            if any(_is(one, disease) for one in outing.of("Condition")):
                row = _follow_up(outing, evaluation)
                yield set_id, {**measured, **row, "随访编号": f"{outing.visit}-{set_id[-1]}"}
    elif any(_is(one, "Z") for one in outing.of("Condition")) and "收缩压(mmHg)" in measured:
        yield EXAMINATION, {
            **measured, "体检编号": outing.visit, "体检日期": _day(outing), "责任医师姓名": _doctor(outing),
        }  # fmt: skip


def _is(condition: dict[str, Any], code: str) -> bool:
    return bool(condition["code"]["coding"][0]["code"].startswith(code))


def _follow_up(outing: Outing, evaluation: str) -> Row:
    medicine = next(iter(outing.of("MedicationRequest")), None)
    row = {
        "随访日期": _day(outing),
        "随访方式代码": _codes("way").get(outing.encounter["class"]["code"], "1"),
        "症状": "无症状",
        "随访评价结果代码": _codes("evaluation")[evaluation],
        "随访医师姓名": _doctor(outing),
    }
    if medicine is not None:
        row["用药名称"] = medicine["medicationCodeableConcept"]["text"]
        row["用药用法"] = medicine["dosageInstruction"][0]["text"]
    return row


def _measured(outing: Outing) -> Iterator[tuple[str, str]]:
    for one in outing.of("Observation"):
        for part in one.get("component", [one]):
            code = part["code"].get("coding", [{}])[0]
            name = _MEASURES.get(code.get("code", "")) if code.get("system") == LOINC else None
            if name and "valueQuantity" in part:
                yield name, _FITTED.get(name, str)(part["valueQuantity"]["value"])


_FITTED: dict[str, Callable[[Any], str]] = {
    "空腹血糖(mmol/L)": lambda value: f"{value:.1f}",
    "血清肌酐(μmol/L)": lambda value: f"{value:.1f}",
    "血红蛋白(g/L)": lambda value: f"{value:.0f}",
    "血小板(10^9/L)": lambda value: f"{value:.0f}",
}


# -- doses and medicines


def _dose(outing: Outing, number: int, dose: dict[str, Any]) -> Row:
    code = dose["vaccineCode"]["coding"][0]
    return {
        "接种编号": f"{outing.visit}-{number}",
        "疫苗名称代码": _codes("vaccine").get(code["code"], "99"),
        "疫苗名称": code["display"],
        "接种剂次": str(dose["protocolApplied"][0]["doseNumberPositiveInt"]),
        "接种日期": _compact(dose["occurrenceDateTime"]),
        "疫苗批号": dose["lotNumber"],
        "接种部位": dose["site"]["text"],
        "接种途径": dose["route"]["text"],
        "接种医师姓名": _doctor(outing),
    }


def _medicine(outing: Outing, number: int, medicine: dict[str, Any]) -> Row:
    drug, dosage = medicine["medicationCodeableConcept"], medicine["dosageInstruction"][0]
    dose = dosage.get("doseAndRate", [{}])[0].get("doseQuantity", {})
    often = dosage.get("timing", {}).get("repeat", {}).get("frequency", "")
    diagnosis = next(iter(outing.of("Condition")), None)
    code = diagnosis["code"]["coding"][0] if diagnosis else {}
    total = amount_of(medicine)
    return {
        "门(急)诊号": outing.visit,
        "处方编号": f"{outing.visit}-RX",
        "处方明细序号": str(number),
        "开立日期时间": _compact(medicine["authoredOn"]),
        "科室名称": outing.encounter["type"][0]["text"],
        "开立医师工号": medicine["requester"]["reference"].rpartition("-")[2].upper(),
        "开立医师姓名": _doctor(outing),
        "诊断代码": code.get("code", ""),
        "诊断名称": code.get("display", ""),
        "药物名称": drug["text"].rpartition(" ")[0] or drug["text"],
        "药品代码": drug["coding"][-1]["code"],
        "药物规格": drug["text"].rpartition(" ")[2],
        "药物使用次剂量": str(dose.get("value", "")),
        "药物使用剂量单位": dose.get("unit", ""),
        "药物使用频次代码": _codes("times").get(str(often), ""),
        "用药途径代码": _codes("route").get(dosage.get("route", {}).get("text", ""), ""),
        "药物使用总剂量": "" if total is None else f"{total:g}",
        "总量单位": "" if total is None else dose["unit"],
    }


def _compact(text: str) -> str:
    return text[:19].replace("-", "").replace(":", "")
