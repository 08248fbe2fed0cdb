"""Resources for the tests, small and valid."""

from __future__ import annotations

import time
from typing import Any

from xinglin.kernel import clock


def patient(family: str = "王", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"family": family, "given": ["小明"]}], **more}


def observation(subject: str, code: str = "8867-4", value: float = 72, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": subject},
        "valueQuantity": {
            "value": value,
            "unit": "/min",
            "system": "http://unitsofmeasure.org",
            "code": "/min",
        },
        **more,
    }


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(
    method: str, url: str, resource: dict[str, Any] | None = None, full_url: str | None = None, **request: Any
) -> Any:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    if full_url is not None:
        made["fullUrl"] = full_url
    return made


def parameters(**values: Any) -> dict[str, Any]:
    """Parameters by name; a resource goes as such, anything else under the value[x] that fits a text."""
    made = [
        {"name": name, "resource": value}
        if isinstance(value, dict) and "resourceType" in value
        else {"name": name, **value}
        if isinstance(value, dict)
        else {"name": name, "valueString": value}
        for name, value in values.items()
    ]
    return {"resourceType": "Parameters", "parameter": made}


def wait_for_another_millisecond() -> None:
    """So that what is written next has a later ``lastUpdated`` than what was written before."""
    before = clock.milliseconds()
    while clock.milliseconds() == before:
        time.sleep(0.0005)
