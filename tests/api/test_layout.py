"""JSON for the eye."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from xinglin.api import layout

_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_TREES)
def test_layout_is_that_of_the_standard_library_and_keeps_every_value(value: Any) -> None:
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    assert layout.indented(compact) == json.dumps(value, ensure_ascii=False, indent=2).encode()


def test_digits_stay_as_they_are() -> None:
    assert layout.indented(b'{"value":5.40,"x":[1E-3]}') == b'{\n  "value": 5.40,\n  "x": [\n    1E-3\n  ]\n}'
