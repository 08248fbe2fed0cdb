"""Beginning, trying samples, letting in, stopping; each by somebody with the right, and kept with who did it."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from xinglin.exchange import rights, senders
from xinglin.exchange.doors import Door
from xinglin.exchange.onboarding import examining, rules, samples
from xinglin.exchange.onboarding.knowing import Platform
from xinglin.exchange.onboarding.models import Onboarding, Trial
from xinglin.exchange.rights import Right
from xinglin.exchange.senders import Details
from xinglin.kernel import clock
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.record import database, sealing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from xinglin.exchange.onboarding.examining import Report
    from xinglin.exchange.senders import Registered
    from xinglin.kernel.actor import Actor

OPEN, IN, STOPPED = "open", "in", "stopped"
KEPT_DAYS = 30  # samples of what has ended
_MOST_KINDS = 40


def begin(*, sender: str, door: Door, kinds: Sequence[str], actor: Actor) -> Onboarding:
    """Begin a system's way in. Faults ``conflict`` where there is one, ``invalid`` for a door without samples."""
    scope = rights.require(actor, Right.MEND)
    known = senders.by_code(database.connection(), sender)
    if not scope.covers(known):
        raise senders.unknown(sender)
    if door not in samples.DOORS:
        raise invalid(gettext_noop("Samples of this door cannot be judged here."), expression="door")
    if known.active and door.value in known.doors:
        raise conflict(gettext_noop("%(name)s has been let in at this door already."), name=known.name)
    clean = [kind.strip()[:100] for kind in kinds if kind.strip()][:_MOST_KINDS]
    try:
        with transaction.atomic():
            return Onboarding.objects.create(
                sender=sender, door=door.value, kinds=clean, made=clock.now(), made_by=actor.id
            )
    except IntegrityError:
        raise conflict(
            gettext_noop("%(name)s is on its way in at this door already."), code="duplicate", name=known.name
        ) from None


def find(id_: int, actor: Actor) -> tuple[Onboarding, Registered]:
    """One that the actor may see, with its sender; fault ``not_found``."""
    scope = rights.require(actor, Right.MEND)
    found = Onboarding.objects.filter(id=id_).first()
    if found is not None:
        known = senders.by_code(database.connection(), found.sender)
        if scope.covers(known):
            return found, known
    raise not_found(gettext_noop("There is no onboarding %(id)s."), id=id_)


def every(actor: Actor) -> list[tuple[Onboarding, Registered, Trial | None]]:
    """All that the actor may see, the open ones first, each with its last trial."""
    scope = rights.require(actor, Right.MEND)
    known = {one.code: one for one in senders.every(database.connection()) if scope.covers(one)}
    found = [one for one in Onboarding.objects.order_by("-made") if one.sender in known]
    last: dict[int, Trial] = {}
    for trial in Trial.objects.filter(onboarding__in=found).order_by("moment").defer("samples", "report"):
        last[trial.onboarding_id] = trial
    found.sort(key=lambda one: one.state != OPEN)
    return [(one, known[one.sender], last.get(one.id)) for one in found]


def attempt(found: Onboarding, files: Sequence[tuple[str, bytes]], *, actor: Actor) -> Trial:
    """Judge samples and keep them with their report."""
    rights.require(actor, Right.MEND)
    _require_open(found)
    known = senders.by_code(database.connection(), found.sender)
    report = judged(Door(found.door), files, known, found.kinds)
    return Trial.objects.create(
        onboarding=found, moment=clock.now(), actor=actor.id, green=report.is_green,
        files=[[name[:200], len(content)] for name, content in files], samples=sealing.seal(_packed(files)),
        report=sealing.seal_text(json.dumps(as_json(report), ensure_ascii=False)),
    )  # fmt: skip


def judged(door: Door, files: Sequence[tuple[str, bytes]], known: Registered, kinds: Sequence[str]) -> Report:
    """The report on files, as if the sender sent them."""
    kit = rules.kit(settings.SETTINGS.home)
    taken = samples.taken_apart(door, files, most=kit.most_samples, most_bytes=kit.most_bytes)
    sender = replace(known.sender, doors=frozenset({*known.sender.doors, door}))
    return examining.examine(door, taken, sender, kit, Platform(database.connection()), kinds)


def let_in(found: Onboarding, *, actor: Actor) -> None:
    """Open the door to the system. Fault ``conflict`` unless its last trial was green."""
    rights.require(actor, Right.SENDERS)
    _require_open(found)
    last = found.trials.order_by("-moment").first()
    if last is None or not last.green:
        raise conflict(
            gettext_noop("It is let in when its last samples are green; they are not."), code="business-rule"
        )
    connection, now = database.connection(), clock.now()
    known = senders.by_code(connection, found.sender)
    details = Details(
        known.name, known.organization, [*map(Door, dict.fromkeys([*known.doors, found.door]))], known.charset,
        known.profile, known.application, known.facility, known.networks, known.certificate,
    )  # fmt: skip
    senders.change(connection, code=known.code, details=details, actor=actor, now=now)
    senders.set_active(connection, code=known.code, active=True, actor=actor, now=now)
    _end(found, IN, actor, "", now)


def stop(found: Onboarding, *, note: str, actor: Actor) -> None:
    """End it without letting the system in; why is kept."""
    rights.require(actor, Right.MEND)
    _require_open(found)
    if not note.strip():
        raise invalid(
            gettext_noop("Say why it is stopped: it stays with it."), code="required", expression="note"
        )
    _end(found, STOPPED, actor, note.strip()[:1000], clock.now())


def forget(*, now: datetime) -> int:
    """Remove samples of what ended ``KEPT_DAYS`` ago; reports stay. How many trials."""
    old = Trial.objects.filter(onboarding__ended__lt=now - timedelta(days=KEPT_DAYS), samples__isnull=False)
    return old.update(samples=None)


def report_of(trial: Trial) -> dict[str, Any]:
    """The report of a trial, as ``as_json`` gives it."""
    said: dict[str, Any] = json.loads(sealing.open_text(trial.report))
    return said


def as_json(report: Report) -> dict[str, Any]:
    """A report for keeping and for machines."""
    return {
        "door": report.door, "kit": report.kit, "samples": report.samples, "green": report.is_green,
        "kinds": {kind: list(counts) for kind, counts in report.kinds.items()},
        "points": [
            {
                "id": one.point.id, "dimension": one.point.dimension.value, "name": one.point.name,
                "maturity": one.point.maturity, "mark": one.mark.value, "right": one.right, "seen": one.seen,
                "asked": one.point.passing,
                "findings": [
                    {"sample": f.sample, "place": f.place, "text": f.text, "params": f.params} for f in one.findings
                ],
            }
            for one in report.results
        ],
    }  # fmt: skip


def _require_open(found: Onboarding) -> None:
    if found.state != OPEN:
        raise conflict(gettext_noop("This onboarding has ended. Begin another one."))


def _end(found: Onboarding, state: str, actor: Actor, note: str, now: datetime) -> None:
    found.state, found.ended, found.ended_by, found.note = state, now, actor.id, note
    found.save()


def _packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for at, (name, content) in enumerate(files, 1):
            archive.writestr(f"{at:03d}-{name.rpartition('/')[2][:100]}", content)
    return made.getvalue()
