"""Value sets and hierarchies: what they are made of, and what cannot be listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.record.search.finding import Finder
from tests.record.search.world import LOCAL, concept
from xinglin.kernel.errors import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db

URL = "http://example.org/fhir/ValueSet"


def value_set(id_: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "id": id_, "url": f"{URL}/{id_}", "status": "active", **more}


def listed(*codes: str) -> dict[str, Any]:
    return {"system": LOCAL, "concept": [{"code": code} for code in codes]}


def filtered(op: str, value: str, property_: str = "concept") -> dict[str, Any]:
    return {"system": LOCAL, "filter": [{"property": property_, "op": op, "value": value}]}


RESOURCES = [
    {"resourceType": "Patient", "id": "p"},
    *(
        {
            "resourceType": "Condition",
            "id": code,
            "subject": {"reference": "Patient/p"},
            "code": concept(code),
        }
        for code in ("a", "b", "c", "d")
    ),
    {
        "resourceType": "Condition",
        "id": "foreign",
        "subject": {"reference": "Patient/p"},
        "code": concept("a", "http://example.org/other"),
    },
    {
        "resourceType": "CodeSystem",
        "id": "codes",
        "url": LOCAL,
        "status": "active",
        "content": "complete",
        "concept": [
            {"code": "a", "property": [{"code": "child", "valueCode": "b"}]},
            {"code": "b"},
            {"code": "c", "property": [{"code": "parent", "valueCode": "b"}], "concept": [{"code": "d"}]},
        ],
    },
    value_set("whole", compose={"include": [{"system": LOCAL}]}),
    value_set("without-b", compose={"include": [listed("a", "b", "c")], "exclude": [listed("b")]}),
    value_set("none", compose={"include": [listed("a")], "exclude": [{"system": LOCAL}]}),
    value_set("part", compose={"include": [{"system": LOCAL}], "exclude": [listed("b")]}),
    value_set("nested", compose={"include": [{"valueSet": [f"{URL}/without-b"]}, listed("d")]}),
    value_set("common", compose={"include": [{"valueSet": [f"{URL}/without-b"], **listed("b", "c")}]}),
    value_set("within", compose={"include": [{"valueSet": [f"{URL}/without-b", f"{URL}/whole"]}]}),
    value_set("under-b", compose={"include": [filtered("is-a", "b")]}),
    value_set("below-b", compose={"include": [filtered("descendent-of", "b")]}),
    value_set("by-property", compose={"include": [filtered("=", "x", "colour")]}),
    value_set("above-c", compose={"include": [filtered("generalizes", "c")]}),
    value_set("too-clever", compose={"include": [filtered("is-a", "b", "colour")]}),
    value_set(
        "elsewhere", compose={"include": [{"system": "urn:nix", "filter": filtered("is-a", "b")["filter"]}]}
    ),
    value_set("round", compose={"include": [{"valueSet": [f"{URL}/round"]}]}),
    value_set(
        "expanded",
        expansion={
            "timestamp": "2024-01-01T00:00:00Z",
            "contains": [
                {
                    "system": LOCAL,
                    "code": "a",
                    "abstract": True,
                    "contains": [{"system": LOCAL, "code": "b"}],
                },
                {"system": LOCAL, "code": "c"},
            ],
        },
    ),
    value_set("empty"),
]


@pytest.fixture(scope="module")
def words(_record_database: None) -> Iterator[Finder]:
    finder = Finder()
    finder.store(*RESOURCES)
    yield finder
    finder.clear()


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("whole", {"a", "b", "c", "d"}),
        ("without-b", {"a", "c"}),
        ("none", set()),
        ("nested", {"a", "c", "d"}),
        ("common", {"c"}),
        ("within", {"a", "c"}),
        ("under-b", {"b", "c", "d"}),
        ("below-b", {"c", "d"}),
        ("expanded", {"b", "c"}),
        ("empty", set()),
        ("part", {"a", "c", "d"}),
        ("by-property", set()),
        ("above-c", {"a", "b", "c"}),
    ],
)
def test_a_value_set_is_what_its_definition_says(words: Finder, name: str, codes: set[str]) -> None:
    everything = {"a", "b", "c", "d", "foreign"}

    assert words.found(f"Condition?code:in={URL}/{name}") == codes
    assert words.found(f"Condition?code:not-in={URL}/{name}") == everything - codes


@pytest.mark.parametrize(
    ("modifier", "code", "codes"),
    [("below", "a", {"a", "b", "c", "d"}), ("below", "c", {"c", "d"}), ("above", "d", {"a", "b", "c", "d"})],
)
def test_a_hierarchy_comes_from_nesting_and_from_properties(
    words: Finder, modifier: str, code: str, codes: set[str]
) -> None:
    assert words.found(f"Condition?code:{modifier}={LOCAL}|{code}") == codes


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (f"code:in={URL}/unknown", Kind.INVALID),
        (f"code:in={URL}/whole|9", Kind.INVALID),
        (f"code:in={URL}/elsewhere", Kind.UNSUPPORTED),
        (f"code:in={URL}/too-clever", Kind.UNSUPPORTED),
        (f"code:in={URL}/round", Kind.INVALID),
        ("code:below=a", Kind.INVALID),
        (f"code:below={LOCAL}|z", Kind.INVALID),
        ("code:below=http://example.org/other|a", Kind.UNSUPPORTED),
    ],
)
def test_what_cannot_be_listed_is_refused(words: Finder, url: str, kind: Kind) -> None:
    with pytest.raises(Fault) as refused:
        words.found(f"Condition?{url}")

    assert refused.value.kind is kind
    assert refused.value.issues[0].params["name"] in ("code:in", "code:below")
