"""The directory: divisions as Locations, institutions and departments, practitioners and their roles."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from xinglin.synth import bundles, institutions, names, places
from xinglin.synth.tables import by_key
from xinglin.synth.vocabulary import KINDS, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.synth.institutions import Institution

_DIVISIONS = "urn:xinglin:codes:division"
_CREDIT_CODES = "urn:oid:2.16.156.10011.1.5"
_STAFF_NUMBERS = "urn:oid:2.16.156.10011.1.4"
_PER_BUNDLE = 200
_TITLES = ("主任医师", "副主任医师", "主治医师", "主治医师", "医师")
_AREA = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": "area"}]
}
_SITE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": "si"}]}


def resources(residents: int) -> Iterator[dict[str, Any]]:
    """Every directory resource of a region of that size; what is referred to comes first."""
    yield from _divisions(residents)
    for institution in institutions.everywhere(residents):
        yield from of_institution(institution)


def transactions(residents: int) -> Iterator[bytes]:
    """The directory as transactions of some two hundred resources."""
    batch: list[dict[str, Any]] = []
    for resource in resources(residents):
        batch.append(resource)
        if len(batch) == _PER_BUNDLE:
            yield bundles.transaction(batch)
            batch = []
    if batch:
        yield bundles.transaction(batch)


def _divisions(residents: int) -> Iterator[dict[str, Any]]:
    yield _division(places.CITY_CODE, places.CITY, None)
    for code, name in zip(places.DISTRICT_CODES, places.DISTRICTS, strict=True):
        yield _division(code, name, places.CITY_CODE)
    for number in range(places.townships_for(residents)):
        town = places.township(number)
        yield _division(town.code, town.name, town.code[:6])
    for number in range(places.communities_for(residents)):
        place = places.community(number)
        yield _division(place.code, place.name, place.township.code)


def _division(code: str, name: str, within: str | None) -> dict[str, Any]:
    location: dict[str, Any] = {
        "resourceType": "Location",
        "id": f"xc-{code}",
        "identifier": [{"system": _DIVISIONS, "value": code.ljust(12, "0")}],
        "status": "active",
        "name": name,
        "mode": "instance",
        "physicalType": _AREA,
    }
    if within is not None:
        location["partOf"] = {"reference": f"Location/xc-{within}"}
    return location


def of_institution(institution: Institution) -> Iterator[dict[str, Any]]:
    """An institution, where it is, its departments, and who works there."""
    meta = vocabulary(institution).meta
    yield from _body_and_site(institution, meta)
    for number, name in enumerate(institution.departments):
        yield {
            "resourceType": "Organization",
            "id": f"{institution.code}-d{number:02d}",
            "meta": meta,
            "active": True,
            "type": [_DEPARTMENT],
            "name": name,
            "partOf": {"reference": f"Organization/{institution.code}", "display": institution.name},
        }
    yield from _staff(institution, meta)


def _body_and_site(institution: Institution, meta: dict[str, Any]) -> Iterator[dict[str, Any]]:
    code, place = institution.code, places.community(institution.seat)
    text = places.address_text(place, f"{institution.seat % 90 + 1}号")
    address = {"text": text, "city": places.CITY, "country": "CN"}
    kind = by_key("institution_kinds")[institution.kind]
    coding = [{"system": KINDS, "code": kind["code"], "display": kind["display"]}]
    yield {
        "resourceType": "Organization",
        "id": code,
        "meta": meta,
        "identifier": [{"system": _CREDIT_CODES, "value": institutions.credit_code(institution)}],
        "active": True,
        "type": [{"coding": coding, "text": kind["level"]}],
        "name": institution.name,
        "address": [address],
    }
    yield {
        "resourceType": "Location",
        "id": code,
        "meta": meta,
        "status": "active",
        "name": institution.name,
        "mode": "instance",
        "address": address,
        "physicalType": _SITE,
        "managingOrganization": {"reference": f"Organization/{code}"},
        "partOf": {"reference": f"Location/xc-{place.code}"},
    }


_DEPARTMENT = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": "dept"}]
}


def _staff(institution: Institution, meta: dict[str, Any]) -> Iterator[dict[str, Any]]:
    dice = Random(f"staff/{institution.code}")  # noqa: S311 -- repeatable, not secret
    departments = institution.departments
    for number in range(institution.staff):
        id_ = f"{institution.code}-p{number:02d}"
        sex = "female" if dice.random() < 0.52 else "male"
        name = names.Name(names.surname(dice), names.given(dice, 1962 + dice.randrange(36), sex))
        department = number % len(departments)
        yield {
            "resourceType": "Practitioner",
            "id": id_,
            "meta": meta,
            "identifier": [{"system": _STAFF_NUMBERS, "value": f"{institution.code}{number:04d}".upper()}],
            "active": True,
            "name": [{"use": "official", "text": name.text, "family": name.surname, "given": [name.given]}],
            "gender": sex,
        }
        yield {
            "resourceType": "PractitionerRole",
            "id": id_,
            "meta": meta,
            "active": True,
            "practitioner": {"reference": f"Practitioner/{id_}", "display": name.text},
            "organization": {
                "reference": f"Organization/{institution.code}-d{department:02d}",
                "display": departments[department],
            },
            "code": [{"text": _TITLES[dice.randrange(len(_TITLES))]}],
            "location": [{"reference": f"Location/{institution.code}"}],
        }
