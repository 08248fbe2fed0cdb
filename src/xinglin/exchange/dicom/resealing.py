"""What this package has sealed is sealed anew with the record's; its hashes are made anew when their key changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.exchange.dicom import facts, keys
from xinglin.record import resealing
from xinglin.record.resealing import Place

if TYPE_CHECKING:
    from xinglin.record.database import Connection


def begin() -> None:
    """Offer tables and hashes; when the applications get ready."""
    resealing.offer(
        Place("exchange_dicom_study", ("number", "shard"), "facts"),
        Place("exchange_dicom_series", ("study", "uid", "shard"), "facts"),
        Place("exchange_dicom_instance", ("study", "uid", "shard"), "head"),
        Place("exchange_dicom_held", ("number", "shard"), "facts"),
    )
    resealing.offer_hashes("imaging studies", _hash_again)


def _hash_again(connection: Connection) -> int:
    rows = connection.execute("SELECT number, shard, facts FROM exchange_dicom_study").fetchall()
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE exchange_dicom_study SET keys = %s WHERE number = %s AND shard = %s",
            [(keys.of_study(facts.opened(sealed)), number, shard) for number, shard, sealed in rows],
        )
    return len(rows)
