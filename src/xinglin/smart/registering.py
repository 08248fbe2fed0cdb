"""Registering apps, changing and disabling them, and giving them new secrets. Everything is an event."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from xinglin.accounts import events
from xinglin.accounts.models import Account, Role
from xinglin.kernel.errors import forbidden, invalid, not_found
from xinglin.smart import queries, rules
from xinglin.smart.allowing import end_all
from xinglin.smart.assertions import ALGORITHMS
from xinglin.smart.models import App
from xinglin.smart.rules import Kind
from xinglin.smart.terms import terms

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.accounts.events import Origin
    from xinglin.accounts.managing import Hand

_SYSTEM = "system/"
_WHY = {
    "http": gettext_noop(
        "The address %(address)s should begin with https://; http:// is for this machine alone."
    ),
    "fragment": gettext_noop("The address %(address)s may have no #."),
    "form": gettext_noop("%(address)s is no address that an app can be sent back to."),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """An app as it is to be. ``jwks`` is a JWK set as text."""

    name: str
    kind: str
    redirects: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    about: str = ""
    launch_url: str = ""
    jwks: str = ""
    jwks_url: str = ""
    institution_id: str = ""
    institution_name: str = ""

    @property
    def is_service(self) -> bool:
        return any(scope.startswith(_SYSTEM) for scope in self.scopes)


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does something, from where, when: a person's hand, or the operator on the platform's own machine."""

    actor: str
    origin: Origin
    now: datetime

    @classmethod
    def of(cls, hand: Hand) -> Deed:
        return cls(hand.actor, hand.origin, hand.now)


def may(account: Account) -> bool:
    """Whether the account registers apps."""
    return bool(set(account.roles) & terms().managers)


def require(hand: Hand) -> None:
    if not may(hand.account):
        raise forbidden(gettext_noop("Your roles do not let you register apps."))


def seen(hand: Hand, number: int) -> App:
    """The app with this number, if the hand looks after it."""
    require(hand)
    found = queries.reach(hand.account).filter(pk=number).first()
    if found is None:
        raise not_found(gettext_noop("There is no app %(number)s that you look after."), number=number)
    return found


def register(*, draft: Draft, deed: Deed, client_id: str = "") -> tuple[App, str]:
    """Register an app; the answer's second half is its secret, if it has one, seen only now.

    ``client_id`` is drawn if none is given.
    """
    keys = _checked(draft)
    secret = rules.new_secret() if draft.kind == Kind.CONFIDENTIAL else ""
    with transaction.atomic():
        made = App(
            client_id=client_id or rules.new_secret()[:24],
            kind=draft.kind,
            secret=rules.digest(secret) if secret else "",
            made=deed.now,
        )
        _fill(made, draft, keys)
        if draft.is_service:
            made.account = _account_for(made, deed).pk
        made.save()
        _note("app-registered", made, deed, " ".join(made.scopes))
    queries.forget_origins()
    return made, secret


def change(*, app: App, draft: Draft, deed: Deed) -> None:
    """Change an app. Its kind stays; what its users allowed and it no longer may ask is no longer granted."""
    if draft.kind != app.kind:
        raise invalid(gettext_noop("The kind of an app stays as it is: register another."))
    keys = _checked(draft)
    with transaction.atomic():
        before = set(app.scopes)
        _fill(app, draft, keys)
        if draft.is_service and app.account is None:
            app.account = _account_for(app, deed).pk
        app.save()
        if before - set(app.scopes):
            end_all(app=app, why="changed", deed=deed.now)
        _note("app-changed", app, deed, " ".join(app.scopes))
    queries.forget_origins()


def rotate(*, app: App, deed: Deed) -> str:
    """A new secret in the place of the old one, which holds no longer; seen only now."""
    if app.kind != Kind.CONFIDENTIAL:
        raise invalid(gettext_noop("This app has no secret."))
    secret = rules.new_secret()
    with transaction.atomic():
        app.secret = rules.digest(secret)
        app.save(update_fields=["secret"])
        _note("app-secret", app, deed)
    return secret


def set_active(*, app: App, active: bool, deed: Deed) -> None:
    """Let an app in again, or keep it out at once: all that it was granted ends."""
    with transaction.atomic():
        app.active = active
        app.save(update_fields=["active"])
        if not active:
            end_all(app=app, why="disabled", deed=deed.now)
        _note("app-enabled" if active else "app-disabled", app, deed)
    queries.forget_origins()


