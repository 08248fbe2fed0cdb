"""``xinglin demo``: a region to look at. Made and loaded the first time, kept and served from then on."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from xinglin.clinic import demonstrating as opening
from xinglin.config import demonstration, sending
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.residents import demonstrating
from xinglin.synth.plan import Plan

if TYPE_CHECKING:
    from pathlib import Path

_RESIDENTS = 1000
_RATE = 2.0


class Command(BaseCommand):
    help = "Make a demonstration region, load it, and serve."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--residents", type=int, default=_RESIDENTS, help="only counts the first time")
        parser.add_argument("--seed", type=int, default=1, help="only counts the first time")
        parser.add_argument("--port", type=int, default=settings.SETTINGS.port)
        parser.add_argument(
            "--rate", type=float, default=_RATE, help="messages a second that institutions send; 0: none (2)"
        )
        parser.add_argument(
            "--visits", type=int, default=sending.VISITS, help="visits that they tell of; 0: for ever"
        )
        parser.add_argument("--no-serve", action="store_true", help="stop when the region is loaded")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        loaded = settings.SETTINGS.home / "demo" / "loaded"
        if not loaded.exists():
            plan = Plan(options["residents"], options["seed"], until=clock.now().date())
            demonstration.prepare(loaded.parent, plan, self._say)
            loaded.touch()
            self._policy(loaded).write_text(settings.SETTINGS.policy, encoding="utf-8")
        self._follow_policy(self._policy(loaded))
        hospital = demonstration.HOSPITAL
        self._say("Demonstration accounts 演示账号 (name, password):")
        call_command("demo_accounts", institution=hospital.code, name=hospital.name, stdout=self.stdout)
        clinic = demonstration.CLINIC
        self._say(f"At the clinic {clinic.name}, with the same password 中医馆账号 /clinic/:")
        for name, person in opening.open_clinic(
            database.connection(), institution=clinic.code, name=clinic.name, now=clock.now()
        ):
            self._say(f"  {name:<15} {person}")
        demonstration.certify(["doctor", "nurse"])
        demonstration.register_app(options["port"])
        self._say(f"  Sample app: client id {demonstration.SAMPLE}, opened from a resident's record")
        self._say("Residents sign in at /my/ with these phones; the code stands on the next page 居民登录:")
        for name, phone, acts in demonstrating.accounts(database.connection()):
            self._say(f"  {phone:<15} {name}{'  acts for a child 代办子女' if acts else ''}")
        places = sending.Places(loaded.parent)
        sending.register(places, self._plan(loaded, options))
        if options["rate"] > 0:
            self._say("Institutions send while this runs 各机构持续上传: /exchange/")
        database.close()
        if not options["no_serve"]:
            self._serve(places, options)

    def _serve(self, places: sending.Places, options: dict[str, Any]) -> None:
        """Serve, with the institutions sending beside it."""
        rate = options["rate"]
        with (
            sending.Beside(places, port=options["port"], rate=rate, visits=options["visits"])
            if rate > 0
            else nullcontext()
        ):
            call_command("serve", port=options["port"], stdout=self.stdout)

    @staticmethod
    def _plan(loaded: Path, options: dict[str, Any]) -> Plan:
        """Of which region they tell: that was made up to the day on which it was loaded."""
        day = datetime.fromtimestamp(loaded.stat().st_mtime, tz=UTC).date()
        return Plan(options["residents"], options["seed"], until=day)

    @staticmethod
    def _policy(loaded: Path) -> Path:
        """The file that says for which policy the region was made ready."""
        return loaded.with_name("policy")

    def _follow_policy(self, made_for: Path) -> None:
        """A region that was loaded under another policy gets the relations and labels of this one."""
        known = made_for.read_text(encoding="utf-8") if made_for.exists() else ""
        if known != settings.SETTINGS.policy:
            self._say(f"Making the region ready for the policy {settings.SETTINGS.policy} …")
            call_command("policy", rebuild=True, stdout=self.stdout)
            made_for.write_text(settings.SETTINGS.policy, encoding="utf-8")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
