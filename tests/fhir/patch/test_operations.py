"""JSON Patch (RFC 6902) on resources."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.fhir.patch import json_patch, pointers
from xinglin.kernel.errors import Fault, Kind


class Digits(float):
    """A float that knows how it was written, as an exact decimal does."""


def patient() -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"family": "王", "given": ["小", "明"]}, {"text": "Wang"}],
        "a/b": 1,
        "m~n": 2,
    }


@pytest.mark.parametrize(
    ("operation", "path", "expected"),
    [
        ({"op": "add", "path": "/gender", "value": "male"}, "gender", "male"),
        (
            {"op": "add", "path": "/name/0", "value": {"text": "x"}},
            "name",
            [{"text": "x"}, *patient()["name"]],
        ),
        (
            {"op": "add", "path": "/name/-", "value": {"text": "x"}},
            "name",
            [*patient()["name"], {"text": "x"}],
        ),
        (
            {"op": "add", "path": "/name/2", "value": {"text": "x"}},
            "name",
            [*patient()["name"], {"text": "x"}],
        ),
        ({"op": "add", "path": "/a~1b", "value": 3}, "a/b", 3),
        ({"op": "replace", "path": "/m~0n", "value": 3}, "m~n", 3),
        (
            {"op": "replace", "path": "/name/1/text", "value": "x"},
            "name",
            [patient()["name"][0], {"text": "x"}],
        ),
        ({"op": "remove", "path": "/name/0"}, "name", [{"text": "Wang"}]),
        ({"op": "remove", "path": "/name/1/text"}, "name", patient()["name"][:1]),
        ({"op": "move", "from": "/name/0", "path": "/name/1"}, "name", patient()["name"][::-1]),
        ({"op": "move", "from": "/a~1b", "path": "/a~1b"}, "a/b", 1),
        ({"op": "copy", "from": "/name/1/text", "path": "/nick"}, "nick", "Wang"),
        ({"op": "test", "path": "/a~1b", "value": 1.0}, "a/b", 1),
    ],
)
def test_operation_changes_what_it_names_and_nothing_else(
    operation: dict[str, Any], path: str, expected: object
) -> None:
    before = patient()

    after = json_patch(before, [operation])

    assert after == {**patient(), path: expected}
    assert before == patient()


@pytest.mark.parametrize(
    ("operation", "message", "expression"),
    [
        ({"op": "remove", "path": "/birthDate"}, "Patient has no member 'birthDate': it is", "Patient"),
        (
            {"op": "remove", "path": "/name/2"},
            "Patient.name has no position 2: it is an array of 2.",
            "Patient.name",
        ),
        ({"op": "add", "path": "/name/3", "value": 1}, "Patient.name has no position 3", "Patient.name"),
        ({"op": "remove", "path": "/name/-"}, "'-' is no position in Patient.name", "Patient.name"),
        ({"op": "remove", "path": "/name/01"}, "'01' is no position in Patient.name", "Patient.name"),
        (
            {"op": "add", "path": "/name/1/text/x", "value": 1},
            "Patient.name[1].text has nothing below it: it is the string 'Wang'.",
            "Patient.name[1].text",
        ),
        ({"op": "replace", "path": "/gender", "value": "male"}, "Patient has no member 'gender'", "Patient"),
        ({"op": "add", "path": "gender", "value": 1}, "'gender' is not a JSON Pointer", None),
        (
            {"op": "add", "path": "/a~2", "value": 1},
            "'/a~2' is not a JSON Pointer: '~' should be followed by 0",
            None,
        ),
        ({"op": "add", "path": "/gender"}, "The operation has no 'value'.", None),
        ({"op": "move", "path": "/gender"}, "The operation has no 'from'.", None),
        ({"path": "/gender"}, "The operation has no 'op'.", None),
        (
            {"op": "ad", "path": "/gender"},
            "There is no operation the string 'ad'; it should be one of add",
            None,
        ),
        (
            {"op": "add", "path": 3, "value": 1},
            "'path' should be a JSON Pointer; this is the number 3.",
            None,
        ),
        ("add", "An operation should be an object; this is the string 'add'.", None),
        (
            {"op": "move", "from": "/name", "path": "/name/0"},
            "Patient.name cannot be moved into itself.",
            None,
        ),
        ({"op": "remove", "path": ""}, "The whole resource cannot be removed", None),
        ({"op": "replace", "path": "/id", "value": "q"}, "A patch cannot change id", "Patient.id"),
        ({"op": "remove", "path": "/id"}, "A patch cannot change id", "Patient.id"),
        (
            {"op": "add", "path": "/resourceType", "value": "Group"},
            "A patch cannot change resourceType",
            "Patient.resourceType",
        ),
        ({"op": "replace", "path": "", "value": []}, "A patch should leave a resource", None),
    ],
)
def test_wrong_operation_is_refused_with_its_position_and_the_place(
    operation: object, message: str, expression: str | None
) -> None:
    before = patient()

    with pytest.raises(Fault) as caught:
        json_patch(before, [{"op": "add", "path": "/active", "value": True}, operation])

    (issue,) = caught.value.issues
    assert caught.value.kind is Kind.INVALID
    assert issue.text.startswith(f"Operation 1: {message}")
    assert issue.expression == expression
    assert before == patient()


def test_failed_test_is_a_conflict_that_tells_what_is_there() -> None:
    with pytest.raises(Fault) as caught:
        json_patch(patient(), [{"op": "test", "path": "/name/1/text", "value": True}])

    (issue,) = caught.value.issues
    assert caught.value.kind is Kind.CONFLICT
    assert issue.code == "processing"
    assert issue.text == "Operation 0: The test failed: Patient.name[1].text is the string 'Wang', not true."


@pytest.mark.parametrize(
    ("there", "wanted"), [(True, 1), (0, False), (None, 0), ([1], [1, 1]), ({"a": 1}, {"b": 1})]
)
def test_unequal_json_values_fail_the_test(there: object, wanted: object) -> None:
    with pytest.raises(Fault):
        json_patch({"x": there}, [{"op": "test", "path": "/x", "value": wanted}])


def test_not_an_array_is_refused() -> None:
    with pytest.raises(
        Fault, match="A JSON Patch should be an array of operations; this is an object with op"
    ):
        json_patch(patient(), {"op": "add"})


def test_array_that_removals_empty_disappears_and_can_be_added_to_before() -> None:
    removals = [{"op": "remove", "path": "/name/0"}, {"op": "remove", "path": "/name/0"}]

    emptied = json_patch(patient(), removals)
    refilled = json_patch(patient(), [*removals, {"op": "add", "path": "/name/-", "value": {"text": "x"}}])

    assert "name" not in emptied
    assert refilled["name"] == [{"text": "x"}]


def test_exact_decimals_are_the_same_objects_afterwards() -> None:
    value = Digits(5.4)

    after = json_patch(
        {"resourceType": "Quantity", "value": value}, [{"op": "add", "path": "/unit", "value": "g"}]
    )

    assert after["value"] is value


def test_added_value_is_not_shared_with_the_patch() -> None:
    value = {"text": "x"}

    after = json_patch(
        patient(),
        [
            {"op": "add", "path": "/name/0", "value": value},
            {"op": "add", "path": "/name/0/use", "value": "old"},
        ],
    )

    assert after["name"][0] == {"text": "x", "use": "old"}
    assert value == {"text": "x"}


_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)
_DOCUMENTS = st.dictionaries(st.text(min_size=1, max_size=4).filter(lambda n: n != "id"), _TREES, min_size=1)


def _escaped(token: object) -> str:
    return str(token).replace("~", "~0").replace("/", "~1")


def _pointers(value: Any, here: str = "") -> list[str]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [
        p
        for key, child in pairs
        for p in (f"{here}/{_escaped(key)}", *_pointers(child, f"{here}/{_escaped(key)}"))
    ]


@given(_DOCUMENTS, _TREES, st.data())
def test_operation_followed_by_its_inverse_gives_the_same_document(
    document: dict[str, Any], value: object, data: st.DataObject
) -> None:
    pointer = data.draw(st.sampled_from(_pointers(document)))
    there = pointers.follow(document, pointers.parse(pointer))
    untouched = copy.deepcopy(document)

    removed = [{"op": "remove", "path": pointer}, {"op": "add", "path": pointer, "value": there}]
    replaced = [
        {"op": "replace", "path": pointer, "value": value},
        {"op": "test", "path": pointer, "value": value},
        {"op": "replace", "path": pointer, "value": there},
    ]

    assert json_patch(document, removed) == untouched
    assert json_patch(document, replaced) == untouched
    assert document == untouched


@given(_DOCUMENTS, st.data())
def test_move_there_and_back_gives_the_same_document(document: dict[str, Any], data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(_pointers(document)))

    after = json_patch(
        document,
        [{"op": "move", "from": source, "path": "/ new"}, {"op": "move", "from": "/ new", "path": source}],
    )

    assert after == document


@given(st.text(max_size=20))
def test_any_member_name_survives_the_pointer(name: str) -> None:
    assert pointers.parse("/" + _escaped(name)) == [name]
