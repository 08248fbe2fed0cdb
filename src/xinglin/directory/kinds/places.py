"""Places and beds, as Locations, and equipment, as Devices that an institution owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy, gettext_noop

from xinglin.directory.kinds.kind import (
    Key,
    Kind,
    bare,
    concepts,
    given_code,
    held,
    id_from,
    own_code,
    scoped,
)
from xinglin.directory.resources import parts
from xinglin.directory.rules import tables
from xinglin.directory.rules.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from django.utils.functional import _StrPromise

    from xinglin.directory.kinds.kind import Resource, Resources, Values


class Places(Kind):
    key: ClassVar[str] = "places"
    label: ClassVar[_StrPromise] = gettext_lazy("Places")
    main: ClassVar[str] = "Location"
    entry: ClassVar[str] = "place"

    def finders(self, values: Values) -> Iterator[Key]:
        yield scoped("place", values["code"], values["institution"])
        yield Key("id", values["code"], values["institution"])

    def new_id(self, values: Values) -> str | None:
        return id_from("place", bare(values["institution"]), values["code"])

    def check(self, values: Values) -> Iterable[Problem]:
        if bool(values.get("latitude")) != bool(values.get("longitude")):
            empty = "longitude" if values.get("latitude") else "latitude"
            yield Problem(gettext_noop("Latitude and longitude are given together."), column=empty)

    def make(self, values: Values, former: Resources, ids: Mapping[str, str], today: date) -> Resources:
        old = former.get("Location", {})
        position = None
        if values["latitude"] and values["longitude"]:
            given = {"latitude": float(values["latitude"]), "longitude": float(values["longitude"])}
            position = {**(old.get("position") or {}), **given}
        address = {**(old.get("address") or {}), "text": values["address"]}
        made = {
            "resourceType": "Location",
            "mode": "instance",
            **old,
            "id": ids["Location"],
            "identifier": parts.with_codes(old, {"place": given_code(values, old)}, values["institution"]),
            "status": _status(old, values["active"]),
            "name": values["name"],
            "telecom": parts.with_phone(old, values["phone"]),
            "address": address if values["address"] else None,
            "physicalType": _physical(old, values["kind"]),
            "position": position,
            "managingOrganization": old.get("managingOrganization") or {"reference": values["institution"]},
            "partOf": held(old.get("partOf"), values["parent"]),
        }
        return {"Location": parts.tidied(made)}

    def show(self, resources: Resources, institution: str) -> Values:
        location = resources["Location"]
        position = location.get("position") or {}
        return {
            "institution": institution,
            "code": own_code(location, "place"),
            "name": str(location.get("name") or ""),
            "kind": parts.coded(location.get("physicalType"), parts.PHYSICAL_TYPES),
            "parent": parts.reference(location.get("partOf")) or "",
            "address": str((location.get("address") or {}).get("text") or ""),
            "latitude": _degrees(position.get("latitude")),
            "longitude": _degrees(position.get("longitude")),
            "phone": parts.phone(location),
            "active": _open(location),
        }


class Beds(Kind):
    key: ClassVar[str] = "beds"
    label: ClassVar[_StrPromise] = gettext_lazy("Beds")
    main: ClassVar[str] = "Location"
    entry: ClassVar[str] = "bed"

    def finders(self, values: Values) -> Iterator[Key]:
        yield scoped("bed", values["code"], values["institution"])
        yield Key("id", values["code"], values["institution"])

    def new_id(self, values: Values) -> str | None:
        return id_from("bed", bare(values["institution"]), values["code"])

    def make(self, values: Values, former: Resources, ids: Mapping[str, str], today: date) -> Resources:
        old = former.get("Location", {})
        state = tables.table("bed_states").get(values["state"])
        standing = old.get("operationalStatus") or {}
        told = {"system": parts.BED_STATES, "code": state.code, "display": state.english} if state else None
        made = {
            "resourceType": "Location",
            "mode": "instance",
            **old,
            "id": ids["Location"],
            "identifier": parts.with_codes(old, {"bed": given_code(values, old)}, values["institution"]),
            "status": _status(old, values["active"]),
            "operationalStatus": standing if state and standing.get("code") == state.code else told,
            "name": values["name"] or values["code"],
            "physicalType": _physical(old, "bd"),
            "managingOrganization": held(
                old.get("managingOrganization"), values["department"] or values["institution"]
            ),
            "partOf": held(old.get("partOf"), values["place"]),
        }
        return {"Location": parts.tidied(made)}

    def show(self, resources: Resources, institution: str) -> Values:
        location = resources["Location"]
        owner = parts.reference(location.get("managingOrganization")) or ""
        return {
            "institution": institution,
            "code": own_code(location, "bed"),
            "name": str(location.get("name") or ""),
            "place": parts.reference(location.get("partOf")) or "",
            "department": "" if owner == institution else owner,
            "state": str((location.get("operationalStatus") or {}).get("code") or ""),
            "active": _open(location),
        }


class Equipment(Kind):
    key: ClassVar[str] = "equipment"
    label: ClassVar[_StrPromise] = gettext_lazy("Equipment")
    main: ClassVar[str] = "Device"
    entry: ClassVar[str] = "equipment"

    def finders(self, values: Values) -> Iterator[Key]:
        yield scoped("equipment", values["code"], values["institution"])
        yield Key("id", values["code"], values["institution"])

    def new_id(self, values: Values) -> str | None:
        return id_from("dev", bare(values["institution"]), values["code"])

    def check(self, values: Values) -> Iterable[Problem]:
        if values.get("made") and values.get("expires") and values["expires"] < values["made"]:
            yield Problem(gettext_noop("This is before the day on which it was made."), column="expires")

    def make(self, values: Values, former: Resources, ids: Mapping[str, str], today: date) -> Resources:
        old = former.get("Device", {})
        names = [n for n in old.get("deviceName") or () if n.get("type") != "user-friendly-name"]
        kind = concepts([old["type"]] if old.get("type") else [], parts.EQUIPMENT_KINDS, values["kind"],
                        "equipment_kinds")  # fmt: skip
        made = {
            "resourceType": "Device",
            **old,
            "id": ids["Device"],
            "identifier": parts.with_codes(
                old, {"equipment": given_code(values, old)}, values["institution"]
            ),
            "status": values["state"] or "active",
            "manufacturer": values["manufacturer"],
            "modelNumber": values["model"],
            "serialNumber": values["serial"],
            "manufactureDate": values["made"],
            "expirationDate": values["expires"],
            "deviceName": [{"name": values["name"], "type": "user-friendly-name"}, *names],
            "type": kind[0] if kind else None,
            "owner": old.get("owner") or {"reference": values["institution"]},
            "location": held(old.get("location"), values["place"]),
        }
        return {"Device": parts.tidied(made)}

    def show(self, resources: Resources, institution: str) -> Values:
        device = resources["Device"]
        names = device.get("deviceName") or ()
        return {
            "institution": institution,
            "code": own_code(device, "equipment"),
            "name": next((str(n.get("name")) for n in names if n.get("name")), ""),
            "kind": parts.coded(device.get("type"), parts.EQUIPMENT_KINDS),
            "manufacturer": str(device.get("manufacturer") or ""),
            "model": str(device.get("modelNumber") or ""),
            "serial": str(device.get("serialNumber") or ""),
            "made": str(device.get("manufactureDate") or "")[:10],
            "expires": str(device.get("expirationDate") or "")[:10],
            "place": parts.reference(device.get("location")) or "",
            "state": str(device.get("status") or "active"),
        }


def _physical(old: Resource, code: str) -> Resource:
    standing = old.get("physicalType")
    if standing and parts.coded(standing, parts.PHYSICAL_TYPES) == code:
        return dict(standing)
    entry = tables.table("place_kinds").get(code)
    return parts.concept(parts.PHYSICAL_TYPES, code, entry.english if entry else "Bed")


def _status(old: Resource, active: str) -> str:
    if active == "no":
        return "inactive"
    return "suspended" if old.get("status") == "suspended" else "active"


def _open(location: Resource) -> str:
    return "no" if location.get("status") == "inactive" else "yes"


def _degrees(value: object) -> str:
    return repr(float(str(value))) if value is not None else ""


PLACES, BEDS, EQUIPMENT = Places(), Beds(), Equipment()
