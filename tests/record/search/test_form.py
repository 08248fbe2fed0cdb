"""What of each result is sent, and what an operator sees of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from xinglin.record import database
from xinglin.record.search import explain, parse, projection

if TYPE_CHECKING:
    from tests.record.search.finding import Finder

pytestmark = pytest.mark.django_db

RESOURCE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "a",
    "meta": {"versionId": "1", "tag": [{"system": "s", "code": "c"}]},
    "text": {"status": "generated", "div": "<div>…</div>"},
    "status": "final",
    "_status": {"id": "x"},
    "code": {"text": "A"},
    "note": [{"text": "long"}],
    "valueString": "v",
    "component": [{"code": {"text": "B"}, "valueString": "w", "referenceRange": [{"text": "r"}]}],
}
SUBSETTED = {
    "versionId": "1",
    "tag": [
        {"system": "s", "code": "c"},
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"},
    ],
}


@pytest.mark.parametrize(
    ("control", "kept"),
    [
        (("_summary", "true"), ["status", "_status", "code", "valueString", "component"]),
        (("_summary", "text"), ["text", "status", "_status", "code"]),
        (("_summary", "data"), ["status", "_status", "code", "note", "valueString", "component"]),
        (("_elements", "note"), ["status", "_status", "code", "note"]),
        (("_elements", "value"), ["status", "_status", "code", "valueString"]),
    ],
)
def test_a_projection_keeps_what_was_asked_and_what_must_be_there(
    control: tuple[str, str], kept: list[str]
) -> None:
    project = projection(parse("Observation", [control]))

    assert project is not None
    made = project(RESOURCE)
    assert list(made) == ["resourceType", "id", "meta", *kept]
    assert made["meta"] == SUBSETTED
    assert RESOURCE["meta"] == {"versionId": "1", "tag": [{"system": "s", "code": "c"}]}


def test_a_summary_reaches_into_backbone_elements() -> None:
    project = projection(parse("Observation", [("_summary", "true")]))

    assert project is not None
    assert project(RESOURCE)["component"] == [{"code": {"text": "B"}, "valueString": "w"}]


@pytest.mark.parametrize("control", [("_summary", "false"), ("_count", "5")])
def test_a_whole_resource_is_not_even_parsed(control: tuple[str, str]) -> None:
    assert projection(parse("Observation", [control])) is None


# -- for operators


@pytest.mark.parametrize("url", ["patient=zhang&_sort=-date", "code=2345-7", "subject.name=x&_sort=status"])
def test_an_operator_sees_the_sql_and_its_cost(world: Finder, url: str) -> None:
    pairs = [tuple(pair.split("=")) for pair in url.split("&")]
    query = parse("Observation", pairs)  # type: ignore[arg-type]

    planned = explain(database.connection(), query)
    analysed = explain(database.connection(), query, analyze=True)

    assert "FROM record_resource r" in planned["sql"]
    assert planned["sql"].count("%s") == len(planned["values"])
    assert planned["cost"] > 0
    assert planned["milliseconds"] is None
    assert analysed["milliseconds"] > 0
