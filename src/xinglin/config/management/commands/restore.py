"""``xinglin restore``: make a database of a backup, as everything was at a moment."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from xinglin.config.backup import repository, restoring
from xinglin.crypto.streams import Unreadable
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import Fault


def moment(text: str) -> datetime:
    """A date and time as ISO 8601 has it; without a zone it is this country's."""
    given = datetime.fromisoformat(text)
    return given if given.tzinfo else given.replace(tzinfo=LOCAL_ZONE)


class Command(BaseCommand):
    help = "Restore the platform from a backup into XINGLIN_HOME, where no database may be yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("repository", type=Path, help="the backup's directory")
        parser.add_argument("--key", type=Path, required=True, help="the file with its key")
        parser.add_argument(
            "--at", type=moment, help="a moment such as 2026-11-25T10:00:00; without it, the last"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            opened = repository.Repository.open(options["repository"], repository.read_key(options["key"]))
            home = settings.SETTINGS.home
            restoring.restore(opened, home, at=options["at"], tell=self.stdout.write)
        except (Fault, Unreadable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The database in {home} is ready. Start the platform with 'xinglin serve'.")
