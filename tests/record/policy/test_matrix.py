"""Every role at two institutions through every door: exactly what the policy's data say comes back, and no more.

What should be seen is worked out here from the rules' data in plain Python, resource by resource.
"""

from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.record.policy.conftest import actor, everything
from xinglin.fhir import definitions
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import access, database, policy
from xinglin.record.bulk import export
from xinglin.record.door import open_as
from xinglin.record.policy import terms
from xinglin.record.policy.compiling import _DATA
from xinglin.record.queries import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door

POLICY = terms.read(
    (_DATA / "region.toml").read_text(encoding="utf-8"),
    (_DATA / "sensitivity.toml").read_text(encoding="utf-8"),
    "region",
)
ROLES = sorted({role for rule in POLICY.rules for role in rule.roles})
LIMITED = sorted({role for rule in POLICY.rules for role in rule.roles if rule.purposes})
WHO = [(role, f"hosp-{letter}", "TREAT") for role in ROLES for letter in "ab"]
WHO += [(role, f"hosp-{letter}", "PUBHLTH") for role in LIMITED for letter in "ab"]
LABELS = {"mind": {"PSY"}, "virus": {"HIV"}}


def owner(resource: dict[str, Any]) -> str | None:
    """The letter of the resident a resource is about; None for nobody's."""
    return None if resource["resourceType"] == "Organization" else str(resource["id"]).rpartition("-")[2]


def shown(rule: terms.Rule, who: Actor, resource: dict[str, Any]) -> bool:
    labels = LABELS.get(resource["id"].partition("-")[0], set())
    if rule.types is not None and resource["resourceType"] not in rule.types:
        return False
    if labels & rule.withhold:
        return False
    own = owner(resource)
    of_several = resource["id"].startswith("both-")
    at_home = own is not None and not of_several and who.institution == f"hosp-{own}"
    return {
        terms.Scope.REGION: True,
        terms.Scope.NOBODY: own is None,
        terms.Scope.RELATION: at_home and bool(rule.kinds & {"registered", "consulted"}),
        terms.Scope.INSTITUTION: at_home,
        terms.Scope.CONSORTIUM: at_home,
        terms.Scope.DEPARTMENT: False,
        terms.Scope.OWN: False,
        terms.Scope.EMERGENCY: False,
    }[rule.scope]


def visible(who: Actor) -> set[str]:
    rules = [
        rule
        for rule in POLICY.rules
        if who.roles & rule.roles and (not rule.purposes or who.purpose in rule.purposes)
    ]
    return {
        f"{r['resourceType']}/{r['id']}" for r in everything() if any(shown(rule, who, r) for rule in rules)
    }


def names(found: Sequence[Any]) -> set[str]:
    """What was found, residents' decisions themselves apart."""
    return {f"{each.type}/{each.id}" for each in found if each.type != "Consent"}


def search(door: Door, url: str) -> set[str]:
    """What a search finds over all its pages; its counts must be of that alone."""
    type_, _, query = url.partition("?")
    pairs = [(p.partition("=")[0], p.partition("=")[2]) for p in query.split("&") if p]
    found: list[Any] = []
    page = door.search(type_ or None, [*pairs, ("_count", "2")])
    while True:
        found += page.entries
        if page.next is None:
            break
        page = door.search(type_ or None, [*pairs, ("_count", "2"), ("_page", page.next)])
    matches = [e for e in found if e.mode == "match"]
    for way in ("accurate", "estimate"):
        assert door.search(type_ or None, [*pairs, ("_total", way)]).total == len(matches)
    assert door.search(type_ or None, [*pairs, ("_summary", "count")]).total == len(matches)
    return names([e.stored for e in found])


ALL = {f"{r['resourceType']}/{r['id']}" for r in everything()}


def of_types(*types: str) -> set[str]:
    return {name for name in ALL if name.partition("/")[0] in types}


def about(letter: str, *types: str) -> set[str]:
    return {name for name in of_types(*types) if name.endswith(f"-{letter}")}


