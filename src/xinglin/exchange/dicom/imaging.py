"""Studies as FHIR: the handler of this door. Pure.

Its messages are written by ``settling``: JSON that says what a study now is (its attributes as DICOM JSON, its series,
its instances), or what was held and why. The pixels are in the files, which the message names by their study.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext_noop

from xinglin.exchange.dicom import facts
from xinglin.exchange.doors import Envelope, Reason, Sender, Translated
from xinglin.exchange.naming import id_of, system_of
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA = "application/vnd.xinglin.dicom+json"
TOLD = (*facts.STUDY, *facts.SERIES, *facts.INSTANCE)
_FORMAT = 1
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_SCHEMES = {
    "DCM": _DCM, "SCT": "http://snomed.info/sct", "SRT": "http://snomed.info/srt", "LN": "http://loinc.org",
    "RADLEX": "http://radlex.org", "I10": "http://hl7.org/fhir/sid/icd-10",
}  # fmt: skip
_SIDES = {"L": ("7771000", "Left"), "R": ("24028007", "Right")}
_GENDERS = {"M": "male", "F": "female", "O": "other"}
_UNKNOWN_MODALITY = "OT"
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(\.\d{1,6})?")
_ZONE = re.compile(r"([+-])(\d{2})(\d{2})")
_HERE = timezone(timedelta(hours=8))  # where no offset is said: China has one time


def study_body(document: Mapping[str, Any]) -> bytes:
    """The message that tells what a study is."""
    return orjson.dumps({"format": _FORMAT, "kind": "study", **document}, option=orjson.OPT_INDENT_2)


def held_body(number: int, said: Mapping[str, Any], digest: str) -> bytes:
    """The message that tells of an instance that is held."""
    whole = {"format": _FORMAT, "kind": "held", "number": number, "file": digest, **said}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2)


class Handler:
    """``doors.Handler`` for DICOM."""

    def open(self, body: bytes, media: str, sender: Sender) -> Envelope:
        """Whose study, and when the last of it came."""
        del media, sender
        said = _parsed(body)
        if said["kind"] == "held":
            patient = facts.text(said["facts"], "00100020")
            return Envelope("DICOM instance", f"{said['number']}", patient)
        study = said["study"]
        return Envelope(
            "DICOM study", facts.text(study, "0020000D"), facts.text(study, "00100020"),
            datetime.fromisoformat(said["changed"]),
        )  # fmt: skip

    def translate(self, body: bytes, media: str, sender: Sender) -> Translated:
        """The ImagingStudy, and beside it where it is fetched and, if nobody has told of the patient, who it is."""
        del media
        said = _parsed(body)
        if said["kind"] == "held":
            return Translated(reasons=tuple(Reason(**reason) for reason in said["reasons"]))
        resources = [_endpoint(said, sender), _study(said, sender)]
        if not said["patient_known"]:
            resources.insert(0, _patient(said, sender))
        return Translated(tuple(resources))


HANDLER = Handler()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
        if said["format"] == _FORMAT and said["kind"] in ("study", "held"):
            found: dict[str, Any] = said
            return found
    except (ValueError, KeyError, TypeError):
        pass
    raise invalid(
        gettext_noop("This is no message of the door for images: those are written by the platform itself."),
        code="structure",
    )


def _endpoint(said: Mapping[str, Any], sender: Sender) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "resourceType": "Endpoint",
        "id": id_of(sender.code, "Endpoint", "dicomweb"),
        "status": "active",
        "connectionType": {
            "system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type", "code": "dicom-wado-rs",
        },
        "name": "DICOMweb",
        "payloadType": [{"text": "DICOM"}],
        "payloadMimeType": ["application/dicom"],
        "address": said["address"],
    }  # fmt: skip
    if said["organization"]:
        resource["managingOrganization"] = {"reference": f"Organization/{said['organization']}"}
    return resource


def _patient(said: Mapping[str, Any], sender: Sender) -> dict[str, Any]:
    study = said["study"]
    resource: dict[str, Any] = {
        "resourceType": "Patient",
        "id": said["patient"],
        "identifier": [{"system": system_of(sender.code, "patient"), "value": facts.text(study, "00100020")}],
    }
    names = [" ".join(name.replace("^", " ").split()) for name in facts.names(study, "00100010")]
    names.sort(key=str.isascii)  # characters first
    if names:
        resource["name"] = [{"text": name} for name in dict.fromkeys(names)]
    resource["gender"] = _GENDERS.get(facts.text(study, "00100040"), "unknown")
    born = facts.day(study, "00100030")
    if born is not None:
        resource["birthDate"] = born.isoformat()
    if said["organization"]:
        resource["managingOrganization"] = {"reference": f"Organization/{said['organization']}"}
    return resource


def _study(said: Mapping[str, Any], sender: Sender) -> dict[str, Any]:
    study = said["study"]
    series = [_series(one) for one in said["series"]]
    accession = facts.text(study, "00080050")
    resource: dict[str, Any] = {
        "resourceType": "ImagingStudy",
        "id": said["id"],
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{facts.text(study, '0020000D')}"}],
        "status": "available",
        "modality": [
            {"system": _DCM, "code": code}
            for code in dict.fromkeys(one["modality"]["code"] for one in series)
        ],
        "subject": {"reference": f"Patient/{said['patient']}"},
        "endpoint": [{"reference": f"Endpoint/{id_of(sender.code, 'Endpoint', 'dicomweb')}"}],
        "numberOfSeries": len(series),
        "numberOfInstances": sum(one["numberOfInstances"] for one in series),
        "series": series,
    }
    if accession:
        number = {
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]},
            "system": system_of(sender.code, "order"),
            "value": accession,
        }
        resource["identifier"].append(number)
        based: dict[str, Any] = {"type": "ServiceRequest", "identifier": number}
        if said["order"]:
            based = {"reference": f"ServiceRequest/{said['order']}", **based}
        resource["basedOn"] = [based]
    started = moment(study, "00080020", "00080030")
    if started:
        resource["started"] = started
    _add_words(resource, study)
    return resource


def _add_words(resource: dict[str, Any], study: facts.Facts) -> None:
    for element, tag in (("referrer", "00080090"), ("interpreter", "00081060")):
        name = facts.text(study, tag).replace("^", " ").strip()
        if name:
            resource[element] = {"display": name} if element == "referrer" else [{"display": name}]
    codes = [code for item in facts.values(study, "00081032") if (code := _concept(item))]
    if codes:
        resource["procedureCode"] = codes
    description = facts.text(study, "00081030")
    if description:
        resource["description"] = description


def _series(one: Mapping[str, Any]) -> dict[str, Any]:
    said = one["facts"]
    resource: dict[str, Any] = {
        "uid": one["uid"],
        "modality": {"system": _DCM, "code": one["modality"] or _UNKNOWN_MODALITY},
        "numberOfInstances": one["count"],
    }
    if one["number"] is not None and one["number"] >= 0:
        resource["number"] = one["number"]
    description = facts.text(said, "0008103E")
    if description:
        resource["description"] = description
    part = facts.text(said, "00180015")
    if part:
        resource["bodySite"] = {"display": part}
    side = _SIDES.get(facts.text(said, "00200060"))
    if side:
        resource["laterality"] = {"system": "http://snomed.info/sct", "code": side[0], "display": side[1]}
    started = moment(said, "00080021", "00080031")
    if started:
        resource["started"] = started
    performer = facts.text(said, "00081050").replace("^", " ").strip()
    if performer:
        resource["performer"] = [{"actor": {"display": performer}}]
    if one["instances"]:
        resource["instance"] = [_instance(*instance) for instance in one["instances"]]
    return resource


def _instance(uid: str, sop_class: str, number: int | None) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "uid": uid,
        "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{sop_class}"},
    }
    if number is not None and number >= 0:
        resource["number"] = number
    return resource


def _concept(item: facts.Facts) -> dict[str, Any] | None:
    """A coded item (PS3.3 8.8) as a CodeableConcept."""
    code, words = facts.text(item, "00080100"), facts.text(item, "00080104")
    if not code and not words:
        return None
    coding = {"system": _SCHEMES.get(facts.text(item, "00080102")), "code": code, "display": words}
    return {"coding": [{name: value for name, value in coding.items() if value}], "text": words or code}


def moment(said: facts.Facts, date_tag: str, time_tag: str) -> str:
    """A FHIR dateTime of date and time: the date alone where the time is missing or wrong, empty without a date."""
    day = facts.day(said, date_tag)
    if day is None:
        return ""
    time = _TIME.fullmatch(facts.text(said, time_tag))
    if time is None:
        return day.isoformat()
    hour, minute, second = (int(part or 0) for part in time.groups()[:3])
    zone = _ZONE.fullmatch(facts.text(said, "00080201"))
    here = _HERE
    if zone is not None:
        offset = timedelta(hours=int(zone[2]), minutes=int(zone[3]))
        here = timezone(offset if zone[1] == "+" else -offset) if offset < timedelta(hours=24) else UTC
    try:
        return datetime(day.year, day.month, day.day, hour, minute, min(second, 59), tzinfo=here).isoformat()
    except ValueError:
        return day.isoformat()
