"""Who an app is, when it asks itself: nothing, a secret, or a signed assertion.

https://www.rfc-editor.org/rfc/rfc7523, https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html.
Keys never say with which algorithm they are used: the algorithm must be one of ours for that kind of key.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.db import IntegrityError, transaction
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from xinglin.smart import fetching, queries, rules
from xinglin.smart.models import Assertion
from xinglin.smart.rules import Kind, Refused
from xinglin.smart.terms import terms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from joserfc.jwk import Key

    from xinglin.smart.models import App

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = {"RSA": ("RS384", "RS256", "PS384"), "EC": ("ES384", "ES256")}
_LONGEST = 16_000


def client(form: Mapping[str, str], authorization: str | None, *, audience: str, now: datetime) -> App:
    """The app that asks; raises ``Refused`` with ``invalid_client`` for one that does not show that it is that app."""
    ways = [bool(form.get("client_assertion")), bool(authorization), bool(form.get("client_secret"))]
    if sum(ways) > 1:
        raise Refused("invalid_request", "Show in one way who you are, not in several.")
    if form.get("client_assertion"):
        return _by_assertion(form, audience=audience, now=now)
    if authorization:
        return _by_secret(authorization, form.get("client_id"))
    found = queries.app(form.get("client_id", ""))
    if found is None or found.kind != Kind.PUBLIC or form.get("client_secret"):
        raise _unknown()
    return found


def _unknown(description: str = "The app is not known, or did not show that it is this app.") -> Refused:
    return Refused("invalid_client", description, 401)


def _by_secret(authorization: str, named: str | None) -> App:
    scheme, _, rest = authorization.partition(" ")
    try:
        text = base64.b64decode(rest.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    client_id, colon, secret = text.partition(":")
    found = queries.app(unquote_plus(client_id)) if colon else None
    right = rules.same(rules.digest(unquote_plus(secret)), found.secret if found else rules.digest(""))
    if found is None or found.kind != Kind.CONFIDENTIAL or not right or named not in (None, found.client_id):
        raise _unknown()
    return found


def _by_assertion(form: Mapping[str, str], *, audience: str, now: datetime) -> App:
    text = form["client_assertion"]
    if form.get("client_assertion_type") != TYPE:
        raise _unknown(f"client_assertion_type should be {TYPE}.")
    found, _ = signed(text, audience=audience, now=now)
    if form.get("client_id") not in (None, found.client_id):
        raise _unknown()
    return found


def signed(text: str, *, audience: str, now: datetime) -> tuple[App, dict[str, Any]]:
    """Whose signed assertion it is, and its claims; raises ``Refused`` for one that does not hold."""
    if len(text) > _LONGEST:
        raise _unknown("The assertion is no signed JWT.")
    header, said = _unverified(text)
    found = queries.app(str(said.get("iss", "")))
    if found is None or found.kind != Kind.ASYMMETRIC:
        raise _unknown()
    claims = _verified(text, header, found, now=now)
    _require(claims, found, audience=audience, now=now)
    _once(found, claims, now=now)
    return found, claims


def caller(text: str, *, audience: str, now: datetime) -> App:
    """The app that signed a bearer token for one address itself, as clients of CDS Hooks do; raises ``Refused``.

    The issuer is there an address of the client's own choice. An app is known by its client id in ``sub`` or ``iss``,
    or by the key set it names in ``jku``, which must be the registered one and lie where the issuer does.
    https://cds-hooks.hl7.org/2.0/#trusting-cds-clients
    """
    if len(text) > _LONGEST:
        raise _unknown()
    header, said = _unverified(text)
    names, jku = [str(said.get(name) or "") for name in ("sub", "iss")], str(header.get("jku") or "")
    found = next((app for name in names if name and (app := queries.app(name)) is not None), None)
    if found is None and jku and rules.origin_of(jku) == rules.origin_of(names[1]):
        found = queries.app_of_keys(jku)
    if found is None or found.kind != Kind.ASYMMETRIC or found.account is None:
        raise _unknown()
    claims = _verified(text, header, found, now=now)
    _require_time(claims, audience=audience, now=now)
    _once(found, claims, now=now)
    return found


def _unverified(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims before anything is known of them; only to find out whose key is to be asked."""
    try:
        parts = jws.extract_compact(text.encode())
        claims = json.loads(parts.payload)
    except (JoseError, ValueError):
        raise _unknown("The assertion is no signed JWT.") from None
    if not isinstance(claims, dict):
        raise _unknown("The assertion is no signed JWT.")
    return dict(parts.headers()), claims


