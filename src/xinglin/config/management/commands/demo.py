"""``xinglin demo``: a region to look at. Made and loaded the first time, kept and served from then on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from xinglin.identity.population import counts, filing, refreshing
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database
from xinglin.synth import census
from xinglin.synth.plan import Plan

if TYPE_CHECKING:
    from pathlib import Path

_RESIDENTS = 1000


class Command(BaseCommand):
    help = "Make a demonstration region, load it, and serve."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--residents", type=int, default=_RESIDENTS, help="only counts the first time")
        parser.add_argument("--seed", type=int, default=1, help="only counts the first time")
        parser.add_argument("--port", type=int, default=settings.SETTINGS.port)
        parser.add_argument("--no-serve", action="store_true", help="stop when the region is loaded")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        loaded = settings.SETTINGS.home / "demo" / "loaded"
        if not loaded.exists():
            self._load(loaded.parent, residents=options["residents"], seed=options["seed"])
            self._register(residents=options["residents"], seed=options["seed"])
            loaded.touch()
        self.stdout.write("Demonstration accounts 演示账号 (name, password):")
        call_command("demo_accounts", stdout=self.stdout)
        self.stdout.flush()
        database.close()
        if not options["no_serve"]:
            call_command("serve", port=options["port"], stdout=self.stdout)

    def _load(self, folder: Path, *, residents: int, seed: int) -> None:
        """Make the region's files and load them; what an interrupted first try loaded is not loaded twice."""
        region = folder / "region"
        if not (folder / "made").exists():
            shutil.rmtree(region, ignore_errors=True)
            region.mkdir(parents=True)
            self.stdout.write(f"Making a region of {residents:,} residents …")
            self.stdout.flush()
            call_command("synth", residents=residents, seed=seed, until=clock.now().date(), out=str(region))
            (folder / "made").touch()
        self.stdout.write("Loading it …")
        self.stdout.flush()
        files = sorted(path for path in region.iterdir() if not path.name.startswith("truth"))
        call_command("load", *map(str, files), refused=folder / "refused.ndjson")
        with database.connect() as connection:
            connection.execute("VACUUM (ANALYZE) record_resource")

    def _register(self, *, residents: int, seed: int) -> None:
        """Fill the population register from what was loaded, count the region's people, and file archives."""
        self.stdout.write("Filling the population register …")
        self.stdout.flush()
        now = clock.now()
        census_text = census.text(Plan(residents, seed, until=now.date()))
        with database.connect() as connection, connection.transaction():
            counts.load(connection, counts=counts.read(census_text), actor=SYSTEM, now=now)
        refreshing.everybody(actor=SYSTEM, now=now, tell=lambda _: None)
        filing.everybody(actor=SYSTEM, now=now, tell=lambda _: None)
        with database.connect() as connection:
            connection.execute("VACUUM (ANALYZE) identity_resident, identity_member, identity_archive")
