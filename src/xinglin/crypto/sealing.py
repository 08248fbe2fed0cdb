"""Single fields, sealed: ``s1.<key version>.<base64url>``. And keyed hashes, by which a sealed field is found.

``about`` names the place that the field belongs to (table, row, column): a text that is moved to another place
does not open there.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xinglin.crypto.keys import KeyRing

_FORM = re.compile(r"s1\.([1-9][0-9]{0,4})\.([A-Za-z0-9_-]+)")


class SealBroken(Exception):  # noqa: N818 -- it says what is the matter with the text
    """What does not open: altered, moved to another place, or sealed with a key that is not in the ring."""


def seal(ring: KeyRing, text: str, *, about: str) -> str:
    """Encrypt ``text`` with the ring's current key."""
    key = ring.current
    sealed = key.sealer.seal(text.encode(), _bound(ring, key.version, about))
    return f"s1.{key.version}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"


def open_sealed(ring: KeyRing, sealed: str, *, about: str) -> str:
    """What was sealed, whichever of the ring's keys did it; raises ``SealBroken``."""
    form = _FORM.fullmatch(sealed)
    if form is None:
        raise SealBroken("This is no sealed text.")
    version = int(form[1])
    key = ring.key(version)
    if key is None:
        raise SealBroken(f"{ring.purpose.name} has no key {version}.")
    plain = key.sealer.open(_decoded(form[2]), _bound(ring, version, about))
    if plain is None:
        raise SealBroken("The text was altered, or belongs to another place.")
    return plain.decode()


def is_current(ring: KeyRing, sealed: str) -> bool:
    """Whether it was sealed with the ring's current key; if not, it may be sealed anew."""
    return sealed.startswith(f"s1.{ring.current.version}.")


def _bound(ring: KeyRing, version: int, about: str) -> bytes:
    return f"xinglin-seal-1\0{ring.purpose.name}\0{version}\0{about}".encode()


def _decoded(text: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""
    return raw if base64.urlsafe_b64encode(raw).decode().rstrip("=") == text else b""  # one text, one meaning


def search_hash(ring: KeyRing, field: str, text: str) -> str:
    """The hash under which ``text`` is kept in ``field``: 64 hexadecimal digits, by the ring's current key."""
    return ring.current.keyed(f"{field}\0{text}".encode()).hex()


def search_hashes(ring: KeyRing, field: str, text: str) -> list[str]:
    """The hashes under which ``text`` may be kept: one for each of the ring's keys."""
    return [key.keyed(f"{field}\0{text}".encode()).hex() for key in ring.keys]
