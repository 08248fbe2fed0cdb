"""The key that seals the private keys of credentials and of the authority for tests."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from xinglin.crypto import sealing, signatures
from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.folder import KeyFolder
from xinglin.crypto.keys import Purpose
from xinglin.kernel import clock
from xinglin.signing import certificates

if TYPE_CHECKING:
    from xinglin.crypto.signatures import Signer
    from xinglin.signing.certificates import Certificate

SEAL = Purpose(
    "signing-keys", Use.SEAL, Algorithm.AES_256_GCM, "seals the private keys by which documents are signed"
)
PURPOSES = (SEAL,)


@cache
def _folder(path: Path) -> KeyFolder:
    return KeyFolder(path, clock.now)


def _folder_now() -> KeyFolder:
    given = settings.SETTINGS
    return _folder(Path(given.keys) if given.keys else given.home / "keys")


def seal(certificate: Certificate, pkcs8: bytes) -> str:
    """A private key as it is kept: bound to its certificate."""
    text = base64.b64encode(pkcs8).decode()
    return sealing.seal(_folder_now().ring(SEAL), text, about=certificate.fingerprint)


def opened(certificate: Certificate, sealed: str) -> bytes:
    """The private key, PKCS#8."""
    return base64.b64decode(
        sealing.open_sealed(_folder_now().ring(SEAL), sealed, about=certificate.fingerprint)
    )


def signer(certificate: Certificate, sealed: str) -> Signer:
    """What signs with a sealed key."""
    return signatures.signer(*certificates.from_pkcs8(opened(certificate, sealed)))
