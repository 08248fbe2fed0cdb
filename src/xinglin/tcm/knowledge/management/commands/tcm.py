"""``xinglin tcm``: what the packages of Chinese medicine offer, as loading and counting the knowledge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from xinglin.tcm import verbs

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Chinese medicine: load its knowledge, count what there is, and what else its packages offer."

    def add_arguments(self, parser: CommandParser) -> None:
        choices = parser.add_subparsers(dest="verb", required=True)
        for verb in verbs.every():
            verb.arguments(choices.add_parser(verb.name, help=verb.help))

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = next(verb for verb in verbs.every() if verb.name == options["verb"])
        chosen.run(self.stdout, options)
