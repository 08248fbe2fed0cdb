"""The key by which other nodes know this one."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.folder import KeyFolder
from xinglin.crypto.keys import Purpose
from xinglin.kernel import clock

if TYPE_CHECKING:
    from xinglin.crypto.keys import Key

NODE = Purpose("node", Use.SIGN, Algorithm.ECDSA_P256, "signs what this platform says to other platforms")
INDEX = Purpose(
    "node-index", Use.HASH, Algorithm.HMAC_SM3, "hides identity numbers in the index that platforms share"
)
PURPOSES = (NODE, INDEX)


@cache
def _folder(path: Path) -> KeyFolder:
    return KeyFolder(path, clock.now)


def _keys() -> KeyFolder:
    given = settings.SETTINGS
    return _folder(Path(given.keys) if given.keys else given.home / "keys")


def current() -> Key:
    """The key that signs."""
    return _keys().ring(NODE).current


def public() -> dict[str, Any]:
    """Its public half, as others keep it. https://www.rfc-editor.org/rfc/rfc7517"""
    point = current().verifier.public  # 04, x, y
    return {"kty": "EC", "crv": "P-256", "x": _text(point[1:33]), "y": _text(point[33:65])}


def private() -> dict[str, Any]:
    return {**public(), "d": _text(current().secret)}


def index_secret() -> bytes:
    """The key of this node's own index: the one that a node without another above it gives to those below."""
    return _keys().ring(INDEX).current.keyed(b"xinglin-node-index-1")


def fingerprint(jwk: dict[str, Any]) -> str:
    """What two people compare: the first 128 bits of the key's thumbprint, in groups. RFC 7638."""
    named = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(json.dumps(named, separators=(",", ":"), sort_keys=True).encode()).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
