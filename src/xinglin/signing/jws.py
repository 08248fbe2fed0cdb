"""Detached JSON web signatures (RFC 7515, appendix F): ``header..signature`` over a payload that is kept elsewhere.

The header carries the chain (``x5c``) and the time (``iat``, by the signer's clock). What verifies is the algorithm
of the certificate's key; a header that names another one, "none" or a keyed digest among them, is refused.
``SM2`` is no registered name: those who verify such signatures must know GB/T 32918.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from xinglin.crypto.algorithms import Algorithm
from xinglin.signing.certificates import Certificate, Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.crypto.signatures import Signer

NAMES = {Algorithm.ECDSA_P256: "ES256", Algorithm.SM2: "SM2"}
LONGEST = 64 * 1024
_MEMBERS = frozenset({"alg", "x5c", "iat", "typ"})


class Malformed(Exception):  # noqa: N818 -- a verdict
    """No detached signature of the form that is accepted here."""


@dataclass(frozen=True, slots=True)
class Detached:
    """A signature that has been taken apart, not yet verified."""

    header: str  # as it was written: it is signed
    chain: tuple[Certificate, ...]
    moment: datetime
    signature: bytes

    def fits(self, payload: bytes) -> bool:
        """Whether it was made over ``payload`` with the key of its first certificate."""
        return self.chain[0].verifier.verify(_input(self.header, payload), self.signature)


def sign(payload: bytes, *, signer: Signer, chain: Sequence[Certificate], now: datetime) -> str:
    """A detached signature over ``payload``."""
    header = {
        "alg": NAMES[signer.algorithm],
        "iat": int(now.timestamp()),
        "typ": "JOSE",
        "x5c": [base64.b64encode(c.der).decode() for c in chain],
    }
    written = _encode(json.dumps(header, separators=(",", ":")).encode())
    return f"{written}..{_encode(signer.sign(_input(written, payload)))}"


def read(text: str) -> Detached:
    """Take a detached signature apart; raises ``Malformed``."""
    parts = text.strip().split(".")
    if len(text) > LONGEST or len(parts) != 3 or parts[1]:
        raise Malformed("A detached signature is a header, two dots and a signature.")
    header = _header(parts[0])
    if set(header) - _MEMBERS:
        raise Malformed(f"The header has a member that is not known: {min(set(header) - _MEMBERS)}")
    try:
        chain = tuple(Certificate(base64.b64decode(one, validate=True)) for one in header["x5c"])
        moment = datetime.fromtimestamp(int(header["iat"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError, Unreadable) as error:
        raise Malformed(f"The header has no usable x5c and iat: {error}") from None
    if not chain or header.get("alg") != NAMES[chain[0].algorithm]:
        raise Malformed("The header's alg is not that of the certificate's key.")
    return Detached(parts[0], chain, moment, _decode(parts[2]))


def _header(text: str) -> dict[str, Any]:
    try:
        header = json.loads(_decode(text))
    except (ValueError, RecursionError):
        raise Malformed("The header is no JSON.") from None
    if not isinstance(header, dict):
        raise Malformed("The header is no object.")
    return header


def _input(header: str, payload: bytes) -> bytes:
    return f"{header}.{_encode(payload)}".encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise Malformed("This is no base64url.") from None
    if _encode(raw) != text:
        raise Malformed("This is no base64url.")
    return raw
