"""What a document's resources have in common: whose they are, who made them, and their ids.

``to_record`` fills it; ``meanings`` makes resources of data elements with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange import naming
from xinglin.exchange.cda import moments, values
from xinglin.exchange.cda.documents import (
    AUTHOR,
    BED,
    CARD,
    CASE,
    DEPARTMENT,
    ETHNIC,
    FILE,
    IDENTITY,
    INPATIENT,
    INSTITUTION,
    LOCAL_PATIENT,
    MARITAL,
    NUMBER,
    OUTPATIENT,
    PATIENT_KIND,
    ROOM,
    STAFF,
    WARD,
)

if TYPE_CHECKING:
    from xinglin.exchange.cda.documents import Document, Number, Signer, Unit
    from xinglin.exchange.cda.kinds import Kind
    from xinglin.exchange.doors import Sender

PATIENT_ROOTS = (LOCAL_PATIENT, CASE, FILE, CARD)  # by the first of them a patient is known to the sender
VISIT_ROOTS = (INPATIENT, OUTPATIENT)
IDENTITY_SYSTEM = f"urn:oid:{IDENTITY}"
AGE = "urn:xinglin:cda:age"
SEX = "urn:xinglin:cda:sex"
ETHNICITY = "urn:xinglin:ethnicity"
TIME = "urn:xinglin:cda:time"
ROLE = "urn:xinglin:cda:role"
SET = "urn:xinglin:cda:set"
PARTICIPANT = "urn:xinglin:cda:participant"
ADXP = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-"
GENDERS = {"0": "unknown", "1": "male", "2": "female", "9": "unknown"}
_CLASS_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_CLASSES = {"1": ("AMB", "门诊"), "2": ("EMER", "急诊"), "3": ("IMP", "住院")}
_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_AN_END = {"C0025", "C0032", "C0033", "C0035", "C0036", "C0049", "C0050", "C0053", "HSDC00.03"}


class Making:
    """The resources of one document while they are made."""

    def __init__(self, document: Document, kind: Kind, sender: Sender) -> None:
        self.document, self.kind, self.sender = document, kind, sender
        self.resources: dict[tuple[str, str], dict[str, Any]] = {}
        self.number = document.number.extension
        self.when = moments.to_fhir(document.time)
        self.visit_number = document.number_of(*VISIT_ROOTS)
        self.subject = self._patient()
        self.organization = self._organization(document.institution, document.custodian)
        self.custodian = self._organization(document.custodian)
        self.author = self.signer(document.author)
        self.encounter = self._encounter() if self.visit_number else None

    def id(self, type_name: str, *parts: str) -> str:
        return naming.id_of(self.sender.code, type_name, *parts)

    def own_id(self, type_name: str, *parts: str) -> str:
        """The id of something that only this document says."""
        return self.id(type_name, "document", self.number, *parts)

    def put(self, type_name: str, id_: str, content: dict[str, Any]) -> dict[str, str]:
        """Keep a resource and give a reference to it; empty members are left out."""
        filled = {name: value for name, value in content.items() if value not in (None, "", [], {})}
        self.resources[type_name, id_] = {"resourceType": type_name, "id": id_, **filled}
        return {"reference": f"{type_name}/{id_}"}

    def put_about(self, type_name: str, id_: str, content: dict[str, Any]) -> dict[str, str]:
        """The same for what is about the patient and of the visit."""
        about = "patient" if type_name in ("AllergyIntolerance", "Immunization") else "subject"
        return self.put(type_name, id_, {about: self.subject, "encounter": self.encounter, **content})

    def system(self, kind: str) -> str:
        return naming.system_of(self.sender.code, kind)

    # -- who

    def _patient(self) -> dict[str, str]:
        patient = self.document.patient
        own = self.document.number_of(*PATIENT_ROOTS)
        identity = next((one.extension for one in patient.identities if one.extension), "")
        key = own or identity or self.document.number_of(*VISIT_ROOTS)
        identifiers: list[dict[str, Any]] = [
            dict(identifier(one)) for one in patient.numbers if one.root in PATIENT_ROOTS
        ]
        if own:
            kept = {
                "type": {"coding": [{"system": _TYPES, "code": "MR"}]},
                "system": self.system("patient"),
                "value": own,
            }
            identifiers.insert(0, kept)
        for one in patient.identities:
            made: dict[str, Any] = dict(identifier(one))
            if one.root == IDENTITY:
                made = {"use": "official", "type": {"coding": [{"system": _TYPES, "code": "NI"}]}, **made}
            identifiers.append(made)
        content: dict[str, Any] = {
            "identifier": identifiers,
            "active": True,
            "name": [{"text": patient.name}] if patient.name else [],
            "telecom": [{"system": "phone", "value": patient.phone}] if patient.phone else [],
            "gender": GENDERS.get(patient.sex.code),
            "birthDate": moments.day(patient.birth) if patient.birth else "",
            "address": [_address(self.document)] if patient.address.text else [],
            "maritalStatus": values.concept(patient.marital, f"urn:oid:{MARITAL}"),
            "managingOrganization": {"reference": f"Organization/{self.sender.organization}"}
            if self.sender.organization
            else None,
        }
        extensions = []
        if patient.ethnic.code:
            said = values.concept(patient.ethnic, f"urn:oid:{ETHNIC}")
            extensions.append({"url": ETHNICITY, "valueCodeableConcept": said})
        if patient.sex.code not in ("", "0", "1", "2"):
            extensions.append({"url": SEX, "valueCode": patient.sex.code})
        content["extension"] = extensions
        return self.put("Patient", self.id("Patient", key), content)

    def signer(self, who: Signer) -> dict[str, Any]:
        """A reference to somebody who made or signed the document; a resource where the number is known."""
        if not who.number.extension:
            return {"display": who.name} if who.name else {}
        content = {
            "identifier": [{"system": self.system("staff"), "value": who.number.extension}],
            "name": [{"text": who.name}] if who.name else [],
        }
        made: dict[str, Any] = self.put(
            "Practitioner", self.id("Practitioner", who.number.extension), content
        )
        root = who.number.root or (AUTHOR if who.mode == "author" else STAFF)
        kept = {"system": f"urn:oid:{root}", "value": who.number.extension}
        return {**made, "identifier": kept, **({"display": who.name} if who.name else {})}

    def _organization(self, *units: Unit) -> dict[str, Any]:
        unit = next((one for one in units if one.name or one.number.extension), None)
        if unit is None:
            return {}
        made: dict[str, Any] = {}
        if self.sender.organization:
            made["reference"] = f"Organization/{self.sender.organization}"
        elif unit.number.extension:
            content = {
                "identifier": [identifier(unit.number, INSTITUTION)],
                "name": unit.name or unit.number.extension,
            }
            made = dict(self.put("Organization", self.id("Organization", unit.number.extension), content))
        if unit.number.extension:
            made["identifier"] = identifier(unit.number, INSTITUTION)
        if unit.name:
            made["display"] = unit.name
        return made

    # -- the visit

    def _encounter(self) -> dict[str, str]:
        document = self.document
        inpatient = bool(document.number_of(INPATIENT))
        code, words = _CLASSES.get(document.patient.kind.code, _CLASSES["3" if inpatient else "1"])
        over = not inpatient or bool(document.end) or document.code in _AN_END
        places = [
            {"location": {"identifier": identifier(one.number), **_display(one.name)}}
            if one.number.extension
            else {"location": {"display": one.name, **_root(one.number)}}
            for one in document.places
        ]
        identifiers = [identifier(one) for one in document.patient.numbers if one.root in VISIT_ROOTS]
        content = {
            "identifier": [{"system": self.system("visit"), "value": self.visit_number}, *identifiers],
            "status": "finished" if over else "in-progress",
            "class": {"system": _CLASS_SYSTEM, "code": code, "display": words},
            "type": [values.concept(document.patient.kind, f"urn:oid:{PATIENT_KIND}")]
            if not document.patient.kind.is_empty
            else [],
            "subject": self.subject,
            "period": values.span(document.begin, document.end),
            "location": places,
            "serviceProvider": self.organization,
        }
        return self.put("Encounter", self.id("Encounter", self.visit_number), content)

    def tell_encounter(self, **more: Any) -> None:
        """Add what data elements say of the visit."""
        if self.encounter is None:
            return
        resource = self.resources["Encounter", self.encounter["reference"].partition("/")[2]]
        for name, value in more.items():
            if name == "period":
                resource["period"] = {**value, **resource.get("period", {})}
            elif name == "hospitalization":
                resource[name] = {**resource.get(name, {}), **value}
            else:
                resource.setdefault(name, value)
        if "end" in resource.get("period", {}):
            resource["status"] = "finished"


def identifier(number: Number, root: str = NUMBER) -> dict[str, str]:
    return {"system": f"urn:oid:{number.root or root}", "value": number.extension}


def _root(number: Number) -> dict[str, Any]:
    return {"identifier": {"system": f"urn:oid:{number.root}"}} if number.root else {}


def _display(name: str) -> dict[str, str]:
    return {"display": name} if name else {}


def _address(document: Document) -> dict[str, Any]:
    said = document.patient.address
    made: dict[str, Any] = {"use": "home", "text": said.text}
    pieces = (("precinct", said.township), ("streetName", said.street), ("houseNumber", said.house))
    line = "".join(text for _, text in pieces)
    if line:
        made["line"] = [line]
        made["_line"] = [
            {"extension": [{"url": ADXP + name, "valueString": text} for name, text in pieces if text]}
        ]
    named = {"city": said.city, "district": said.county, "state": said.state, "postalCode": said.postcode}
    return made | {name: text for name, text in named.items() if text}


PLACE_ROOTS = (BED, ROOM, DEPARTMENT, WARD, INSTITUTION)
