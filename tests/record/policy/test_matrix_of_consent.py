"""Every role through every door, where residents have decided: under the region's policy and under the open one.

One resident has closed what is about mental health to everybody, the other all but observations to one institution.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from tests.conftest import empty_the_record
from tests.record.policy import test_matrix as matrix
from tests.record.policy.conftest import actor, everything, filled
from tests.record.policy.test_consent import consent, label, reader
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.kernel.actor import Actor

OBSERVATION = {"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}
MIND = consent(securityLabel=[label("PSY")])
AWAY = {
    **consent(
        actor=[reader("Organization/hosp-a")],
        provision=[{"type": "permit", "actor": [reader("Organization/hosp-a", "PRCP")], "class": [OBSERVATION]}],
    ),
    "id": "away", "patient": {"reference": "Patient/pat-b"},
}  # fmt: skip


@pytest.fixture(scope="module", params=["region", "open"])
def decided(request: pytest.FixtureRequest, _record_database: None) -> Iterator[str]:
    """The world of the matrix with two decisions, for all tests of the module, which only read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, policy=request.param))
        door = filled()
        door.update(MIND)
        door.update(AWAY)
        yield request.param
    empty_the_record()


def denied(who: Actor, resource: dict[str, Any]) -> bool:
    type_, id_ = resource["resourceType"], resource["id"]
    if type_ in ("Patient", "Organization"):
        return False
    about_b = id_.endswith("-b") or id_.startswith("both-")
    return id_ == "mind-a" or (about_b and who.institution == "hosp-a" and type_ != "Observation")


def visible(who: Actor, policy: str) -> set[str]:
    limited = policy == "region" or who.has("resident")  # to whom an open policy is not open
    shown = matrix.visible(who) if limited else matrix.ALL
    return shown - {f"{r['resourceType']}/{r['id']}" for r in everything() if denied(who, r)}


@pytest.mark.parametrize(("role", "institution", "purpose"), [who for who in matrix.WHO if who[2] == "TREAT"])
def test_every_door_keeps_to_what_residents_have_decided(
    decided: str, role: str, institution: str, purpose: str
) -> None:
    who = actor(role, institution, purpose)
    door, seen = open_as(who), visible(who, decided)

    matrix.check_every_door(door, seen)
    matrix.check_chains(door, seen)
    matrix.check_histories(door, seen)


@pytest.mark.parametrize("role", ["client", "administrator"])
@pytest.mark.parametrize("level", ["system", "patient"])
def test_an_export_keeps_to_what_residents_have_decided(decided: str, role: str, level: str) -> None:
    who = actor(role, "hosp-a")

    lines = matrix.exported(who, level, [("_since", "2000-01-01")])

    wanted = visible(who, decided) - (matrix.of_types("Organization") if level == "patient" else set())
    found = {f"{line['resourceType']}/{line['id']}" for line in lines if line["resourceType"] != "Consent"}
    assert found == wanted
