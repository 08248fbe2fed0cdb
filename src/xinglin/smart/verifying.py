"""Asking another server who somebody is: the question, and whether its identity token answers it.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation. The algorithm must be one of ours for that kind
of key; nothing is believed of a token that no published key of the server has signed.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from xinglin.smart import fetching, rules
from xinglin.smart.assertions import ALGORITHMS
from xinglin.smart.terms import terms

if TYPE_CHECKING:
    from datetime import datetime

_remembered = fetching.Remembered()


class Doubt(StrEnum):
    """What is the matter with an identity token."""

    SIGNATURE = "signature"
    CLAIMS = "claims"  # of another issuer, for another client, no answer to this question, about nobody
    CLOCK = "clock"  # too old, or from the future


class Doubtful(Exception):  # noqa: N818 -- it says what is the matter with the token
    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.value)
        self.doubt = doubt


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked along with a request for authorization; the answer has to fit it."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Question:
        return cls(rules.new_secret(), rules.new_secret(), rules.new_secret() + rules.new_secret())

    @property
    def challenge(self) -> str:
        """The PKCE challenge of the verifier (S256)."""
        made = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose token it has to be, for whom, in answer to what."""

    issuer: str
    client: str
    nonce: str


def verified(text: str, expected: Expected, *, keys: str, now: datetime) -> dict[str, Any]:
    """The claims of an identity token that one of the keys at the address ``keys`` has signed; raises ``Doubtful``."""
    try:
        header = dict(jws.extract_compact(text.encode()).headers())
    except (JoseError, ValueError):
        raise Doubtful(Doubt.SIGNATURE) from None
    given = _remembered.get(keys, now=now, lacks=lambda found: not _keys(found, header))
    for key in _keys(given or {}, header):
        try:
            claims = dict(jwt.decode(text, key, algorithms=[str(header.get("alg"))]).claims)
        except (JoseError, ValueError):
            continue
        _require(claims, expected, now=now)
        return claims
    raise Doubtful(Doubt.SIGNATURE)


def has_keys(address: str, *, now: datetime) -> bool:
    """Whether there is a key at the address by which a token could be verified."""
    return bool(_keys(_remembered.get(address, now=now) or {}, None))


def _keys(given: dict[str, Any], header: dict[str, Any] | None) -> list[Any]:
    """The keys of a set that fit a token's header; without one all that could be used."""
    try:
        found = KeySet.import_key_set(given)  # type: ignore[arg-type]  # whatever the server says
    except (JoseError, ValueError, TypeError, KeyError):
        return []
    return [
        key
        for key in found.keys
        if key.get("use") in (None, "sig")
        and key.key_type in ALGORITHMS
        and (header is None or header.get("alg") in ALGORITHMS[key.key_type])
        and (header is None or "kid" not in header or key.kid == header["kid"])
    ]


def _require(claims: dict[str, Any], expected: Expected, *, now: datetime) -> None:
    at, skew = now.timestamp(), terms().skew.total_seconds()
    audiences = claims.get("aud")
    audiences = audiences if isinstance(audiences, list) else [audiences]
    expires, issued = claims.get("exp"), claims.get("iat")
    fits = (
        str(claims.get("iss", "")).rstrip("/") == expected.issuer.rstrip("/")
        and expected.client in audiences
        and claims.get("azp", expected.client) == expected.client
        and rules.same(str(claims.get("nonce", "")), expected.nonce)
        and isinstance(claims.get("sub"), str)
        and bool(claims["sub"])
        and isinstance(expires, int | float)
        and isinstance(issued, int | float)
    )
    if not fits:
        raise Doubtful(Doubt.CLAIMS)
    assert isinstance(expires, int | float)
    assert isinstance(issued, int | float)
    if expires <= at - skew or issued > at + skew:
        raise Doubtful(Doubt.CLOCK)
