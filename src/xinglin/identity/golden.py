"""The golden view: how a person is shown, computed from its Patients by survivorship rules, never stored.

Every field says where its value comes from, why it won, and what it won against.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xinglin.identity import queries, survivorship
from xinglin.identity.survivorship import Choice, Value
from xinglin.kernel import checkdigits
from xinglin.kernel.errors import Fault
from xinglin.record import queries as record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.identity.queries import Person
    from xinglin.record.database import Connection
    from xinglin.record.queries import Stored
    from xinglin.record.search import Access

_DOCUMENT_SYSTEMS = {
    "urn:oid:2.16.156.10011.1.3": "NI",
    "urn:oid:2.16.840.1.113883.2.23.1.19.1": "NI",
}
_DOCUMENTS = frozenset({"NI", "NNCHN", "PPN", "PRC", "BCT", "HC", "SS", "JHN", "DL", "MI"})


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is known: the winning value, why it won, and the others."""

    name: str  # as in Patient, but ``document:KIND`` and ``phone``
    value: Any
    patient: str
    institution: str
    why: str
    said_by: tuple[str, ...]
    losing: tuple[Choice, ...]

    @property
    def disputed(self) -> bool:
        return bool(self.losing)


@dataclass(frozen=True, slots=True)
class Golden:
    """A person's view. ``fields`` by name; ``sources`` are the Patients, as stored, in the order of the links."""

    person: Person
    fields: dict[str, Field]
    sources: tuple[Stored, ...]
    rules: str

    def value(self, name: str) -> Any:
        """The winning value of a field, None if nobody says one."""
        found = self.fields.get(name)
        return found.value if found else None


def view(connection: Connection, person_id: str, access: Access | None = None) -> Golden | None:
    """The view of a person, None if there is none; the caller notes the look.

    With ``access`` (a policy's) it is made of the Patients that may be seen, and names no other.
    """
    person = queries.person(connection, person_id)
    if person is None:
        return None
    sources = tuple(_sources(connection, person.patients, access))
    if access is not None:
        seen = {stored.id for stored in sources}
        person = replace(person, links=tuple(link for link in person.links if link.id in seen))
    return Golden(person, _fields(sources), sources, survivorship.rules().version)


def _sources(connection: Connection, patients: Sequence[str], access: Access | None) -> Iterator[Stored]:
    for id_ in patients:
        try:
            yield record.read(connection, "Patient", id_, access)
        except Fault:
            continue  # deleted at this moment


def of_resources(sources: Sequence[Stored]) -> dict[str, Field]:
    """The fields of some Patients as if they were one person: for the preview of a merge."""
    return _fields(sources)


def _fields(sources: Sequence[Stored]) -> dict[str, Field]:
    values: dict[str, list[Value]] = {}
    for stored in sources:
        for name, value in _said(stored):
            values.setdefault(name, []).append(value)
    fields = {}
    for name, said in values.items():
        winner, *others = survivorship.choose(name.partition(":")[0], said)
        best = winner.best
        fields[name] = Field(
            name, best.value, best.patient, best.institution, winner.why,
            tuple(one.patient for one in winner.said_by), tuple(others),
        )  # fmt: skip
    return fields


def institution_of(resource: dict[str, Any]) -> str:
    """Who keeps a Patient: the reference of managingOrganization, else meta.source, else nothing."""
    organization = resource.get("managingOrganization") or {}
    identifier = organization.get("identifier") or {}
    return (
        organization.get("reference")
        or "|".join(filter(None, (identifier.get("system"), identifier.get("value"))))
        or resource.get("meta", {}).get("source")
        or ""
    )


def _said(stored: Stored) -> Iterator[tuple[str, Value]]:
    """What a Patient says, field by field."""
    resource = stored.resource
    institution = institution_of(resource)

    def value(what: Any, key: Any, *, valid: bool = True) -> Value:
        return Value(what, key, stored.id, institution, stored.moment, valid)

    yield from _plain(resource, value)
    for identifier in resource.get("identifier", []):
        kind = document_kind(identifier)
        if kind is not None:
            number = "".join(str(identifier["value"]).split()).upper()
            yield f"document:{kind}", value(identifier, number, valid=kind != "NI" or _is_valid(number))
    for telecom in resource.get("telecom", []):
        if telecom.get("system") in ("phone", "sms") and telecom.get("value"):
            yield "phone", value(telecom, "".join(c for c in telecom["value"] if c.isdigit())[-11:])
    for address in resource.get("address", [])[:1]:
        yield "address", value(address, address.get("text") or str(sorted(address.items(), key=str)))
    yield from _rest(resource, value)


