"""The one connection on which what is told is heard; opened again whenever it is lost."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from xinglin.kernel import clock
from xinglin.record import database, telling

if TYPE_CHECKING:
    from xinglin.live.hub import Hub

APPLICATION = "xinglin-live"
_LOOK_SECONDS = 10.0  # without a word the server is asked whether it is still there
_AFTER_TROUBLE = (0.2, 0.5, 1.0, 2.0, 5.0)
_log = logging.getLogger(__name__)


async def listen(hub: Hub) -> None:
    """Tell the hub what is told, for ever."""
    failures = 0
    while True:
        try:
            async with await _connected() as connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(telling.CHANNEL)))
                hub.begin(clock.now().timestamp())
                failures = 0
                await _hear(connection, hub)
        except (psycopg.Error, OSError) as error:
            _log.warning("nothing is heard from the database; it is tried again: %s", error)
        finally:
            hub.fall_silent()
        await asyncio.sleep(_AFTER_TROUBLE[min(failures, len(_AFTER_TROUBLE) - 1)])
        failures += 1


async def _connected() -> psycopg.AsyncConnection[tuple[object, ...]]:
    return await psycopg.AsyncConnection.connect(
        database.target(), autocommit=True, connect_timeout=5, application_name=APPLICATION
    )


async def _hear(connection: psycopg.AsyncConnection[tuple[object, ...]], hub: Hub) -> None:
    while True:
        async for told in connection.notifies(timeout=_LOOK_SECONDS):
            hub.tell(told.payload.split(), clock.now().timestamp())
        await asyncio.wait_for(connection.execute("SELECT 1"), _LOOK_SECONDS)
