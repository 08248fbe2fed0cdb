"""Resources for tests, valid and small."""

from __future__ import annotations

from typing import Any


def patient(family: str = "张", given: str = "三", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"family": family, "given": [given]}], **more}


def observation(
    subject: str | None = None, code: str = "4548-4", value: float = 6.5, **more: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": value, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
        **more,
    }
    if subject is not None:
        made["subject"] = {"reference": subject}
    return made


def entry(
    resource: dict[str, Any] | None, method: str, url: str, *, name: str | None = None, **request: str
) -> dict[str, Any]:
    """One entry of a transaction; ``name`` is its fullUrl."""
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    if name is not None:
        made["fullUrl"] = name
    return made


def transaction(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
