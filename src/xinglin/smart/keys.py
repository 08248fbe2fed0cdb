"""The keys that sign identity tokens, and their public halves as others ask for them."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from joserfc import jwt
from joserfc.jwk import ECKey

from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.folder import KeyFolder
from xinglin.crypto.keys import Purpose
from xinglin.kernel import clock

if TYPE_CHECKING:
    from xinglin.crypto.keys import Key, KeyRing

IDENTITY = Purpose(
    "identity-tokens", Use.SIGN, Algorithm.ECDSA_P256, "signs the identity tokens that apps are given"
)
PURPOSES = (IDENTITY,)
ALGORITHM = "ES256"


@cache
def _folder(path: Path) -> KeyFolder:
    return KeyFolder(path, clock.now)


def ring() -> KeyRing:
    """The ring as it is now: in ``XINGLIN_KEYS``, or ``keys`` in the platform's home."""
    given = settings.SETTINGS
    return _folder(Path(given.keys) if given.keys else given.home / "keys").ring(IDENTITY)


def _jwk(key: Key) -> dict[str, Any]:
    point = key.verifier.public  # 04, x, y
    return {
        "kty": "EC", "crv": "P-256", "x": _text(point[1:33]), "y": _text(point[33:65]), "kid": _name(key),
        "use": "sig", "alg": ALGORITHM,
    }  # fmt: skip


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _name(key: Key) -> str:
    return f"{IDENTITY.name}-{key.version}"


def _usable() -> list[Key]:
    """The keys that still verify. One of another algorithm is passed over: apps are told that there is one."""
    return [key for key in ring().keys if key.revoked is None and key.algorithm is Algorithm.ECDSA_P256]


def public() -> dict[str, Any]:
    """All keys that still verify, as a JWK set. https://www.rfc-editor.org/rfc/rfc7517"""
    return {"keys": [_jwk(key) for key in _usable()]}


def sign(claims: dict[str, Any]) -> str:
    """A JWT with these claims, by the latest key."""
    key = _usable()[-1]
    private = ECKey.import_key({**_jwk(key), "d": _text(key.secret)})
    return jwt.encode({"alg": ALGORITHM, "kid": _name(key)}, claims, private, algorithms=[ALGORITHM])
