"""The stream: repeatable, complete in itself, valid, and with the truth beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from xinglin.fhir import validation
from xinglin.kernel.errors import Fault, Kind
from xinglin.synth import Plan, directory, stream
from xinglin.synth import region as make_region
from xinglin.synth.stream import portions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.synth.conftest import Region, Resource

pytestmark = pytest.mark.usefixtures("_record_database")  # validation asks it for code systems


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "reference" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert list(make_region(residents=150, seed=3)) == list(make_region(residents=150, seed=3))


def test_another_seed_gives_another_region() -> None:
    assert stream.portion(Plan(60, seed=3), 0) != stream.portion(Plan(60, seed=4), 0)


def test_the_number_of_processes_changes_nothing() -> None:
    plan = Plan(residents=400, seed=5, years=1)

    assert list(portions(plan, processes=2)) == list(portions(plan, processes=1))


def test_a_resident_is_the_same_in_a_larger_region() -> None:
    assert stream.portion(Plan(120, seed=5), 1) == stream.portion(Plan(5_000_000, seed=5), 1)


def test_a_region_ends_with_its_last_resident(region: Region) -> None:
    indices = sorted(line["person"] for line in region.truth if line["person"] < 10_000_000)

    assert indices == list(range(1500))


def test_every_reference_is_to_something_already_sent(region: Region) -> None:
    sent: set[str] = set()
    for bundle in region.bundles:
        resources = [entry["resource"] for entry in bundle["entry"]]
        sent |= {f"{r['resourceType']}/{r['id']}" for r in resources}
        missing = {ref for r in resources for ref in references(r) if not ref.startswith("#")} - sent
        assert missing == set()


def test_every_resource_is_put_once_under_its_own_id(region: Region) -> None:
    urls = [e["request"]["url"] for b in region.bundles for e in b["entry"]]

    assert urls == [f"{r['resourceType']}/{r['id']}" for r in region.resources]
    assert len(set(urls)) == len(urls)
    assert {e["request"]["method"] for b in region.bundles for e in b["entry"]} == {"PUT"}


@pytest.mark.usefixtures("_record_database")  # codes are looked up in it
def test_every_resource_is_valid(region: Region) -> None:
    wrong = [(r["resourceType"], issue.text) for r in region.resources for issue in validation.check(r)]

    assert wrong == []


@pytest.mark.usefixtures("_record_database")  # codes are looked up in it
def test_every_bundle_is_valid(region: Region) -> None:
    wrong = [issue.text for bundle in region.bundles[::20] for issue in validation.check(bundle)]

    assert wrong == []


def test_everything_says_which_institution_sent_it(region: Region, by_reference: dict[str, Resource]) -> None:
    for resource in region.resources:
        if resource["id"].startswith("xc-4598"):
            continue  # the divisions are nobody's
        code = resource["meta"]["source"].removeprefix("urn:xinglin:institution:")
        assert by_reference[f"Organization/{code}"]["id"] == code
        assert resource["id"].startswith(code)


def test_visits_lie_in_the_window_and_after_birth(region: Region, by_reference: dict[str, Resource]) -> None:
    birth = {p["patient"]: line["birth"] for line in region.truth for p in line["patients"]}
    encounters = [r for r in region.resources if r["resourceType"] == "Encounter"]

    assert len(encounters) > 10_000
    for encounter in encounters:
        start, end = encounter["period"]["start"], encounter["period"]["end"]
        assert max("2021-10-30", birth[encounter["subject"]["reference"]]) <= start[:10]
        assert start <= end
        assert end[:10] <= "2026-10-31"


def test_truth_names_exactly_the_patients_that_were_sent(region: Region) -> None:
    sent = sorted(f"Patient/{r['id']}" for r in region.resources if r["resourceType"] == "Patient")
    known = sorted(p["patient"] for line in region.truth for p in line["patients"])

    assert known == sent


def test_the_resources_do_not_tell_the_truth(region: Region) -> None:
    for patient in (r for r in region.resources if r["resourceType"] == "Patient"):
        assert "link" not in patient
        assert set(patient["meta"]) == {"source"}
    ids = [p["patient"].rpartition("-")[2] for line in region.truth for p in line["patients"]]
    assert len(set(ids)) == len(ids)


def test_the_directory_grows_with_the_region() -> None:
    small = {f"{r['resourceType']}/{r['id']}" for r in directory.resources(1000)}
    large = {f"{r['resourceType']}/{r['id']}" for r in directory.resources(2_000_000)}

    assert small < large


@pytest.mark.parametrize(("residents", "years"), [(0, 5), (10_000_001, 5), (10, 0), (10, 31)])
def test_an_impossible_region_is_refused(residents: int, years: int) -> None:
    with pytest.raises(Fault) as refused:
        Plan(residents, years=years)

    assert refused.value.kind is Kind.INVALID


def test_a_line_is_one_transaction() -> None:
    for line in make_region(residents=10):
        assert b"\n" not in line
        assert orjson.loads(line)["type"] == "transaction"


def test_a_resident_has_some_ninety_resources_from_three_institutions(region: Region) -> None:
    residents = [line for line in region.truth if line["person"] < 10_000_000]
    owners = {p["patient"] for line in residents for p in line["patients"]}
    of_residents = [
        r
        for bundle in region.bundles
        for r in (entry["resource"] for entry in bundle["entry"])
        if f"Patient/{'-'.join(r['id'].split('-')[:3])}" in owners
    ]

    assert 70 < len(of_residents) / len(residents) < 110
    assert 2 < len(owners) / len(residents) < 4
