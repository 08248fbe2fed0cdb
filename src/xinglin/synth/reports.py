"""Imaging reports, procedures, and documents in prose."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from xinglin.synth.tables import by_key
from xinglin.synth.vocabulary import ICD9_CN

if TYPE_CHECKING:
    from xinglin.synth.charts import Visit

_DOCUMENT_TYPES = "urn:oid:2.16.156.10011.2.4"
_IMAGING = [
    {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD", "display": "影像"}
        ]
    }
]


def image(visit: Visit, key: str, *, abnormal: bool) -> dict[str, str]:
    """An imaging or function report of ``data/images.csv``: what was seen and the conclusion."""
    row = by_key("images")[key]
    kind = "abnormal" if abnormal else "normal"
    return visit.chart.put(
        "DiagnosticReport",
        {
            "status": "final",
            "category": _IMAGING,
            "code": {"coding": [visit.chart.words.local_image(key)], "text": row["name"]},
            "subject": visit.chart.subject,
            "encounter": visit.encounter,
            "effectiveDateTime": visit.when,
            "issued": visit.when,
            "performer": visit.chart.words.performer,
            "conclusion": row[f"{kind}_conclusion"],
            "presentedForm": [
                {
                    "contentType": "text/plain; charset=utf-8",
                    "language": "zh-CN",
                    "data": _base64(row[f"{kind}_seen"]),
                }
            ],
        },
    )


def procedure(visit: Visit, code: str, text: str, reason: dict[str, str] | None = None) -> dict[str, str]:
    """A procedure done during the visit. ``code`` is ICD-9-CM-3 (national edition), empty for text alone."""
    coding = {"coding": [{"system": ICD9_CN, "code": code, "display": text}]} if code else {}
    content: dict[str, Any] = {
        "status": "completed",
        "code": {**coding, "text": text},
        "subject": visit.chart.subject,
        "encounter": visit.encounter,
        "performedDateTime": visit.when,
        "performer": [{"actor": visit.doctor, "onBehalfOf": visit.chart.words.organization}],
    }
    if reason is not None:
        content["reasonReference"] = [reason]
    return visit.chart.put("Procedure", content)


def document(visit: Visit, code: str, title: str, text: str) -> dict[str, str]:
    """A document in prose. ``code`` is the document type of WS/T 500 or WS/T 483 (``EMR…``, ``HSD…``)."""
    return visit.chart.put(
        "DocumentReference",
        {
            "status": "current",
            "docStatus": "final",
            "type": {"coding": [{"system": _DOCUMENT_TYPES, "code": code, "display": title}], "text": title},
            "subject": visit.chart.subject,
            "date": visit.when,
            "author": [visit.doctor],
            "custodian": visit.chart.words.organization,
            "description": title,
            "content": [
                {
                    "attachment": {
                        "contentType": "text/plain; charset=utf-8",
                        "language": "zh-CN",
                        "data": _base64(text),
                        "title": title,
                        "creation": visit.when,
                    }
                }
            ],
            "context": {"encounter": [visit.encounter]},
        },
    )


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
