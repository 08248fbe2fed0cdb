"""Departments: Organizations within an institution."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy

from xinglin.directory.kinds.kind import (
    Key,
    Kind,
    active,
    bare,
    concepts,
    given_code,
    held,
    id_from,
    own_code,
    scoped,
)
from xinglin.directory.resources import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from django.utils.functional import _StrPromise

    from xinglin.directory.kinds.kind import Resources, Values

_DEPARTMENT = {"coding": [{"system": parts.ORGANIZATION_TYPES, "code": "dept"}]}


class Departments(Kind):
    key: ClassVar[str] = "departments"
    label: ClassVar[_StrPromise] = gettext_lazy("Departments")
    main: ClassVar[str] = "Organization"
    entry: ClassVar[str] = "department"

    def finders(self, values: Values) -> Iterator[Key]:
        yield scoped("department", values["code"], values["institution"])
        yield Key("id", values["code"], values["institution"])
        yield Key("department name", values["name"], values["institution"])

    def known_as(self, values: Values) -> Iterator[Key]:
        yield scoped("department", values["code"], values["institution"])

    def new_id(self, values: Values) -> str | None:
        return id_from("dept", bare(values["institution"]), values["code"])

    def make(self, values: Values, former: Resources, ids: Mapping[str, str], today: date) -> Resources:
        old = former.get("Organization", {})
        types = concepts(
            old.get("type") or [_DEPARTMENT], parts.SPECIALTIES, values["specialty"], "specialties"
        )
        made = {
            "resourceType": "Organization",
            **old,
            "id": ids["Organization"],
            "identifier": parts.with_codes(
                old, {"department": given_code(values, old)}, values["institution"]
            ),
            "active": values["active"] != "no",
            "type": types,
            "name": values["name"],
            "telecom": parts.with_phone(old, values["phone"]),
            "partOf": held(old.get("partOf"), values["parent"] or values["institution"]),
        }
        return {"Organization": parts.tidied(made)}

    def show(self, resources: Resources, institution: str) -> Values:
        organization = resources["Organization"]
        above = parts.reference(organization.get("partOf")) or ""
        return {
            "institution": institution,
            "code": own_code(organization, "department"),
            "name": str(organization.get("name") or ""),
            "specialty": parts.coded_in(organization.get("type"), parts.SPECIALTIES),
            "parent": "" if above == institution else above,
            "phone": parts.phone(organization),
            "active": active(organization),
        }


DEPARTMENTS = Departments()
