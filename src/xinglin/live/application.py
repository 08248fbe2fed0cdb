"""The live process as an ASGI application: ``GET /live`` is a stream of server-sent events, ``/live/health`` an answer.

Without a framework: an open stream is one small coroutine and no thread. What a stream says is in ``hub``; beside it a
comment every ``HEARTBEAT`` seconds, so that nobody on the way takes the line for dead, and who is gone is noticed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import Error as DatabaseError

from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.live import admission, listening
from xinglin.live.hub import OVER, RENEW, Hub, Watcher

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from xinglin.live.admission import Admitted

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH = "/live"
HEARTBEAT = 15.0  # seconds
GATHER = 0.3  # seconds between two words on a stream: what is told meanwhile is said together
CHECK = 15.0  # seconds between two looks whether sessions hold; their owners' signing out is told at once
MOST, MOST_OF_SESSION = 20_000, 24  # streams
_PATIENCE = 20.0  # seconds for a reader to take what was said
_THREADS = 4  # that ask the database
_BEAT = b": \n\n"
_log = logging.getLogger(__name__)


class Application:
    """The callable; ``pages`` is the port of the pages whose browsers ask here."""

    def __init__(self, *, pages: int) -> None:
        self._pages = pages
        self.hub = Hub()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="live")
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._tasks = [
                    asyncio.create_task(listening.listen(self.hub)),
                    asyncio.create_task(self._look()),
                ]
                await send({"type": "lifespan.startup.complete"})
            else:
                for task in self._tasks:
                    task.cancel()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _look(self) -> None:
        """End the streams of sessions that are over."""
        while True:
            await asyncio.sleep(CHECK)
            try:
                over = await self._ask(lambda: admission.ended(self.hub.sessions, now=clock.now()))
            except DatabaseError as error:
                _log.warning("sessions cannot be looked at; it is tried again: %s", error)
                continue
            for key in over:
                self.hub.end(key)

    async def _ask(self, question: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, question)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].rstrip("/")
        if scope["method"] != "GET":
            await _say(send, 405, "Only GET is answered here.", (b"allow", b"GET"))
        elif path == f"{PATH}/health":
            await _say(
                send, *((200, "ok") if self.hub.hears else (503, "nothing is heard from the database"))
            )
        elif path == PATH:
            await self._stream(scope, receive, send)
        else:
            await _say(send, 404, "Here is /live alone.")

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        origin = headers.get("origin", "")
        try:
            admission.require_own_page(origin, headers.get("host", ""), pages=self._pages)
        except Fault as fault:
            await _say(send, 403, str(fault))
            return
        shared = _shared_with(origin)
        key = _session_in(headers.get("cookie", ""))
        if not self.hub.hears or self.hub.count >= MOST or self.hub.streams_of(key) >= MOST_OF_SESSION:
            await _say(send, 503, "No stream can be had now.", (b"retry-after", b"30"), *shared)
            return
        given = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [])
        try:
            admitted: Admitted = await self._ask(lambda: admission.admit(key, given, now=clock.now()))
        except Fault as fault:
            await _say(send, 403, str(fault), *shared)
            return
        except DatabaseError:
            await _say(send, 503, "The database does not answer.", (b"retry-after", b"30"), *shared)
            return
        await self._keep(admitted, _heard(headers), shared, receive, send)

    async def _keep(
        self, admitted: Admitted, heard: float, shared: tuple[tuple[bytes, bytes], ...], receive: Receive, send: Send
    ) -> None:  # fmt: skip
        """The stream, from its beginning to its end."""
        watcher = Watcher(admitted.session, admitted.topic, admitted.waits)
        self.hub.join(watcher, since=max(admitted.since, heard))
        talking = asyncio.ensure_future(_talk(watcher, admitted.until, shared, send))
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait({talking, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.hub.leave(watcher)
            for task in (talking, gone):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task


async def _talk(
    watcher: Watcher, until: float, shared: tuple[tuple[bytes, bytes], ...], send: Send
) -> None:  # fmt: skip
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        *shared,
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    # those who are cut off together do not come back together
    await _write(send, f"retry: {random.randint(1000, 5000)}\nid: {_now()}\n\n".encode())  # noqa: S311 -- no secret
    while True:
        left = until - clock.now().timestamp()
        if left <= 0:
            watcher.say((RENEW,))
        try:
            await asyncio.wait_for(watcher.wake.wait(), min(HEARTBEAT, max(left, 0.0) + 0.01))
        except TimeoutError:
            await _write(send, _BEAT)
            continue
        said = watcher.take()
        last = OVER if OVER in said else RENEW if RENEW in said else None
        words = [last] if last else said
        body = "".join(f"event: {word}\nid: {_now()}\ndata: changed\n\n" for word in words).encode()
        if last:
            await send({"type": "http.response.body", "body": body, "more_body": False})
            return
        await _write(send, body)
        await asyncio.sleep(GATHER)


async def _write(send: Send, body: bytes) -> None:
    await asyncio.wait_for(send({"type": "http.response.body", "body": body, "more_body": True}), _PATIENCE)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _say(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    kept = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": kept})
    await send({"type": "http.response.body", "body": text.encode(), "more_body": False})


def _shared_with(origin: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers by which a browser lets a page of ours, on another port, read the answer."""
    if not origin:
        return ()
    return (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    )


def _session_in(cookies: str) -> str:
    try:
        found = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""


def _heard(headers: dict[str, str]) -> float:
    """Until when a stream that is taken up again had come: our ids are milliseconds since 1970."""
    text = headers.get("last-event-id", "")
    return int(text) / 1000 if text.isdecimal() and len(text) < 16 else 0.0


def _now() -> int:
    return clock.milliseconds()
