"""Values of shared documents as FHIR's, and back: a value, its type and its null are kept, whatever it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import kinds, moments
from xinglin.exchange.cda.documents import Value
from xinglin.fhir.json import Exact

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPE = "urn:xinglin:cda:type"
_CURRENCIES = "urn:iso:std:iso:4217"
_NULLS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_NULL_FLAVOURS = {
    "UNK": "unknown", "ASKU": "asked-unknown", "NAV": "temp-unknown", "NASK": "not-asked", "MSK": "masked",
    "NA": "not-applicable", "NI": "unknown", "OTH": "unsupported",
}  # fmt: skip
_FIGURE = re.compile(r"(-?)0*([0-9]+(?:\.[0-9]+)?)")
_LIKELY = {  # the type that a FHIR value has where nothing else is said
    "valueString": "ST",
    "valueCodeableConcept": "CD",
    "valueQuantity": "PQ",
    "valueInteger": "INT",
    "valueBoolean": "BL",
    "valueDateTime": "TS",
    "valuePeriod": "IVL_TS",
}
_LARGEST = 2**31 - 1


def figure(text: str) -> int | float | None:
    """A number as JSON writes it, digits kept; None where the text is none."""
    found = _FIGURE.fullmatch(text.strip().removeprefix("+"))
    if found is None or len(found[2]) > 16:
        return None
    digits = found[1] + found[2]
    return Exact(digits) if "." in digits else int(digits)


def to_fhir(value: Value, domain: str = "") -> dict[str, Any]:
    """The ``value[x]`` members, with the type where it could not be told from them; empty for an empty value."""
    made = {} if value.is_empty else _made(value, domain)
    if value.null:
        coded = {"system": _NULLS, "code": _NULL_FLAVOURS.get(value.null, "unknown")}
        made["dataAbsentReason"] = {"coding": [coded], "text": value.null}
    said = next((name for name in made if name.startswith("value")), "")
    if made and _LIKELY.get(said, "") != value.kind:
        made["extension"] = [{"url": TYPE, "valueCode": value.kind or "none"}]
    return made


def _made(value: Value, domain: str) -> dict[str, Any]:
    kind = value.kind
    if kind == "CD" or (not kind and value.code):
        return {"valueCodeableConcept": concept(value, domain)}
    if kind in ("PQ", "REAL", "MO") and (number := figure(value.text)) is not None:
        quantity: dict[str, Any] = {"value": number}
        if value.unit:
            quantity["unit"] = value.unit
        if kind == "MO" and value.unit:
            quantity |= {"system": _CURRENCIES, "code": value.unit}
        return {"valueQuantity": quantity}
    if kind == "INT" and (whole := figure(value.text)) is not None and isinstance(whole, int):
        if abs(whole) <= _LARGEST:
            return {"valueInteger": whole}
    elif kind == "BL" and value.text in ("true", "false"):
        return {"valueBoolean": value.text == "true"}
    elif kind == "TS" and (moment := moments.to_fhir(value.text)):
        return {"valueDateTime": moment}
    elif kind == "IVL_TS" and (period := span(value.low, value.high)):
        return {"valuePeriod": period}
    return {"valueString": value.text or value.display or f"{value.low}–{value.high}"}


def span(low: str, high: str) -> dict[str, str]:
    """A Period of two times; without what is no time."""
    ends = {"start": moments.to_fhir(low) if low else "", "end": moments.to_fhir(high) if high else ""}
    return {name: text for name, text in ends.items() if text}


def concept(value: Value, domain: str = "") -> dict[str, Any]:
    """A code as a CodeableConcept; the system is as the document names it, else the domain of the element."""
    made: dict[str, Any] = {}
    if value.code:
        coding = {"code": value.code}
        system = f"urn:oid:{value.system}" if value.system else domain
        if system:
            coding["system"] = system
        if value.display:
            coding["display"] = value.display
        made["coding"] = [coding]
    if value.display:
        made["text"] = value.display
    return made


def from_fhir(holder: Mapping[str, Any]) -> Value | None:
    """The value that ``to_fhir`` put into a component; None where there is none."""
    absent = holder.get("dataAbsentReason")
    null = str(absent.get("text", "")) if isinstance(absent, dict) else ""
    told = next((str(e["valueCode"]) for e in holder.get("extension", ()) if e.get("url") == TYPE), "")
    for name, likely in _LIKELY.items():
        if name in holder:
            kind = told or likely
            value = _read(name, holder[name], "" if kind == "none" else kind)
            value.null = null
            return value
    return Value(told, null=null) if null else None


def _read(name: str, held: Any, kind: str) -> Value:
    if name == "valueCodeableConcept":
        return coded(held, kind)
    if name == "valueQuantity":
        return Value(kind, text=written(held.get("value", "")), unit=str(held.get("unit", "")))
    if name == "valuePeriod":
        low, high = str(held.get("start", "")), str(held.get("end", ""))
        return Value(kind, low=moments.from_fhir(low), high=moments.from_fhir(high))
    if name == "valueBoolean":
        return Value(kind, text="true" if held else "false")
    if name == "valueDateTime":
        return Value(kind, text=moments.from_fhir(str(held)))
    return Value(kind, text=str(held))


def coded(held: Mapping[str, Any], kind: str = "CD") -> Value:
    """A CodeableConcept as a code."""
    coding = (held.get("coding") or [{}])[0]
    return Value(
        kind,
        code=str(coding.get("code", "")),
        system=kinds.oid_of(str(coding.get("system", ""))),
        display=str(coding.get("display") or held.get("text") or ""),
    )


def written(number: Any) -> str:
    """A number's own digits."""
    if isinstance(number, Exact):
        return number.text
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return str(number)
