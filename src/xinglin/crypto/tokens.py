"""Short-lived signed tokens, small enough for a QR code that an old scanner reads.

A token is ``XL1`` and Crockford's base 32 in capitals of: key version (2 bytes), time of issue (4, seconds since
1970), lifetime (2, seconds), nonce (8), audience (1 for its length, then UTF-8), subject (1, then bytes), signature.
Capitals and digits alone, because a scanner types like a keyboard, and a QR code holds them in less room.

The token names a key version and never an algorithm: what verifies it is the key, with the one algorithm it has.
A public key is never taken for a shared secret, and "no signature" is not an algorithm.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from xinglin.crypto.signatures import LENGTHS

if TYPE_CHECKING:
    from xinglin.crypto.keys import Key, KeyRing

PREFIX = "XL1"
NONCE_BYTES = 8
LONGEST = 512  # characters; no token of ours comes near
_AHEAD = timedelta(seconds=5)  # by how much the clocks of our machines may differ
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {c: i for i, c in enumerate(_ALPHABET)}
_FIXED = 2 + 4 + 2 + NONCE_BYTES


class Why(StrEnum):
    """Why a token is refused."""

    MALFORMED = "malformed"  # no token of this form
    UNKNOWN_KEY = "unknown-key"  # signed with a key that is not ours, or has been revoked
    ALTERED = "altered"  # the signature does not fit
    AUDIENCE = "audience"  # made for another use
    EXPIRED = "expired"
    NOT_YET = "not-yet"  # made in the future: a clock is wrong


class TokenRefused(Exception):  # noqa: N818 -- a verdict
    """A token that does not hold. ``token`` is what it says if its signature fits, so that it can be noted."""

    def __init__(self, why: Why, token: Token | None = None) -> None:
        super().__init__(why.value)
        self.why = why
        self.token = token


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says."""

    subject: bytes
    audience: str
    issued: datetime
    expires: datetime
    nonce: bytes
    key: int  # the version of the key that signed it


def issue(ring: KeyRing, subject: bytes, *, audience: str, now: datetime, seconds: int) -> str:
    """A token for ``subject`` that holds for ``seconds``."""
    if not 0 < seconds < 1 << 16 or len(subject) > 255:
        raise ValueError("A token lives 1 to 65535 seconds and its subject has at most 255 bytes.")
    spoken = audience.encode()
    key = ring.current
    body = (
        key.version.to_bytes(2, "big")
        + int(now.timestamp()).to_bytes(4, "big")
        + seconds.to_bytes(2, "big")
        + secrets.token_bytes(NONCE_BYTES)
        + bytes([len(spoken)])
        + spoken
        + bytes([len(subject)])
        + subject
    )
    return PREFIX + encode(body + key.signer.sign(_signed(ring, body)))


def read(ring: KeyRing, text: str, *, audience: str, now: datetime) -> Token:
    """The token in ``text`` if it holds at ``now``; raises ``TokenRefused``."""
    if not text.startswith(PREFIX) or len(text) > LONGEST:
        raise TokenRefused(Why.MALFORMED)
    raw = decode(text[len(PREFIX) :])
    if raw is None or len(raw) < _FIXED:
        raise TokenRefused(Why.MALFORMED)
    key = ring.key(int.from_bytes(raw[:2], "big"))
    if key is None:
        raise TokenRefused(Why.UNKNOWN_KEY)
    token = _verified(ring, key, raw)
    if token.audience != audience:
        raise TokenRefused(Why.AUDIENCE, token)
    if token.issued > now + _AHEAD:
        raise TokenRefused(Why.NOT_YET, token)
    if token.expires <= now:
        raise TokenRefused(Why.EXPIRED, token)
    return token


def _verified(ring: KeyRing, key: Key, raw: bytes) -> Token:
    length = LENGTHS[key.algorithm]
    body, signature = raw[:-length], raw[-length:]
    parts = _parts(body)
    if parts is None or len(signature) != length:
        raise TokenRefused(Why.MALFORMED)
    if not key.verifier.verify(_signed(ring, body), signature):
        raise TokenRefused(Why.ALTERED)
    audience, subject = parts
    issued = datetime.fromtimestamp(int.from_bytes(body[2:6], "big"), UTC)
    expires = issued + timedelta(seconds=int.from_bytes(body[6:8], "big"))
    return Token(subject, audience, issued, expires, body[8:_FIXED], key.version)


def _parts(body: bytes) -> tuple[str, bytes] | None:
    """Audience and subject, if the body has exactly their room."""
    first = _FIXED + 1 + body[_FIXED] if len(body) > _FIXED else 0
    if not first or len(body) <= first or len(body) != first + 1 + body[first]:
        return None
    try:
        return body[_FIXED + 1 : first].decode(), body[first + 1 :]
    except UnicodeDecodeError:
        return None


def _signed(ring: KeyRing, body: bytes) -> bytes:
    return b"xinglin-token-1\0" + ring.purpose.name.encode() + b"\0" + body


def encode(raw: bytes) -> str:
    """Crockford's base 32, the last character filled up with noughts."""
    bits = len(raw) * 8
    spare = -bits % 5
    number = int.from_bytes(raw, "big") << spare
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(bits + spare - 5, -1, -5))


def decode(text: str) -> bytes | None:
    """The bytes of ``encode``; None for any text that it does not make."""
    if any(c not in _VALUE for c in text):
        return None
    number = 0
    for c in text:
        number = number << 5 | _VALUE[c]
    length, spare = divmod(len(text) * 5, 8)
    if spare >= 5 or number & ((1 << spare) - 1):
        return None
    return (number >> spare).to_bytes(length, "big")
