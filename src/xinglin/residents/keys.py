"""The keys of this package: what seals phones, names and evidence, and what finds an account by its phone."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings

from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.folder import KeyFolder
from xinglin.crypto.keys import KeyRing, Purpose
from xinglin.kernel import clock

FIELDS = Purpose("resident-fields", Use.SEAL, Algorithm.SM4_GCM, "seals phones and evidence of residents")
SEARCH = Purpose("resident-search", Use.HASH, Algorithm.HMAC_SM3, "finds residents by phone, checks codes")
PURPOSES = (FIELDS, SEARCH)


@cache
def _folder(path: Path) -> KeyFolder:
    return KeyFolder(path, clock.now)


def ring(purpose: Purpose) -> KeyRing:
    """The ring of a purpose, as it is now: in ``XINGLIN_KEYS``, or ``keys`` in the platform's home."""
    given = settings.SETTINGS
    return _folder(Path(given.keys) if given.keys else given.home / "keys").ring(purpose)
