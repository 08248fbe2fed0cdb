"""The region's institutions as senders of a platform: registered once, with keys that only they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.exchange import senders
from xinglin.kernel.errors import Fault, Kind
from xinglin.synth.sending import pipes, stations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.synth.sending.stations import Station

HERE = ("127.0.0.1", "::1")


def register(
    connection: Connection,
    told: Iterable[Station],
    *,
    held: Mapping[str, str],
    networks: Iterable[str] = HERE,
    actor: Actor,
    now: datetime,
) -> dict[str, str]:
    """Register these stations; their keys by code. One whose key is ``held`` is left as it is."""
    places = list(networks)
    keys = {}
    known = {one.code for one in senders.every(connection)}
    for station in told:
        code = station.code
        if code in known and code in held:
            keys[code] = held[code]
        elif code in known:
            keys[code] = senders.renew_key(connection, code=code, actor=actor, now=now)
        else:
            keys[code] = _registered(connection, station, places, actor, now)
    return keys


def _registered(
    connection: Connection, station: Station, networks: list[str], actor: Actor, now: datetime
) -> str:
    is_mllp = station.way == stations.MLLP
    details = senders.Details(
        station.institution.name,
        organization=station.code,
        doors=[station.door],
        charset=station.charset,
        application=pipes.APPLICATION if is_mllp else "",
        facility=station.facility if is_mllp else "",
        networks=networks,
    )
    try:
        return senders.register(connection, code=station.code, details=details, actor=actor, now=now)
    except Fault as fault:
        if fault.kind is not Kind.CONFLICT:
            raise
        return senders.renew_key(connection, code=station.code, actor=actor, now=now)