def _plain(resource: dict[str, Any], value: Any) -> Iterator[tuple[str, Value]]:
    name = _official(resource.get("name", []))
    if name is not None:
        yield "name", value(name, name_text(name))
    for plain in ("gender", "birthDate"):
        if plain in resource:
            valid = resource[plain] != "unknown" and not str(resource[plain]).endswith("-01-01")
            yield plain, value(resource[plain], resource[plain], valid=valid)
    for member in ("deceasedDateTime", "deceasedBoolean"):
        if resource.get(member):
            yield "deceased", value({member: resource[member]}, member + str(resource[member])[:10])


def _rest(resource: dict[str, Any], value: Any) -> Iterator[tuple[str, Value]]:
    if "maritalStatus" in resource:
        yield "maritalStatus", value(resource["maritalStatus"], str(resource["maritalStatus"]))
    for contact in resource.get("contact", []):
        yield "contact", value(contact, name_text(contact.get("name", {})) or str(contact))
    for member in ("multipleBirthInteger", "multipleBirthBoolean"):
        if member in resource:
            yield "multipleBirth", value({member: resource[member]}, str(resource[member]))
    if "communication" in resource:
        yield "communication", value(resource["communication"], str(resource["communication"]))


def _official(names: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    order = {"official": 0, "usual": 1, None: 2}
    return min(names, key=lambda one: order.get(one.get("use"), 3), default=None)


def name_text(name: dict[str, Any]) -> str:
    """A HumanName in one piece: as written, or surname and given name."""
    return str(name.get("text") or name.get("family", "") + "".join(name.get("given", [])))


def document_kind(identifier: dict[str, Any]) -> str | None:
    """The kind of document an Identifier is of (v2 table 0203), None for an institution's own number."""
    if not identifier.get("value"):
        return None
    known = _DOCUMENT_SYSTEMS.get(identifier.get("system", ""))
    codes = [coding.get("code") for coding in identifier.get("type", {}).get("coding", [])]
    return known or next(("NI" if c == "NNCHN" else c for c in codes if c in _DOCUMENTS), None)


def _is_valid(number: str) -> bool:
    return len(number) == 18 and number[:17].isdigit() and checkdigits.resident(number[:17]) == number[17]


def as_patient(golden: Golden) -> dict[str, Any]:
    """The view as a Patient: all identifiers, and a link to every source. Its id is the person's."""
    fields = golden.fields
    made: dict[str, Any] = {"resourceType": "Patient", "id": golden.person.id, "active": True}
    identifiers = {
        (one.get("system"), one.get("value")): one
        for stored in golden.sources
        for one in stored.resource.get("identifier", [])
        if document_kind(one) is None
    }
    documents = [field.value for name, field in sorted(fields.items()) if name.startswith("document:")]
    members: dict[str, Any] = {
        "identifier": documents + list(identifiers.values()),
        "name": _listed(fields, "name"),
        "telecom": _listed(fields, "phone"),
        "gender": golden.value("gender"),
        "birthDate": golden.value("birthDate"),
        **(golden.value("deceased") or {}),
        "address": _listed(fields, "address"),
        "maritalStatus": golden.value("maritalStatus"),
        **(golden.value("multipleBirth") or {}),
        "contact": _listed(fields, "contact"),
        "communication": golden.value("communication"),
        "link": [
            {"other": {"reference": f"Patient/{id_}"}, "type": "seealso"} for id_ in golden.person.patients
        ],
    }
    return made | {name: value for name, value in members.items() if value not in (None, [])}


def _listed(fields: dict[str, Field], name: str) -> list[Any]:
    return [fields[name].value] if name in fields else []
