"""A resource's row in the directory: what kind of thing it is, its names, codes and what it is part of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.directory.resources import parts
from xinglin.directory.rules import codes, days, divisions, spelling, tables
from xinglin.directory.rules.problems import Wrong
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from xinglin.directory.resources.parts import Resource

_STATUS = {"0": "active", "1": "planned", "2": "suspended", "3": "closed"}
_LOCATION_STATUS = {"active": "active", "suspended": "suspended", "inactive": "inactive"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of ``directory_entry`` with its codes and keys."""

    type: str
    id: str
    kind: str
    name: str
    owner: str | None = None
    parent: str | None = None
    category: str = ""
    level: str = ""
    status: str = "active"
    codes: tuple[tuple[str, str, str, bool], ...] = ()
    keys: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Registration:
    """One certificate of a practitioner; the days are half open."""

    kind: str
    label: str
    number: str
    issuer: str
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Role:
    """What somebody is at an organization; the days are half open."""

    practitioner: str
    organization: str
    post: str
    title: str
    specialty: str
    start: date | None
    end: date | None
    active: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """What a Location says of a division."""

    code: str
    phases: tuple[divisions.Phase, ...]
    successions: tuple[divisions.Succession, ...] = ()
    parent: str | None = field(
        default=None
    )  # id of the Location it is part of, where no phase names a parent


def entry(resource: Resource) -> Entry | None:
    """The directory's row for a resource; None for one that is none of the directory's."""
    maker = _ENTRIES.get(str(resource.get("resourceType")))
    return maker(resource) if maker else None


def _made(resource: Resource, kind: str, name: str, **more: Any) -> Entry:
    if kind == "practitioner":
        keys = spelling.personal_keys(name)
    else:
        keys = [key for said in (name, *_aliases(resource)) for key in spelling.long_keys(said)]
    known = tuple(
        (scheme, value, within if codes.schemes()[scheme].within else "", codes.is_sound(scheme, value))
        for scheme, value, within in dict.fromkeys(parts.identified(resource))
    )
    return Entry(
        resource["resourceType"], resource["id"], kind, name,
        codes=known, keys=tuple(dict.fromkeys(k for k in keys if k[1])), **more,
    )  # fmt: skip


def _aliases(resource: Resource) -> list[str]:
    alias = resource.get("alias") or ()
    return [text for text in alias if isinstance(text, str)]


def _organization(resource: Resource) -> Entry:
    types = resource.get("type") or ()
    parent = parts.reference(resource.get("partOf"))
    name = str(resource.get("name") or "")
    active = resource.get("active") is not False
    if parts.coded_in(types, parts.ORGANIZATION_TYPES) == "dept":
        status = "active" if active else "inactive"
        specialty = parts.coded_in(types, parts.SPECIALTIES)
        return _made(
            resource, "department", name, owner=parent, parent=parent, category=specialty, status=status
        )
    state = parts.extension(resource, parts.OPERATING_STATE)
    status = _STATUS.get(str(state), "active") if active or state else "inactive"
    return _made(
        resource, "institution", name, parent=parent, status=status,
        category=parts.coded_in(types, parts.INSTITUTION_KINDS), level=level_of(resource),
    )  # fmt: skip


def level_of(resource: Resource) -> str:
    """The code of an institution's level; the words of a type's text where they are a level's name."""
    types = resource.get("type") or ()
    code = parts.coded_in(types, parts.INSTITUTION_LEVELS)
    if code:
        return code
    for one in types:
        try:
            return tables.code_in("institution_levels", str(one.get("text") or "-"))
        except Wrong:
            continue
    return next((str(one["text"]) for one in types if one.get("text")), "")


def _location(resource: Resource) -> Entry:
    name = str(resource.get("name") or "")
    status = _LOCATION_STATUS.get(str(resource.get("status") or "active"), "active")
    owner = parts.reference(resource.get("managingOrganization"))
    parent = parts.reference(resource.get("partOf"))
    physical = parts.coded(resource.get("physicalType"), parts.PHYSICAL_TYPES)
    if parts.code_of(resource, "division"):
        return _made(resource, "division", name, parent=parent, status=status)
    kind = {"bd": "bed", "si": "site"}.get(physical, "place")
    state = str((resource.get("operationalStatus") or {}).get("code") or "")
    return _made(
        resource, kind, name, owner=owner, parent=parent, status=status,
        category=state if kind == "bed" else physical,
    )  # fmt: skip


def _practitioner(resource: Resource) -> Entry:
    status = "inactive" if resource.get("active") is False else "active"
    return _made(
        resource, "practitioner", name_of(resource), status=status, category=str(resource.get("gender") or "")
    )


def name_of(resource: Resource) -> str:
    """The name of a person as it is written in one line."""
    for name in resource.get("name") or ():
        if name.get("text"):
            return str(name["text"])
        said = [*(name.get("given") or ()), name.get("family")]
        words = [str(word) for word in said if word]
        if words:
            return " ".join(words)
    return ""


def _service(resource: Resource) -> Entry:
    status = "inactive" if resource.get("active") is False else "active"
    owner = parts.reference(resource.get("providedBy"))
    category = parts.coded_in(resource.get("category"), parts.SERVICE_KINDS)
    return _made(
        resource, "service", str(resource.get("name") or ""), owner=owner, category=category, status=status
    )


