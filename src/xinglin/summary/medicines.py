"""Prescriptions of several institutions as medicines: which are the same, how they are taken, how long they last. Pure.

The summary and every page that lists medicines ask here, so that they count alike. Names, forms and frequencies are
``data/medicines-1.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import codings, day, days_after, each, moment, number, text_of, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from xinglin.fhir.reading import Resource

VOID = frozenset({"entered-in-error", "cancelled", "draft"})
STOPPED = frozenset({"stopped", "on-hold", "ended"})
_NEVER_MEANT = {"proposal", "option"}
_STANDARD = ("http://www.whocc.no/atc", "http://www.nlm.nih.gov/research/umls/rxnorm")
_STRENGTH = re.compile(r"\s*[0-9][0-9.]*\s*(?:mg|g|μg|ug|ml|IU|U|万U)\b.*$", re.IGNORECASE)
_BRACKETS = re.compile(r"[（(][^（）()]*[）)]")
_ONE_DOSE, _A_DAY = re.compile("[一每]次"), re.compile("[一每][日天].{1,2}次")
_CLAUSE = re.compile(r"[，,；;]")
_PACKETS, _PACKETS_A_DAY = (
    re.compile(r"(?<![0-9日天])([0-9]+)\s*[剂付]"),
    re.compile(r"[每一]?[日天]\s*([0-9]+)\s*[剂付]"),
)
_DAYS = {
    "d": 1.0,
    "天": 1.0,
    "日": 1.0,
    "day": 1.0,
    "days": 1.0,
    "wk": 7.0,
    "周": 7.0,
    "mo": 30.0,
    "月": 30.0,
    "h": 1 / 24,
}
_PACKET_UNITS = ("剂", "付")
_FRACTION = 1e-6  # of a day, by which a quotient of decimals may lie below a whole number
_TELLS_HOW_OFTEN = ("次", "每", "日", "天", "剂", "晚", "早", "睡")


@dataclass(frozen=True, slots=True)
class Often:
    """How often a medicine is taken: times a day, if that is a number, and its words in both languages."""

    per_day: float | None
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _Content:
    unknown_supply: int
    longest_supply: int
    forms: tuple[str, ...]
    salts: tuple[str, ...]
    shortest: int
    named: Mapping[str, Often]


@cache
def _content() -> _Content:
    said = tomllib.loads(
        resources.files("xinglin.summary").joinpath("data/medicines-1.toml").read_text("utf-8")
    )
    named: dict[str, Often] = {}
    for one in said["often"]:
        often = Often(one.get("per_day"), one["zh"], one["en"])
        named |= {word.casefold(): often for word in (*one["names"], *one["codes"])}
    names = said["names"]
    longest = sorted(names["forms"], key=len, reverse=True)
    return _Content(
        said["unknown_supply_days"], said["longest_supply_days"], tuple(longest),
        tuple(sorted(names["salts"], key=len, reverse=True)),
        names["shortest"], named,
    )  # fmt: skip


# -- which are the same


def together(requests: Iterable[Resource]) -> list[list[Resource]]:
    """The requests and statements by medicine, each group the latest first; what was never ordered is left out."""
    kept = [r for r in requests if r.get("status") not in VOID and r.get("intent") not in _NEVER_MEANT]
    coded = _codes_by_name(kept)
    grouped: dict[str, list[Resource]] = {}
    for request in kept:
        grouped.setdefault(_key(request, coded), []).append(request)
    return [sorted(group, key=lambda r: moment(start_of(r)), reverse=True) for group in grouped.values()]


def _codes_by_name(requests: Sequence[Resource]) -> dict[str, str]:
    """The code that institutions of this record use for a name: those that send none mean the same."""
    counted: dict[str, Counter[str]] = {}
    for request in requests:
        concept = concept_of(request)
        code = _code(concept)
        if code:
            counted.setdefault(stem(text_of(concept)), Counter())[code] += 1
    return {name: codes.most_common(1)[0][0] for name, codes in counted.items() if name}


def _key(request: Mapping[str, Any], coded: Mapping[str, str]) -> str:
    """A standard code, else that of the same name, else the name without strength and form."""
    concept = concept_of(request)
    name = stem(text_of(concept))
    return _code(concept) or coded.get(name) or name


def _code(concept: Mapping[str, Any]) -> str:
    return next((f"{system}|{code}" for system, code in codings(concept) if system in _STANDARD), "")


@cache
def stem(name: str) -> str:
    """A medicine's name without its strength, brackets, form and salt."""
    content = _content()
    plain = _BRACKETS.sub("", _STRENGTH.sub("", name.casefold())).strip()
    form = next((form for form in content.forms if plain.endswith(form) and plain != form), "")
    plain = plain.removesuffix(form)
    salt = next((salt for salt in content.salts if plain.startswith(salt)), "")
    return plain.removeprefix(salt) if len(plain) - len(salt) >= content.shortest else plain