PLAIN: dict[str, set[str]] = {
    "Condition?": of_types("Condition"),
    "Patient?": of_types("Patient"),
    "Group?": of_types("Group"),
    "?_type=Condition,Patient,Observation": of_types("Condition", "Patient", "Observation"),
    "Condition?patient=pat-a": about("a", "Condition"),
    "Condition?patient=pat-a,pat-b": of_types("Condition"),
    "Condition?subject:Patient=pat-b": about("b", "Condition"),
    "Condition?code=F20.0": {"Condition/mind-a", "Condition/mind-b"},
    "Condition?code:not=F20.0": of_types("Condition") - {"Condition/mind-a", "Condition/mind-b"},
    "Condition?code:missing=false": of_types("Condition"),
    "Condition?_id=mind-a,cold-b": {"Condition/mind-a", "Condition/cold-b"},
    "Condition?_lastUpdated=gt2000": of_types("Condition"),
    "Condition?_sort=-_lastUpdated": of_types("Condition"),
    "Condition?_sort=code": of_types("Condition"),
    "Observation?value-quantity=gt5": of_types("Observation"),
    "Observation?code:text=gluc": of_types("Observation"),
    "Patient?name:contains=esident": of_types("Patient"),
    "Patient?organization=hosp-b": about("b", "Patient"),
    "Encounter?date=2026-10-01": of_types("Encounter"),
}


@pytest.mark.parametrize(("role", "institution", "purpose"), WHO)
def test_every_door_shows_what_the_policy_says(
    kept_world: None, role: str, institution: str, purpose: str
) -> None:
    who = actor(role, institution, purpose)

    check_every_door(open_as(who), visible(who))


def check_every_door(door: Door, seen: set[str]) -> None:
    """What comes out of each door is what may be seen, and no more."""
    assert {name for name in ALL if reads(lambda name=name: door.read(*name.split("/")))} == seen  # type: ignore[misc]
    assert {name for name in ALL if reads(lambda name=name: door.read(*name.split("/"), version="1"))} == seen  # type: ignore[misc]
    assert {name for name in ALL if reads(lambda name=name: door.history(*name.split("/"), Span()))} == seen  # type: ignore[misc]
    assert {name: search(door, name) for name in PLAIN} == {name: PLAIN[name] & seen for name in PLAIN}
    for letter in "ab":
        patient = f"pat-{letter}"
        whole = {n for n in ALL - of_types("Organization") if n.endswith(f"-{letter}") or "/both-" in n}
        if f"Patient/{patient}" in seen:
            found = names([e.stored for e in door.everything("Patient", patient, []).entries])
            assert found - of_types("Organization") == whole & seen
            paged = door.everything("Patient", patient, [("_count", "1")])
            assert names([e.stored for e in paged.entries]) <= seen
        else:
            assert not reads(lambda p=patient: door.everything("Patient", p, []))  # type: ignore[misc]
        in_compartment = door.search("Condition", [], compartment=("Patient", patient))
        assert names([e.stored for e in in_compartment.entries]) == about(letter, "Condition") & seen


@pytest.mark.parametrize(("role", "institution", "purpose"), WHO)
def test_chains_and_includes_go_through_nothing_hidden(
    kept_world: None, role: str, institution: str, purpose: str
) -> None:
    who = actor(role, institution, purpose)

    check_chains(open_as(who), visible(who))


def check_chains(door: Door, seen: set[str]) -> None:
    """Chains, ``_has`` and includes go through what may be seen alone."""

    def when(name: str, *needed: str) -> set[str]:
        return {name} if seen.issuperset({name, *needed}) else set()

    def both(one: str, *others: str) -> set[str]:
        return set().union(*(when(f"{one}-{x}", *(f"{o}-{x}" for o in others)) for x in "ab"))

    assert search(door, "Observation?subject:Patient.name=resident") == both("Observation/obs", "Patient/pat")
    assert search(door, "Observation?encounter.service-provider.name=hospital") == both(
        "Observation/obs", "Encounter/enc", "Organization/hosp"
    )
    assert search(door, "Patient?_has:Condition:patient:code=F20.0") == both("Patient/pat", "Condition/mind")
    assert search(door, "Encounter?_has:Condition:encounter:code=B24.x00") == both(
        "Encounter/enc", "Condition/virus"
    )
    assert search(door, "Organization?_has:Patient:organization:_has:Condition:patient:code=F20.0") == both(
        "Organization/hosp", "Patient/pat", "Condition/mind"
    )
    assert search(door, "Encounter?_include=*&_revinclude=*&_revinclude:iterate=*") <= seen
    assert search(door, "Organization?_revinclude=Patient:organization&_revinclude:iterate=*") <= seen
    conditions = of_types("Condition") & seen
    assert search(door, "Condition?_include=Condition:subject") == conditions | (
        {f"Patient/pat-{name[-1]}" for name in conditions} & seen
    )


