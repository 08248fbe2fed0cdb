"""What of a source has been loaded, kept in the record's own database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection


class Stretch(NamedTuple):
    """Items ``[first, past)`` of a source that were dealt with; ``refused`` are those of them not taken."""

    first: int
    past: int
    refused: frozenset[int]


def known(connection: Connection, digest: bytes) -> list[Stretch]:
    """The stretches of that source, in order."""
    rows = connection.execute(
        "SELECT first, past, refused FROM record_load WHERE digest = %s ORDER BY first", [digest]
    )
    return [Stretch(first, past, frozenset(refused)) for first, past, refused in rows]


def note(connection: Connection, digest: bytes, stretch: Stretch) -> None:
    """Say that a stretch is stored, inside the transaction that stores it."""
    connection.execute(
        "INSERT INTO record_load (digest, first, past, refused) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (digest, first) DO UPDATE"
        " SET past = excluded.past, refused = excluded.refused, moment = now()",
        [digest, stretch.first, stretch.past, sorted(stretch.refused)],
        prepare=True,
    )


def forget(connection: Connection, digests: Sequence[bytes]) -> None:
    """Let these sources be loaded again from their beginning."""
    connection.execute("DELETE FROM record_load WHERE digest = ANY(%s)", [list(digests)])


def settle(connection: Connection) -> None:
    """Return when everything committed so far is on disk, though its commits did not wait for that."""
    with connection.transaction():
        connection.execute("SET LOCAL synchronous_commit TO on")
        connection.execute(
            "UPDATE record_load SET moment = moment"
            " WHERE (digest, first) = (SELECT digest, first FROM record_load LIMIT 1)"
        )
