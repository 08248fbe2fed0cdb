"""An Encounter made flat."""

from __future__ import annotations

from typing import Any

from xinglin.quality import vocabulary
from xinglin.quality.flattening.reading import Flat, actor, coded, first, moment, organization, refers, small

Resource = dict[str, Any]
_DATASETS = {"AMB": "outpatient", "EMER": "emergency", "IMP": "inpatient", "ACUTE": "inpatient", "HH": "home"}


def encounter(resource: Resource) -> Flat:
    """The row of a visit; its department is in ``serviceType``, ``type`` or the providing Organization."""
    class_ = str((resource.get("class") or {}).get("code") or "")
    dataset = vocabulary.datasets()[_DATASETS.get(class_, "outpatient")].number
    period = resource.get("period") or {}
    stay = resource.get("hospitalization") or {}
    row = (
        moment(period.get("end")), actor(resource.get("participant"), "individual"),
        small(len(resource.get("diagnosis") or ())),
        bool(resource.get("reasonCode") or resource.get("reasonReference")),
        coded(stay.get("dischargeDisposition"))[0] is not None,
        class_ or None, resource.get("status"),
    )  # fmt: skip
    return Flat(
        "encounter", refers(resource.get("subject")), dataset, moment(period.get("start")), [row],
        unit=organization(resource.get("serviceProvider")), department=_department(resource),
    )  # fmt: skip


def _department(resource: Resource) -> str:
    for concept in (resource.get("serviceType"), first(resource.get("type"))):
        if isinstance(concept, dict):
            text = concept.get("text") or first(concept.get("coding")).get("display")
            if text:
                return str(text)[:60]
    return ""
