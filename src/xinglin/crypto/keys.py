"""Keys in rings: one ring a purpose, one key a version.

The key with the highest version is the current one: it signs, seals and hashes. Older ones still verify and open,
so that a ring can be rotated without touching what was made before. A revoked key verifies nothing any more; a
sealing key is never revoked, since what it sealed could not be read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from xinglin.crypto import ciphers, digests, signatures
from xinglin.crypto.algorithms import FIT, Algorithm, Use

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.crypto.ciphers import Sealer
    from xinglin.crypto.signatures import Signer, Verifier

LAST_VERSION = 0xFFFF  # a token writes it in two bytes


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a ring is for: its name, its use, the algorithm of its first key, and words for the operator."""

    name: str
    use: Use
    algorithm: Algorithm
    meaning: str

    def __post_init__(self) -> None:
        if self.algorithm not in FIT[self.use]:
            raise ValueError(f"{self.algorithm} cannot {self.use}.")


@dataclass(frozen=True)
class Key:
    """One version of a ring. Its secret is not shown when it is printed."""

    version: int
    algorithm: Algorithm
    secret: bytes
    made: datetime
    revoked: datetime | None = None

    def __repr__(self) -> str:
        return f"Key(version={self.version}, algorithm={self.algorithm.value!r}, made={self.made:%Y-%m-%d})"

    @cached_property
    def signer(self) -> Signer:
        return signatures.signer(self.algorithm, self.secret)

    @cached_property
    def verifier(self) -> Verifier:
        return self.signer.verifier()

    @cached_property
    def sealer(self) -> Sealer:
        return ciphers.sealer(self.algorithm, self.secret)

    def keyed(self, data: bytes) -> bytes:
        """A keyed digest of 32 bytes."""
        sm3 = self.algorithm is Algorithm.HMAC_SM3
        return (digests.hmac_sm3 if sm3 else digests.hmac_sha256)(self.secret, data)


@dataclass(frozen=True)
class KeyRing:
    """The keys of one purpose, the oldest first."""

    purpose: Purpose
    keys: tuple[Key, ...]

    @property
    def current(self) -> Key:
        return self.keys[-1]

    def key(self, version: int) -> Key | None:
        """The key of that version; None where there is none, or it has been revoked."""
        found = next((key for key in self.keys if key.version == version), None)
        return found if found is not None and found.revoked is None else None

    def rotated(self, *, now: datetime, algorithm: Algorithm | None = None) -> KeyRing:
        """The ring with a new current key, of the same algorithm unless another is given."""
        wanted = algorithm or (self.current.algorithm if self.keys else self.purpose.algorithm)
        if wanted not in FIT[self.purpose.use]:
            fit = ", ".join(sorted(FIT[self.purpose.use]))
            raise ValueError(f"{self.purpose.name} needs an algorithm that can {self.purpose.use}: {fit}.")
        version = self.keys[-1].version + 1 if self.keys else 1
        if version > LAST_VERSION:
            raise ValueError(f"{self.purpose.name} has had all its {LAST_VERSION} versions.")
        return KeyRing(self.purpose, (*self.keys, Key(version, wanted, _secret(wanted), now)))

    def without(self, version: int, *, now: datetime) -> KeyRing:
        """The ring with that key revoked."""
        if self.purpose.use is not Use.SIGN:
            raise ValueError(
                f"Keys of {self.purpose.name} cannot be revoked: what they made must stay readable."
            )
        if self.key(version) is None:
            raise ValueError(f"{self.purpose.name} has no key {version} that is not revoked.")
        if version == self.current.version:
            raise ValueError(f"Key {version} of {self.purpose.name} is the current one: rotate first.")
        kept = tuple(replace(k, revoked=now) if k.version == version else k for k in self.keys)
        return KeyRing(self.purpose, kept)


def new_ring(purpose: Purpose, *, now: datetime) -> KeyRing:
    """A ring with its first key."""
    return KeyRing(purpose, ()).rotated(now=now)


def _secret(algorithm: Algorithm) -> bytes:
    if algorithm in FIT[Use.SEAL]:
        return ciphers.make_key(algorithm)
    return signatures.make_secret(algorithm)
