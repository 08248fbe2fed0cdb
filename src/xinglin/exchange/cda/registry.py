"""Which documents are there, and a document itself, for whoever may see them: questions to the record's door."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.cda import from_record, kinds, moments, writing
from xinglin.exchange.cda.documents import KINDS, NUMBER
from xinglin.kernel.errors import Fault, Kind, conflict, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xinglin.record.door import Door

    Resource = Mapping[str, Any]

MOST = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents: of these Patients or with these identifiers, of these kinds, made in this time."""

    patients: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()  # of patients, as system|value
    visits: tuple[str, ...] = ()  # identifiers of encounters
    authors: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    most: int = MOST


def find(door: Door, wanted: Wanted) -> list[dict[str, Any]]:
    """The DocumentReferences, the latest first."""
    pairs: list[tuple[str, str]] = [("_sort", "-date"), ("_count", str(wanted.most))]
    if wanted.patients:
        pairs.append(("patient", ",".join(f"Patient/{one}" for one in wanted.patients)))
    if wanted.identifiers:
        pairs.append(("patient.identifier", ",".join(wanted.identifiers)))
    if wanted.visits:
        pairs.append(("encounter.identifier", ",".join(wanted.visits)))
    if wanted.authors:
        pairs.append(("author.identifier", ",".join(wanted.authors)))
    if wanted.codes:
        pairs.append(("type", ",".join(f"urn:oid:{KINDS}|{code}" for code in wanted.codes)))
    for prefix, text in (("ge", wanted.since), ("le", wanted.until)):
        if text and (moment := moments.to_fhir(text)):
            pairs.append(("date", prefix + moment))
    return _matches(door, "DocumentReference", pairs)


def _matches(door: Door, type_name: str, pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    return [one.stored.resource for one in door.search(type_name, pairs).entries if one.mode == "match"]


def by_number(door: Door, number: str) -> dict[str, Any]:
    """The DocumentReference of the document with this number; fault ``not_found``."""
    pairs = [("identifier", f"urn:oid:{NUMBER}|{number}"), ("_sort", "-date"), ("_count", "1")]
    found = _matches(door, "DocumentReference", pairs)
    if not found:
        raise not_found(gettext_noop("There is no document with the number %(number)s."), number=number)
    return found[0]


def original(door: Door, reference: Resource) -> bytes:
    """The document as it was received; fault ``not_found`` where it holds none, ``conflict`` where it was changed."""
    for content in reference.get("content", ()):
        attachment = content.get("attachment") or {}
        data = attachment.get("data")
        if data is None and str(attachment.get("url", "")).startswith("Binary/"):
            data = door.read("Binary", attachment["url"].partition("/")[2]).resource.get("data")
        if data is None:
            continue
        held = base64.b64decode(data)
        said = attachment.get("hash")
        if said and base64.b64encode(hashlib.sha1(held, usedforsecurity=False).digest()).decode() != said:
            raise conflict(
                gettext_noop("The document kept here is not the one that was received: its digest differs.")
            )
        return held
    raise not_found(gettext_noop("Of this document no original is kept."))


def composition_of(door: Door, reference: Resource) -> dict[str, Any] | None:
    """The Composition made of the document; None where there is none that may be seen."""
    for one in (reference.get("context") or {}).get("related", ()):
        type_name, _, id_ = str(one.get("reference", "")).partition("/")
        if type_name == "Composition":
            found = holding(door)(f"{type_name}/{id_}")
            return dict(found) if found is not None else None
    return None


def holding(door: Door, most: int = 2000) -> Callable[[str], Resource | None]:
    """Resources by reference through the door, each read once; None for what is not there or not for this actor."""
    known: dict[str, Resource | None] = {}

    def get(reference: str) -> Resource | None:
        if reference in known:
            return known[reference]
        type_name, _, id_ = reference.partition("/")
        found: Resource | None = None
        if id_ and "/" not in id_ and len(known) < most:
            try:
                found = door.read(type_name, id_).resource
            except Fault as fault:
                if fault.kind not in (Kind.NOT_FOUND, Kind.GONE, Kind.FORBIDDEN):
                    raise
        known[reference] = found
        return found

    return get


def written(door: Door, composition: Resource, reference: Resource | None = None) -> bytes:
    """A shared document made of a Composition in the record and what it refers to."""
    get = holding(door)
    document = from_record.document(composition, get, reference)
    if kinds.find(document.code) is None:
        raise not_found(gettext_noop("This Composition is of no kind of shared document that is known here."))
    return writing.write(document)


def said_of(references: Sequence[Resource]) -> list[dict[str, str]]:
    """What a list shows of documents."""
    return [
        {
            "id": str(one["id"]),
            "title": str(one.get("description") or (one.get("type") or {}).get("text") or ""),
            "code": next((str(c.get("code", "")) for c in (one.get("type") or {}).get("coding", ())), ""),
            "date": str(one.get("date", ""))[:16].replace("T", " "),
            "author": next((str(a.get("display", "")) for a in one.get("author", ())), ""),
            "custodian": str((one.get("custodian") or {}).get("display", "")),
            "status": str(one.get("status", "")),
        }
        for one in references
    ]
