"""Addresses that open with a PIN: each is told once, and the tables keep keyed hashes of both.

``kind`` keeps what is made for one use from opening another; a PIN is hashed with the number of its row, so that the
same digits of two rows look different.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from xinglin.crypto.sealing import search_hash, search_hashes
from xinglin.kernel.ids import VersionNumbers
from xinglin.residents import keys

_numbers = VersionNumbers()


@dataclass(frozen=True, slots=True)
class Made:
    """A new row's number, with what is told once: the token of its address, and its PIN."""

    id: int
    token: str
    pin: str

    def hashes(self, kind: str) -> tuple[str, str]:
        """What is kept of the token, and of the PIN."""
        ring = keys.ring(keys.SEARCH)
        return search_hash(ring, _token(kind), self.token), search_hash(ring, _pin(kind, self.id), self.pin)


def make(digits: int) -> Made:
    """A new token, and a PIN of so many digits."""
    return Made(_numbers.take(1)[0], secrets.token_urlsafe(16), f"{secrets.randbelow(10**digits):0{digits}d}")


def hashes_of(kind: str, token: str) -> list[str]:
    """What may be kept of a token, by each key that is held."""
    return search_hashes(keys.ring(keys.SEARCH), _token(kind), token)


def is_right(kind: str, number: int, typed: str, kept: str) -> bool:
    """Whether what was typed, spaces aside, is the PIN of a row."""
    known = search_hashes(keys.ring(keys.SEARCH), _pin(kind, number), "".join(typed.split()))
    return any(hmac.compare_digest(kept, each) for each in known)


def _token(kind: str) -> str:
    return f"{kind}-token"


def _pin(kind: str, number: int) -> str:
    return f"{kind}-pin/{number}"
