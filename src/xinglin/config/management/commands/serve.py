"""``xinglin serve``: bring the tables up to date and serve pages and interfaces."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from xinglin.config import embedded
from xinglin.crypto.folder import KeysUnusable
from xinglin.exchange import working
from xinglin.exchange.nodes import working as forwarding
from xinglin.healthcard import keys
from xinglin.ledger import keeping
from xinglin.live import pages
from xinglin.live import running as live
from xinglin.record import database, sealing


class Command(BaseCommand):
    help = "Serve the platform."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.SETTINGS.host)
        parser.add_argument("--port", type=int, default=settings.SETTINGS.port)
        parser.add_argument("--workers", type=int, default=settings.SETTINGS.workers)
        parser.add_argument("--threads", type=int, default=settings.SETTINGS.threads)

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        self._see_to_keys()
        database.adopt()
        call_command("terminology", "load", verbosity=0)
        call_command("tcm", "load", verbosity=0)
        database.close()
        self.stdout.write(f"Xinglin 杏林: http://{options['host']}:{options['port']}/", ending="\n")
        self.stdout.flush()
        # The workers are processes: what is started anew reads the environment, what is forked has these settings.
        os.environ["XINGLIN_PORT"] = str(options["port"])
        settings.SETTINGS = replace(settings.SETTINGS, port=options["port"])
        server = Granian(
            "xinglin.config.wsgi:application",
            address=options["host"],
            port=options["port"],
            interface=Interfaces.WSGI,
            workers=options["workers"],
            blocking_threads=options["threads"],
            http1_settings=HTTP1Settings(keep_alive=True, pipeline_flush=True),
            static_path_route=["/static"],
            static_path_mount=[settings.STATIC_ROOT],
            respawn_failed_workers=True,
            log_level=LogLevels.error,
        )
        home, url = settings.SETTINGS.home, database.target()
        with (
            embedded.kept_running(home) if embedded.is_of(home, url) else nullcontext(),
            keeping.beside() if settings.SETTINGS.ledger else nullcontext(),
            working.beside(settings.SETTINGS.exchange),
            forwarding.beside() if settings.SETTINGS.nodes else nullcontext(),
            self._live(options["host"], options["port"]),
        ):
            server.serve()

    @staticmethod
    def _live(host: str, port: int) -> AbstractContextManager[object]:
        if not settings.SETTINGS.live:
            return nullcontext()
        return live.beside(host=host, port=pages.port(port), pages=port)

    def _see_to_keys(self) -> None:
        """Make the keys at the first start; one that is damaged, missing or open to others stops this one."""
        try:
            sealing.settle()
            for purpose in keys.PURPOSES:
                keys.ring(purpose)
        except KeysUnusable as error:
            raise CommandError(str(error)) from None
