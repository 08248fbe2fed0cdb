"""Allowing an app, and ending that: grants, codes and launches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from xinglin.accounts import events
from xinglin.accounts.events import NOWHERE
from xinglin.smart import rules
from xinglin.smart.models import Assertion, Code, Grant, Launch, Opening, Token
from xinglin.smart.terms import terms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from xinglin.accounts.events import Origin
    from xinglin.smart.models import App


@dataclass(frozen=True, slots=True)
class Decision:
    """That an account allows an app this, in the record of that patient, for that purpose."""

    account: int
    scopes: tuple[str, ...]
    patient: str = ""
    purpose: str = "TREAT"
    session: int | None = None
    signed_in: datetime | None = None


def allow(*, app: App, decision: Decision, redirect: str, challenge: str, nonce: str, now: datetime) -> str:
    """Make a code that is worth the grant once."""
    code = rules.new_secret()
    with transaction.atomic():
        grant = Grant.objects.create(
            app=app, account=decision.account, scope=" ".join(decision.scopes), patient=decision.patient,
            purpose=decision.purpose, session=decision.session, made=now,
        )  # fmt: skip
        Code.objects.create(
            grant=grant, digest=rules.digest(code), redirect=redirect, challenge=challenge, nonce=nonce[:300],
            signed_in=decision.signed_in, expires=now + terms().code,
        )  # fmt: skip
    return code


def end(*, grant: Grant, why: str, actor: str, now: datetime, origin: Origin = NOWHERE) -> None:
    """End what was allowed: every token of it is worth nothing from this moment."""
    with transaction.atomic():
        if not Grant.objects.filter(pk=grant.pk, ended=None).update(ended=now, why=why):
            return
        kind = "app-reuse" if why == "reuse" else "app-ended"
        detail = f"{grant.app.client_id} {why}"
        events.note(kind, account=grant.account, actor=actor, now=now, origin=origin, detail=detail)


def end_all(*, app: App, why: str, deed: datetime) -> int:
    """End everything that an app was granted; tell how much."""
    return Grant.objects.filter(app=app, ended=None).update(ended=deed, why=why)


def launch(*, app: App, account: int, patient: str, now: datetime, origin: Origin) -> str:
    """A value for ``launch`` that opens the app on the patient's record: once, soon, and for this account."""
    value = rules.new_secret()
    with transaction.atomic():
        Launch.objects.create(
            app=app,
            digest=rules.digest(value),
            account=account,
            patient=patient,
            expires=now + terms().launch,
        )
        events.note(
            "app-launched",
            account=account,
            actor=f"account/{account}",
            now=now,
            origin=origin,
            detail=app.client_id,
        )
    return value


def launched(*, app: App, account: int, value: str, now: datetime) -> Launch | None:
    """The launch that a value stands for, if it may still be used."""
    return Launch.objects.filter(
        app=app, account=account, digest=rules.digest(value), used=None, expires__gt=now
    ).first()


def use_up(launch: Launch, *, now: datetime) -> bool:
    """Use a launch; tell whether nobody was faster."""
    return bool(Launch.objects.filter(pk=launch.pk, used=None).update(used=now))


def forget(*, now: datetime) -> int:
    """Drop what can no longer be of use; tell how much."""
    ago = now - terms().refresh
    dropped = [
        Assertion.objects.filter(expires__lt=now).delete()[0],
        Launch.objects.filter(expires__lt=ago).delete()[0],
        Opening.objects.filter(expires__lt=now - terms().opening).delete()[0],
        Token.objects.filter(expires__lt=ago).delete()[0],
        Grant.objects.filter(begun=None, made__lt=ago).delete()[0],
        Grant.objects.filter(ended__lt=ago).delete()[0],
    ]
    return sum(dropped)


def issue(*, grant: Grant, kind: str, scopes: Iterable[str], now: datetime, holds: timedelta) -> str:
    """A new token of a grant."""
    text = rules.new_token() if kind == "access" else rules.new_secret("xr_")
    Token.objects.create(
        grant=grant,
        kind=kind,
        digest=rules.digest(text),
        scope=" ".join(scopes),
        made=now,
        expires=now + holds,
    )
    return text
