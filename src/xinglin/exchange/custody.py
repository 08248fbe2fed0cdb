"""Raw messages as they came: compressed, sealed, each kept once under its digest.

The digest is BLAKE2b with a key of the house, so that whoever has a copy of the database cannot try guesses of what a
short message said. What stands under a digest is never changed; an edited message stands under a digest of its own.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import zstandard
from django.utils.translation import gettext_noop

from xinglin.kernel.errors import not_found
from xinglin.kernel.ids import SHARDS
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.record.database import Connection

_LEVEL = 3
_USE = "exchange-raw"
_INSERT = (
    "INSERT INTO exchange_raw (digest, shard, size, body)"
    " SELECT * FROM unnest(%s::bytea[], %s::smallint[], %s::integer[], %s::bytea[])"
    " ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Raw:
    """A message ready to be kept."""

    digest: bytes
    size: int
    body: bytes  # compressed and sealed

    @property
    def shard(self) -> int:
        return shard_of(self.digest)


class _Codecs(threading.local):
    """Zstandard's contexts, one set a thread."""

    def __init__(self) -> None:
        self.packer = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True)
        self.unpacker = zstandard.ZstdDecompressor()


_codecs = _Codecs()


def digest_of(body: bytes) -> bytes:
    """The digest under which a message is kept."""
    return blake2b(body, key=sealing.secret(_USE) or b"", digest_size=32, person=b"xinglin-raw-1").digest()


def shard_of(digest: bytes) -> int:
    """The shard of what is kept under a digest."""
    return int.from_bytes(digest[:2]) % SHARDS


def prepared(body: bytes) -> Raw:
    """The message compressed and sealed; the part that costs time and needs no database."""
    return Raw(digest_of(body), len(body), sealing.seal(_codecs.packer.compress(body)))


def keep(connection: Connection, raws: Iterable[Raw]) -> None:
    """Keep messages, in the caller's transaction; one that is there already is there once."""
    held = {raw.digest: raw for raw in raws}
    ordered = [
        held[digest] for digest in sorted(held)
    ]  # so that two who keep the same wait for each other in order
    if ordered:
        connection.execute(
            _INSERT,
            [
                [raw.digest for raw in ordered], [raw.shard for raw in ordered],
                [raw.size for raw in ordered], [raw.body for raw in ordered],
            ],
            prepare=True,
        )  # fmt: skip


_DROP = """
DELETE FROM exchange_raw kept WHERE kept.digest = ANY(%s) AND kept.shard = ANY(%s)
AND NOT EXISTS (SELECT FROM exchange_message m WHERE m.original = kept.digest)
AND NOT EXISTS (SELECT FROM exchange_step s WHERE s.digest = kept.digest)
"""


def drop(connection: Connection, digests: Iterable[bytes]) -> int:
    """Remove what was kept for another reason than as a message, and is needed no more; tell how many.

    What is, or becomes meanwhile, a message of a sender stays: whoever keeps messages waits until this has ended.
    Raises ``psycopg.errors.LockNotAvailable`` after two seconds in which they did not let this begin.
    """
    wanted = list(set(digests))
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '2s'")
        connection.execute("LOCK TABLE exchange_raw IN SHARE ROW EXCLUSIVE MODE")
        return connection.execute(_DROP, [wanted, list({shard_of(digest) for digest in wanted})]).rowcount


def bodies(connection: Connection, digests: Iterable[bytes]) -> dict[bytes, bytes]:
    """The messages under these digests, as they came."""
    wanted = list(set(digests))
    rows = connection.execute(
        "SELECT digest, body FROM exchange_raw WHERE digest = ANY(%s) AND shard = ANY(%s)",
        [wanted, list({shard_of(digest) for digest in wanted})],
        prepare=True,
    )
    return {bytes(digest): opened(bytes(body)) for digest, body in rows}


def body(connection: Connection, digest: bytes) -> bytes:
    """The message under this digest; fault ``not_found``."""
    found = bodies(connection, [digest]).get(digest)
    if found is None:
        raise not_found(gettext_noop("The raw message is no longer kept."))
    return found


def opened(sealed: bytes) -> bytes:
    """What ``prepared`` compressed and sealed."""
    return _codecs.unpacker.decompress(sealing.open_sealed(sealed))
