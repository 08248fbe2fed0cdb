"""What can be done: register a system, give it a key, map doctors; use an address once; keep what was decided."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from xinglin.exchange import naming, senders
from xinglin.fhir import json
from xinglin.kernel.errors import conflict, forbidden, invalid, not_found
from xinglin.kernel.ids import shard_of
from xinglin.record import database, sealing
from xinglin.tcm.adapter import queries, rules
from xinglin.tcm.adapter.models import Doctor, Launch, Outcome, System

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from xinglin.accounts.models import Account
    from xinglin.exchange.senders import Registered
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.tcm.adapter.rules import Asked, Page

SECRET_PREFIX = "xla_"  # noqa: S105 -- how a key begins, no key


@dataclass(frozen=True, slots=True)
class Opened:
    """A launch that holds. ``patient`` is the id of the Patient in the record, of the clinic's own number."""

    sender: Registered
    system: System
    page: Page
    account: Account
    asked: Asked
    patient: str
    origin: str


def register(
    *, code: str, origins: Sequence[str], pages: Sequence[str], actor: Actor, now: datetime
) -> System:
    """Let a sender open pages in windows of these origins, or change which; faults ``invalid``, ``not_found``."""
    rules.require_managing(actor)
    known = dict.fromkeys(rules.require_origin(one) for one in origins if one.strip())
    if not known:
        raise invalid(
            gettext_noop("Name at least one origin: pages are drawn nowhere else."),
            code="required",
            expression="origins",
        )
    given = {"origins": list(known), "pages": [rules.page(one).key for one in pages]}
    sender = senders.by_code(database.connection(), code)
    system, _ = System.objects.update_or_create(
        sender=sender.id,
        defaults=given,
        create_defaults={**given, "made": now, "made_by": actor.id},
    )
    return system


def renew_secret(*, system: System, actor: Actor, now: datetime) -> str:
    """Give a system a new key for signing; the answer is the only time that it can be seen."""
    rules.require_managing(actor)
    secret = SECRET_PREFIX + secrets.token_urlsafe(32)
    system.secret, system.secret_since = sealing.seal_text(secret), now
    system.save(update_fields=["secret", "secret_since"])
    return secret


def set_active(*, system: System, active: bool, actor: Actor) -> None:
    """Let a system open pages, or no more; windows that are open end with the next request."""
    rules.require_managing(actor)
    system.active = active
    system.save(update_fields=["active"])


def map_doctor(*, system: System, sender: Registered, number: str, username: str, actor: Actor) -> Doctor:
    """Say which account a clinic's number of a doctor means; faults ``invalid``, ``forbidden``."""
    rules.require_managing(actor)
    account = queries.account_named(username.strip())
    if not number.strip() or account is None:
        raise invalid(
            gettext_noop("There is no account %(name)s; give the clinic's number and the account's name."),
            code="value", expression="username", name=username[:60],
        )  # fmt: skip
    queries.require_fit(account, sender)
    doctor, _ = Doctor.objects.update_or_create(
        system=system, number=number.strip()[:64], defaults={"account": account.pk}
    )
    return doctor


def forget_doctor(*, system: System, number: str, actor: Actor) -> None:
    """Let a number mean nobody."""
    rules.require_managing(actor)
    Doctor.objects.filter(system=system, number=number).delete()


def launch(fields: Mapping[str, str], *, now: datetime) -> Opened:
    """Use a signed address, once. Faults ``invalid``, ``forbidden``, ``not_found`` say what is wrong with it."""
    sender, system = queries.system_of(fields.get("system", "").strip())
    secret = queries.secret_of(system)
    if not (system.active and sender.active and secret):
        raise forbidden(gettext_noop("The system %(name)s may open no pages at this time."), name=sender.code)
    rules.require_signed(secret, fields)
    asked = rules.read(fields)
    rules.require_fresh(asked, now)
    page = rules.page(asked.page)
    if page.key not in system.pages:
        raise forbidden(gettext_noop("The page %(name)s is not open to this system."), name=page.key)
    if page.patient is rules.Needs.NEEDED and not asked.patient:
        raise invalid(
            gettext_noop("The page %(page)s needs the field patient."), code="required", expression="patient",
            page=page.key,
        )  # fmt: skip
    account = queries.account_of(system, sender, asked.doctor)
    origin = _origin(system, asked.origin)
    _use(system, asked, page, account, now)
    patient = naming.id_of(sender.code, "Patient", asked.patient) if asked.patient else ""
    return Opened(sender, system, page, account, asked, patient, origin)


def _origin(system: System, wanted: str) -> str:
    """The origin of the window: the one asked for if it is registered, else the first."""
    if not wanted:
        return system.origins[0]
    if wanted.lower().removesuffix("/") not in system.origins:
        raise forbidden(
            gettext_noop("The origin %(text)s is not registered for this system."), text=wanted[:100]
        )
    return wanted.lower().removesuffix("/")


def _use(system: System, asked: Asked, page: Page, account: Account, now: datetime) -> None:
    try:
        with transaction.atomic():
            Launch.objects.create(
                system=system, nonce=asked.nonce, moment=now, page=page.key, account=account.pk
            )
    except IntegrityError:
        raise conflict(
            gettext_noop(
                "This address was used before; it holds once. Open the page again from the clinic's system."
            )
        ) from None


def unregistered(number: str) -> Exception:
    """The fault for a patient whom the clinic has not registered."""
    return not_found(
        gettext_noop(
            "The patient %(number)s of this clinic is not known here; its system registers whom it treats first."
        ),
        number=number,
    )


def keep(  # noqa: PLR0913 -- the columns of the row
    *, system: int, launch: str, kind: str, visit: str, patient: str, body: Mapping[str, Any], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Keep what a doctor decided in a window: the latest of its kind replaces the one before."""
    shard = shard_of("Patient", patient) if patient else 0
    Outcome.objects.update_or_create(
        system_id=system, launch=launch, kind=kind, shard=shard,
        defaults={
            "visit": visit, "patient": patient, "body": sealing.seal(json.dump(dict(body))), "moment": now,
            "actor": actor.id, "fetched": None,
        },
    )  # fmt: skip


def mark_fetched(*, system: System, visit: str, now: datetime) -> None:
    """Note that the clinic's system has what was decided for a visit."""
    Outcome.objects.filter(system=system, visit=visit, fetched=None).update(fetched=now)


def forget(_: Connection, now: datetime) -> int:
    """Drop used addresses that are too old to hold anyway; tell how many."""
    return Launch.objects.filter(moment__lt=now - rules.remembered()).delete()[0]
