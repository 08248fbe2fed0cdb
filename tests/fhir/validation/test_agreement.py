"""The two judges: whatever a gate lets through the explanation finds right, too."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fhir.validation.test_check import CONDITION, OBSERVATION, PATIENT
from tests.fhir.validation.test_rules import CASES
from xinglin.fhir.definitions import structure
from xinglin.fhir.validation import schemas
from xinglin.fhir.validation.explanation import explain
from xinglin.fhir.validation.primitives import PRIMITIVES

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEEDS: list[tuple[str, dict[str, Any]]] = [
    *((name, right) for name, (right, _) in CASES.items()),
    ("Observation", OBSERVATION),
    ("Patient", PATIENT),
    ("Condition", CONDITION),
]
_WORDS = st.sampled_from(
    ["", " ", "x", "a b", "2024", "2024-02-30", "2024-02-29T10:00:00Z", "final", "male", "Patient/1", "#x", "#",
     "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "http://x.org", "YWJj", "\n", "\x85", "\u3000", "１"]
)  # fmt: skip
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.just(2**31),
    st.floats(-2, 2),
    _WORDS,
    st.text(max_size=4),
)
_JSON = st.recursive(
    _VALUES,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["id", "extension", "url", "valueString", "value", "code", "system", "reference", "text"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=4,
)  # fmt: skip


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    members = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in members:
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


@st.composite
def _mutated(draw: st.DrawFn) -> tuple[str, Any]:
    name, right = draw(st.sampled_from(_SEEDS))
    node = copy.deepcopy(right)
    for _ in range(draw(st.integers(1, 2))):
        places = list(_places(node))
        if not places:
            break
        owner, key = draw(st.sampled_from(places))
        act = draw(st.sampled_from(["set", "drop", "wrap", "extend", "add"]))
        if act == "set":
            owner[key] = draw(_JSON)
        elif act == "drop":
            del owner[key]
        elif act == "wrap":
            owner[key] = [owner[key]]
        elif act == "extend" and isinstance(key, str):
            owner["_" + key] = draw(_JSON)
        elif isinstance(key, str):
            known = list(structure(name).properties) if owner is node else ["id", "extension", "x"]
            owner[draw(st.sampled_from(known))] = draw(_JSON)
    return name, node


@settings(max_examples=500)
@given(_mutated())
def test_a_gate_never_lets_wrong_things_through(mutated: tuple[str, Any]) -> None:
    name, node = mutated
    if schemas.gate(name)(node):
        assert [issue.text for issue in explain(node, name, name)] == []


@pytest.mark.parametrize("name", PRIMITIVES)
@given(value=_VALUES | st.dates().map(str) | st.datetimes().map(lambda d: d.isoformat() + "Z"))
def test_both_judges_read_primitives_alike(name: str, value: object) -> None:
    if name in ("xhtml", "id"):  # not a type of Extension.value[x], or not one of its own
        return
    prop = "value" + name[0].upper() + name[1:]
    extension = {"url": "http://x.org", prop: value}

    assert schemas.gate("Extension")(extension) is PRIMITIVES[name].is_right(value)
