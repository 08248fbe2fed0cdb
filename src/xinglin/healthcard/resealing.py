"""After the key of sealed fields was rotated: every field sealed with the current one, and found by it.

Old keys stay in the ring, so this is not urgent; it is done before a key that may be known is taken out of use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.crypto.sealing import is_current, open_sealed, seal
from xinglin.healthcard import actions, keys, queries
from xinglin.record import database

if TYPE_CHECKING:
    from xinglin.record.database import Connection

_AT_ONCE = 500


def reseal() -> dict[str, int]:
    """Seal every field with the current key; what was sealed anew, by name."""
    connection = database.connection()
    return {
        "cards sealed anew": reseal_cards(connection),
        "bindings sealed anew": reseal_bindings(connection),
    }


def reseal_cards(connection: Connection) -> int:
    """Seal names and documents of cards anew, and hash the documents anew; tell how many cards."""
    ring, changed, before = keys.ring(keys.FIELDS), 0, queries.LAST_ID
    while page := queries.listed(connection, queries.Filter(), before=before, limit=_AT_ONCE):
        before = page[-1].id
        with connection.transaction():
            for card in page:
                number = ""
                if card.document:
                    number = open_sealed(ring, card.document, about=actions.place(card.id, "document"))
                row = {
                    "id": card.id,
                    "shard": card.shard,
                    "name": _anew(card.name, actions.place(card.id, "name")),
                    "document": _anew(card.document, actions.place(card.id, "document")),
                    "hash": actions.document_hash(number) if number else "",
                }
                changed += connection.execute(
                    "UPDATE healthcard_card SET name = %(name)s, document = %(document)s, document_hash = %(hash)s"
                    " WHERE id = %(id)s AND shard = %(shard)s"
                    " AND (name, document, document_hash) <> (%(name)s, %(document)s, %(hash)s)",
                    row,
                ).rowcount
    return changed


def reseal_bindings(connection: Connection) -> int:
    """Seal the references of bindings anew; tell how many."""
    changed = 0
    for binding in queries.every_binding(connection):
        fresh = _anew(binding.reference, binding.place)
        if fresh != binding.reference:
            connection.execute(
                "UPDATE healthcard_binding SET reference = %s WHERE id = %s", (fresh, binding.id)
            )
            changed += 1
    return changed


def _anew(sealed: str, place: str) -> str:
    """The text sealed with the current key; itself if it is already, or empty."""
    ring = keys.ring(keys.FIELDS)
    if not sealed or is_current(ring, sealed):
        return sealed
    return seal(ring, open_sealed(ring, sealed, about=place), about=place)
