"""Which system asks: by the token of an account, an app's token, or a JWT that the client signed for this address.

https://cds-hooks.hl7.org/2.0/#trusting-cds-clients
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xinglin.accounts import limits
from xinglin.accounts.models import Account
from xinglin.accounts.queries import actor_for_authorization, actor_of
from xinglin.kernel import clock, origin
from xinglin.smart import assertions
from xinglin.smart.queries import base_of
from xinglin.smart.rules import Refused

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.kernel.actor import Actor
    from xinglin.smart.models import App

_BEARER = "bearer "
_DOTS = 2  # of a JWT in its compact form
_SYSTEM = "system/"


def platform(request: HttpRequest) -> str:
    """The address of the platform, without a slash at its end."""
    return base_of(request.scheme or "http", request.get_host())


def of(request: HttpRequest) -> Actor | None:
    """Who asks; None for nobody that may come in."""
    header = request.headers.get("Authorization", "")
    signed = header[len(_BEARER) :].strip() if header[: len(_BEARER)].lower() == _BEARER else ""
    if signed.count(".") == _DOTS:
        return _of_client(signed, f"{platform(request)}{request.path}")
    return actor_for_authorization(header or None, request.META, apps=True)


def _of_client(signed: str, audience: str) -> Actor | None:
    try:
        app = assertions.caller(signed, audience=audience, now=clock.now())
    except Refused:
        return None
    return _actor(app)


def _actor(app: App) -> Actor | None:
    """The account of the client, with what the client was registered for."""
    account = Account.objects.filter(pk=app.account or 0, is_active=True).first()
    if account is None:
        return None
    scopes = tuple(scope for scope in app.scopes if scope.startswith(_SYSTEM))
    return replace(actor_of(account), app=app.client_id, scopes=scopes)


def wait(actor: Actor | None) -> int:
    """How many seconds a caller who has asked too much has to wait; 0 for who may ask."""
    if actor is not None:
        return limits.wait(limits.PROGRAM, actor.id)
    return limits.wait(limits.STRANGER, origin.current().address or "")


def failed() -> None:
    """Count a request that named nobody against the address that it comes from."""
    limits.failed(origin.current().address or "")
