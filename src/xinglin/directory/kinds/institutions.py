"""Institutions: an Organization and the Location where it is (mCSD's facility)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy, gettext_noop

from xinglin.directory.kinds.kind import INSTITUTION_SCHEMES, Key, Kind, held, id_from
from xinglin.directory.resources import parts, reading
from xinglin.directory.rules import codes, tables
from xinglin.directory.rules.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from django.utils.functional import _StrPromise

    from xinglin.directory.kinds.kind import Resource, Resources, Values

_IN_BUSINESS = "0"
_TYPES = (
    parts.INSTITUTION_KINDS,
    parts.INSTITUTION_LEVELS,
    parts.MANAGEMENT_KINDS,
)


class Institutions(Kind):
    key: ClassVar[str] = "institutions"
    label: ClassVar[_StrPromise] = gettext_lazy("Institutions")
    main: ClassVar[str] = "Organization"
    second: ClassVar[str] = "Location"
    entry: ClassVar[str] = "institution"
    numbers: ClassVar[tuple[str, ...]] = INSTITUTION_SCHEMES
    lacking: ClassVar[str] = gettext_noop("An institution needs at least one of its codes.")

    def finders(self, values: Values) -> Iterator[Key]:
        for scheme in INSTITUTION_SCHEMES:
            if values.get(scheme):
                yield Key("institution", codes.normal("orgcode", values[scheme]))

    def new_id(self, values: Values) -> str | None:
        scheme = next(s for s in INSTITUTION_SCHEMES if values.get(s))
        return id_from("org", values[scheme])

    def check(self, values: Values) -> Iterable[Problem]:
        if bool(values.get("latitude")) != bool(values.get("longitude")):
            empty = "longitude" if values.get("latitude") else "latitude"
            yield Problem(gettext_noop("Latitude and longitude are given together."), column=empty)
        if values.get("uscc") and values.get("orgcode") and values["uscc"][8:17] != values["orgcode"]:
            message = gettext_noop(
                "The social credit code has the organization code %(inner)s in it, which is another."
            )
            yield Problem(message, {"inner": values["uscc"][8:17]}, "orgcode", doubt=True)

    def make(self, values: Values, former: Resources, ids: Mapping[str, str], today: date) -> Resources:
        organization = self._organization(values, former.get("Organization", {}), ids["Organization"])
        site = self._site(values, former.get("Location", {}), ids)
        return {"Organization": organization, "Location": site}

    def _organization(self, values: Values, former: Resource, id_: str) -> Resource:
        state = values.get("state") or _IN_BUSINESS
        told = {"url": parts.OPERATING_STATE, "valueCode": state}
        was_told = parts.extension(former, parts.OPERATING_STATE) is not None
        said = [told] if state != _IN_BUSINESS or was_told else []
        address = {**_address(former)}
        address.pop("text", None)
        if values.get("address"):
            address = {**address, "text": values["address"]}
        return parts.tidied(
            {
                "resourceType": "Organization",
                **former,
                "id": id_,
                "extension": parts.with_extension(former, parts.OPERATING_STATE, *said),
                "identifier": parts.with_codes(
                    former, {scheme: values.get(scheme, "") for scheme in INSTITUTION_SCHEMES}
                ),
                "active": state == _IN_BUSINESS,
                "type": _types(values, former),
                "name": values["name"],
                "alias": [text for text in values.get("alias", "").split(";") if text],
                "telecom": parts.with_phone(former, values.get("phone", "")),
                "address": [address] if values.get("address") else [],
                "partOf": held(former.get("partOf"), values.get("parent", "")),
            }
        )

    def _site(self, values: Values, former: Resource, ids: Mapping[str, str]) -> Resource:
        position = None
        if values.get("latitude") and values.get("longitude"):
            position = {
                **(former.get("position") or {}),
                "latitude": float(values["latitude"]),
                "longitude": float(values["longitude"]),
            }
        closed = (values.get("state") or _IN_BUSINESS) != _IN_BUSINESS
        address = {**(former.get("address") or {}), "text": values.get("address", "")}
        made = {
            "resourceType": "Location",
            "mode": "instance",
            "physicalType": parts.concept(parts.PHYSICAL_TYPES, "si", "Site"),
            **former,
            "id": ids["Location"],
            "status": "inactive" if closed else "active",
            "name": values["name"],
            "address": address if values.get("address") else None,
            "position": position,
            "managingOrganization": former.get("managingOrganization")
            or {"reference": f"Organization/{ids['Organization']}"},
            "partOf": held(former.get("partOf"), values.get("division", "")),
        }
        if not former:
            made["type"] = [parts.FACILITY_TYPE]
        return parts.tidied(made)

    def show(self, resources: Resources, institution: str) -> Values:
        organization, site = resources["Organization"], resources.get("Location", {})
        position = site.get("position") or {}
        types = organization.get("type") or ()
        state = parts.extension(organization, parts.OPERATING_STATE)
        return {
            **{scheme: parts.code_of(organization, scheme) for scheme in INSTITUTION_SCHEMES},
            "name": str(organization.get("name") or ""),
            "alias": ";".join(organization.get("alias") or ()),
            "kind": parts.coded_in(types, parts.INSTITUTION_KINDS),
            "level": _level(organization),
            "management": parts.coded_in(types, parts.MANAGEMENT_KINDS),
            "state": str(state or ("3" if organization.get("active") is False else _IN_BUSINESS)),
            "division": parts.reference(site.get("partOf")) or "",
            "address": str(_address(organization).get("text") or ""),
            "latitude": _degrees(position.get("latitude")),
            "longitude": _degrees(position.get("longitude")),
            "phone": parts.phone(organization),
            "parent": parts.reference(organization.get("partOf")) or "",
        }


def _types(values: Values, former: Resource) -> list[Resource]:
    """Class, level and management as types; the words of a former one stay where its codes do."""
    made = []
    for column, system, table in (
        ("kind", parts.INSTITUTION_KINDS, "institution_kinds"),
        ("level", parts.INSTITUTION_LEVELS, "institution_levels"),
        ("management", parts.MANAGEMENT_KINDS, "management_kinds"),
    ):
        code = values.get(column, "")
        entry = tables.table(table).get(code)
        if entry is not None:
            made.append(parts.concept(system, code, entry.name))
    if not former:
        return [*made, parts.FACILITY_TYPE]
    standing = former.get("type") or []
    if standing and _said(standing) == _said(made):
        return list(standing)  # the same in the sender's own words
    return made + [t for t in parts.without(standing, *_TYPES) if t.get("coding")]


def _said(types: Iterable[Resource]) -> tuple[str, str, str]:
    listed = list(types)
    level = reading.level_of({"type": listed})
    return (
        parts.coded_in(listed, parts.INSTITUTION_KINDS),
        level if level in tables.table("institution_levels") else "",
        parts.coded_in(listed, parts.MANAGEMENT_KINDS),
    )


def _level(organization: Resource) -> str:
    level = reading.level_of(organization)
    return level if level in tables.table("institution_levels") else ""


def _address(organization: Resource) -> Resource:
    found: Resource = next(iter(organization.get("address") or ({},)))
    return found


def _degrees(value: object) -> str:
    return repr(float(str(value))) if value is not None else ""


INSTITUTIONS = Institutions()
