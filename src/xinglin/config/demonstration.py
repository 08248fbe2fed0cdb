"""What a demonstration starts with: a made-up region, loaded, counted, filed, with cards for a hospital's patients."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from django.core.management import call_command

from xinglin.healthcard import batches
from xinglin.healthcard.rules import Kind
from xinglin.identity import terms
from xinglin.identity.population import counts, filing, refreshing
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database, jobs
from xinglin.residents import demonstrating
from xinglin.synth import census, institutions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xinglin.synth.plan import Plan

    Say = Callable[[str], None]

HOSPITAL = institutions.general(0)
"""Where the demonstration's doctor and nurse work."""


def prepare(folder: Path, plan: Plan, say: Say) -> None:
    """Fill an empty platform; a first try that was interrupted is taken up again, and nothing is there twice."""
    _make(folder, plan, say)
    say("Loading it …")
    files = sorted(path for path in (folder / "region").iterdir() if not path.name.startswith("truth"))
    call_command("load", *map(str, files), refused=folder / "refused.ndjson")
    with database.connect() as connection:
        connection.execute("VACUUM (ANALYZE) record_resource")
    say("Filling the population register …")
    _register(plan)
    say("Issuing health cards …")
    _issue_cards()
    say("Opening residents' accounts …")
    demonstrating.open_accounts(database.connection(), now=clock.now())


def _make(folder: Path, plan: Plan, say: Say) -> None:
    if (folder / "made").exists():
        return
    region = folder / "region"
    shutil.rmtree(region, ignore_errors=True)
    region.mkdir(parents=True)
    say(f"Making a region of {plan.residents:,} residents …")
    call_command("synth", residents=plan.residents, seed=plan.seed, until=plan.until, out=str(region))
    (folder / "made").touch()


def _register(plan: Plan) -> None:
    """Fill the population register from what was loaded, count the region's people, and file archives."""
    now = clock.now()
    with database.connect() as connection, connection.transaction():
        counts.load(connection, counts=counts.read(census.text(plan)), actor=SYSTEM, now=now)
    refreshing.everybody(actor=SYSTEM, now=now, tell=lambda _: None)
    filing.everybody(actor=SYSTEM, now=now, tell=lambda _: None)
    with database.connect() as connection:
        terms.count(connection, lambda _: None)
        connection.execute("VACUUM (ANALYZE) identity_resident, identity_member, identity_archive")


def _issue_cards() -> None:
    """Electronic cards for the patients of the hospital that the accounts work at."""
    job = batches.ask(institution=HOSPITAL.code, kind=Kind.VIRTUAL, handed_over=True, actor=SYSTEM)
    jobs.work(job.id)
