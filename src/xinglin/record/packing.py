"""How a resource's JSON lies in the database: without id and version, compressed with a shared dictionary, sealed.

Stored are the members of ``meta`` that the sender gave, a NUL, and the other members, both as JSON text
without braces, in one Zstandard frame. Reading puts ``resourceType``, ``id`` and ``meta`` in front and never
parses. Rows name their dictionary by number, so that a better one can be added later. ``sealing`` encrypts the frame.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import zstandard

from xinglin.fhir import json
from xinglin.kernel.ids import moment_of
from xinglin.record import sealing

_LEVEL = 3
_CURRENT = 1  # the dictionary that new rows are written with
_OWN_META = ("versionId", "lastUpdated")


class _Codecs(threading.local):
    """Zstandard's contexts, one set a thread."""

    def __init__(self) -> None:
        self.packer: zstandard.ZstdCompressor | None = None
        self.unpackers: dict[int, zstandard.ZstdDecompressor] = {}

    def make_packer(self) -> zstandard.ZstdCompressor:
        self.packer = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=_prepared(_CURRENT), write_checksum=False
        )
        return self.packer

    def unpacker(self, number: int) -> zstandard.ZstdDecompressor:
        found = self.unpackers.get(number)
        if found is None:
            found = zstandard.ZstdDecompressor(dict_data=_dictionary(number) if number else None)
            self.unpackers[number] = found
        return found


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(
        files("xinglin.record").joinpath(f"data/dictionary-{number}.zdict").read_bytes()
    )


@cache
def _prepared(number: int) -> zstandard.ZstdCompressionDict:
    prepared = zstandard.ZstdCompressionDict(_dictionary(number).as_bytes())
    prepared.precompute_compress(level=_LEVEL)
    return prepared


_codecs = _Codecs()


def members(resource: dict[str, Any]) -> bytes:
    """The text that is stored for ``resource``: its own meta members, NUL, the rest."""
    rest = resource.copy()
    rest.pop("resourceType", None)
    rest.pop("id", None)
    meta = rest.pop("meta", None)
    if meta and isinstance(meta, dict):  # of a resource that is yet to be checked it may be anything
        meta = {k: v for k, v in meta.items() if k not in _OWN_META}
        if meta:
            return json.dump(meta)[1:-1] + b"\x00" + json.dump(rest)[1:-1]
    return b"\x00" + json.dump(rest)[1:-1]


def parsed(type_name: str, text: bytes) -> dict[str, Any]:
    """The resource that ``members`` was given, without its id."""
    meta, _, rest = text.partition(b"\x00")
    resource: dict[str, Any] = {"resourceType": type_name, **json.reread(b"{" + rest + b"}")}
    if meta:
        resource["meta"] = json.reread(b"{" + meta + b"}")
    return resource


def pack(text: bytes) -> bytes:
    """Compress and seal what ``members`` gave."""
    return sealing.seal((_codecs.packer or _codecs.make_packer()).compress(text))


def unpack(body: bytes) -> bytes:
    """The text that was packed; raises ``SealBroken`` or ``zstandard.ZstdError`` if the body is damaged."""
    body = sealing.open_sealed(body)
    # RFC 8878, 3.1.1.1: the frame header's descriptor, then a window byte unless bit 5 is set, then the number
    # of the dictionary; bits 0 and 1 tell how long that is, and ours are below 256.
    descriptor = body[4]
    number = body[5 if descriptor & 0x20 else 6] if descriptor & 3 == 1 else 0
    return (_codecs.unpackers.get(number) or _codecs.unpacker(number)).decompress(body)


def text(type_name: str, id_: str, version: int, vid: int, body: bytes) -> bytes:
    """The whole resource as JSON, as version ``version`` of ``type_name/id_``."""
    return render(type_name, id_, version, vid, unpack(body))


def render(type_name: str, id_: str, version: int, vid: int, stored: bytes) -> bytes:
    """As ``text``, from what ``members`` gave."""
    meta, _, rest = stored.partition(b"\x00")
    head = (
        f'{{"resourceType":"{type_name}","id":"{id_}",'
        f'"meta":{{"versionId":"{version}","lastUpdated":"{instant(vid)}"'
    ).encode()
    return b"".join((head, b"," if meta else b"", meta, b"}", b"," if rest else b"", rest, b"}"))


def instant(vid: int) -> str:
    """``meta.lastUpdated`` of version ``vid``: UTC, milliseconds."""
    seconds, milliseconds = divmod(moment_of(vid), 1000)
    return f"{_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    """The date and time to the second; remembered, because a record's versions come in heaps."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
