"""Signing in with the region's own identity provider: a client of OpenID Connect.

The provider says who somebody is. Which account that is, an administrator has bound before, or a claim says that the
terms name; rights come from the account alone. https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from xinglin.accounts.models import Account
from xinglin.kernel import outgoing
from xinglin.kernel.errors import forbidden, not_found
from xinglin.smart import bindings, fetching, queries, rules, verifying
from xinglin.smart.bindings import Place
from xinglin.smart.terms import terms
from xinglin.smart.verifying import Doubtful, Expected

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.smart.registering import Deed
    from xinglin.smart.verifying import Question

_remembered = fetching.Remembered()


def is_configured() -> bool:
    given = settings.SETTINGS
    return bool(given.oidc and given.oidc_client)


def name_of_provider() -> str:
    """What stands on the sign-in page; nothing where there is no provider."""
    if not is_configured():
        return ""
    return gettext("Sign in with %(name)s") % {
        "name": settings.SETTINGS.oidc_name or urlsplit(issuer()).netloc
    }


def issuer() -> str:
    """The provider's name, without a slash at the end."""
    return str(settings.SETTINGS.oidc).rstrip("/")


def address(question: Question, *, back: str, now: datetime) -> str:
    """Where somebody is sent to sign in."""
    return rules.with_parameters(
        _metadata(now)["authorization_endpoint"],
        {
            "response_type": "code", "client_id": settings.SETTINGS.oidc_client, "redirect_uri": back,
            "scope": terms().upstream_scope, "state": question.state, "nonce": question.nonce,
            "code_challenge": question.challenge, "code_challenge_method": "S256",
        },
    )  # fmt: skip


def account(question: Question, code: str, *, back: str, now: datetime) -> Account:
    """Whose account it is; raises ``forbidden`` for an answer that does not hold, or for nobody's."""
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": question.verifier,
        "client_id": settings.SETTINGS.oidc_client,
    }  # fmt: skip
    answer = fetching.get(_metadata(now)["token_endpoint"], form=form, headers=_authorization())
    if answer is None or not isinstance(answer.get("id_token"), str):
        raise _refused()
    claims = _verified(answer["id_token"], question, now=now)
    return _account_of(claims)


def _refused() -> Exception:
    return forbidden(
        gettext_noop("The identity provider's answer does not hold. Try again, or sign in with a password.")
    )


def _authorization() -> dict[str, str]:
    given = settings.SETTINGS
    if not given.oidc_secret:
        return {}
    secret = Path(given.oidc_secret).read_text(encoding="utf-8").strip()
    pair = f"{quote(given.oidc_client, safe='')}:{quote(secret, safe='')}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _metadata(now: datetime) -> dict[str, Any]:
    """The provider's own description; of the issuer that the setting names, and all of it over TLS."""
    found = _remembered.get(f"{issuer()}/.well-known/openid-configuration", now=now) or {}
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if str(found.get("issuer", "")).rstrip("/") != issuer() or not all(
        _is_safe(found.get(name)) for name in needed
    ):
        raise forbidden(gettext_noop("The identity provider cannot be reached now. Sign in with a password."))
    return found


def _is_safe(address: object) -> bool:
    parts = urlsplit(address if isinstance(address, str) else "")
    return outgoing.is_private(parts)


def _verified(text: str, question: Question, *, now: datetime) -> dict[str, Any]:
    """The claims of an identity token that is signed by the provider, for us, now, as the answer to this question."""
    expected = Expected(issuer(), settings.SETTINGS.oidc_client, question.nonce)
    try:
        return verifying.verified(text, expected, keys=_metadata(now)["jwks_uri"], now=now)
    except Doubtful:
        raise _refused() from None


def _account_of(claims: dict[str, Any]) -> Account:
    number = queries.bound(issuer(), claims["sub"])
    found = Account.objects.filter(pk=number).first() if number is not None else None
    name = claims.get(terms().upstream_claim) if terms().upstream_claim and number is None else None
    if isinstance(name, str) and name:
        found = Account.objects.filter(username=name).first()
    if found is None or not found.is_active:
        raise forbidden(
            gettext_noop("You have no account here. Ask an administrator to bind yours to the provider.")
        )
    return found


def _place() -> Place:
    return Place(issuer(), "bound", "unbound")


def bind(*, account: Account, subject: str, deed: Deed) -> None:
    """Say who the account is at the provider."""
    if not is_configured():
        raise not_found(gettext_noop("There is no identity provider: XINGLIN_OIDC names none."))
    bindings.bind(place=_place(), account=account, subject=subject, deed=deed)


def unbind(*, account: Account, deed: Deed) -> bool:
    """Take that back; tell whether there was something to take back."""
    return bindings.unbind(place=_place(), account=account, deed=deed)
