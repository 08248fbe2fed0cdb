"""References between resources: what kind one is, what it names, and where a resource has them.

https://hl7.org/fhir/R4/references.html#literal
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.fhir.definitions import RESOURCE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TYPES = frozenset(RESOURCE_TYPES)
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?")
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?[^#\x00-\x20]+")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^\x00-\x20]+")
_URN = re.compile(
    r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?:#[^\x00-\x20]*)?"
    r"|urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+(?:#[^\x00-\x20]*)?"
)
_FRAGMENT = re.compile(r"#[^\x00-\x20]*")

# DetectedIssue, Expression and Immunization.education have a plain uri that is called "reference" too.
_NOT_IN_REFERENCE = frozenset(
    ("resourceType", "language", "expression", "documentType", "publicationDate", "presentationDate")
)


class Kind(StrEnum):
    """What the text of a reference is."""

    RELATIVE = "relative"  # Patient/1, Patient/1/_history/2
    ABSOLUTE = "absolute"  # http://example.org/fhir/Patient/1, or any other URI with a scheme
    URN = "urn"  # urn:uuid:… and urn:oid:…
    CONTAINED = "contained"  # #id of a contained resource, # for the container itself
    CONDITIONAL = "conditional"  # Patient?identifier=…, only inside transactions
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Reference:
    """A resource on this server, or one version of it."""

    type: str
    id: str
    version: str | None = None


def parse(reference: str, base: str = "") -> Reference | None:
    """What a relative reference names; None for every other kind of text.

    With ``base`` (``https://example.org/fhir``) an absolute reference below it counts as relative.
    """
    if base and reference.startswith(base):
        reference = reference[len(base) :].lstrip("/")
    match = _RELATIVE.fullmatch(reference)
    if match is None or match[1] not in _TYPES:
        return None
    return Reference(match[1], match[2], match[3])


def kind(reference: str) -> Kind:
    """The kind of ``reference``; MALFORMED if it is no reference at all."""
    match = _RELATIVE.fullmatch(reference) or _CONDITIONAL.fullmatch(reference)
    if match is not None:
        if match[1] not in _TYPES:
            return Kind.MALFORMED
        return Kind.RELATIVE if match.re is _RELATIVE else Kind.CONDITIONAL
    for pattern, found in ((_FRAGMENT, Kind.CONTAINED), (_URN, Kind.URN), (_ABSOLUTE, Kind.ABSOLUTE)):
        if pattern.fullmatch(reference):
            return found
    return Kind.MALFORMED


def target_type(reference: str) -> str | None:
    """The resource type that a relative, conditional or RESTful absolute reference points to, if it says so.

    https://hl7.org/fhir/R4/references.html#regex
    """
    match = _RELATIVE.fullmatch(reference) or _CONDITIONAL.fullmatch(reference)
    if match is None and reference.startswith(("http://", "https://")):
        at_end = re.search(
            r"/([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?$", reference
        )
        match = at_end
    return match[1] if match and match[1] in _TYPES else None


def holders(resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every object of ``resource`` that has a ``reference`` text: the elements of type Reference.

    Contained resources and extensions included. The quick form of ``walk``, in no particular order.
    """
    found: list[dict[str, Any]] = []
    queue: list[Any] = [resource]
    for node in queue:  # which grows while it is read
        if type(node) is dict:
            if "reference" in node and type(node["reference"]) is str and _NOT_IN_REFERENCE.isdisjoint(node):
                found.append(node)
            for value in node.values():
                if type(value) is not str:
                    queue.append(value)  # noqa: PERF401 -- nearly all are texts: twice as quick as a list of the rest
        elif type(node) is list:
            queue += node
    return found


def walk(resource: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Every Reference of ``resource`` in document order: (the object, ``"reference"``, its FHIRPath).

    ``Observation.subject.reference``, ``Bundle.entry[0].resource.subject.reference`` …
    """
    yield from _walk(resource, str(resource.get("resourceType", "Resource")))


def _walk(node: Any, expression: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str) and _NOT_IN_REFERENCE.isdisjoint(node):
            yield node, "reference", f"{expression}.reference"
        for name, value in node.items():
            if isinstance(value, dict | list):
                yield from _walk(value, f"{expression}.{name}")
    else:
        for position, value in enumerate(node):
            if isinstance(value, dict | list):
                yield from _walk(value, f"{expression}[{position}]")
