"""What can be asked: who acts by a token, which apps there are, what an account has allowed."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q

from xinglin.accounts.models import Account, SignedIn
from xinglin.fhir import definitions
from xinglin.kernel import clock
from xinglin.kernel.actor import Actor
from xinglin.record import database
from xinglin.smart import rules
from xinglin.smart.models import App, Binding, Grant, Token

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

ACCESS, REFRESH = "access", "refresh"
_ORIGINS_SECONDS = 2.0


def base_of(scheme: str, host: str) -> str:
    """The address of the platform as others use it, without a slash at the end: also the issuer's name."""
    given: str = settings.SETTINGS.base_url
    return given.rstrip("/") if given else f"{scheme}://{host}"


def app(client_id: str) -> App | None:
    """The app with that client id, if it is not disabled."""
    return App.objects.filter(client_id=client_id, active=True).first()


def app_of_keys(address: str) -> App | None:
    """The app whose key set is registered at that address, if there is one and it is not disabled."""
    found = App.objects.filter(jwks_url=address, active=True)[:2]
    return found[0] if len(found) == 1 else None


def living(digest: str, kind: str, *, now: datetime) -> tuple[Token, Account] | None:
    """The token and whose it is, if it, its grant, its app and the account still hold."""
    found = (
        Token.objects.select_related("grant__app")
        .filter(
            digest=digest,
            kind=kind,
            revoked=None,
            expires__gt=now,
            grant__ended=None,
            grant__app__active=True,
        )
        .first()
    )
    account = holder(found.grant) if found else None
    return (found, account) if found and account else None


def holder(grant: Grant) -> Account | None:
    """Whose grant it is, if the account is in use and has had no new password since."""
    account = Account.objects.filter(pk=grant.account, is_active=True).first()
    if account is None or (account.password_since is not None and account.password_since > grant.made):
        return None
    return account


_ACTOR = """
    SELECT g.account, o.display_name, o.roles, o.institution_id, g.purpose, a.client_id, t.scope, g.patient
    FROM smart_token t JOIN smart_grant g ON g.id = t.grant_id JOIN smart_app a ON a.id = g.app_id
    JOIN accounts_account o ON o.id = g.account
    WHERE t.digest = %s AND t.kind = 'access' AND t.revoked IS NULL AND t.expires > %s AND g.ended IS NULL
    AND a.active AND o.is_active AND (o.password_since IS NULL OR o.password_since <= g.made)
    """  # asked at every request of an app and remembered nowhere, so that an end is an end


def actor_of_token(text: str) -> Actor | None:
    """Who acts with an access token: the account it was given for, with what the app was granted."""
    row = database.connection().execute(_ACTOR, [rules.digest(text), clock.now()], prepare=True).fetchone()
    if row is None:
        return None
    account, name, roles, institution, purpose, client_id, scope, patient = row
    return Actor(
        id=f"account/{account}", name=name, roles=frozenset(roles), purpose=purpose,
        institution=institution or None, app=client_id, scopes=tuple(scope.split()), patient=patient or None,
    )  # fmt: skip


def session_holds(grant: Grant) -> bool:
    """Whether the session in which the grant was given goes on."""
    if grant.session is None:
        return False
    return SignedIn.objects.filter(pk=grant.session, account_id=grant.account, ended=None).exists()


class _Origins:
    """The origins of the redirect addresses of all apps, remembered for a moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._known: frozenset[str] = frozenset()

    def known(self) -> frozenset[str]:
        with self._lock:
            if time.monotonic() >= self._until:
                lists = App.objects.filter(active=True, kind=rules.Kind.PUBLIC).values_list(
                    "redirects", flat=True
                )
                found = {rules.origin_of(address) for addresses in lists for address in addresses}
                self._known = frozenset(origin for origin in found if origin)
                self._until = time.monotonic() + _ORIGINS_SECONDS
            return self._known

    def forget(self) -> None:
        with self._lock:
            self._until = 0.0


_origins = _Origins()


def may_read_answers(origin: str) -> bool:
    """Whether pages of that origin are a registered app's, whose browser may hand it our answers (CORS)."""
    return origin.lower() in _origins.known()


def forget_origins() -> None:
    _origins.forget()


def allowed_by(account: Account) -> QuerySet[Grant]:
    """What an account has allowed and not ended, the latest first."""
    found = Grant.objects.select_related("app").filter(account=account.pk, ended=None, app__account=None)
    if account.password_since is not None:
        found = found.filter(made__gte=account.password_since)
    return found.exclude(begun=None).order_by("-made")


def launchable(institution: str | None) -> QuerySet[App]:
    """The apps that can be opened from a record by who works at the institution (None: for the region)."""
    own = Q(institution_id="") | Q(institution_id=institution or "")
    return App.objects.filter(own, active=True).exclude(launch_url="").order_by("name")


def reach(manager: Account) -> QuerySet[App]:
    """The apps that an administrator of an institution, or of the region, looks after."""
    everything = App.objects.order_by("institution_name", "name")
    return everything.filter(institution_id=manager.institution_id) if manager.institution_id else everything


def bound(issuer: str, subject: str) -> int | None:
    """The number of the account that a subject of an identity provider is bound to."""
    return Binding.objects.filter(issuer=issuer, subject=subject).values_list("account", flat=True).first()


def bindings(issuer: str) -> QuerySet[Binding]:
    """Who is bound at an identity provider, the latest first."""
    return Binding.objects.filter(issuer=issuer).order_by("-made", "-pk")


OWN_KINDS = {"own": "PATRQT", "guardian": "FAMRQT", "mandate": "FAMRQT"}
"""The relations by which a resident's account has records to give, with the purpose that each is opened for."""


def own_patients(actor: Actor) -> dict[str, str]:
    """The Patients that the account is itself, or acts for by recorded authority, with the purpose of each."""
    with database.using(None) as connection:
        rows = connection.execute(
            "SELECT r.id, o.kind FROM record_relation o JOIN record_resource r ON r.self = o.patient"
            " WHERE o.actor = %s AND o.kind = ANY(%s) AND o.since <= statement_timestamp()"
            " AND (o.until IS NULL OR o.until > statement_timestamp()) AND r.type = %s"
            " ORDER BY o.kind <> 'own', r.id",
            [actor.id, list(OWN_KINDS), definitions.type_number("Patient")],
        ).fetchall()
    found: dict[str, str] = {}
    for id_, kind in rows:
        found.setdefault(id_, OWN_KINDS[kind])
    return found
