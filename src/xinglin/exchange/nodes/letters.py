"""What nodes say to each other: JSON, with a signed token that is good for this letter to this node once.

The token (a JWT, ES256) names who says it, to whom, when, at which address, and the digest of what is said. Answers
carry a receipt signed in the same way, which both sides keep.
https://www.rfc-editor.org/rfc/rfc7519
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from xinglin.exchange.nodes import keys
from xinglin.kernel.errors import forbidden

if TYPE_CHECKING:
    from datetime import datetime

ALGORITHM = "ES256"
SECONDS = 120  # a token is good for, the difference of two clocks included
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Letter:
    """What is said, to whom and where."""

    path: str
    body: bytes
    receiver: str


def digest(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


def token(letter: Letter, *, sender: str, now: datetime) -> str:
    """The token of a letter of ours."""
    at = int(now.timestamp())
    return signed(
        {
            "iss": sender, "aud": letter.receiver, "iat": at, "exp": at + SECONDS, "jti": secrets.token_urlsafe(16),
            "path": letter.path, "digest": digest(letter.body),
        }
    )  # fmt: skip


def signed(claims: dict[str, Any]) -> str:
    """Claims, signed with this node's key."""
    return jwt.encode({"alg": ALGORITHM}, claims, ECKey.import_key(keys.private()), algorithms=[ALGORITHM])


def read(text: str, jwk: dict[str, Any]) -> dict[str, Any] | None:
    """The claims in a token or a receipt; None where that key has not signed them."""
    if len(text) > _LONGEST:
        return None
    try:
        return dict(jwt.decode(text, ECKey.import_key(jwk), algorithms=[ALGORITHM]).claims)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def issuer(text: str) -> str:
    """Who a token says it is from, before it is known whether that is so."""
    try:
        part = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return ""
    return str(claims.get("iss", "")) if isinstance(claims, dict) else ""


def require(claims: dict[str, Any] | None, letter: Letter, *, now: datetime) -> str:
    """The id of a token that is good for this letter; fault ``forbidden`` says why it is not."""
    if claims is None:
        raise forbidden(gettext_noop("The token is not signed with the key that this node knows."))
    at = now.timestamp()
    issued, expires, id_ = claims.get("iat"), claims.get("exp"), claims.get("jti")
    if claims.get("aud") != letter.receiver:
        raise forbidden(gettext_noop("The token is for another node."))
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise forbidden(gettext_noop("The token should say when it was made and until when it is good."))
    if not issued - SECONDS <= at <= min(expires, issued + SECONDS):
        raise forbidden(
            gettext_noop("The token is not good at this time: do the clocks of both nodes agree?")
        )
    if claims.get("path") != letter.path or claims.get("digest") != digest(letter.body):
        raise forbidden(gettext_noop("The token is for another letter."))
    if not isinstance(id_, str) or not 8 <= len(id_) <= 64:
        raise forbidden(gettext_noop("The token should have an id."))
    return id_
