"""What a single entry of the record says of itself: who said it, in which codes, and every element as it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import each, first_date, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SAYING = (
    "performer", "author", "recorder", "asserter", "requester", "participant", "custodian", "serviceProvider",
    "managingOrganization",
)  # fmt: skip
_CODED = ("code", "medicationCodeableConcept", "vaccineCode", "type", "category", "class")
_DATES = (
    "effectiveDateTime", "effectivePeriod", "effectiveInstant", "authoredOn", "occurrenceDateTime", "period",
    "recordedDate", "onsetDateTime", "started", "performedDateTime", "performedPeriod", "date", "issued", "created",
)  # fmt: skip
_NAMED = ("code", "medicationCodeableConcept", "vaccineCode", "type", "description", "title")
_MOST = 400  # elements that are listed
_LONG = 500  # characters of one


@dataclass(frozen=True, slots=True)
class Code:
    """A code as it was sent: of which element, its system, the code, its words."""

    element: str
    system: str
    code: str
    display: str


def title(resource: Mapping[str, Any]) -> str:
    """What the entry is of, in words; its type where it does not say."""
    for name in _NAMED:
        said = resource.get(name)
        text = (
            said if isinstance(said, str) else next((text_of(one) for one in each(said) if text_of(one)), "")
        )
        if text:
            return text
    reference = resource.get("medicationReference") or {}
    return str(reference.get("display") or resource["resourceType"])


def date_of(resource: Mapping[str, Any]) -> str:
    """When it was so, as FHIR writes it; ``""`` for none."""
    return first_date(resource, *_DATES)


def said_by(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """The people and institutions that the entry names, by their names."""
    named: dict[str, None] = {}
    for element in _SAYING:
        for party in each(resource.get(element)):
            reference = party.get("actor") or party.get("individual") or party
            words = reference.get("display") if isinstance(reference, dict) else None
            if words:
                named[str(words)] = None
    return tuple(named)


def codes(resource: Mapping[str, Any]) -> tuple[Code, ...]:
    """The codes by which it was sent."""
    found = []
    for element in _CODED:
        for concept in each(resource.get(element)):
            for coding in each(concept.get("coding")) if "coding" in concept else iter((concept,)):
                if coding.get("code"):
                    display = str(coding.get("display") or "")
                    found.append(Code(element, str(coding.get("system", "")), str(coding["code"]), display))
    return tuple(found)


def elements(resource: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every element by its path, as it is kept; numbers with the digits that they were sent with."""
    found: list[tuple[str, str]] = []
    for path, value in _elements(resource, ""):
        if len(found) == _MOST:
            break
        found.append((path, value if len(value) <= _LONG else value[:_LONG] + "…"))
    return found


def _elements(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _elements(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _elements(inner, f"{path}[{place}]")
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    else:
        yield path, str(getattr(value, "text", value))
