"""Persons as nodes speak of them: an identity number, or its keyed hash."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from xinglin.identity import identifiers
from xinglin.kernel.actor import SYSTEM
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.kernel.actor import Actor


def hash_of(key: bytes, number: str) -> str:
    """The pseudonym of an identity number in the index."""
    return hmac.new(key, f"xinglin-person\0{number}".encode(), "sha256").hexdigest()


def numbers(patient: dict[str, Any]) -> list[str]:
    """The identity numbers of a Patient that prove themselves by their check digit."""
    read = filter(None, map(identifiers.read, patient.get("identifier", ())))
    return list(dict.fromkeys(one.number for one in read if one.proof == identifiers.Proof.PROVEN))


def before(id_: str) -> Iterable[str]:
    """The identity numbers of all versions of a Patient that is gone."""
    from xinglin.record.queries import Span  # noqa: PLC0415 -- only here

    versions = open_as(SYSTEM).history("Patient", id_, Span(count=20))
    return dict.fromkeys(
        number for one in versions if one.body is not None for number in numbers(one.resource)
    )


def holders_of(number: str, actor: Actor) -> list[str]:
    """The ids of the Patients here that have an identity number, as the actor may find them."""
    page = open_as(actor).search("Patient", [("identifier", f"|{number}"), ("_count", "50")])
    found = [entry.stored for entry in page.entries]
    if not found:
        page = open_as(actor).search("Patient", [("identifier", number), ("_count", "50")])
        found = [entry.stored for entry in page.entries]
    return [one.id for one in found if number in numbers(one.resource)]
