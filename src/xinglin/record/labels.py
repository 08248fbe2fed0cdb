"""Which profiles, security labels and tags are in use: ``$meta`` of a type or of everything.

https://hl7.org/fhir/R4/resource-operation-meta.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions, json
from xinglin.fhir.index import keys
from xinglin.kernel.errors import invalid
from xinglin.record import packing

if TYPE_CHECKING:
    from xinglin.record.database import Connection
    from xinglin.record.search import Access

SETS = ("profile", "security", "tag")
MOST = 200_000  # labelled resources that are looked through
_AT_ONCE = 2_000


def in_use(
    connection: Connection, type_name: str | None, access: Access | None = None
) -> dict[str, list[Any]]:
    """The distinct labels of the living resources, in the order in which they were first seen.

    Raises ``invalid`` where more than ``MOST`` resources have labels.
    """
    labelled = [keys.presence_hash(f"Resource.meta.{name}") for name in SETS]
    where = "tokens && %s::bigint[]"
    values: list[Any] = [labelled]
    if type_name is not None:
        where += " AND type = %s"
        values.append(definitions.type_number(type_name))
    allowed = access("r", (type_name,) if type_name else ()) if access else None
    if allowed is not None:
        where, values = f"{where} AND ({allowed.sql})", [*values, *allowed.values]
    found: dict[str, dict[Any, Any]] = {name: {} for name in SETS}
    seen: set[bytes] = set()
    with (
        connection.transaction(),
        connection.cursor("labels") as cursor,
    ):  # a server-side cursor: bounded memory
        cursor.itersize = _AT_ONCE
        cursor.execute(f"SELECT body FROM record_resource r WHERE {where}", values, binary=True)
        for number, (body,) in enumerate(cursor, 1):
            seen.add(packing.unpack(body).partition(b"\x00")[0])
            if number > MOST:
                raise invalid(
                    "More than %(most)d resources have profiles, labels or tags; ask for one type.",
                    code="too-costly",
                    most=MOST,
                )
    for text in sorted(seen):
        for name, ones in json.parse(b"{" + text + b"}").items():
            for one in ones if name in SETS else ():
                found[name].setdefault(identity(one), one)
    return {name: list(ones.values()) for name, ones in found.items() if ones}


def identity(one: Any) -> Any:
    """Labels and tags are the same when system and code are; profiles when they are equal."""
    return (one.get("system"), one.get("code")) if isinstance(one, dict) else one
