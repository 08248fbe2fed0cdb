"""What an ``Authorization`` header says. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

OF_APPS = "xa_"  # how the tokens begin that apps are given


@dataclass(frozen=True, slots=True)
class Bearer:
    """RFC 6750: a token alone."""

    token: str


@dataclass(frozen=True, slots=True)
class Basic:
    """RFC 7617: a name and a password."""

    username: str
    password: str


def credentials(header: str) -> Bearer | Basic | None:
    """The credentials of an ``Authorization`` header; None when it has another or a broken form."""
    scheme, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    if not rest:
        return None
    if scheme.lower() == "bearer":
        return Bearer(rest)
    if scheme.lower() == "basic":
        return _basic(rest)
    return None


def _basic(text: str) -> Basic | None:
    try:
        username, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Basic(username, password) if colon and username else None


def digest(secret: str) -> str:
    """SHA-256 in hexadecimal: how tokens are kept, and how headers are remembered."""
    return hashlib.sha256(secret.encode()).hexdigest()
