"""``xinglin identity …``: everything about the master person index; see ``xinglin.identity.commands``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xinglin.identity import commands
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction


class Command(BaseCommand):
    help = "The master person index: training, evaluation, and what other packages offer."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        groups: dict[str, _SubParsersAction[Any]] = {
            "": parser.add_subparsers(dest="part", required=True, metavar="PART")
        }
        for subcommand in commands.offered():
            group, _, name = subcommand.name.rpartition(" ")
            if group not in groups:
                made = groups[""].add_parser(group, help=f"{group} …")
                groups[group] = made.add_subparsers(dest="kind", required=True, metavar="KIND")
            part = groups[group].add_parser(name, help=subcommand.help, description=subcommand.help)
            subcommand.arguments(part)
            part.set_defaults(subcommand=subcommand)

    def handle(self, **options: Any) -> None:
        subcommand: commands.Subcommand = options["subcommand"]
        try:
            subcommand.run(options, self._write)
        except Fault as fault:
            raise CommandError(str(fault)) from fault

    def _write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
