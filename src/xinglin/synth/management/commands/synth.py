"""``xinglin synth``: make a region as data."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xinglin.kernel.errors import Fault
from xinglin.synth import output
from xinglin.synth.plan import DEFAULT_UNTIL, Plan

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Make a region as FHIR R4 data: institutions, practitioners, residents and years of their records."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--residents", type=int, default=1000, help="1 to 10 million (1000)")
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same region (1)")
        parser.add_argument("--years", type=int, default=5, help="years of records (5)")
        parser.add_argument(
            "--until", type=date.fromisoformat, default=DEFAULT_UNTIL, help=f"last day ({DEFAULT_UNTIL})"
        )
        parser.add_argument(
            "--format", choices=("bundles", "ndjson"), default="bundles", help="what a line is"
        )
        parser.add_argument(
            "--registrations",
            action="store_true",
            help="only the institutions' Patients, a line each, much faster",
        )
        parser.add_argument(
            "--dirty",
            action="store_true",
            help="with the errors of badly kept registers (with --registrations)",
        )
        parser.add_argument("--out", default="-", help="a directory, a .ndjson or .ndjson.gz file, or - (-)")
        parser.add_argument("--processes", type=int, default=1, help="processes that make residents (1)")

    def handle(self, **options: Any) -> None:
        try:
            plan = Plan(options["residents"], options["seed"], options["years"], options["until"])
            if options["registrations"]:
                done = output.write_registers(
                    plan, options["out"], dirty=options["dirty"], processes=options["processes"]
                )
            elif options["dirty"]:
                raise CommandError("--dirty is about registers: say --registrations too.")
            else:
                done = output.write(
                    plan, options["out"], form=options["format"], processes=options["processes"]
                )
        except Fault as fault:
            raise CommandError(str(fault)) from fault
        except BrokenPipeError:  # the reader, head for one, has had enough
            return
        self.stderr.write(f"{done.resources} resources in {done.bundles} bundles, {done.bytes / 1e6:.1f} MB")
