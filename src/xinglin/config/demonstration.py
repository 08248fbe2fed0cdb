"""What a demonstration starts with: a made-up region, loaded, counted, filed, with cards for a hospital's patients."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.management import call_command

from xinglin.accounts.events import NOWHERE
from xinglin.accounts.models import Account
from xinglin.accounts.queries import actor_of
from xinglin.crypto.algorithms import Algorithm
from xinglin.healthcard import batches
from xinglin.healthcard.rules import Kind as CardKind
from xinglin.identity import terms
from xinglin.identity.population import counts, filing, refreshing
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.recognition import demonstrating as recognising
from xinglin.record import database, jobs
from xinglin.residents import demonstrating
from xinglin.signing import actions as signing
from xinglin.signing import queries as signatures
from xinglin.smart import registering
from xinglin.smart.models import App
from xinglin.smart.registering import Deed, Draft
from xinglin.smart.rules import Kind
from xinglin.synth import census, institutions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from xinglin.synth.plan import Plan

    Say = Callable[[str], None]

SAMPLE = "xinglin-sample"  # the client id of the sample app, as its own pages have it
HOSPITAL = institutions.general(0)
"""Where the demonstration's doctor and nurse work."""
CLINIC = institutions.clinic(0)
"""The clinic of Chinese medicine that has no system of its own."""
_CLOCK = "杏林演示时间戳（无法律效力）"
_AUTHORITY = "杏林演示认证机构（无法律效力）"


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
    say("Looking at the quality of the data …")
    for verb in ("flatten", "run", "month"):
        call_command("quality", verb)
    say("Trying rules of reminders on the last month …")
    call_command("reminders", "try", "critical-result", "digoxin-potassium")
    say("Recognising earlier results …")
    places = (
        HOSPITAL,
        institutions.TCM,
        institutions.district_hospital(0),
        institutions.district_hospital(1),
    )
    recognising.begin(
        database.connection(), institutions=tuple(place.code for place in places), now=clock.now()
    )


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
    job = batches.ask(institution=HOSPITAL.code, kind=CardKind.VIRTUAL, handed_over=True, actor=SYSTEM)
    jobs.work(job.id)


def certify(usernames: Sequence[str]) -> None:
    """Certificates by an authority of the demonstration's own, for the accounts that have none."""
    connection = database.connection()
    found = map(actor_of, Account.objects.filter(username__in=usernames).order_by("pk"))
    waiting = [one for one in found if signatures.credential_of(connection, one.id) is None]
    if not waiting:
        return
    now = clock.now()
    with connection.transaction():
        known = next((a.id for a in signatures.authorities(connection) if a.secret), None)
        number = known or signing.begin_authority(
            connection, name=_AUTHORITY, algorithm=Algorithm.ECDSA_P256, now=now
        )
        if not any(c.secret for c in signatures.clocks(connection)):
            signing.begin_clock(connection, by=number, name=_CLOCK, now=now)
        for one in waiting:
            signing.issue(connection, by=number, to=one, practitioner="", span=timedelta(days=365), now=now)


def register_app(port: int) -> None:
    """The sample app, which can be opened from every record; not a second time."""
    if App.objects.filter(client_id=SAMPLE).exists():
        return
    given = settings.SETTINGS.base_url.rstrip("/")
    bases = [given] if given else [f"http://127.0.0.1:{port}", f"http://localhost:{port}"]
    place = "static/smart/sample"
    draft = Draft(
        name="示例应用",
        about="列出最近的检验检查结果，供开发者参考",
        kind=Kind.PUBLIC,
        redirects=tuple(f"{base}/{place}/index.html" for base in bases),
        launch_url=f"{bases[0]}/{place}/launch.html",
        scopes=("launch", "launch/patient", "patient/Patient.r", "patient/Observation.rs"),
    )
    registering.register(draft=draft, deed=Deed("demo", NOWHERE, clock.now()), client_id=SAMPLE)
