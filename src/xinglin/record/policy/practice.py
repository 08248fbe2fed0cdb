"""Who may practise: kept in step with the Practitioners, so that a policy can ask it in every statement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from xinglin.fhir import dates
from xinglin.kernel.ids import self_number, shard_of
from xinglin.record.policy import compiling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.record.database import Connection
    from xinglin.record.policy.relations import Said
    from xinglin.record.policy.terms import Practice

TYPES = ("Practitioner",)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


def follow(connection: Connection, written: Iterable[Said]) -> None:
    """Put what these Practitioners say of their registration in the place of what they said before."""
    given, said = compiling.in_force().practice, list(written)
    numbers = [self_number(each.type, each.id) for each in said]
    connection.execute("DELETE FROM record_practice WHERE source = ANY(%s)", [numbers])
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO record_practice (practitioner, source, suspended, since, until, shard)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (each.id, self_number(each.type, each.id), *period, shard_of(each.type, each.id))
                for each in said
                if each.resource is not None
                for period in periods(given, each.resource)
            ],
        )


def periods(given: Practice, resource: dict[str, Any]) -> Iterator[tuple[bool, datetime, datetime]]:
    """Suspended or not, from when, until when: one for each certificate that counts."""
    if resource.get("active") is False:
        yield True, _FIRST, _LAST
    for certificate in resource.get("qualification") or ():
        systems = {each.get("system") for each in certificate.get("identifier") or ()}
        if given.systems and not given.systems & systems:
            continue
        period = certificate.get("period") or {}
        start = dates.interval(str(period["start"]))[0] if "start" in period else None
        end = dates.interval(str(period["end"]))[1] if "end" in period else None
        yield (
            False,
            _FIRST if start is None else _EPOCH + timedelta(microseconds=start),
            _LAST if end is None else _EPOCH + timedelta(microseconds=end),
        )