def _fill(app: App, draft: Draft, keys: dict[str, Any] | None) -> None:
    app.name, app.about, app.launch_url = draft.name, draft.about, draft.launch_url
    app.redirects, app.scopes = list(draft.redirects), list(draft.scopes)
    app.jwks, app.jwks_url = keys, draft.jwks_url
    app.institution_id, app.institution_name = draft.institution_id, draft.institution_name


def _checked(draft: Draft) -> dict[str, Any] | None:
    """The app's keys; raises ``invalid`` for whatever does not go together."""
    if draft.kind not in set(Kind):
        raise invalid(gettext_noop("The kind of an app should be one of %(known)s."), known=", ".join(Kind))
    for address in draft.redirects:
        why = rules.why_no_redirect(address)
        if why is not None:
            raise invalid(_WHY[why], address=address)
    if draft.launch_url and (
        rules.why_no_redirect(draft.launch_url) or not rules.origin_of(draft.launch_url)
    ):
        raise invalid(_WHY["form"], address=draft.launch_url)
    unknown = next((scope for scope in draft.scopes if not rules.is_scope(scope)), None)
    if unknown is not None:
        raise invalid(
            gettext_noop("%(scope)s is no scope. Write, for example, patient/Observation.rs."), scope=unknown
        )
    if not draft.scopes:
        raise invalid(gettext_noop("Say which scopes the app may ask for."))
    if draft.is_service and draft.kind != Kind.ASYMMETRIC:
        raise invalid(gettext_noop("Scopes of a service (system/) need an app with a key of its own."))
    if rules.RECORD_LINK in draft.scopes and (draft.kind != Kind.ASYMMETRIC or not draft.institution_id):
        raise invalid(
            gettext_noop("Signed links to records need an app of an institution, with a key of its own.")
        )
    if not draft.redirects and not all(s.startswith(_SYSTEM) or s == rules.RECORD_LINK for s in draft.scopes):
        raise invalid(gettext_noop("Say where the app is to be sent back to."))
    return _keys(draft)


def _keys(draft: Draft) -> dict[str, Any] | None:
    if draft.kind != Kind.ASYMMETRIC:
        if draft.jwks or draft.jwks_url:
            raise invalid(gettext_noop("Only an app with a key of its own has a key set."))
        return None
    if bool(draft.jwks) is bool(draft.jwks_url):
        raise invalid(
            gettext_noop("Give the app's public keys, or the address where they are: one of the two.")
        )
    if draft.jwks_url:
        allowed = [one for one in settings.SETTINGS.jwks.split() if one]
        if not any(draft.jwks_url.startswith(one) for one in allowed) or urlsplit(draft.jwks_url).username:
            raise invalid(
                gettext_noop("Keys are fetched from addresses below XINGLIN_JWKS alone; %(address)s is not."),
                address=draft.jwks_url,
            )
        return None
    return _parsed(draft.jwks)


def _parsed(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)["keys"]
        kinds = [(str(key.get("kty")), bool(key.get("kid")), "d" in key) for key in given]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise invalid(gettext_noop("The key set is no JWK set (RFC 7517).")) from None
    if not kinds:
        raise invalid(gettext_noop("The key set is empty."))
    if any(kind not in ALGORITHMS or private for kind, _, private in kinds):
        raise invalid(gettext_noop("The key set should have public keys of RSA or elliptic curves alone."))
    if not all(named for _, named, _ in kinds):
        raise invalid(gettext_noop("Every key of the key set needs a kid."))
    try:
        found = KeySet.import_key_set({"keys": given})
    except (ValueError, TypeError, KeyError, JoseError):
        raise invalid(gettext_noop("The key set is no JWK set (RFC 7517).")) from None
    return {"keys": [key.as_dict(private=False) for key in found.keys]}


def _account_for(app: App, deed: Deed) -> Account:
    """The account of a backend service: nobody can sign in to it."""
    made = Account.objects.create_user(
        f"app-{app.client_id}"[:60], None, display_name=app.name, roles=[Role.CLIENT.value],
        institution_id=app.institution_id, institution_name=app.institution_name,
    )  # fmt: skip
    events.note(
        "created", account=made.pk, actor=deed.actor, now=deed.now, origin=deed.origin, detail="client"
    )
    return made


def _note(kind: str, app: App, deed: Deed, more: str = "") -> None:
    detail = f"{app.client_id} {more}".strip()
    events.note(kind, account=app.account, actor=deed.actor, now=deed.now, origin=deed.origin, detail=detail)
