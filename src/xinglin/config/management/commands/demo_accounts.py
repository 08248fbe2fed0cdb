"""``xinglin demo_accounts``: the accounts of a demonstration; never on a platform with real data."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from xinglin.accounts import actions


class Command(BaseCommand):
    help = "Create the demonstration's accounts (known passwords: never where real data are)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--institution", default="", help="the Organization that doctor and nurse work at"
        )
        parser.add_argument("--name", default="", help="its name")

    def handle(self, *args: Any, **options: Any) -> None:
        made = actions.create_demo_accounts(
            institution_id=options["institution"], institution_name=options["name"]
        )
        for account in made:
            self.stdout.write(f"  {account.username:<15} {actions.DEMO_PASSWORD:<15} {account.display_name}")
        self.stdout.write(f"  Bearer token for programs: {actions.DEMO_TOKEN}")
