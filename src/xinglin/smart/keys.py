"""The keys that sign identity tokens and show other systems who we are; their public halves as others ask for them."""

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
CLIENT = Purpose(
    "client-assertions",
    Use.SIGN,
    Algorithm.ECDSA_P384,
    "signs who the platform is, where it asks the system of an institution",
)
SECRETS = Purpose(
    "client-secrets",
    Use.SEAL,
    Algorithm.SM4_GCM,
    "seals the secrets that systems of institutions have given the platform",
)
PURPOSES = (IDENTITY, CLIENT, SECRETS)
ALGORITHM = "ES256"
_NAMES = {Algorithm.ECDSA_P256: ("P-256", "ES256"), Algorithm.ECDSA_P384: ("P-384", "ES384")}


@cache
def _folder(path: Path) -> KeyFolder:
    return KeyFolder(path, clock.now)


def ring(purpose: Purpose = IDENTITY) -> KeyRing:
    """A ring as it is now: in ``XINGLIN_KEYS``, or ``keys`` in the platform's home."""
    given = settings.SETTINGS
    return _folder(Path(given.keys) if given.keys else given.home / "keys").ring(purpose)


def _jwk(key: Key, purpose: Purpose) -> dict[str, Any]:
    point = key.verifier.public[1:]  # after 04: x, y
    half = len(point) // 2
    curve, algorithm = _NAMES[key.algorithm]
    return {
        "kty": "EC", "crv": curve, "x": _text(point[:half]), "y": _text(point[half:]),
        "kid": f"{purpose.name}-{key.version}", "use": "sig", "alg": algorithm,
    }  # fmt: skip


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _usable(purpose: Purpose) -> list[Key]:
    """The keys that still verify. One of another algorithm is passed over: others are told that there is one."""
    return [key for key in ring(purpose).keys if key.revoked is None and key.algorithm is purpose.algorithm]


def public(purpose: Purpose = IDENTITY) -> dict[str, Any]:
    """All keys that still verify, as a JWK set. https://www.rfc-editor.org/rfc/rfc7517"""
    return {"keys": [_jwk(key, purpose) for key in _usable(purpose)]}


def sign(claims: dict[str, Any], purpose: Purpose = IDENTITY) -> str:
    """A JWT with these claims, by the latest key."""
    key = _usable(purpose)[-1]
    shown = _jwk(key, purpose)
    private = ECKey.import_key({**shown, "d": _text(key.secret)})
    header = {"alg": shown["alg"], "kid": shown["kid"]}
    return jwt.encode(header, claims, private, algorithms=[shown["alg"]])