@pytest.mark.parametrize(("role", "institution", "purpose"), WHO)
def test_histories_speak_of_nothing_hidden(
    kept_world: None, role: str, institution: str, purpose: str
) -> None:
    who = actor(role, institution, purpose)

    check_histories(open_as(who), visible(who))


def check_histories(door: Door, seen: set[str]) -> None:
    """Histories have what may be seen, and deletions of it."""
    deleted = {f"Condition/gone-{x}" for x in "ab" if f"Condition/cold-{x}" in seen}

    assert names(door.history(None, None, Span(count=500))) == seen | deleted
    assert names(door.history("Condition", None, Span(count=500))) == (seen | deleted) & (
        of_types("Condition") | deleted
    )
    for name in ALL:
        assert door.count_versions(*name.split("/")) == (2 if name in seen else 0)
    for letter in "ab":
        with pytest.raises(Fault) as refused:
            door.read("Condition", f"gone-{letter}")
        there = f"Condition/gone-{letter}" in deleted
        assert refused.value.kind is (Kind.GONE if there else Kind.NOT_FOUND)


@pytest.mark.parametrize("role", [role for role in ROLES if role in ("client", "administrator")])
@pytest.mark.parametrize("institution", ["hosp-a", "hosp-b"])
@pytest.mark.parametrize("level", ["system", "patient"])
def test_an_export_has_what_its_asker_may_see(
    kept_world: None, role: str, institution: str, level: str
) -> None:
    who = actor(role, institution)

    lines = exported(who, level, [("_since", "2000-01-01")])

    wanted = visible(who)
    if level == "patient":
        wanted -= of_types("Organization")
    assert {f"{line['resourceType']}/{line['id']}" for line in lines} == wanted


def exported(who: Actor, level: str, pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    job = export.start(who, level, pairs)
    while (job := export.status(who, job.id)).unfinished:
        time.sleep(0.02)
    files = export.manifest(job, lambda name: name)
    assert files["deleted"] == []
    opened = [gzip.decompress(export.open_file(who, f["url"])) for f in files["output"]]
    export.cancel(who, job.id)
    return [json.loads(line) for text in opened for line in text.splitlines()]


def reads(look: Callable[[], object]) -> bool:
    """Whether a look is answered; a refusal looks like nothing being there."""
    try:
        look()
    except Fault as fault:
        return fault.kind is not Kind.NOT_FOUND
    return True


@pytest.mark.parametrize(("role", "institution", "purpose"), WHO)
def test_a_refusal_leaves_its_line_and_changes_nothing(
    kept_world: None, role: str, institution: str, purpose: str
) -> None:
    who = actor(role, institution, purpose)
    hidden = sorted(ALL - visible(who))
    access.flush()
    connection = database.connection()
    connection.execute("TRUNCATE record_access")
    before = connection.execute("SELECT count(*), max(vid) FROM record_resource").fetchone()

    for name in hidden:
        with pytest.raises(Fault):
            open_as(who).read(*name.split("/"))

    access.flush()
    lines = connection.execute(
        "SELECT actor, action, outcome, type, id FROM record_access ORDER BY place"
    ).fetchall()
    assert lines == [
        (who.id, "read", "deny", definitions.type_number(name.split("/")[0]), name.split("/")[1])
        for name in hidden
    ]
    assert connection.execute("SELECT count(*), max(vid) FROM record_resource").fetchone() == before


def test_the_matrix_is_of_the_policy_that_is_shipped(region: None) -> None:
    assert policy.in_force() == POLICY
