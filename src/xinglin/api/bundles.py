"""Bundles put together as bytes: what is stored goes in as it is, and is neither read nor written anew.

https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import orjson

from xinglin.api import headers
from xinglin.kernel.ids import self_number
from xinglin.record import packing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinglin.record.drafts import Draft
    from xinglin.record.queries import Stored

_PHRASES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def bundle(
    kind: str, entries: Sequence[bytes], *, total: int | None = None, links: Mapping[str, str] | None = None
) -> bytes:
    """A Bundle of that type; ``links`` maps a relation (self, next …) to an address."""
    parts = [b'{"resourceType":"Bundle","type":"', kind.encode(), b'"']
    if total is not None:
        parts.append(b',"total":%d' % total)
    if links:
        parts += [b',"link":', orjson.dumps([{"relation": name, "url": url} for name, url in links.items()])]
    if entries:
        parts += [b',"entry":[', b",".join(entries), b"]"]
    parts.append(b"}")
    return b"".join(parts)


def found(base: str, stored: Stored, mode: str, text: bytes) -> bytes:
    """An entry of a searchset; ``mode`` is ``match`` or ``include``, ``text`` what is shown."""
    place = f"{base}/{stored.type}/{stored.id}".encode()
    return b'{"fullUrl":"%s","resource":%s,"search":{"mode":"%s"}}' % (place, text, mode.encode())


def warning(outcome: bytes) -> bytes:
    """The entry that tells what was passed over."""
    return b'{"resource":%s,"search":{"mode":"outcome"}}' % outcome


def past(base: str, stored: Stored) -> bytes:
    """An entry of a history: what was done, and what it left. https://hl7.org/fhir/R4/http.html#history"""
    local = f"{stored.type}/{stored.id}"
    if stored.body is None:
        method, url, status = "DELETE", local, 204
    elif stored.version > 1:
        method, url, status = "PUT", local, 200
    elif self_number(stored.type, stored.id) > 0:  # an id of ours: nobody else can have asked for it
        method, url, status = "POST", stored.type, 201
    else:
        method, url, status = "PUT", local, 201
    return b"".join(
        (
            f'{{"fullUrl":"{base}/{local}",'.encode(),
            b"" if stored.body is None else b'"resource":%s,' % stored.text,
            f'"request":{{"method":"{method}","url":"{url}"}},"response":'.encode(),
            response(status, version=stored.version, vid=stored.vid),
            b"}",
        )
    )


def written(base: str, draft: Draft, status: int, *, whole: bool) -> bytes:
    """An entry of the answer to a batch or transaction; ``whole`` brings the resource too.

    Written in one piece: there may be thousands of them.
    """
    local = f"{draft.type_name}/{draft.id}"
    said = (
        f'"response":{{"status":"{_PHRASES[status]}","location":"{local}/_history/{draft.version}",'
        f'"etag":"W/\\"{draft.version}\\"","lastModified":"{packing.instant(draft.vid)}"}}}}'
    )
    if whole:
        return b'{"fullUrl":"%s/%s","resource":%s,%s' % (
            base.encode(),
            local.encode(),
            draft.json,
            said.encode(),
        )
    return f'{{"fullUrl":"{base}/{local}",{said}'.encode()


def response(status: int, *, version: int = 0, vid: int = 0, outcome: bytes = b"") -> bytes:
    """What became of one request: ``Bundle.entry.response``."""
    parts = [f'{{"status":"{_PHRASES[status]}"']
    if version:
        tag = headers.etag(version).replace('"', '\\"')
        parts.append(f'"etag":"{tag}","lastModified":"{packing.instant(vid)}"')
    written = ",".join(parts).encode()
    return written + (b',"outcome":' + outcome if outcome else b"") + b"}"


def address(base: str, path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """An address with its query, the way a client would write it."""
    query = urlencode(list(pairs), safe=":/|,$*-_.", quote_via=quote)
    whole = f"{base}/{path}" if path else base
    return f"{whole}?{query}" if query else whole
