"""The keys of this package: what each is for, and the rings as they are kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings

from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.folder import KeyFolder
from xinglin.crypto.keys import KeyRing, Purpose
from xinglin.kernel import clock

CODE = Purpose("card-code", Use.SIGN, Algorithm.ED25519, "signs the codes that holders of health cards show")
NUMBER = Purpose("card-number", Use.HASH, Algorithm.HMAC_SM3, "makes the numbers of health cards")
FIELDS = Purpose("card-fields", Use.SEAL, Algorithm.SM4_GCM, "seals the documents kept with health cards")
SEARCH = Purpose("card-search", Use.HASH, Algorithm.HMAC_SM3, "finds health cards by document number")
PURPOSES = (CODE, NUMBER, FIELDS, SEARCH)


def folder() -> KeyFolder:
    """The folder of all rings: ``XINGLIN_KEYS``, or ``keys`` in the platform's home."""
    given = settings.SETTINGS
    return _folder(Path(given.keys) if given.keys else given.home / "keys")


@cache
def _folder(path: Path) -> KeyFolder:
    return KeyFolder(path, clock.now)


def ring(purpose: Purpose) -> KeyRing:
    """The ring of a purpose, as it is now."""
    return folder().ring(purpose)
