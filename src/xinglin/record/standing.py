"""What the record says of a resource at this moment, for those who would write it again if it says something else.

No access is checked or noted: for packages that feed the record and compare with what they have written themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.kernel.ids import self_number, shard_of
from xinglin.record import packing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.record.database import Connection

_READ = "SELECT self, body FROM record_resource WHERE self = ANY(%s) AND shard = ANY(%s)"


def texts(connection: Connection, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """The text (as ``packing.members`` gives it) of those of these ``(type, id)`` that are living."""
    numbers = {self_number(*one): one for one in wanted}
    if not numbers:
        return {}
    shards = list({shard_of(*one) for one in numbers.values()})
    rows = connection.execute(_READ, [list(numbers), shards], prepare=True)
    return {numbers[number]: packing.unpack(body) for number, body in rows}


def parsed(type_name: str, id_: str, text: bytes) -> dict[str, Any]:
    """The resource that a text is of."""
    return {**packing.parsed(type_name, text), "id": id_}
