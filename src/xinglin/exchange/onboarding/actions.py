"""What can be done: beginning, handing in samples, trying them, letting in, stopping. The caller owns the clock."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from xinglin.exchange import custody, senders
from xinglin.exchange.doors import Door, Sender
from xinglin.exchange.onboarding import checking, coding, queries, rules, samples
from xinglin.exchange.onboarding.models import Finding, Onboarding, Sample, Step, Trial
from xinglin.exchange.onboarding.rules import State
from xinglin.exchange.senders import Details
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import Fault, Kind, conflict, invalid, not_found
from xinglin.record import access, database, sealing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.exchange.onboarding.points import Scheme
    from xinglin.exchange.onboarding.rules import Report
    from xinglin.kernel.actor import Actor

BEGUN, TRIED, REMOVED, LET_IN, STOPPED, RESUMED = "begun", "tried", "removed", "let-in", "stopped", "resumed"
KEY = "key"


@dataclass(frozen=True, slots=True)
class Begun:
    """What is said when an onboarding begins. ``kinds`` is the key of the set of kinds."""

    sender: str
    name: str
    door: Door
    kinds: str
    organization: str = ""
    charset: str = ""
    profile: str = ""
    contact: str = ""


def begin(*, said: Begun, scheme: Scheme, actor: Actor, now: datetime) -> Onboarding:
    """Begin to onboard a system; faults ``invalid``, and ``conflict`` where that is going on already."""
    scheme.kinds(said.kinds, said.door.value)
    senders.require_code(said.sender)
    Details(said.name, said.organization, [said.door], said.charset, said.profile).values()
    try:
        with transaction.atomic():
            made = Onboarding.objects.create(
                sender=said.sender, name=said.name.strip(), organization=said.organization, door=said.door.value,
                kinds=said.kinds, charset=said.charset.strip().lower(), profile=said.profile,
                contact=said.contact.strip(), state=State.OPEN, made=now, made_by=actor.id,
            )  # fmt: skip
            _note(made, BEGUN, actor, now)
    except IntegrityError:
        raise conflict(
            gettext_noop("%(sender)s is being onboarded at this door already."), sender=said.sender
        ) from None
    return made


def hand_in(
    *, onboarding: int, files: Sequence[tuple[str, bytes]], scheme: Scheme, actor: Actor, now: datetime
) -> Trial:
    """Add samples to the set and try the whole set. ``files``: name and bytes of each.

    A sample of the same kind and number takes the place of the former one. Faults ``invalid`` and ``conflict``; then
    nothing is kept.
    """
    if sum(len(body) for _, body in files) > scheme.most_bytes:
        raise invalid(
            gettext_noop("At most %(most)s MB are taken at once. Hand in fewer samples."),
            code="too-long", most=scheme.most_bytes // 1_000_000,
        )  # fmt: skip
    with transaction.atomic():
        held = _locked(onboarding)
        rules.require_taking(State(held.state))
        new = _kept(held, files, actor, now)
        if not new:
            raise invalid(gettext_noop("There is nothing new in what was handed in."), code="required")
        sizes = list(held.samples.filter(removed=None).values_list("size", flat=True))
        if len(sizes) > scheme.most_samples or sum(sizes) > scheme.most_whole:
            raise invalid(
                gettext_noop("An onboarding holds at most %(most)s samples of %(whole)s MB. Take old ones away first."),
                code="too-long", most=scheme.most_samples, whole=scheme.most_whole // 1_000_000,
            )  # fmt: skip
        return _try(held, scheme, actor, now, fresh=[one.pk for one in new])


def try_again(*, onboarding: int, scheme: Scheme, actor: Actor, now: datetime) -> Trial:
    """Try the set as it is: a mapping, a code or a point may have changed."""
    with transaction.atomic():
        held = _locked(onboarding)
        rules.require_taking(State(held.state))
        return _try(held, scheme, actor, now)


def remove(*, onboarding: int, sample: int, scheme: Scheme, actor: Actor, now: datetime) -> Trial:
    """Take a sample out of the set, and try the rest."""
    with transaction.atomic():
        held = _locked(onboarding)
        rules.require_taking(State(held.state))
        if not held.samples.filter(pk=sample, removed=None).update(removed=now):
            raise not_found(gettext_noop("There is no such sample in this onboarding."))
        _note(held, REMOVED, actor, now)
        return _try(held, scheme, actor, now)


def give_key(*, onboarding: int, actor: Actor, now: datetime) -> str:
    """A key by which the vendor hands in samples by itself; a former one holds no more. It cannot be shown again."""
    with transaction.atomic():
        held = _locked(onboarding)
        rules.require_taking(State(held.state))
        key = rules.KEY_PREFIX + secrets.token_urlsafe(32)
        held.key_digest = senders.digest_of(key)
        held.save(update_fields=["key_digest"])
        _note(held, KEY, actor, now)
    return key


def let_in(*, onboarding: int, actor: Actor, now: datetime) -> str:
    """Let the sender send at the door. The key of a sender that was not registered before, else an empty text.

    Fault ``conflict`` where the last trial was not green.
    """
    with transaction.atomic():
        held = _locked(onboarding)
        rules.require_step(State(held.state), State.LET_IN)
        held.state = State.LET_IN
        held.save(update_fields=["state"])
        _note(held, LET_IN, actor, now)
        return _admit(held, actor, now)


def stop(*, onboarding: int, note: str, actor: Actor, now: datetime) -> Onboarding:
    """Give an onboarding up, and say why."""
    if not note.strip():
        raise invalid(
            gettext_noop("Say why it is stopped: it stays with it."), code="required", expression="note"
        )
    with transaction.atomic():
        held = _locked(onboarding)
        rules.require_step(State(held.state), State.STOPPED)
        held.state = State.STOPPED
        held.save(update_fields=["state"])
        _note(held, STOPPED, actor, now, note)
    return held


def resume(*, onboarding: int, scheme: Scheme, actor: Actor, now: datetime) -> Onboarding:
    """Take a stopped onboarding up again; its samples are tried anew."""
    with transaction.atomic():
        held = _locked(onboarding)
        if held.state != State.STOPPED:
            raise conflict(gettext_noop("Only what was stopped can be taken up again."))
        held.state = State.OPEN
        try:
            with transaction.atomic():
                held.save(update_fields=["state"])
        except IntegrityError:
            raise conflict(
                gettext_noop("%(sender)s is being onboarded at this door already."), sender=held.sender
            ) from None
        _note(held, RESUMED, actor, now)
        if held.samples.filter(removed=None).exists():
            _try(held, scheme, actor, now)
    return held


def forget(*, scheme: Scheme, now: datetime) -> int:
    """Drop samples that are needed no more, with their bytes and findings; tell how many. Marks and steps stay."""
    dropped = 0
    while found := queries.outlived(now - timedelta(days=scheme.keep_days)):
        digests = [bytes(one.digest) for one in found]
        custody.drop(database.connection(), set(digests) - queries.still_needed(digests, found))
        Sample.objects.filter(pk__in=[one.pk for one in found]).delete()
        dropped += len(found)
    return dropped


# -- within


def sender_of(held: Onboarding) -> Sender:
    """As whom the samples are read; one that is not registered has no number."""
    return Sender(
        0, held.sender, held.name, held.organization, frozenset({Door(held.door)}), held.charset, held.profile
    )


def _locked(onboarding: int) -> Onboarding:
    held = Onboarding.objects.select_for_update().filter(pk=onboarding).first()
    if held is None:
        raise not_found(gettext_noop("There is no such onboarding."))
    return held


def _kept(held: Onboarding, files: Sequence[tuple[str, bytes]], actor: Actor, now: datetime) -> list[Sample]:
    """The samples in the files, taken into custody; what is there already is not taken again."""
    found = [one for name, body in files for one in samples.of_file(Door(held.door), name, body)]
    raws = [custody.prepared(one.body) for one in found]
    custody.keep(database.connection(), raws)
    known = {bytes(digest) for digest in held.samples.filter(removed=None).values_list("digest", flat=True)}
    made = []
    for one, raw in zip(found, raws, strict=True):
        if raw.digest in known:
            continue
        known.add(raw.digest)
        made.append(
            Sample(
                onboarding=held,
                name=one.name[:200],
                media=one.media,
                digest=raw.digest,
                size=raw.size,
                made=now,
                made_by=actor.id,
            )
        )
    return Sample.objects.bulk_create(made)


def _try(
    held: Onboarding, scheme: Scheme, actor: Actor, now: datetime, *, fresh: Sequence[int] = ()
) -> Trial:
    """Try the samples that are there; what is found takes the place of what was found before."""
    rows = list(held.samples.filter(removed=None).order_by("pk"))
    bodies = custody.bodies(database.connection(), [bytes(row.digest) for row in rows])
    given = [samples.Sample(row.name, bodies[bytes(row.digest)], row.media) for row in rows]
    bench = checking.Bench(
        scheme, Door(held.door), sender_of(held), scheme.kinds(held.kinds, held.door),
        coding.Terminology(database.connection(), now.astimezone(LOCAL_ZONE).date()),
    )  # fmt: skip
    outdated = _outdated(bench, rows, given, set(fresh))
    if outdated:
        Sample.objects.filter(pk__in=outdated).update(removed=now)
        kept = [(row, one) for row, one in zip(rows, given, strict=True) if row.pk not in outdated]
        rows, given = [row for row, _ in kept], [one for _, one in kept]
    report = checking.check(bench, given, now=now)
    trial = _written(held, report, rows, actor, now)
    then = State.GREEN if report.is_green else State.OPEN
    if held.state != then:
        held.state = then
        held.save(update_fields=["state"])
    _note(held, TRIED, actor, now, f"{report.score}")
    return trial


def _outdated(
    bench: checking.Bench, rows: Sequence[Sample], given: Sequence[samples.Sample], fresh: set[int]
) -> set[int]:
    """Samples whose kind and number a fresh one has too: it was put right and handed in again."""
    new = set()
    for row, one in zip(rows, given, strict=True):
        if row.pk in fresh:
            row.kind, row.control = checking.envelope_of(bench, one)
            if row.control:
                new.add((row.kind, row.control))
    return {row.pk for row in rows if row.pk not in fresh and (row.kind, row.control) in new}


def _written(held: Onboarding, report: Report, rows: Sequence[Sample], actor: Actor, now: datetime) -> Trial:
    for row, judged in zip(rows, report.samples, strict=True):
        row.kind, row.control = judged.kind[:100], judged.control[:200]
        row.errors, row.warnings = judged.errors, judged.warnings
    Sample.objects.bulk_update(rows, ["kind", "control", "errors", "warnings"])
    Finding.objects.filter(trial__onboarding=held).delete()
    trial = Trial.objects.create(
        onboarding=held, moment=now, actor=actor.id, version=report.version, samples=len(rows),
        green=report.is_green, score=report.score, level=report.level, report=_kept_of(report),
    )  # fmt: skip
    Finding.objects.bulk_create(
        [
            Finding(
                trial=trial, sample=None if one.sample is None else rows[one.sample], point=one.point,
                severity=one.severity, code=one.code, place=one.place, line=one.line, text=one.text,
                params=sealing.seal_text(json.dumps(one.params, ensure_ascii=False, default=str)),
            )
            for one in report.findings
        ]
    )  # fmt: skip
    return trial


def _kept_of(report: Report) -> dict[str, Any]:
    return {
        "marks": [asdict(one) for one in report.marks],
        "covered": [asdict(one) for one in report.covered],
    }


def _admit(held: Onboarding, actor: Actor, now: datetime) -> str:
    """Register the sender, or open the door to one that is registered."""
    connection, door = database.connection(), Door(held.door)
    try:
        known = senders.by_code(connection, held.sender)
    except Fault as fault:
        if fault.kind is not Kind.NOT_FOUND:
            raise
        details = Details(held.name, held.organization, [door], held.charset, held.profile)
        return senders.register(connection, code=held.sender, details=details, actor=actor, now=now)
    if held.organization and known.organization not in ("", held.organization):
        raise conflict(
            gettext_noop("%(sender)s is registered for another institution. Ask who registered it."),
            sender=held.sender,
        )
    others = [Door(one) for one in known.doors if one != door.value]
    details = Details(
        known.name, known.organization or held.organization, [*others, door],
        held.charset or known.charset, held.profile or known.profile, known.application, known.facility,
        known.networks, known.certificate,
    )  # fmt: skip
    senders.change(connection, code=known.code, details=details, actor=actor, now=now)
    senders.set_active(connection, code=known.code, active=True, actor=actor, now=now)
    return ""


def _note(held: Onboarding, what: str, actor: Actor, now: datetime, note: str = "") -> None:
    """Remember who did what, also in the access log: samples are health data."""
    Step.objects.create(onboarding=held, moment=now, what=what, actor=actor.id, note=note.strip())
    access.note(
        replace(actor, purpose="HOPERAT"), f"exchange-onboarding-{what}", query=f"{held.pk} {held.sender}"
    )
