"""After the keys of residents' fields were rotated: every field sealed with the current one, and found by it.

Old keys stay in the ring, so this is not urgent; it is done before a key that may be known is taken out of use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.crypto.sealing import is_current, seal
from xinglin.record import database
from xinglin.residents import authorities, keys, queries, reminders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection

_AT_ONCE = 200


def reseal() -> dict[str, int]:
    """Seal every field with the current key; what was sealed anew, by name."""
    connection = database.connection()
    return {
        "phones sealed anew": _phones(connection),
        "names sealed anew": _names(connection),
        "files sealed anew": _files(connection),
        "reminders sealed anew": _reminders(connection),
    }


def _numbers(connection: Connection, table: str, column: str) -> Iterator[int]:
    """The keys of a table, in pages, so that rows are locked one at a time."""
    after = 0
    while rows := connection.execute(
        f"SELECT {column} FROM {table} WHERE {column} > %s ORDER BY {column} LIMIT %s", [after, _AT_ONCE]
    ).fetchall():
        yield from (number for (number,) in rows)
        after = rows[-1][0]


def _phones(connection: Connection) -> int:
    changed, ring = 0, keys.ring(keys.FIELDS)
    for account in _numbers(connection, "residents_registration", "account"):
        held = queries.of_account(connection, account)
        phone = queries.phone_of(held) if held else ""
        if held is None or not phone:
            continue
        sealed = held.phone
        if not is_current(ring, sealed):
            sealed = seal(ring, phone, about=queries.phone_place(account))
        changed += connection.execute(
            "UPDATE residents_registration SET phone = %(new)s, phone_hash = %(hash)s"
            " WHERE id = %(id)s AND phone = %(old)s AND (phone, phone_hash) <> (%(new)s, %(hash)s)",
            {"new": sealed, "old": held.phone, "hash": queries.phone_hash(phone), "id": held.id},
        ).rowcount
    return changed


def _names(connection: Connection) -> int:
    changed, ring = 0, keys.ring(keys.FIELDS)
    for number in _numbers(connection, "residents_authority", "id"):
        one = queries.authority(connection, number)
        name, document = queries.name_of(one), queries.document_of(one)
        if is_current(ring, one.name) or not name:
            continue
        connection.execute(
            "UPDATE residents_authority SET name = %s, document = %s WHERE id = %s",
            [
                seal(ring, name, about=queries.authority_place(number, "name")),
                seal(ring, document, about=queries.authority_place(number, "document")),
                number,
            ],
        )
        changed += 1
    return changed


def _files(connection: Connection) -> int:
    changed, key = 0, keys.ring(keys.FIELDS).current
    for number in _numbers(connection, "residents_evidence", "authority"):
        kept, found = queries.evidence(connection, number), authorities.file_of(connection, number)
        if kept is None or found is None or kept.version == key.version:
            continue
        connection.execute(
            "UPDATE residents_evidence SET version = %s, sealed = %s WHERE authority = %s",
            [key.version, key.sealer.seal(found[1], authorities.about_file(number)), number],
        )
        changed += 1
    return changed


def _reminders(connection: Connection) -> int:
    return sum(
        reminders.reseal(connection, number) for number in _numbers(connection, "residents_reminder", "id")
    )
