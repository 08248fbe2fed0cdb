"""``xinglin witness``: watch other bodies' logs. Needs no database and no platform, only its own directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xinglin.crypto.signed_notes import NoteError
from xinglin.ledger import witnessing

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Watch logs: cosign their heads as long as each continues the last."
    requires_system_checks: list[str] = []  # noqa: RUF012 -- Django's declaration

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        init = verbs.add_parser("init", help="make a witness: its directory and its key")
        init.add_argument("name", help="its name, such as witness.hospital.example")
        init.add_argument(
            "--url", default="", help="where logs will reach it, for the line to be given to them"
        )
        serve = verbs.add_parser("serve", help="answer add-checkpoint over HTTP")
        serve.add_argument("--host", default="127.0.0.1")
        serve.add_argument("--port", type=int, default=8090)
        for verb in (init, serve):
            verb.add_argument(
                "--dir", type=Path, default=Path("witness"), help="its directory (default ./witness)"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["verb"] == "init":
                self._init(options["dir"], options["name"], options["url"])
            else:
                self._serve(options["dir"], options["host"], options["port"])
        except NoteError as wrong:
            raise CommandError(f"{wrong}.") from None
        except FileNotFoundError as wrong:
            raise CommandError(
                f"There is no {wrong.filename}: make the witness first, with `witness init`."
            ) from None

    def _init(self, home: Path, name: str, url: str) -> None:
        key = witnessing.init(home, name)
        self.stdout.write(f"The witness's key is in {home / 'witness.key'}; nobody else may have it.")
        self.stdout.write(f"Put the verifier keys of the logs to watch into {home / 'logs'}, one a line.")
        self.stdout.write("Give this line to those who keep the logs, for their ledger.policy:")
        self.stdout.write(f"witness {key.name} {key.verifier.text} {url}".rstrip())

    def _serve(self, home: Path, host: str, port: int) -> None:
        witness = witnessing.Witness(home)
        server = witnessing.server(witness, host, port)
        self.stdout.write(f"Witness {witness.key.name}: http://{host}:{server.server_address[1]}/")
        self.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()