def _device(resource: Resource) -> Entry | None:
    """Equipment of an institution; a device in somebody's body is nothing of the directory."""
    if resource.get("patient") or not resource.get("owner"):
        return None
    names = resource.get("deviceName") or ()
    name = next((str(n.get("name")) for n in names if n.get("name")), str(resource.get("modelNumber") or ""))
    return _made(
        resource, "equipment", name, owner=parts.reference(resource.get("owner")),
        parent=parts.reference(resource.get("location")),
        category=parts.coded(resource.get("type"), parts.EQUIPMENT_KINDS),
        status="active" if resource.get("status", "active") == "active" else "inactive",
    )  # fmt: skip


_ENTRIES = {
    "Organization": _organization,
    "Location": _location,
    "Practitioner": _practitioner,
    "HealthcareService": _service,
    "Device": _device,
}


def registrations(resource: Resource) -> Iterator[Registration]:
    """The certificates of a Practitioner, in their order."""
    for one in resource.get("qualification") or ():
        found = list(parts.identified(one))
        number = next((str(i.get("value") or "") for i in one.get("identifier") or ()), "")
        concept = one.get("code") or {}
        kind = found[0][0] if found else parts.coded(concept, parts.REGISTRATIONS)
        label = concept.get("text") or next((c.get("display") for c in concept.get("coding") or ()), "")
        issuer = (one.get("issuer") or {}).get("display")
        yield Registration(
            kind, str(label or ""), found[0][1] if found else number, str(issuer or ""),
            *span(one.get("period")),
        )  # fmt: skip


def span(period: Any) -> tuple[date | None, date | None]:
    """The half-open days of a FHIR period."""
    return days.first((period or {}).get("start")), days.first_after((period or {}).get("end"))


def role(resource: Resource) -> Role | None:
    """What a PractitionerRole says; None where it names no person or no organization."""
    practitioner = parts.id_in(resource.get("practitioner"), "Practitioner")
    organization = parts.id_in(resource.get("organization"), "Organization")
    if practitioner is None or organization is None:
        return None
    said = resource.get("code") or ()
    title = parts.coded_in(said, parts.TITLES)
    words = next((str(one["text"]) for one in said if one.get("text")), "")
    specialties = resource.get("specialty") or ()
    specialty = parts.coded_in(specialties, parts.SPECIALTIES)
    return Role(
        practitioner, organization, parts.coded_in(said, parts.POSTS), title or words,
        specialty or next((str(one["text"]) for one in specialties if one.get("text")), ""),
        *span(resource.get("period")), resource.get("active") is not False,
    )  # fmt: skip


def tree(resource: Resource) -> Tree | None:
    """What a Location says of a division. Raises Fault (invalid) for codes and days that cannot be."""
    code = parts.code_of(resource, "division")
    if not code:
        return None
    try:
        code = divisions.full(code)
        phases = list(_phases(resource, code))
        successions = list(_successions(resource, code))
        for phase in phases:
            divisions.require_span(phase.start, phase.end)
            if phase.parent is not None:
                divisions.require_parent(code, phase.parent)
        both = divisions.overlapping(phases)
        if both is not None:
            raise Wrong(
                gettext_noop("Two phases of %(division)s hold on one day: %(one)s and %(other)s."),
                division=divisions.head(code), one=both[0].name, other=both[1].name,
            )  # fmt: skip
        for succession in successions:
            divisions.require_succession(succession, phases)
    except Wrong as wrong:
        raise invalid(wrong.problem.message, expression="Location", **wrong.problem.params) from wrong
    if phases:
        return Tree(code, tuple(phases), tuple(successions))
    name = str(resource.get("name") or "")
    open_ = divisions.Phase(code, name, urban_rural=str(parts.extension(resource, parts.URBAN_RURAL) or ""))
    return Tree(code, (open_,), tuple(successions), parts.id_in(resource.get("partOf"), "Location"))


def _members(extension: Any) -> dict[str, Any]:
    """The parts of an extension: url → value."""
    return {
        str(part.get("url")): next((v for name, v in part.items() if name.startswith("value")), None)
        for part in extension.get("extension") or ()
    }


def _phases(resource: Resource, code: str) -> Iterator[divisions.Phase]:
    for one in resource.get("extension") or ():
        if one.get("url") == parts.PHASE:
            said = _members(one)
            parent = said.get("parent")
            yield divisions.Phase(
                code, str(said.get("name") or ""), divisions.full(str(parent)) if parent else None,
                *span(said.get("period")), str(said.get("class") or ""),
            )  # fmt: skip


def _successions(resource: Resource, code: str) -> Iterator[divisions.Succession]:
    for one in resource.get("extension") or ():
        if one.get("url") == parts.SUCCESSOR:
            said = _members(one)
            day = days.first(said.get("day"))
            if day is None:
                raise Wrong(
                    gettext_noop("A successor of %(division)s has no day."), division=divisions.head(code)
                )
            latter = divisions.full(str(said.get("code") or ""))
            yield divisions.Succession(code, latter, day, str(said.get("kind") or "recoded"))
