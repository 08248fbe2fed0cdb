from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from xinglin.kernel import ids

vids = st.integers(min_value=0, max_value=(1 << 63) - 1)
shards = st.integers(min_value=0, max_value=ids.SHARDS - 1)
foreign = st.from_regex(r"\A[A-Za-z0-9\-.]{1,64}\Z").filter(
    lambda s: not re.fullmatch(r"[0-7][0-9a-z]{14}", s)
)


@given(vids, shards)
def test_an_id_gives_back_its_number_and_shard(vid: int, shard: int) -> None:
    made = ids.make_id(vid, shard)

    assert (ids.self_number("Patient", made), ids.shard_of("Patient", made)) == (vid, shard)


@given(vids, vids, shards)
def test_ids_sort_as_their_numbers(a: int, b: int, shard: int) -> None:
    assert (ids.make_id(a, shard) < ids.make_id(b, shard)) == (a < b)


@given(foreign)
def test_a_foreign_id_has_a_negative_number_and_a_shard(id_: str) -> None:
    assert -(1 << 63) <= ids.self_number("Patient", id_) < 0
    assert 0 <= ids.shard_of("Patient", id_) < ids.SHARDS


def test_a_foreign_id_is_known_by_its_type_too() -> None:
    assert ids.self_number("Patient", "1") != ids.self_number("Group", "1")


def test_version_numbers_rise_strictly() -> None:
    numbers = ids.VersionNumbers()
    taken = [n for size in (1, 5, 20_000, 1) for n in numbers.take(size)]

    assert taken == sorted(set(taken))


def test_version_numbers_follow_what_was_before() -> None:
    numbers = ids.VersionNumbers()
    far = ids.ceil_vid(ids.EPOCH_MS + (1 << 40))

    assert numbers.take(1, after=far)[0] == far + 1


@given(st.integers(min_value=ids.EPOCH_MS, max_value=ids.EPOCH_MS + (1 << 41) - 2))
def test_a_milliseconds_numbers_lie_between_its_floor_and_ceiling(ms: int) -> None:
    assert ids.moment_of(ids.floor_vid(ms)) == ids.moment_of(ids.ceil_vid(ms)) == ms
    assert ids.ceil_vid(ms) + 1 == ids.floor_vid(ms + 1)


def test_times_outside_the_numbers_range_give_its_ends() -> None:
    assert ids.floor_vid(0) == 0
    assert ids.ceil_vid(ids.EPOCH_MS + (1 << 41)) == ids.ceil_vid(1 << 60) == (1 << 63) - 1
