"""The addresses at which apps and services ask for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.accounts import rules as credentials
from xinglin.accounts import sessions
from xinglin.kernel import clock
from xinglin.smart import assertions, discovery, exchanging, identities, keys, queries, rules
from xinglin.smart.exchanging import Asked
from xinglin.smart.rules import OPENID, Refused
from xinglin.smart.views.machines import base_of, machine

if TYPE_CHECKING:
    from django.http import HttpRequest

_FORM = "application/x-www-form-urlencoded"


@machine("GET", everybody=True)
def smart_configuration(request: HttpRequest) -> dict[str, Any]:
    return discovery.smart(base_of(request))


@machine("GET", everybody=True)
def openid_configuration(request: HttpRequest) -> dict[str, Any]:
    return discovery.openid(base_of(request))


@machine("GET", everybody=True)
def jwks(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 -- a view's
    return keys.public()


@machine("GET", everybody=True)
def client_jwks(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 -- as above
    """The keys by which systems of institutions know us, when we are their app."""
    return keys.public(keys.CLIENT)


@machine("POST")
def token(request: HttpRequest) -> dict[str, Any]:
    return exchanging.tokens(_asked(request))


@machine("POST")
def revoke(request: HttpRequest) -> dict[str, Any]:
    exchanging.revoke(_asked(request))
    return {}


@machine("POST")
def introspect(request: HttpRequest) -> dict[str, Any]:
    return exchanging.introspect(_asked(request))


def _asked(request: HttpRequest) -> Asked:
    """The form of an app that shows who it is. Nothing is taken from the address: addresses stand in logs."""
    if request.content_type != _FORM:
        raise Refused("invalid_request", f"The body should be {_FORM}.")
    repeated = next((name for name, values in request.POST.lists() if len(values) > 1), None)
    if repeated is not None:
        raise Refused("invalid_request", f"The parameter {repeated[:40]!r} stands more than once.")
    form, base, now = request.POST.dict(), base_of(request), clock.now()
    app = assertions.client(
        form, request.headers.get("Authorization"), audience=f"{base}/oauth/token", now=now
    )
    return Asked(app, form, base, sessions.origin_of(request), now)


@machine("GET", "POST")
def userinfo(request: HttpRequest) -> dict[str, Any]:
    """https://openid.net/specs/openid-connect-core-1_0.html#UserInfo"""
    given = credentials.credentials(request.headers.get("Authorization", ""))
    if not isinstance(given, credentials.Bearer):
        raise Refused("invalid_token", "An access token is needed.", 401)
    found = queries.living(rules.digest(given.token), queries.ACCESS, now=clock.now())
    if found is None:
        raise Refused("invalid_token", "The token is not known, has expired, or was ended.", 401)
    held, account = found
    scopes = held.scope.split()
    if OPENID not in scopes:
        raise Refused("insufficient_scope", "The token was not granted the scope openid.", 403)
    return identities.claims(account, scopes, base=base_of(request))