def concept_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The medicine as a concept: as the request names it, or as a contained Medication does."""
    if "medicationCodeableConcept" in request:
        return dict(request["medicationCodeableConcept"])
    reference = request.get("medicationReference") or {}
    held = contained(request) or {}
    name = reference.get("display") or text_of(held.get("code")) or reference.get("reference", "")
    return {**held.get("code", {}), "text": name}


def contained(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The Medication that a request brings with it."""
    wanted = str((request.get("medicationReference") or {}).get("reference", ""))[1:]
    return next((c for c in each(request.get("contained")) if c.get("id") == wanted), None)


# -- how they are taken


def _dosages(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*each(request.get("dosageInstruction")), *each(request.get("dosage"))]


def dose_of(request: Mapping[str, Any]) -> str:
    """How much, as it was worded, else the quantity; how often is ``often_of``."""
    for dosage in _dosages(request):
        if dosage.get("text"):
            return _said_once(str(dosage["text"]))
        quantity = _quantity(dosage)
        if "value" in quantity:
            return f"{number(quantity['value'])} {unit_of(quantity)}".strip()
    return ""


def often_of(request: Mapping[str, Any]) -> Often | None:
    """How often, where the words of the dose do not say it already; None where nothing tells."""
    dose = dose_of(request)
    if any(word in dose for word in _TELLS_HOW_OFTEN):
        return None
    return next((often for d in _dosages(request) if (often := _often(d.get("timing") or {}))), None)


def _often(timing: Mapping[str, Any]) -> Often | None:
    code = timing.get("code") or {}
    said = (*(c for _, c in codings(code)), text_of(code))
    known = next(
        (_content().named[word] for one in said if (word := one.casefold().strip(". ")) in _content().named),
        None,
    )
    return (
        known
        or _repeated(timing.get("repeat") or {})
        or (Often(None, said[-1], said[-1]) if said[-1] else None)
    )


def _repeated(repeat: Mapping[str, Any]) -> Often | None:
    unit, period = str(repeat.get("periodUnit", "d")), float(repeat.get("period", 1))
    if "frequency" not in repeat or unit not in _DAYS or period <= 0:
        return None
    times, length = int(repeat["frequency"]), number(repeat.get("period", 1))
    zh_unit, en_unit = {
        "d": ("日", "days"),
        "wk": ("周", "weeks"),
        "mo": ("月", "months"),
        "h": ("小时", "hours"),
    }[unit]
    per_day = times / (period * _DAYS[unit])
    if unit == "d" and period == 1:
        return Often(per_day, f"一日{times}次", f"{times}× a day")
    every = "" if period == 1 else length
    return Often(per_day, f"每{every}{zh_unit}{times}次", f"{times}× every {length} {en_unit}")


def _quantity(dosage: Mapping[str, Any]) -> Mapping[str, Any]:
    rates = each(dosage.get("doseAndRate"))
    return next((rate["doseQuantity"] for rate in rates if isinstance(rate.get("doseQuantity"), dict)), {})


