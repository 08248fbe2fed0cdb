"""A document in the record and out of it again says what it said: XML, and every element that is mapped."""

from __future__ import annotations

from operator import attrgetter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exchange.cda import make
from xinglin.exchange.cda import from_record, kinds, reading, to_record, writing

CODES = list(kinds.kinds())


def through_the_record(document):
    """The document made of the resources that were made of it."""
    kind = kinds.kinds()[document.code]
    found = to_record.resources(document, kind, make.SENDER, b"<original/>")
    held = {f"{one['resourceType']}/{one['id']}": one for one in found}
    composition = next(one for one in found if one["resourceType"] == "Composition")
    reference = next(one for one in found if one["resourceType"] == "DocumentReference")
    return from_record.document(composition, held.get, reference)


def settled(document):
    """In an order that does not matter, and without what is not mapped."""
    document.patient.numbers.sort(key=attrgetter("root"))
    document.node = None
    document.realm = "CN"
    document.language = "zh-CN"
    return document


@pytest.mark.parametrize("code", CODES)
def test_a_whole_document_of_every_kind_comes_back_as_it_was(code):
    document = make.good(kinds.kinds()[code])

    assert settled(reading.read(writing.write(document))) == settled(document)
    assert settled(through_the_record(reading.read(writing.write(document)))) == settled(document)


@pytest.mark.parametrize("code", CODES)
def test_any_document_of_every_kind_comes_back_as_it_was(code):
    @settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(st.data())
    def law(data):
        document = data.draw(make.documents(kinds.kinds()[code]))
        before = settled(reading.read(writing.write(document)))

        assert before == settled(document)

        after = settled(through_the_record(before))
        assert after == before
        assert settled(reading.read(writing.write(after))) == before

    law()
