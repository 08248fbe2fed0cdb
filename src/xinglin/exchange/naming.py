"""The ids of what institutions send: derived from who sends and from the sender's own numbers.

So the same thing sent again has the same id, and storing it again changes nothing; and what refers to a thing can name
it before it has arrived.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from hashlib import blake2b


def id_of(sender: str, type_name: str, *parts: str) -> str:
    """The id of the resource that ``sender`` (a code) knows by ``parts``: 26 characters of ``[a-z2-7]``.

    Blanks around a part make no difference. Raises ``ValueError`` when a part is missing or all are empty.
    """
    if not parts or not any(parts):
        raise ValueError(f"An id of {type_name} needs the sender's own number.")
    return _derived(sender, type_name, tuple(part.strip() for part in parts))


@lru_cache(maxsize=8192)
def _derived(sender: str, type_name: str, parts: tuple[str, ...]) -> str:
    """Each part goes with its length, so that no two lists of parts are one text."""
    text = "".join(f"{len(part)}:{part}" for part in (sender, type_name, *parts))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, person=b"xinglin-id-1").digest()
    return base64.b32encode(digest)[:26].decode().lower()


def system_of(sender: str, kind: str) -> str:
    """The system of a sender's own numbers: patient, visit, order, report, specimen, prescription, document …"""
    return f"urn:xinglin:{sender}:{kind}"


def source_of(receipt: str) -> str:
    """``meta.source`` of what came of the message with that receipt."""
    return f"urn:xinglin:message:{receipt}"
