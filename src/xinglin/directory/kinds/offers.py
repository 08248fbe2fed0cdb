"""Services: what an institution or a department offers, as HealthcareServices."""

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

    from xinglin.directory.kinds.kind import Resource, Resources, Values


class Services(Kind):
    key: ClassVar[str] = "services"
    label: ClassVar[_StrPromise] = gettext_lazy("Services")
    main: ClassVar[str] = "HealthcareService"
    entry: ClassVar[str] = "service"

    def finders(self, values: Values) -> Iterator[Key]:
        yield scoped("service", values["code"], values["institution"])
        yield Key("id", values["code"], values["institution"])

    def new_id(self, values: Values) -> str | None:
        return id_from("serv", bare(values["institution"]), values["code"])

    def make(self, values: Values, former: Resources, ids: Mapping[str, str], today: date) -> Resources:
        old = former.get("HealthcareService", {})
        made = {
            "resourceType": "HealthcareService",
            **old,
            "id": ids["HealthcareService"],
            "identifier": parts.with_codes(old, {"service": given_code(values, old)}, values["institution"]),
            "active": values["active"] != "no",
            "providedBy": held(old.get("providedBy"), values["department"] or values["institution"]),
            "category": concepts(old.get("category"), parts.SERVICE_KINDS, values["kind"], "service_kinds"),
            "specialty": concepts(
                old.get("specialty"), parts.SPECIALTIES, values["specialty"], "specialties"
            ),
            "location": _locations(old, values["place"]),
            "name": values["name"],
            "telecom": parts.with_phone(old, values["phone"]),
            "availabilityExceptions": values["hours"],
        }
        made["appointmentRequired"] = True if values["appointment"] == "yes" else None
        return {"HealthcareService": parts.tidied(made)}

    def show(self, resources: Resources, institution: str) -> Values:
        service = resources["HealthcareService"]
        provider = parts.reference(service.get("providedBy")) or ""
        return {
            "institution": institution,
            "code": own_code(service, "service"),
            "name": str(service.get("name") or ""),
            "kind": parts.coded_in(service.get("category"), parts.SERVICE_KINDS),
            "department": "" if provider == institution else provider,
            "specialty": parts.coded_in(service.get("specialty"), parts.SPECIALTIES),
            "place": next((parts.reference(place) or "" for place in service.get("location") or ()), ""),
            "hours": str(service.get("availabilityExceptions") or ""),
            "phone": parts.phone(service),
            "appointment": "yes" if service.get("appointmentRequired") else "no",
            "active": active(service),
        }


def _locations(old: Resource, reference: str) -> list[Resource]:
    """The first place is the row's; further ones stay."""
    standing = list(old.get("location") or ())
    first = held(standing[0] if standing else None, reference)
    return ([first] if first else []) + standing[1:]


SERVICES = Services()
