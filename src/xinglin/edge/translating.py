"""Mapping rows to FHIR before they are sent, where a source has a mapping; else a message goes as it is.

The buffer keeps what was captured, not what was made of it: a mapping that is put right works for what waits, too.
"""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.edge.answers import Told
from xinglin.exchange.doors import Sender
from xinglin.exchange.mapping import language
from xinglin.exchange.mapping.dialects import Group, Row, Rows
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.edge.buffer import Waiting
    from xinglin.edge.configuration import Configuration
    from xinglin.exchange.doors import Translated
    from xinglin.exchange.mapping.language import Mapping_

FHIR = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Made:
    """What is sent; with ``refused``, nothing is."""

    door: str
    media: str
    body: bytes
    refused: tuple[Told, ...] = ()


class Translators:
    """The mappings of all sources. May be used by several threads."""

    def __init__(self, configuration: Configuration) -> None:
        self._mappings = {source.name: source.mapping for source in configuration.sources}
        self._sender = Sender(0, configuration.platform.sender, configuration.platform.sender)
        self._lock = threading.Lock()
        self._read: dict[tuple[Path, int, tuple[str, ...]], Mapping_] = {}

    def translate(self, message: Waiting) -> Made:
        """What goes to the platform for a message."""
        path = self._mappings.get(message.source)
        if path is None:
            return Made(message.door, message.media, message.body)
        try:
            found = self.map(path, message.body)
        except Fault as fault:
            said = tuple(
                Told("error", issue.code, "", f"{path.name}: {issue.text}") for issue in fault.issues
            )
            return Made(message.door, message.media, b"", said)
        except OSError as error:
            return Made(
                message.door,
                message.media,
                b"",
                (Told("error", "processing", "", f"The mapping cannot be read: {error}"),),
            )  # fmt: skip
        if not found.is_usable:
            said = tuple(Told(one.severity, one.code, one.place, one.words) for one in found.reasons)
            return Made(message.door, message.media, b"", said)
        return Made("fhir", FHIR, orjson.dumps(bundle(found)))

    def map(self, path: Path, body: bytes) -> Translated:
        """What the mapping in a file makes of rows as CSV; fault ``invalid`` where the mapping itself is wrong."""
        rows = csv.reader(io.StringIO(body.decode(), newline=""))
        columns = tuple(next(rows, ()))
        group = Group([Row(number, row) for number, row in enumerate(rows, 2)])
        return self._mapping(path, columns).run(group, sender=self._sender)

    def _mapping(self, path: Path, columns: tuple[str, ...]) -> Mapping_:
        known = (path, path.stat().st_mtime_ns, columns)
        with self._lock:
            found = self._read.get(known)
        if found is None:
            dialect = Rows({name: number for number, name in enumerate(columns)}, columns)
            found = language.read(path.read_text("utf-8"), {"table": dialect})
            with self._lock:
                if len(self._read) > 100:
                    self._read.clear()
                self._read[known] = found
        return found


def bundle(found: Translated) -> dict[str, Any]:
    """A transaction that stores what came of a message."""
    stores = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in found.resources
    ]
    drops = [{"request": {"method": "DELETE", "url": f"{type_}/{id_}"}} for type_, id_ in found.deletes]
    return {"resourceType": "Bundle", "type": "transaction", "entry": [*stores, *drops]}
