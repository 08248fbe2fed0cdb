"""Signing in with the region's own identity provider: a client of OpenID Connect.

The provider says who somebody is. Which account that is, an administrator has bound before, or a claim says that the
terms name; rights come from the account alone. https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, gettext_noop
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from xinglin.accounts import events
from xinglin.accounts.models import Account
from xinglin.kernel import outgoing
from xinglin.kernel.errors import conflict, forbidden, not_found
from xinglin.smart import fetching, queries, rules
from xinglin.smart.assertions import ALGORITHMS
from xinglin.smart.models import Binding
from xinglin.smart.terms import terms

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.smart.registering import Deed

_remembered = fetching.Remembered()


@dataclass(frozen=True, slots=True)
class Question:
    """What is kept in the session between asking and the answer."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Question:
        return cls(rules.new_secret(), rules.new_secret(), rules.new_secret() + rules.new_secret())


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
    challenge = (
        base64.urlsafe_b64encode(hashlib.sha256(question.verifier.encode()).digest()).rstrip(b"=").decode()
    )
    return rules.with_parameters(
        _metadata(now)["authorization_endpoint"],
        {
            "response_type": "code", "client_id": settings.SETTINGS.oidc_client, "redirect_uri": back,
            "scope": terms().upstream_scope, "state": question.state, "nonce": question.nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
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
    try:
        header = dict(jws.extract_compact(text.encode()).headers())
    except (JoseError, ValueError):
        raise _refused() from None
    given = _remembered.get(_metadata(now)["jwks_uri"], now=now, lacks=lambda found: not _keys(found, header))
    for key in _keys(given or {}, header):
        try:
            claims = dict(jwt.decode(text, key, algorithms=[str(header.get("alg"))]).claims)
        except (JoseError, ValueError):
            continue
        if _is_ours(claims, question, now=now):
            return claims
    raise _refused()


def _keys(given: dict[str, Any], header: dict[str, Any]) -> list[Any]:
    try:
        found = KeySet.import_key_set(given)  # type: ignore[arg-type]  # whatever the provider says
    except (JoseError, ValueError, TypeError, KeyError):
        return []
    return [
        key
        for key in found.keys
        if header.get("alg") in ALGORITHMS.get(key.key_type, ())
        and key.get("use") in (None, "sig")
        and ("kid" not in header or key.kid == header["kid"])
    ]


def _is_ours(claims: dict[str, Any], question: Question, *, now: datetime) -> bool:
    client, at, skew = settings.SETTINGS.oidc_client, now.timestamp(), terms().skew.total_seconds()
    audiences = claims.get("aud")
    audiences = audiences if isinstance(audiences, list) else [audiences]
    expires, issued = claims.get("exp"), claims.get("iat")
    return (
        str(claims.get("iss", "")).rstrip("/") == issuer()
        and client in audiences
        and claims.get("azp", client) == client
        and isinstance(expires, int | float)
        and expires > at - skew
        and isinstance(issued, int | float)
        and issued <= at + skew
        and rules.same(str(claims.get("nonce", "")), question.nonce)
        and isinstance(claims.get("sub"), str)
        and bool(claims["sub"])
    )


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


def bind(*, account: Account, subject: str, deed: Deed) -> None:
    """Say who the account is at the provider."""
    if not is_configured():
        raise not_found(gettext_noop("There is no identity provider: XINGLIN_OIDC names none."))
    with transaction.atomic():
        if queries.bound(issuer(), subject) not in (None, account.pk):
            raise conflict(gettext_noop("Another account is bound to %(subject)s."), subject=subject)
        Binding.objects.update_or_create(
            issuer=issuer(), account=account.pk, defaults={"subject": subject, "made": deed.now}
        )
        events.note(
            "bound", account=account.pk, actor=deed.actor, now=deed.now, origin=deed.origin, detail=subject
        )


def unbind(*, account: Account, deed: Deed) -> bool:
    """Take that back; tell whether there was something to take back."""
    with transaction.atomic():
        if not Binding.objects.filter(account=account.pk).delete()[0]:
            return False
        events.note("unbound", account=account.pk, actor=deed.actor, now=deed.now, origin=deed.origin)
    return True
