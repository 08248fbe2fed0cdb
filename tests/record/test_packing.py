from __future__ import annotations

from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from xinglin.fhir import json
from xinglin.kernel.ids import EPOCH_MS, floor_vid
from xinglin.record import packing

pytestmark = pytest.mark.usefixtures("_record_database")  # which knows the keys of its bodies

texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=50)
members = st.dictionaries(
    texts.filter(lambda k: k not in ("resourceType", "id", "meta")),
    st.recursive(
        texts | st.integers(-(2**40), 2**40) | st.booleans(), lambda c: st.lists(c, max_size=4), max_leaves=8
    ),
    max_size=8,
)
VID = floor_vid(EPOCH_MS + 86_400_000 + 7)


@given(members, st.none() | st.dictionaries(st.sampled_from(["profile", "source", "tag"]), texts, max_size=3))
def test_what_is_packed_is_read_back(rest: dict[str, Any], meta: dict[str, Any] | None) -> None:
    resource = {"resourceType": "Basic", "id": "a", **rest, **({} if meta is None else {"meta": meta})}

    body = packing.pack(packing.members(resource))

    assert json.parse(packing.text("Basic", "a", 3, VID, body)) == {
        **rest,
        "resourceType": "Basic",
        "id": "a",
        "meta": {**(meta or {}), "versionId": "3", "lastUpdated": "2020-01-02T00:00:00.007Z"},
    }


def test_the_senders_version_and_moment_are_not_kept() -> None:
    resource = {
        "resourceType": "Basic",
        "meta": {"versionId": "9", "lastUpdated": "1999-01-01", "source": "urn:a"},
    }

    assert packing.members(resource) == b'"source":"urn:a"\x00'


def test_a_large_body_is_unpacked() -> None:
    text = b"\x00" + b'"note":"' + b"x" * 3_000_000 + b'"'

    assert packing.unpack(packing.pack(text)) == text


def test_a_frame_without_a_dictionary_is_unpacked() -> None:
    assert packing.unpack(zstandard.ZstdCompressor().compress(b'\x00"a":1')) == b'\x00"a":1'
