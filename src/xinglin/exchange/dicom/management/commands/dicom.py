"""``xinglin dicom``: listen for images; who may call; check, delete and clear away what is kept."""

from __future__ import annotations

import signal
import ssl
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from xinglin.crypto.folder import KeysUnusable
from xinglin.exchange.dicom import actions, checking, listening, peers, queries, settling
from xinglin.exchange.dicom.keeping import store
from xinglin.exchange.dicom.peers import Title
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import access, database, sealing

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Listen for images (C-STORE, C-ECHO), and look after what is kept."
    requires_system_checks: list[str] = []  # noqa: RUF012 -- Django's declaration

    def add_arguments(self, parser: CommandParser) -> None:
        given = settings.SETTINGS
        parser.set_defaults(verb="run", host=given.host, port=given.dicom_port, title=given.dicom_title)
        verbs = parser.add_subparsers(dest="verb")
        run = verbs.add_parser("run", help="listen; this is what happens without a verb")
        run.add_argument("--host", default=given.host)
        run.add_argument("--port", type=int, default=given.dicom_port)
        run.add_argument("--title", default=given.dicom_title)
        titles = verbs.add_parser("titles", help="the AE titles that may call")
        titles.add_argument("--add", metavar="TITLE")
        titles.add_argument("--sender", metavar="CODE", default="")
        titles.add_argument("--address", default="", help="from there alone")
        titles.add_argument("--remove", metavar="TITLE")
        check = verbs.add_parser("check", help="compare tables and files; status 1 where something is wrong")
        check.add_argument("--fast", action="store_true", help="whether files are there, not what is in them")
        verbs.add_parser("settle", help="tell the record now of everything that has come")
        verbs.add_parser("clear", help="remove files that nothing names any more; daily work does the same")
        verbs.add_parser("reseal", help="seal the keys of all files with the current key of the ring")
        delete = verbs.add_parser("delete", help="delete a study")
        delete.add_argument("study", help="its Study Instance UID")
        delete.add_argument("--sender", default="", help="the copy of this sender alone")
        delete.add_argument("--reason", required=True)
        expire = verbs.add_parser("expire", help="delete studies that are older than a number of days")
        expire.add_argument("--days", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb'] or 'run'}")(options)
        except Fault as fault:
            raise CommandError(str(fault)) from None
        finally:
            access.flush()

    def _run(self, options: dict[str, Any]) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        try:
            sealing.settle()
        except KeysUnusable as error:
            raise CommandError(str(error)) from None
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            server = listening.serve(
                host=options["host"], port=options["port"], title=options["title"], tls=_tls()
            )
        except OSError as error:
            raise CommandError(f"Cannot listen on {options['host']}:{options['port']}: {error}") from None
        settling.begin()
        settling.wake()
        self.stdout.write(f"DICOM: {options['title']} at {options['host']}:{options['port']}", ending="\n")
        self.stdout.flush()
        stop.wait()
        server.shutdown()
        settling.settle(database.connection(), clock.now(), everything=True)

    def _titles(self, options: dict[str, Any]) -> None:
        connection = database.connection()
        if options["add"]:
            if not options["sender"]:
                raise CommandError("Say whose it is: --sender CODE.")
            peers.add(connection, Title(options["add"], options["sender"], options["address"]))
        if options["remove"]:
            peers.remove(connection, options["remove"])
        for title in peers.every(connection):
            self.stdout.write(f"{title.title:16}  {title.sender:16}  {title.address or 'anywhere'}")

    def _check(self, options: dict[str, Any]) -> None:
        report = checking.check(database.connection(), fast=options["fast"])
        for one in report.found:
            about = f"  study {one.study}  instance {one.uid}  of {one.sender}" if one.uid else ""
            self.stdout.write(f"{one.what:8}  {one.digest}{about}")
        self.stdout.write(f"{report.instances:,} instances and {report.files:,} files were looked at.")
        if not report.is_sound:
            raise CommandError("Something is missing or was altered: see above.")

    def _settle(self, _: dict[str, Any]) -> None:
        told = settling.settle(database.connection(), clock.now(), everything=True)
        self.stdout.write(f"{told:,} studies were told to the record.")

    def _clear(self, _: dict[str, Any]) -> None:
        self.stdout.write(f"{actions.clear(database.connection(), clock.now()):,} files were removed.")

    def _reseal(self, _: dict[str, Any]) -> None:
        kept = store()
        changed = sum(kept.reseal(digest) for digest in kept.digests())
        self.stdout.write(f"{changed:,} files were sealed with the current key.")

    def _delete(self, options: dict[str, Any]) -> None:
        connection = database.connection()
        copies = [
            study
            for study in queries.of_uid(connection, SYSTEM, options["study"])
            if options["sender"] in ("", study.sender)
        ]
        if not copies:
            raise CommandError("There is no such study.")
        for study in copies:
            count = actions.delete_study(
                connection, study=study, actor=SYSTEM, reason=options["reason"], now=clock.now()
            )
            self.stdout.write(f"{count:,} instances of {study.sender} were deleted.")

    def _expire(self, options: dict[str, Any]) -> None:
        if options["days"] < 1:
            raise CommandError("--days is a number of days from 1.")
        now = clock.now()
        before = now - timedelta(days=options["days"])
        count = actions.expire(database.connection(), before=before, actor=SYSTEM, now=now)
        self.stdout.write(f"{count:,} studies were deleted.")


def _tls() -> ssl.SSLContext | None:
    """What encrypts associations: certificate and key in one PEM file, and who is trusted as a caller."""
    given = settings.SETTINGS
    if not given.dicom_certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(given.dicom_certificate)
        if given.dicom_callers:
            context.load_verify_locations(given.dicom_callers)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        path = Path(given.dicom_certificate)
        raise CommandError(
            f"XINGLIN_DICOM_CERTIFICATE or XINGLIN_DICOM_CALLERS cannot be used ({path}): {error}"
        ) from None
    return context
