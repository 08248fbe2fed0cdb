"""The key that seals the secrets of second factors."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings

from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.folder import KeyFolder
from xinglin.crypto.keys import KeyRing, Purpose
from xinglin.kernel import clock

SECRETS = Purpose("signon-secrets", Use.SEAL, Algorithm.SM4_GCM, "seals the secrets of second factors")
PURPOSES = (SECRETS,)


@cache
def _folder(path: Path) -> KeyFolder:
    return KeyFolder(path, clock.now)


def ring() -> KeyRing:
    """The ring as it is now: in ``XINGLIN_KEYS``, or ``keys`` in the platform's home."""
    given = settings.SETTINGS
    return _folder(Path(given.keys) if given.keys else given.home / "keys").ring(SECRETS)
