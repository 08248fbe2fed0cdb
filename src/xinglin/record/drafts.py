"""A version of a resource on its way into the record: checked, indexed, packed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions, validation
from xinglin.fhir.index import keys
from xinglin.kernel.errors import Fault, Issue, Kind
from xinglin.kernel.ids import SHARDS, VersionNumbers, make_id, self_number, shard_of
from xinglin.record import packing, parameters, texts
from xinglin.record.policy import sensitivity

if TYPE_CHECKING:
    from collections.abc import Sequence

numbers = VersionNumbers()
_PATIENT_ELEMENTS = ("subject", "patient", "beneficiary")


@dataclass(slots=True)
class Draft:
    """One version: its place, and, once ``finish`` has been called, its index entries and its body."""

    type_name: str
    type: int
    id: str
    number: int
    shard: int
    resource: dict[str, Any]
    version: int = 1
    vid: int = 0
    date: float | None = None
    patient: int = 0
    tokens: list[int] = field(default_factory=list)
    ranges: list[tuple[int, int, float, float]] = field(default_factory=list)
    strings: list[tuple[int, str]] = field(default_factory=list)
    text: bytes = b""
    body: bytes = b""

    @property
    def json(self) -> bytes:
        """The whole resource as it will be read."""
        return packing.render(self.type_name, self.id, self.version, self.vid, self.text)


def named(type_name: str, id_: str, resource: dict[str, Any]) -> Draft:
    """A draft for an id that is already known."""
    return Draft(
        type_name,
        definitions.type_number(type_name),
        id_,
        self_number(type_name, id_),
        shard_of(type_name, id_),
        resource,
    )


def unnamed(type_name: str, vid: int, shard: int, resource: dict[str, Any]) -> Draft:
    """A draft for a resource that gets its id from us."""
    made = Draft(type_name, definitions.type_number(type_name), make_id(vid, shard), vid, shard, resource)
    made.vid = vid
    return made


def home(vid: int, resource: dict[str, Any], patients: dict[str, str]) -> int:
    """The shard for a new resource: its patient's, where it names one, so that a record lies together.

    ``patients`` maps what references may say of patients in the same bundle to ``Patient/id``.
    """
    for name in _PATIENT_ELEMENTS:
        holder = resource.get(name)
        if isinstance(holder, dict):
            reference = holder.get("reference")
            if isinstance(reference, str):
                reference = patients.get(reference, reference)
                if reference.startswith("Patient/"):
                    return shard_of("Patient", reference[8:])
    return (vid * 0x9E3779B97F4A7C15 >> 40) % SHARDS


def check(resources: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Validate resources, each with the FHIRPath where it stands; raise one fault with every issue."""
    issues: list[Issue] = []
    for place, resource in resources:
        issues += (
            i for i in validation.check(resource, expression_prefix=place) if i.severity in ("error", "fatal")
        )
    if issues:
        raise Fault(Kind.INVALID, issues)


def finish(draft: Draft, text: bytes) -> None:
    """Index and pack; ``text`` is what ``packing.members`` gives, the references in their final form."""
    index(draft, text)
    draft.text = text
    draft.body = packing.pack(text)


def index(draft: Draft, text: bytes = b"") -> None:
    """Give the draft its index entries, by the search parameters that are in force; ``text`` as for ``finish``."""
    resource = draft.resource
    if resource.get("id") != draft.id:
        resource["id"] = draft.id
    entries = parameters.extractor(draft.type_name)(resource)
    draft.tokens, draft.ranges = entries.tokens, entries.ranges
    draft.tokens += map(keys.member_hash, entries.others)
    draft.tokens += sensitivity.tokens(resource, text, several=bool(entries.others))
    draft.strings = texts.share(entries.strings, parameters.text_keys(draft.type_name), draft.tokens)
    draft.date, draft.patient = entries.date, entries.patient
