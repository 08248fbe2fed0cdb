"""``xinglin edge``: the front machine. Needs no database and no platform beside it, only its configuration."""

from __future__ import annotations

import json
import logging
import secrets
import signal
import sqlite3
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xinglin.crypto.folder import KeysUnusable
from xinglin.edge import checking, configuration, running
from xinglin.edge.buffer import Buffer
from xinglin.edge.configuration import BufferPart
from xinglin.edge.messages import decoded
from xinglin.edge.sources import Trouble
from xinglin.exchange.edges.templatetags import exchange_edges as words
from xinglin.kernel import clock

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from xinglin.edge.configuration import Configuration


class Command(BaseCommand):
    help = "The front machine at an institution: reads its database or files, buffers, sends to the platform."
    requires_system_checks: list[str] = []  # noqa: RUF012 -- Django's declaration

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        added = {
            name: verbs.add_parser(name, help=help_)
            for name, help_ in (
                ("init", "write a configuration to begin with, and the keys it names"),
                ("check", "try every source and the platform, and show what would be sent"),
                ("run", "read, buffer and send until stopped"),
                ("status", "how things stand: queue, rate, errors"),
                ("refused", "what the platform could not use: look, send again, discard"),
            )
        }
        for parser_ in added.values():
            parser_.add_argument("config", type=Path, help="the configuration, such as edge.toml")
        added["check"].add_argument("--source", default="", help="only this source")
        added["check"].add_argument("--dry", action="store_true", help="do not ask the platform")
        added["status"].add_argument("--json", action="store_true", help="as JSON")
        refused = added["refused"].add_mutually_exclusive_group()
        refused.add_argument("--show", type=int, metavar="NUMBER", help="the message itself")
        refused.add_argument("--resend", metavar="NUMBERS", help="numbers with commas between, or all")
        refused.add_argument("--discard", metavar="NUMBERS", help="numbers with commas between")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["config"]
        try:
            if options["verb"] == "init":
                self._init(path)
                return
            read = configuration.read(path)
            getattr(self, f"_{options['verb']}")(read, options)
        except configuration.Unusable as unusable:
            raise CommandError(f"\n{unusable}") from None
        except (KeysUnusable, Trouble, running.AlreadyRunning) as wrong:
            raise CommandError(str(wrong)) from None
        except sqlite3.Error as wrong:
            raise CommandError(f"The buffer cannot be used: {wrong}") from None

    # -- the verbs

    def _init(self, path: Path) -> None:
        base = path.resolve().parent
        base.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(checking.SAMPLE.read_text("utf-8"), "utf-8")
            self.stdout.write(f"{path}: change it to what is right here.")
        _secret(base / "page.token", secrets.token_urlsafe(24))
        _secret(base / "sender.key", "")
        part = _buffer_of(path)
        Buffer(part, clock.now, make=True).close()
        self.stdout.write(
            f"The key is in {part.keys}: copy it to a safe place, without it the buffer is lost."
        )
        self.stdout.write(
            f"Put the sender's key into {base / 'sender.key'}, then try: xinglin edge check {path}"
        )

    def _check(self, read: Configuration, options: dict[str, Any]) -> None:
        if options["source"] and read.source(options["source"]) is None:
            raise CommandError(
                f"There is no source {options['source']!r}: {', '.join(s.name for s in read.sources)}."
            )
        if not checking.may_write(read.buffer.folder):
            raise CommandError(f"Nothing can be written into {read.buffer.folder}.")
        if checking.check(read, self.stdout.write, source=options["source"], quiet=options["dry"]):
            raise CommandError("Not everything is in order.")

    def _run(self, read: Configuration, _: dict[str, Any]) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
        with running.held(read.buffer.folder):
            edge = running.Edge(read)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: edge.stop())
            try:
                edge.begin()
            except OSError as error:
                raise CommandError(f"It cannot begin: {error}") from None
            self.stdout.write(f"Front machine {read.platform.sender} → {read.platform.address}")
            if edge.page is not None:
                self.stdout.write(f"http://127.0.0.1:{edge.page.port}/")
            self.stdout.flush()
            edge.run()
            edge.end()

    def _status(self, read: Configuration, options: dict[str, Any]) -> None:
        buffer = _opened(read)
        level, said = buffer.level(), buffer.said()
        alive = running.is_running(read.buffer.folder)
        told = {
            "running": alive,
            "waiting": level.waiting,
            "refused": level.refused,
            "bytes": level.size,
            "limit": read.buffer.limit,
            "oldest": level.oldest,
            "said": said,
        }
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=1))
            return
        line = said.get("line", {})
        self.stdout.write(f"running:  {'yes' if alive else 'no'}")
        up = "up" if line.get("up", True) else "down"
        self.stdout.write(f"line:     {up}{_because(line.get('error'))}")
        self.stdout.write(f"waiting:  {level.waiting}, the oldest since {words.moment(level.oldest)}")
        self.stdout.write(f"refused:  {level.refused}")
        self.stdout.write(f"room:     {words.size(level.size)} of {words.size(read.buffer.limit)}")
        self.stdout.write(f"rate:     {said.get('queue', {}).get('rate', 0)} messages a second")
        for one in said.get("sources", ()):
            self.stdout.write(
                f"source:   {one['name']} ({one['kind']} → {one['door']}), waiting {one['waiting']}, last read"
                f" {words.moment(one['last_run'])}{_because(one['error'])}"
            )
        buffer.close()

    def _refused(self, read: Configuration, options: dict[str, Any]) -> None:
        buffer = _opened(read)
        if options["show"] is not None:
            body = buffer.refused_body(options["show"])
            if body is None:
                raise CommandError(f"No refused message has the number {options['show']}.")
            self.stdout.write(decoded(body, "").replace("\r", "\n"))
        elif options["resend"]:
            count = buffer.resend(None if options["resend"] == "all" else _numbers(options["resend"]))
            self.stdout.write(f"{count} will be sent again.")
        elif options["discard"]:
            self.stdout.write(f"{buffer.discard(_numbers(options['discard']))} discarded.")
        else:
            for one in buffer.refused(limit=1000):
                self.stdout.write(
                    f"{one.place}  {one.source}  {one.door}  {words.moment(one.made)}  {one.receipt}"
                )
                for reason in one.reasons:
                    self.stdout.write(
                        f"    {reason['severity']} {reason['code']} {reason['place']}: {reason['text']}"
                    )
        buffer.close()


def _because(error: dict[str, Any] | None) -> str:
    text = words.said(error)
    return f": {text}" if text else ""


def _opened(read: Configuration) -> Buffer:
    return Buffer(read.buffer, clock.now)


def _numbers(text: str) -> list[int]:
    try:
        return [int(one) for one in text.split(",")]
    except ValueError:
        raise CommandError(f"Numbers with commas between, such as 12,15; not {text!r}.") from None


def _secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, if it is not there."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(text)


def _buffer_of(path: Path) -> BufferPart:
    """The folders of the buffer, though the rest of the file may not be right yet."""
    base = path.resolve().parent
    try:
        given = tomllib.loads(path.read_text("utf-8"))["buffer"]
        return BufferPart((base / given["folder"]).resolve(), (base / given["keys"]).resolve())
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        raise CommandError(f"{path} needs [buffer] with `folder` and `keys`.") from None
