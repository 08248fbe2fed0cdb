"""An outing as a FHIR transaction: the Patient, who looked after them, and all that was written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from xinglin.synth.sending import stations
from xinglin.synth.sending.drafts import Draft

if TYPE_CHECKING:
    from xinglin.synth.sending.outings import Outing

MEDIA = "application/fhir+json"


def make(outing: Outing) -> list[Draft]:
    """One bundle; its identifier is the number of the visit."""
    system = f"urn:xinglin:institution:{outing.station.code}:message"
    bundle = {
        "resourceType": "Bundle",
        "identifier": {"system": system, "value": outing.visit},
        "type": "transaction",
        "timestamp": outing.moment.isoformat(),
        "entry": [_entry(one) for one in [outing.patient, *_doctors(outing), *outing.resources[1:]]],
    }
    return [Draft("Bundle/transaction", outing.visit, orjson.dumps(bundle), MEDIA)]


def _entry(resource: dict[str, Any]) -> dict[str, Any]:
    url = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": url}}


def _doctors(outing: Outing) -> list[dict[str, Any]]:
    names = stations.staff(outing.station.institution)
    told = {one["individual"]["reference"].partition("/")[2] for one in outing.encounter["participant"]}
    return [
        {"resourceType": "Practitioner", "id": id_, "active": True, "name": [{"text": names[id_]}]}
        for id_ in sorted(told)
    ]
