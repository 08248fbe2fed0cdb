"""Whom a document is about, the visit, and organisations, as a header has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from xinglin.exchange.cda import moments, values
from xinglin.exchange.cda.documents import (
    CASE,
    IDENTITY,
    INPATIENT,
    INSTITUTION,
    OIDS,
    OUTPATIENT,
    PATIENT_KIND,
    Address,
    Number,
    Patient,
    Unit,
    Value,
)
from xinglin.exchange.cda.documents import (
    SEX as SEXES,
)
from xinglin.exchange.cda.making import ADXP, ETHNICITY, SEX

Resource = Mapping[str, Any]


_OID = re.compile(r"urn:oid:([0-9.]+)")
_SEX_CODES = {
    "male": ("1", "男性"),
    "female": ("2", "女性"),
    "other": ("9", "未说明的性别"),
    "unknown": ("0", "未知的性别"),
}
_VISIT_KINDS = {"AMB": ("1", "门诊"), "EMER": ("2", "急诊"), "IMP": ("3", "住院")}


def number_of(identifier: Resource, root: str = "") -> Number:
    """An identifier as root and extension; ``root`` where its system is no OID."""
    found = _OID.fullmatch(str(identifier.get("system", "")))
    return Number(found[1] if found else root, str(identifier.get("value", "")))


def patient_of(patient: Resource, encounter: Resource) -> Patient:
    """Who the document is about, and by which numbers this visit is known."""
    made = Patient()
    made.identities, made.numbers = _numbers(patient)
    made.numbers += _visits(encounter)
    name = (patient.get("name") or [{}])[0]
    pieces = [str(name.get("family", "")), *map(str, name.get("given", ()))]
    made.name = str(
        name.get("text") or ("" if not "".join(pieces).isascii() else " ").join(filter(None, pieces))
    )
    made.birth = moments.from_fhir(str(patient.get("birthDate", "")))
    made.phone = next((str(t["value"]) for t in patient.get("telecom", ()) if t.get("system") == "phone"), "")
    made.address = _address(patient)
    code, words = _SEX_CODES.get(str(patient.get("gender", "")), ("", ""))
    made.sex = Value("CD", code=code, system=SEXES, display=words) if code else Value()
    if patient.get("maritalStatus"):
        made.marital = values.coded(patient["maritalStatus"])
    for extension in patient.get("extension", ()):
        if extension.get("url") == ETHNICITY:
            made.ethnic = values.coded(extension.get("valueCodeableConcept", {}))
        elif extension.get("url") == SEX:
            made.sex = Value("CD", code=str(extension.get("valueCode", "")), system=SEXES)
    made.kind = _kind_of_visit(encounter)
    return made


def _numbers(patient: Resource) -> tuple[list[Number], list[Number]]:
    """Identity numbers, and the others that an OID stands for; else the institution's own as a medical record's."""
    identities, numbers = [], []
    for one in patient.get("identifier", ()):
        number = number_of(one)
        if number.root == IDENTITY or number.root.startswith("2.16.840.1.113883.2.23.1.19"):
            identities.append(number)
        elif number.root.startswith(OIDS) and number not in numbers:
            numbers.append(number)
    if not numbers:
        own = next(
            (str(one.get("value", "")) for one in patient.get("identifier", ()) if _is_record(one)), ""
        )
        numbers = [Number(CASE, own)] if own else []
    return identities, numbers


def _visits(encounter: Resource) -> list[Number]:
    visits = [number_of(one) for one in encounter.get("identifier", ())]
    known = [one for one in visits if one.root in (INPATIENT, OUTPATIENT)]
    if known or not visits:
        return known
    inpatient = encounter.get("class", {}).get("code") == "IMP"
    return [Number(INPATIENT if inpatient else OUTPATIENT, visits[0].extension)]


def _kind_of_visit(encounter: Resource) -> Value:
    if not encounter:
        return Value()
    for concept in encounter.get("type", ())[:1]:
        if (kind := values.coded(concept)).system == PATIENT_KIND:
            return kind
    code, words = _VISIT_KINDS.get(str(encounter.get("class", {}).get("code", "")), ("9", "其他"))
    return Value("CD", code=code, system=PATIENT_KIND, display=words)


def _is_record(identifier: Resource) -> bool:
    codes = {c.get("code") for c in identifier.get("type", {}).get("coding", ())}
    return bool(codes & {"MR", "PI"}) or ":patient" in str(identifier.get("system", ""))


def _address(patient: Resource) -> Address:
    said = (patient.get("address") or [{}])[0]
    made = Address(
        state=str(said.get("state", "")),
        city=str(said.get("city", "")),
        county=str(said.get("district", "")),
        postcode=str(said.get("postalCode", "")),
    )
    pieces = {
        str(e.get("url", "")).removeprefix(ADXP): str(e.get("valueString", ""))
        for line in said.get("_line", ())
        for e in (line or {}).get("extension", ())
    }
    if pieces:
        made.township, made.street, made.house = (
            pieces.get(name, "") for name in ("precinct", "streetName", "houseNumber")
        )
    elif said.get("line"):
        made.street = "".join(map(str, said["line"]))
    elif said.get("text"):
        text = str(said["text"])
        for known in (made.state, made.city, made.county):
            text = text.removeprefix(known)
        made.house = text
    return made


def unit_of(reference: Resource, root: str = INSTITUTION) -> Unit:
    """An organisation by what a reference says of it."""
    said = reference.get("identifier")
    number = number_of(said, root) if said else Number()
    return Unit(number, str(reference.get("display", "")))
