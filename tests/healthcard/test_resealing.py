"""After keys were rotated."""

from __future__ import annotations

import pytest

from tests import own_keys as own_keys_
from tests.healthcard import make
from tests.healthcard.make import issue
from tests.healthcard.test_bindings import bind
from xinglin.crypto.algorithms import Algorithm
from xinglin.crypto.sealing import open_sealed
from xinglin.healthcard import actions, keys, queries, resealing


@pytest.fixture
def own_keys(_record_database, tmp_path, settings):
    own_keys_.begin(settings, tmp_path / "keys")


def test_fields_are_sealed_and_found_with_the_current_keys(own_keys, wang, cards):
    card, binding = issue(wang), bind(make.child(), wang)
    keys.folder().rotate(keys.FIELDS, Algorithm.AES_256_GCM)
    keys.folder().rotate(keys.SEARCH)

    assert queries.by_document(cards, actions.document_hashes(make.WANG)) == (card,)
    assert resealing.reseal() == {"cards sealed anew": 1, "bindings sealed anew": 1}
    assert resealing.reseal() == {"cards sealed anew": 0, "bindings sealed anew": 0}

    after, ring = queries.card(cards, card.id), keys.ring(keys.FIELDS)
    assert after.name.startswith("s1.2.")
    assert open_sealed(ring, after.document, about=actions.place(card.id, "document")) == make.WANG
    assert queries.by_document(cards, [actions.document_hash(make.WANG)]) == (after,)
    assert (
        open_sealed(ring, queries.binding(cards, binding.id).reference, about=binding.place)
        == "(2026)桂01民初1号"
    )
