"""Ids of persons and Patients as numbers and shards."""

from __future__ import annotations

from xinglin.kernel.ids import self_number, shard_of
from xinglin.record.drafts import numbers


def place_of(person_id: str) -> tuple[int, int]:
    """Number and shard of a person's id; an id that is none of ours leads to no row."""
    return self_number("Person", person_id), shard_of("Person", person_id)


def patient_place(patient_id: str) -> tuple[int, int]:
    """Number and shard of a Patient's id."""
    return self_number("Patient", patient_id), shard_of("Patient", patient_id)


def new_person(shard: int) -> tuple[int, int]:
    """A number that nobody had, in that shard."""
    return numbers.take(1)[0], shard
