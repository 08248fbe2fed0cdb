"""What the bench gets of this door."""

from __future__ import annotations

import tomllib

import pytest

from tests.exchange.hl7v2 import make
from xinglin.exchange.hl7v2 import door, words
from xinglin.exchange.hl7v2.trying import BENCH, example
from xinglin.kernel.errors import Fault


@pytest.mark.parametrize("kind", sorted(door.shipped()))
def test_every_kind_has_an_example_that_its_mapping_reads(kind: str) -> None:
    body = example(kind).encode()

    told = door.Handler().translate(body, BENCH.media, make.SENDER)

    assert door.read(body).message.kind == kind
    assert [(reason.place, reason.words) for reason in told.reasons if reason.severity == "error"] == []
    assert told.resources or told.links


def test_a_mapping_is_tried_with_a_message() -> None:
    text = door.library()["hl7v2-oru"]

    told = BENCH.translate(BENCH.read(text), make.results().encode(), "", make.SENDER, "ORU^R01")

    assert len(told.resources) == 10


def test_a_message_that_cannot_be_read_is_a_fault() -> None:
    with pytest.raises(Fault) as caught:
        BENCH.parse(b"hello", "", make.SENDER, "ORU^R01")

    assert caught.value.issues[0].expression == "MSH"


def test_what_the_mappings_say_is_translated() -> None:
    said = {
        check["text"] for text in door.library().values() for check in tomllib.loads(text).get("check", [])
    }

    assert said == set(words.CHECKS)