def _said_once(text: str) -> str:
    """A usage that a system wrote down twice in a row, once; so a dose on both sides of how often a day."""
    clauses = [clause.strip() for clause in _CLAUSE.split(text)]
    for at in range(len(clauses) - 2):
        if (
            clauses[at] == clauses[at + 2]
            and _ONE_DOSE.match(clauses[at])
            and _A_DAY.fullmatch(clauses[at + 1])
        ):
            return "，".join(clauses[: at + 2] + clauses[at + 3 :])
    for length in range(len(clauses) // 2, 1, -1):
        if clauses[:length] == clauses[length : 2 * length]:
            return "，".join([*clauses[:length], *filter(None, clauses[2 * length :])])
    return text


# -- how long they last


def start_of(request: Mapping[str, Any]) -> str:
    """When it was ordered or begun, as FHIR has it; ``""`` for no date."""
    period = request.get("effectivePeriod") or {}
    return str(request.get("authoredOn") or request.get("effectiveDateTime") or period.get("start") or "")


def end_of(request: Mapping[str, Any]) -> str:
    """The day until which it lasts, by its supply, its quantity or its period; ``""`` where nothing tells."""
    start = day(start_of(request))
    supplied = _supply(request)
    if supplied is not None and start and 0 <= supplied <= _content().longest_supply:
        return days_after(start, supplied)
    bounds = [((d.get("timing") or {}).get("repeat") or {}) for d in _dosages(request)]
    ends = [str((b.get("boundsPeriod") or {}).get("end", "")) for b in bounds]
    return day(next(filter(None, ends), "") or str((request.get("effectivePeriod") or {}).get("end", "")))


def _supply(request: Mapping[str, Any]) -> float | None:
    """The days that the supply lasts: as it was said, else how much there is by how much a day takes."""
    dispense = request.get("dispenseRequest") or {}
    said = _in_days(dispense.get("expectedSupplyDuration") or {})
    if said is not None:
        return said
    for dosage in _dosages(request):
        counted = _counted(dispense.get("quantity") or {}, dosage)
        counted = counted if counted is not None else _packets(dispense, str(dosage.get("text", "")))
        if counted is None:
            counted = _in_days(((dosage.get("timing") or {}).get("repeat") or {}).get("boundsDuration") or {})
        if counted is not None:
            return counted
    return None


def _in_days(duration: Mapping[str, Any]) -> float | None:
    if "value" not in duration:
        return None
    units = (str(duration.get(name, "")) for name in ("code", "unit"))
    return float(duration["value"]) * next((_DAYS[unit] for unit in units if unit in _DAYS), 1.0)


def _counted(quantity: Mapping[str, Any], dosage: Mapping[str, Any]) -> float | None:
    dose, often = _quantity(dosage), _often(dosage.get("timing") or {})
    if "value" not in quantity or "value" not in dose or often is None or not often.per_day:
        return None
    if unit_of(quantity) != unit_of(dose) or float(dose["value"]) <= 0:
        return None
    days = float(quantity["value"]) / (float(dose["value"]) * often.per_day)
    return float(int(days + _FRACTION))


def _packets(dispense: Mapping[str, Any], text: str) -> float | None:
    """Packets of herbs by the packets a day: ``每日1剂…7剂`` lasts a week, and so do seven packets dispensed."""
    daily = _PACKETS_A_DAY.search(text)
    if daily is None or not int(daily[1]):
        return None
    quantity = dispense.get("quantity") or {}
    if "value" in quantity and unit_of(quantity) in _PACKET_UNITS:
        return float(quantity["value"]) / int(daily[1])
    whole = _PACKETS.search(_PACKETS_A_DAY.sub("", text))
    return int(whole[1]) / int(daily[1]) if whole else None


def runs(request: Mapping[str, Any], today: date) -> bool:
    """Whether it is being taken: until its end, else as long as an order without one counts."""
    if request.get("status") in STOPPED:
        return False
    end = end_of(request)
    if end:
        return end >= today.isoformat()
    lasting = days_after(day(start_of(request)), _content().unknown_supply)
    return request.get("status") == "active" and lasting >= today.isoformat()
