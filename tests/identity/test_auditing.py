"""The clerical audit: what share of the matcher's links is right, and how sure that is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identity.persons import STEWARD, settle
from xinglin.identity import auditing, store
from xinglin.identity.events import Event, Kind
from xinglin.record.drafts import numbers


@pytest.mark.parametrize(
    ("right", "judged", "low", "high"),
    [(50, 50, 0.9287, 1.0), (0, 10, 0.0, 0.2775), (45, 50, 0.7864, 0.9565), (1, 1, 0.2065, 1.0)],
)
def test_interval_is_wilsons(right, judged, low, high):
    assert auditing.wilson(right, judged) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_holds_the_share_and_keeps_to_its_bounds(pair):
    right, judged = pair
    low, high = auditing.wilson(right, judged)

    assert 0 <= low <= right / judged + 1e-9
    assert right / judged - 1e-9 <= high <= 1


def joined(index, *persons):
    """Persons whose later Patients the matcher has joined."""
    made = settle(index, *persons)
    for person, patients in zip(made, persons, strict=True):
        store.append(
            index,
            [
                Event(numbers.take(1)[0], Kind.JOINED, person, patient=p, bits=9.0, weights="1")
                for p in patients[1:]
            ],
        )
    return made


def draw(index, count):
    with index.transaction():
        return auditing.draw(index, count=count, actor=STEWARD, dice=random.Random(1))


def test_sample_asks_of_links_that_the_matcher_made(index):
    joined(index, ["a", "b"], ["c", "d", "e"], ["f"])

    assert draw(index, 2) == 2
    asked = index.execute("SELECT patient FROM identity_review WHERE kind = 'audit' ORDER BY 1").fetchall()
    assert {p for (p,) in asked} <= {"b", "d", "e"}
    assert auditing.accuracy(index) == auditing.Accuracy(0, 0, 2)


def test_no_link_is_asked_of_twice(index):
    joined(index, ["a", "b"])

    assert (draw(index, 5), draw(index, 5)) == (1, 0)


def test_index_without_links_gives_no_sample(index):
    assert draw(index, 5) == 0


def test_link_that_was_taken_back_since_is_not_asked_of(index):
    joined(index, ["a", "b"])
    index.execute("DELETE FROM identity_patient WHERE id = 'a'")

    assert draw(index, 5) == 0