def _verified(text: str, header: dict[str, Any], app: App, *, now: datetime) -> dict[str, Any]:
    kid, algorithm = header.get("kid"), header.get("alg")
    if "jku" in header and header["jku"] != app.jwks_url:
        raise _unknown("The assertion names another key set than the registered one.")
    for key in _candidates(app, kid, now=now):
        if algorithm in ALGORITHMS.get(key.key_type, ()) and key.get("use") in (None, "sig"):
            try:
                return dict(jwt.decode(text, key, algorithms=[str(algorithm)]).claims)
            except (JoseError, ValueError):
                continue
    raise _unknown("No registered key has this kid, is for this algorithm, and fits the signature.")


def _candidates(app: App, kid: object, *, now: datetime) -> list[Key]:
    if not isinstance(kid, str) or not kid:
        return []
    given: Any = app.jwks or _fetched(app, kid, now=now)
    try:
        found = KeySet.import_key_set(given)
    except (JoseError, ValueError, TypeError, KeyError):
        return []
    return [key for key in found.keys if key.kid == kid]


def _require(claims: dict[str, Any], app: App, *, audience: str, now: datetime) -> None:
    if claims.get("iss") != app.client_id or claims.get("sub") != app.client_id:
        raise _unknown("iss and sub of the assertion should both be the client id.")
    _require_time(claims, audience=audience, now=now)


def _require_time(claims: dict[str, Any], *, audience: str, now: datetime) -> None:
    """For whom and for when the assertion is."""
    at, skew = now.timestamp(), terms().skew.total_seconds()
    expires, audiences = claims.get("exp"), claims.get("aud")
    if audience not in (audiences if isinstance(audiences, list) else [audiences]):
        raise _unknown(f"aud of the assertion should be {audience}.")
    if not isinstance(expires, int | float) or expires <= at - skew:
        raise _unknown("The assertion has expired.")
    if expires > at + terms().assertion.total_seconds() + skew:
        raise _unknown("exp of the assertion is more than five minutes away.")
    for name in ("iat", "nbf"):
        if name in claims and (not isinstance(claims[name], int | float) or claims[name] > at + skew):
            raise _unknown(f"{name} of the assertion is in the future.")


def _once(app: App, claims: dict[str, Any], *, now: datetime) -> None:
    """An assertion's id is worth something once."""
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise _unknown("The assertion needs a jti.")
    until = now + terms().assertion + 2 * terms().skew
    try:
        with transaction.atomic():
            Assertion.objects.create(app=app, digest=rules.digest(jti), expires=until)
    except IntegrityError:
        raise _unknown("The jti of the assertion was used before.") from None


def _fetched(app: App, kid: str, *, now: datetime) -> dict[str, Any]:
    """The key set at the registered address, from below ``XINGLIN_JWKS`` alone; anew for a key that is not in it."""
    if not any(app.jwks_url.startswith(one) for one in settings.SETTINGS.jwks.split()):
        return {"keys": []}
    return _remembered.get(app.jwks_url, now=now, lacks=lambda found: not _names(found, kid)) or {"keys": []}


def _names(found: dict[str, Any], kid: str) -> bool:
    keys = found.get("keys")
    return isinstance(keys, list) and any(isinstance(key, dict) and key.get("kid") == kid for key in keys)


_remembered = fetching.Remembered()
