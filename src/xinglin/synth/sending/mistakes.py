"""Mistakes that institutions make, planted in a message: each has an outcome that is meant.

What is *meant*: "stored" (the door takes it; the rules of data quality find it), "quarantined" (kept, with reasons),
"refused" (the door cannot tell what it is, keeps nothing and says so). ``PLANTS`` has the mistakes of each door.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from xinglin.exchange.doors import Door
from xinglin.synth.sending.stations import FOLDER, HTTP

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from xinglin.synth.sending.drafts import Draft
    from xinglin.synth.sending.stations import Station

STORED, QUARANTINED, REFUSED = "stored", "quarantined", "refused"
_IDENTITY = re.compile(rb"(?<![0-9])([1-9][0-9]{16})([0-9X])(?![0-9X])")
_LOINC = re.compile(rb"\|[0-9]+-[0-9]\^([^|^]+)\^LN\^")
_NAME_OF_PATIENT = re.compile(rb"(<patient [^>]*>.*?)<name>[^<]*</name>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Plant:
    """A kind of mistake: its name, what is meant to come of it, how it is made (None where it has no place)."""

    name: str
    meant: str
    make: Callable[[Draft, Station], bytes | None]


def plant(draft: Draft, station: Station, dice: Random) -> tuple[Draft, str]:
    """The draft with a mistake that fits it, and the mistake's name; as it is and "" where none does."""
    plants = list(PLANTS[station.door])
    dice.shuffle(plants)
    for one in plants:
        body = one.make(draft, station)
        if body is not None and body != draft.body:
            return replace(draft, body=body), one.name
    return draft, ""


def meant(station: Station, name: str) -> str:
    """What is meant to come of a message with that mistake; STORED for one without."""
    if not name:
        return STORED
    found = next(one.meant for one in PLANTS[station.door] if one.name == name)
    if found == REFUSED and station.way in (HTTP, FOLDER):
        return QUARANTINED  # whoever has proved who it is can be asked about it later
    return found


def _wrong_digit(draft: Draft, _: Station) -> bytes | None:
    """An identity number with another check digit."""
    found = _IDENTITY.search(draft.body)
    if found is None:
        return None
    digit = b"0" if found[2] != b"0" else b"1"
    return draft.body[: found.start(2)] + digit + draft.body[found.end(2) :]


# -- HL7 v2


def _local_code(draft: Draft, _: Station) -> bytes | None:
    """Results by codes of which nobody was ever told."""
    return _LOINC.sub(rb"|Q77\1^\1^L^", draft.body, count=1) if b"\rOBX" in draft.body else None


def _without(draft: Draft, _: Station) -> bytes | None:
    """Without a segment that the message is about."""
    name = {"ADT": b"PV1", "ORU": b"OBR", "RDE": b"RXE"}[draft.kind[:3]]
    return b"".join(line for line in draft.body.splitlines(keepends=True) if not line.startswith(name))


def _torn(draft: Draft, _: Station) -> bytes:
    """A line that begins in the middle."""
    head, mark, tail = draft.body.partition(b"\rPV1|")
    return head + b"\r|||" + tail if mark else draft.body


def _other_charset(draft: Draft, station: Station) -> bytes | None:
    """The header says UTF-8 while the bytes are GBK."""
    if station.encoding == "gb18030":
        head, _, rest = draft.body.partition(b"\r")
        return head + b"||||||UNICODE UTF-8\r" + rest
    return draft.body.decode().encode("gb18030")


# -- shared documents


def _as_gbk(draft: Draft, _: Station) -> bytes:
    """The declaration says UTF-8 while the bytes are GBK."""
    return draft.body.decode().encode("gb18030")


def _cut(draft: Draft, _: Station) -> bytes:
    """The line broke off."""
    return draft.body[: len(draft.body) * 3 // 5]


def _without_name(draft: Draft, _: Station) -> bytes:
    return _NAME_OF_PATIENT.sub(rb"\1", draft.body, count=1)


# -- tables


def _cells(draft: Draft, station: Station, column: str, wrong: str) -> bytes | None:
    """The first row with something else in a column."""
    encoding = "utf-8-sig" if station.encoding == "utf-8" else station.encoding
    head, first, *rest = draft.body.decode(encoding).split("\r\n")
    names, values = head.split(","), first.split(",")
    if column not in names or len(names) != len(values):
        return None
    values[names.index(column)] = wrong
    return "\r\n".join([head, ",".join(values), *rest]).encode(encoding)


def _unknown_sex(draft: Draft, station: Station) -> bytes | None:
    return _cells(draft, station, "性别代码", "7")


def _nameless(draft: Draft, station: Station) -> bytes | None:
    return _cells(draft, station, "姓名", "")


def _no_headings(draft: Draft, _: Station) -> bytes:
    return draft.body.partition(b"\r\n")[2]


# -- FHIR


def _without_status(draft: Draft, _: Station) -> bytes | None:
    bundle = orjson.loads(draft.body)
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Encounter":
            del entry["resource"]["status"]
    return orjson.dumps(bundle)


def _unknown_code(draft: Draft, station: Station) -> bytes | None:
    """A diagnosis by a code of the institution's own, of which nobody was ever told."""
    bundle = orjson.loads(draft.body)
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Condition":
            system = f"urn:xinglin:institution:{station.code}:old-diagnosis"
            entry["resource"]["code"]["coding"] = [{"system": system, "code": "ZD9041"}]
            return orjson.dumps(bundle)
    return None


PLANTS: dict[Door, tuple[Plant, ...]] = {
    Door.HL7V2: (
        Plant("check-digit", STORED, _wrong_digit),
        Plant("unknown-code", STORED, _local_code),
        Plant("missing", QUARANTINED, _without),
        Plant("malformed", REFUSED, _torn),
        Plant("charset", STORED, _other_charset),
    ),
    Door.CDA: (
        Plant("check-digit", STORED, _wrong_digit),
        Plant("missing", QUARANTINED, _without_name),
        Plant("malformed", QUARANTINED, _cut),
        Plant("charset", QUARANTINED, _as_gbk),
    ),
    Door.TABLE: (
        Plant("check-digit", QUARANTINED, _wrong_digit),
        Plant("unknown-code", QUARANTINED, _unknown_sex),
        Plant("missing", QUARANTINED, _nameless),
        Plant("malformed", REFUSED, _no_headings),
    ),
    Door.FHIR: (
        Plant("check-digit", STORED, _wrong_digit),
        Plant("unknown-code", STORED, _unknown_code),
        Plant("missing", QUARANTINED, _without_status),
        Plant("malformed", QUARANTINED, _cut),
        Plant("charset", QUARANTINED, _as_gbk),
    ),
}
