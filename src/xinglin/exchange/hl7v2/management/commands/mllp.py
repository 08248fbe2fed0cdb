"""``xinglin mllp``: take HL7 v2 messages over MLLP."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from xinglin.exchange import processing, senders
from xinglin.exchange.doors import Door
from xinglin.exchange.hl7v2 import door
from xinglin.exchange.hl7v2.answering import Rules
from xinglin.exchange.hl7v2.listener import Limits, Listener, tls_context
from xinglin.kernel import clock
from xinglin.record import database

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.hl7v2.answering import Caller
    from xinglin.exchange.receipts import Delivery, Receipt

_COUNT_SECONDS = 60.0
_REST_SECONDS = 0.5  # before one that died is replaced
_log = logging.getLogger(__name__)


class Platform:
    """The desk that the platform itself is."""

    def sender(self, caller: Caller, application: str, facility: str) -> Sender | None:
        """By certificate, else by the names, which count only from an address that is the sender's."""
        if caller.certificate:
            found = senders.of_certificate(caller.certificate, caller.address, Door.HL7V2)
            if found is not None:
                return found
        return senders.of_names(application, facility, caller.address, Door.HL7V2)

    def deliver(self, delivery: Delivery) -> Receipt:
        return processing.deliver(delivery)

    def take(self, delivery: Delivery) -> Receipt:
        return processing.take(delivery)

    def now(self) -> datetime:
        return clock.now()

    def leave(self) -> None:
        database.close()


class Command(BaseCommand):
    help = "Take HL7 v2 messages over MLLP."

    def add_arguments(self, parser: CommandParser) -> None:
        given = settings.SETTINGS
        parser.add_argument("--host", default=given.mllp_host)
        parser.add_argument("--port", type=int, default=given.mllp_port)
        parser.add_argument("--workers", type=int, default=given.mllp_workers)
        parser.add_argument(
            "--beside", action="store_true", help="end with the process that started this one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        tls = _tls()
        door.shipped()  # compiled once, before there are several processes
        listening = _bound(options["host"], options["port"])
        host, port = listening.getsockname()[:2]
        said = "MLLP, with TLS" if tls else "MLLP"
        self.stdout.write(f"{said}: {host}:{port}")
        self.stdout.flush()
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 100)  # a message makes many small things and no cycles
        database.close()  # no process shares a connection with another
        if options["workers"] <= 1:
            _serve(listening, tls, os.getppid() if options["beside"] else 0)
        else:
            _Crew(listening, tls, options["workers"]).run()


def _tls() -> ssl.SSLContext | None:
    """By the settings; None where no certificate is named."""
    given = settings.SETTINGS
    if not given.mllp_certificate:
        if given.mllp_key or given.mllp_clients:
            raise CommandError("XINGLIN_MLLP_CERTIFICATE is missing: TLS needs certificate and key.")
        return None
    try:
        clients = Path(given.mllp_clients) if given.mllp_clients else None
        return tls_context(
            Path(given.mllp_certificate), Path(given.mllp_key or given.mllp_certificate), clients
        )
    except (OSError, ssl.SSLError) as error:
        raise CommandError(
            f"The certificate, its key or the file of authorities cannot be used: {error}"
        ) from None


def _bound(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=512, family=_family(host))
    except OSError as error:
        raise CommandError(f"{host}:{port} cannot be listened on: {error.strerror or error}") from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _limits() -> Limits:
    given = settings.SETTINGS
    return Limits(
        threads=given.mllp_threads,
        connections=given.mllp_connections,
        largest=given.mllp_largest,
        idle=float(given.mllp_idle),
    )


def _serve(listening: socket.socket, tls: ssl.SSLContext | None, parent: int = 0) -> None:
    """One process, until a signal says that it is enough, or until its parent is gone."""

    async def run() -> None:
        listener = Listener(Platform(), _limits(), Rules(settings.SETTINGS.mllp_processing.upper()))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, listener.stop)
        beside = [asyncio.create_task(_count(listener))]
        if parent:
            beside.append(asyncio.create_task(_watch(listener, parent)))
        await listener.run(listening, tls)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        _log.info("mllp stopped: %s", listener.counts)

    asyncio.run(run())


async def _count(listener: Listener) -> None:
    """Say once a minute what has happened, if anything has."""
    before = ""
    while True:
        await asyncio.sleep(_COUNT_SECONDS)
        if (now := str(listener.counts)) != before:
            _log.info("mllp: %s", now)
            before = now


async def _watch(listener: Listener, parent: int) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 -- no event tells of it
        await asyncio.sleep(1)
    listener.stop()


class _Crew:
    """Several processes on one socket; one that dies is replaced."""

    def __init__(self, listening: socket.socket, tls: ssl.SSLContext | None, workers: int) -> None:
        self._listening, self._tls, self._workers = listening, tls, workers
        self._children: set[int] = set()
        self._stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._stopping or self._children:
            while not self._stopping and len(self._children) < self._workers:
                self._children.add(self._born())
            try:
                child, status = os.wait()
            except ChildProcessError:
                break
            self._children.discard(child)
            if not self._stopping:
                _log.error("an mllp process ended with %s; another takes its place", status)
                time.sleep(_REST_SECONDS)

    def _born(self) -> int:
        parent = os.getpid()
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            _serve(self._listening, self._tls, parent)
            code = 0
        except Exception:  # noqa: BLE001 -- a child must not go on as its parent
            _log.exception("an mllp process failed")
        finally:
            os._exit(code)

    def _stop(self, *_: object) -> None:
        self._stopping = True
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
