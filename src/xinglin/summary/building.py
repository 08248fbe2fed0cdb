"""Sections and the document: a Composition, the Patient, and what the sections name. Pure.

The document is about one Patient, the one asked for: what other institutions sent about the same person is taken in
with that Patient as its subject. Each entry keeps its ``meta.source``, so that its message can still be found.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from xinglin.fhir.reading import LOINC, Resource, day, text_of
from xinglin.summary import choosing, medicines, naming
from xinglin.summary.choosing import Kind, content

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

_EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
_XHTML = "http://www.w3.org/1999/xhtml"
_ABOUT = ("subject", "patient")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a section: what, more of it, the day, who says so."""

    name: str
    detail: str
    day: str
    institution: str
    reference: str
    english: str = ""

    @property
    def both(self) -> str:
        """Its name for a reader of either language."""
        return f"{self.name} {self.english}".strip()


@dataclass(frozen=True, slots=True)
class Section:
    """A section with its entries; no rows: nobody has written any down."""

    kind: Kind
    rows: tuple[Row, ...]
    entries: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of one person; ``patients`` are the Patients that are the person, the asked one first."""

    patients: tuple[Resource, ...]
    sections: tuple[Section, ...]


def summary(
    patients: Sequence[Resource], found: Iterable[Resource], names: Mapping[str, str], today: date
) -> Summary:
    """The sections that have entries, and those that have to be there. ``names``: institutions by ``Patient/id``."""
    known = list(found)
    sections = []
    for kind in content().kinds:
        entries = choosing.chosen(kind, known, today)
        if entries or kind.required:
            sections.append(Section(kind, tuple(_row(entry, names) for entry in entries), entries))
    return Summary(tuple(patients), tuple(sections))


def _row(entry: Resource, names: Mapping[str, str]) -> Row:
    about = entry.get("subject") or entry.get("patient") or {}
    return Row(
        _name(entry),
        _detail(entry),
        day(choosing.date_of(entry)),
        names.get(str(about.get("reference", "")), ""),
        f"{entry['resourceType']}/{entry['id']}",
        _english(entry),
    )


def _english(entry: Resource) -> str:
    of = naming.of_drug_concept if entry["resourceType"].startswith("Medication") else naming.of_concept
    return of(choosing.concept_of(entry))


def _name(entry: Resource) -> str:
    """What it is called; a test of which only an abbreviation was sent has its name in Chinese before that."""
    said = text_of(choosing.concept_of(entry))
    known = choosing.quantity_of(entry)
    if known is None or any("\u4e00" <= character <= "\u9fff" for character in said):
        return said
    return f"{known.zh} {said}".strip()


def _detail(entry: Resource) -> str:
    kind = entry["resourceType"]
    if kind == "Observation":
        parts = [(text_of(p.get("code")), _value(p)) for p in entry.get("component", ())]
        said = [_value(entry), *(f"{name} {value}" for name, value in parts if value)]
        return "; ".join(filter(None, said))
    if kind == "DiagnosticReport":
        return " ".join(str(entry.get("conclusion", "")).split())[:200]
    if kind == "AllergyIntolerance":
        shown = [text_of(m) for r in entry.get("reaction", ()) for m in r.get("manifestation", ())]
        return "; ".join([*shown, *(["!"] if entry.get("criticality") == "high" else [])])
    often = medicines.often_of(entry)
    return "，".join(filter(None, (medicines.dose_of(entry), often.zh if often else "")))


def _value(holder: Mapping[str, Any]) -> str:
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, dict) and "value" in quantity:
        value = getattr(quantity["value"], "text", quantity["value"])
        unit = quantity.get("unit") or quantity.get("code") or ""
        return f"{quantity.get('comparator', '')}{value} {unit}".strip()
    if "valueString" in holder or "valueInteger" in holder:
        return str(holder.get("valueString", holder.get("valueInteger")))
    return text_of(holder.get("valueCodeableConcept"))


def document(made: Summary, *, base: str, now: datetime) -> Resource:
    """The Bundle of type ``document``; ``base`` is the address of the FHIR interface, without a slash at the end.

    https://hl7.org/fhir/R4/documents.html
    """
    patient = _without_links(made.patients[0])
    subject = f"Patient/{patient['id']}"
    moment = now.isoformat(timespec="seconds")
    named = uuid5(NAMESPACE_URL, f"{base}/{subject}/$summary/{moment}")
    author = {
        "resourceType": "Device", "id": "xinglin", "status": "active",
        "deviceName": [{"name": "杏林 Xinglin", "type": "user-friendly-name"}],
    }  # fmt: skip
    composition = {
        "resourceType": "Composition",
        "id": str(named),
        "meta": {"profile": [content().composition]},
        "language": "zh-CN",
        "status": "final",
        "type": {
            "coding": [{"system": LOINC, "code": content().type, "display": "Patient summary Document"}]
        },
        "subject": {"reference": subject},
        "date": moment,
        "author": [{"reference": "Device/xinglin", "display": "杏林 Xinglin"}],
        "title": "国际患者摘要 International Patient Summary",
        "confidentiality": "N",
        "section": [_section(section) for section in made.sections],
    }
    entries = {f"{e['resourceType']}/{e['id']}": e for s in made.sections for e in s.entries}
    whole = [patient, author, *(_about(entry, subject) for entry in entries.values())]
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [content().bundle]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{named}"},
        "type": "document",
        "timestamp": moment,
        "entry": [
            {"fullUrl": f"{base}/Composition/{named}", "resource": composition},
            *({"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r} for r in whole),
        ],
    }


def _without_links(patient: Resource) -> Resource:
    return {name: value for name, value in patient.items() if name not in {"link", "managingOrganization"}}


def _about(entry: Resource, subject: str) -> Resource:
    return {name: {"reference": subject} if name in _ABOUT else value for name, value in entry.items()}


def _section(section: Section) -> Resource:
    kind = section.kind
    said: Resource = {
        "title": f"{kind.zh} {kind.en}",
        "code": {"coding": [{"system": LOINC, "code": kind.code, "display": kind.en}]},
        "text": {"status": "generated", "div": _div(section)},
    }
    if section.entries:
        said["entry"] = [{"reference": row.reference} for row in section.rows]
    else:
        said["emptyReason"] = {
            "coding": [{"system": _EMPTY, "code": "unavailable", "display": "Unavailable"}]
        }
    return said


def _div(section: Section) -> str:
    if not section.rows:
        return f'<div xmlns="{_XHTML}"><p>没有记录 No information</p></div>'
    cells = "".join(
        "<tr>"
        + "".join(f"<td>{escape(text)}</td>" for text in (r.both, r.detail, r.day, r.institution))
        + "</tr>"
        for r in section.rows
    )
    return f'<div xmlns="{_XHTML}"><table><tbody>{cells}</tbody></table></div>'
