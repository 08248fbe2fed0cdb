"""IHE mCSD: the searches of ITI-90 and the updates of ITI-91 on the demonstration's directory.

https://profiles.ihe.net/ITI/mCSD/ITI-90.html
"""

from __future__ import annotations

import pytest

from xinglin.record.queries import Span


def found(door, type_name, *pairs) -> list[str]:
    page = door.search(type_name, [*pairs, ("_count", "500")])
    return sorted(e.stored.id for e in page.entries if e.mode == "match")


@pytest.fixture
def services(town):
    """A service, an alliance and coordinates beside the demonstration's."""
    town.update({
        "resourceType": "HealthcareService", "id": "s1", "active": True, "name": "心血管内科门诊",
        "providedBy": {"reference": "Organization/xc-h01"}, "location": [{"reference": "Location/xc-h01"}],
        "category": [{"coding": [{"system": "urn:xinglin:codes:service-kind", "code": "outpatient"}]}],
        "type": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/service-type", "code": "165"}]}],
    })  # fmt: skip
    town.update({
        "resourceType": "OrganizationAffiliation", "id": "a1", "active": True, "period": {"start": "2024-01-01"},
        "organization": {"reference": "Organization/xc-h01"},
        "participatingOrganization": {"reference": "Organization/xc-c000"}, "code": [{"text": "医联体"}],
    })  # fmt: skip
    site = dict(town.read("Location", "xc-h01").resource)
    town.update({**site, "position": {"latitude": 24.3264, "longitude": 109.4281}})
    role = dict(town.read("PractitionerRole", "xc-h01-p00").resource)
    specialty = {"coding": [{"system": "urn:xinglin:codes:specialty", "code": "03"}]}
    town.update(
        {**role, "specialty": [specialty], "healthcareService": [{"reference": "HealthcareService/s1"}]}
    )
    return town


@pytest.mark.parametrize(
    ("type_name", "pairs", "ids"),
    [
        ("Organization", [("name:contains", "第一人民")], ["xc-h01"]),
        ("Organization", [("name:exact", "杏川市第一人民医院")], ["xc-h01"]),
        ("Organization", [("type", "urn:xinglin:codes:institution-kind|B100")], ["xc-c000"]),
        ("Organization", [("active", "true"), ("partof", "Organization/xc-c000"), ("name", "全科")], ["xc-c000-d00"]),
        ("Organization", [("identifier", "urn:oid:2.16.156.10011.1.5|{uscc}")], ["xc-h01"]),
        ("Location", [("near", "24.33|109.43|5|km")], ["xc-h01"]),
        ("Location", [("near", "25.33|109.43|5|km")], []),
        ("Location", [("organization", "Organization/xc-h01"), ("status", "active")], ["xc-h01"]),
        ("Location", [("partof", "Location/xc-459802001001")], ["xc-c000", "xc-h01"]),
        ("Location", [("identifier", "urn:xinglin:codes:division|459802000000")], ["xc-459802"]),
        ("PractitionerRole", [("practitioner", "Practitioner/xc-h01-p00")], ["xc-h01-p00"]),
        ("PractitionerRole", [("specialty", "urn:xinglin:codes:specialty|03")], ["xc-h01-p00"]),
        ("PractitionerRole", [("organization", "Organization/xc-h01-d00"), ("service", "HealthcareService/s1")],
         ["xc-h01-p00"]),
        ("PractitionerRole", [("location", "Location/xc-h01"), ("specialty:missing", "false")], ["xc-h01-p00"]),
        ("Practitioner", [("identifier", "urn:oid:2.16.156.10011.1.4|XC-H010000")], ["xc-h01-p00"]),
        ("HealthcareService", [("organization", "Organization/xc-h01"), ("name:contains", "血管")], ["s1"]),
        ("HealthcareService", [("location", "Location/xc-h01"), ("service-type", "165")], ["s1"]),
        ("OrganizationAffiliation", [("primary-organization", "Organization/xc-h01")], ["a1"]),
        ("OrganizationAffiliation", [("participating-organization", "Organization/xc-c000"), ("date", "ge2024-06-01")],
         ["a1"]),
    ],
)  # fmt: skip
def test_matching_care_services_are_found(services, type_name, pairs, ids):
    uscc = services.read("Organization", "xc-h01").resource["identifier"][0]["value"]
    asked = [(name, value.format(uscc=uscc)) for name, value in pairs]

    assert found(services, type_name, *asked) == ids


def test_what_is_referred_to_can_be_included(services):
    page = services.search(
        "PractitionerRole",
        [
            ("_id", "xc-h01-p00"),
            ("_include", "PractitionerRole:practitioner"),
            ("_include", "PractitionerRole:organization"),
        ],
    )

    assert sorted(e.stored.id for e in page.entries if e.mode == "include") == ["xc-h01-d00", "xc-h01-p00"]


def test_updates_since_a_moment_are_asked_for(services):
    before = services.read("Organization", "xc-c000")
    changed = {**before.resource, "name": "改名的中心"}
    services.update(changed)
    since = services.read("Organization", "xc-c000").moment.isoformat().replace("+00:00", "Z")

    assert found(services, "Organization", ("_lastUpdated", f"ge{since}")) == ["xc-c000"]
    history = services.history("Organization", None, Span(since=int(before.moment.timestamp() * 1000) + 1))
    assert [(s.id, s.version) for s in history if s.id == "xc-c000"] == [("xc-c000", 2)]


def test_deletions_are_among_the_updates(services):
    services.delete("OrganizationAffiliation", "a1")

    history = services.history("OrganizationAffiliation", None, Span())

    assert [(s.id, s.body is None) for s in history] == [("a1", True), ("a1", False)]
