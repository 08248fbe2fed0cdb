"""``xinglin demo_accounts``: the accounts of a demonstration; never on a platform with real data."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from xinglin.accounts import actions


class Command(BaseCommand):
    help = "Create the demonstration's accounts (known passwords: never where real data are)."

    def handle(self, *args: Any, **options: Any) -> None:
        for account in actions.create_demo_accounts():
            self.stdout.write(f"  {account.username:<15} {actions.DEMO_PASSWORD:<15} {account.display_name}")
        self.stdout.write(f"  Bearer token for programs: {actions.DEMO_TOKEN}")
