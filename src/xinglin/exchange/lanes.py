"""Lanes: a sender's messages about one patient. Within a lane messages are worked in the order they were received.

A lane is locked in the database for as long as its messages are being worked, so that order holds over threads and
processes. Who needs several locks takes them in order; who would only help out takes those that are free.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from xinglin.record import sealing
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Collection

    from xinglin.record.database import Connection

_USE = "exchange-lane"


def of(sender: str, patient: str, digest: bytes) -> int:
    """The lane of a message: 31 bits. One about no patient has nothing to wait for but itself.

    Two lanes may share a number: then they wait for each other, and nothing else.
    """
    said = f"{len(sender)}:{sender}{patient.strip()}".encode("utf-8", "surrogatepass") if patient else digest
    hashed = blake2b(said, key=sealing.secret(_USE) or b"", digest_size=4).digest()
    return int.from_bytes(hashed) >> 1


def lock(connection: Connection, lanes: Collection[int]) -> None:
    """Wait until nobody else works these lanes; to the end of the transaction they are ours."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(%s, lane) FROM unnest(%s::integer[]) lane",
        [Lock.EXCHANGE_LANES, sorted(lanes)],
        prepare=True,
    )


def lock_free(connection: Connection, lanes: Collection[int]) -> list[int]:
    """Take those of the lanes that nobody else works."""
    rows = connection.execute(
        "SELECT lane FROM unnest(%s::integer[]) lane WHERE pg_try_advisory_xact_lock(%s, lane)",
        [sorted(lanes), Lock.EXCHANGE_LANES],
        prepare=True,
    )
    return [lane for (lane,) in rows]
