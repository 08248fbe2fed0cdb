"""Diagnoses, vaccinations, procedures, documents and allergies made flat."""

from __future__ import annotations

from typing import Any

from xinglin.quality import vocabulary
from xinglin.quality.flattening.reading import (
    Flat,
    actor,
    coded,
    earliest,
    first,
    moment,
    organization,
    refers,
    refers_first,
)

Resource = dict[str, Any]
_BASE64 = 4 / 3


def condition(resource: Resource) -> Flat:
    """The row of a Condition; the syndrome of Chinese medicine stands in its evidence."""
    code, system = coded(resource.get("code"))
    onset, recorded = moment(resource.get("onsetDateTime")), moment(resource.get("recordedDate"))
    syndrome = next(
        (found for one in resource.get("evidence") or () if (found := _tcm_code(one.get("code")))), None
    )
    tcm = system == "tcm" or syndrome is not None
    row = (
        onset, moment(resource.get("abatementDateTime")), recorded, refers(resource.get("asserter")),
        code, system, syndrome,
    )  # fmt: skip
    dataset = vocabulary.datasets()["tcm-diagnosis" if tcm else "diagnosis"].number
    return Flat(
        "condition", refers(resource.get("subject")), dataset, recorded or onset, [row],
        encounter=refers(resource.get("encounter")),
    )  # fmt: skip


def _tcm_code(concepts: Any) -> str | None:
    for concept in concepts or ():
        code, system = coded(concept)
        if system == "tcm":
            return code
    return None


def immunisation(resource: Resource) -> Flat:
    """The row of an Immunization."""
    dose = first(resource.get("protocolApplied")).get("doseNumberPositiveInt")
    site = resource.get("site") or {}
    row = (
        actor(resource.get("performer")), dose if isinstance(dose, int) else None,
        bool(str(resource.get("lotNumber") or "").strip()), bool(site.get("text") or site.get("coding")),
        *coded(resource.get("vaccineCode")), resource.get("status"),
    )  # fmt: skip
    return Flat(
        "immunisation", refers(resource.get("patient")), vocabulary.datasets()["immunisation"].number,
        moment(resource.get("occurrenceDateTime")), [row], encounter=refers(resource.get("encounter")),
        unit=organization(*(one.get("actor") for one in resource.get("performer") or ())),
    )  # fmt: skip


def procedure(resource: Resource) -> Flat:
    """The row of a Procedure."""
    performers = resource.get("performer") or []
    when = earliest(resource.get("performedDateTime"), (resource.get("performedPeriod") or {}).get("start"))
    row = (
        actor(performers), refers_first(resource.get("reasonReference")), *coded(resource.get("code")),
        resource.get("status"),
    )  # fmt: skip
    return Flat(
        "procedure", refers(resource.get("subject")), vocabulary.datasets()["procedure"].number, when, [row],
        encounter=refers(resource.get("encounter")),
        unit=organization(*(one.get("onBehalfOf") for one in performers), *(one.get("actor") for one in performers)),
    )  # fmt: skip


def document(resource: Resource) -> Flat:
    """The row of a DocumentReference; its length is that of the text, about, or 1 for what lies elsewhere."""
    attachment = first(resource.get("content")).get("attachment") or {}
    data = attachment.get("data")
    length = int(len(data) / _BASE64) if data else int(attachment.get("size") or bool(attachment.get("url")))
    row = (actor(resource.get("author"), ""), length, coded(resource.get("type"))[0], resource.get("status"))
    return Flat(
        "document", refers(resource.get("subject")), vocabulary.datasets()["document"].number,
        moment(resource.get("date")), [row],
        encounter=refers_first((resource.get("context") or {}).get("encounter")),
        unit=organization(resource.get("custodian"), resource.get("author")),
    )  # fmt: skip


def allergy(resource: Resource) -> Flat:
    """The row of an AllergyIntolerance."""
    code, system = coded(resource.get("code"))
    row = (refers(resource.get("recorder")), code, system, code is not None)
    return Flat(
        "allergy", refers(resource.get("patient")), vocabulary.datasets()["allergy"].number,
        moment(resource.get("recordedDate")), [row], encounter=refers(resource.get("encounter")),
    )  # fmt: skip
