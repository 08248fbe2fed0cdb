"""JSON Merge Patch (RFC 7396) on resources."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.fhir.patch import merge_patch
from xinglin.kernel.errors import Fault


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"a": {"b": 1}}, {"a": {"b": None}}, {}),
        ({}, {"a": {"b": {"c": None, "d": 1}}}, {"a": {"b": {"d": 1}}}),
    ],
)
def test_members_are_put_over_those_that_are_there(before: Any, changes: Any, after: Any) -> None:
    untouched = copy.deepcopy(before)

    assert merge_patch(before, changes) == after
    assert before == untouched


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([], "A merge patch should be an object; this is an array of 0."),
        ({"id": "q"}, "A patch cannot change id"),
        ({"id": None}, "A patch cannot change id"),
        ({"resourceType": "Group"}, "A patch cannot change resourceType"),
    ],
)
def test_wrong_merge_patch_is_refused(changes: Any, message: str) -> None:
    with pytest.raises(Fault, match=message):
        merge_patch({"resourceType": "Patient", "id": "p"}, changes)


_LEAVES = st.booleans() | st.integers() | st.text(max_size=4)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, min_size=1, max_size=3)
    ),
)
_OBJECTS = st.dictionaries(st.sampled_from("abcd"), _TREES, max_size=4)


@given(_OBJECTS, _OBJECTS)
def test_merging_twice_is_merging_once(before: dict[str, Any], changes: dict[str, Any]) -> None:
    once = merge_patch(before, changes)

    assert merge_patch(once, changes) == once
    assert merge_patch(before, {}) == before
    assert merge_patch({}, before) == before
