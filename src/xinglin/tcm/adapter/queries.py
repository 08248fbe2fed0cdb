"""What can be asked: a system by its sender's code, a doctor's account, outcomes of a visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.accounts.models import Account
from xinglin.exchange import senders
from xinglin.fhir import json
from xinglin.kernel.errors import forbidden, not_found
from xinglin.record import database, sealing
from xinglin.tcm.adapter import rules
from xinglin.tcm.adapter.models import Doctor, Outcome, System

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.senders import Registered

_MOST = 200


@dataclass(frozen=True, slots=True)
class Decided:
    """An outcome, opened."""

    launch: str
    kind: str
    visit: str
    patient: str
    moment: datetime
    actor: str
    body: dict[str, Any]


def systems() -> list[tuple[Registered, System | None]]:
    """Every sender that may use the door of clinics' systems, with what it may open."""
    known = {one.sender: one for one in System.objects.all()}
    found = senders.every(database.connection())
    return [(one, known.get(one.id)) for one in found if one.id in known or "tcm" in one.doors]


def system_of(code: str) -> tuple[Registered, System]:
    """The system with that sender's code; fault ``not_found``."""
    sender = senders.by_code(database.connection(), code)
    found = System.objects.filter(sender=sender.id).first()
    if found is None:
        raise not_found(
            gettext_noop("The system %(name)s may open no pages: it is not registered for it."), name=code
        )
    return sender, found


def of_sender(number: int) -> System | None:
    """The system of a sender, if it is one."""
    return System.objects.filter(sender=number).first()


def by_id(number: int) -> System | None:
    """The system of that number."""
    return System.objects.filter(pk=number).first()


def doctors(system: System) -> list[tuple[Doctor, Account | None]]:
    """The doctors by their numbers, each with the account."""
    rows = list(system.doctors.order_by("number"))
    accounts = {one.pk: one for one in Account.objects.filter(pk__in=[row.account for row in rows])}
    return [(row, accounts.get(row.account)) for row in rows]


def account_named(username: str) -> Account | None:
    """The account that signs in with that name."""
    return Account.objects.filter(username=username).first()


def account_of(system: System, sender: Registered, number: str) -> Account:
    """The account that a clinic's number of a doctor means; fault ``forbidden`` where none may be opened."""
    row = system.doctors.filter(number=number).first()
    account = Account.objects.filter(pk=row.account, is_active=True).first() if row else None
    if account is None:
        raise forbidden(
            gettext_noop("The doctor %(number)s of this clinic is not known here; an administrator maps the number."),
            code="not-found", number=number,
        )  # fmt: skip
    require_fit(account, sender)
    return account


def require_fit(account: Account, sender: Registered) -> None:
    """Fault ``forbidden`` unless the account works at the sender's institution and has no roles besides."""
    if not sender.organization or account.institution_id != sender.organization:
        raise forbidden(
            gettext_noop("The account %(name)s does not work at this clinic."), name=account.username
        )
    if not rules.may_be_opened(account.roles):
        raise forbidden(
            gettext_noop("The account %(name)s has roles that no clinic's system may act with."),
            name=account.username,
        )


def secret_of(system: System) -> str:
    """The key by which it signs; empty where it has none."""
    return sealing.open_text(system.secret) if system.secret else ""


def latest(system: int, *, launch: str, kind: str) -> Decided | None:
    """What was decided in a window of the system of that number."""
    row = Outcome.objects.filter(system=system, launch=launch, kind=kind).order_by("-moment").first()
    return None if row is None else _opened(row)


def outcomes(system: int, *, visit: str, kind: str = "") -> list[Decided]:
    """What was decided for a visit to the clinic of the system of that number, the latest first."""
    found = Outcome.objects.filter(system=system, visit=visit)
    found = found.filter(kind=kind) if kind else found
    return [_opened(row) for row in found.order_by("-moment")[:_MOST]]


def _opened(row: Outcome) -> Decided:
    body = json.reread(sealing.open_sealed(bytes(row.body)))
    return Decided(row.launch, row.kind, row.visit, row.patient, row.moment, row.actor, body)
