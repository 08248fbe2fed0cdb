"""DICOM JSON (PS3.18 annex F) as this package keeps and asks it: attributes by tag, sealed and compressed in tables.

Which attributes are a study's, which a series' and which an instance's own follows PS3.18 tables 10.6.1-3 to 10.6.1-5
and what an ImagingStudy says.
"""

from __future__ import annotations

import re
import zlib
from datetime import date
from typing import Any

import orjson

from xinglin.record import sealing

Facts = dict[str, dict[str, Any]]

STUDY = (
    "00080020", "00080030", "00080050", "00080051", "00080080", "00080090", "00080201", "00081030", "00081032",
    "00081040", "00081060", "00081080", "00100010", "00100020", "00100021", "00100030", "00100040", "00101002",
    "00101010", "00101020", "00101030", "0020000D", "00200010", "00321060",
)  # fmt: skip
SERIES = (
    "00080021", "00080031", "00080060", "00080070", "0008103E", "00081010", "00081050", "00081070", "00081090",
    "00180015", "00181030", "0020000E", "00200011", "00200052", "00200060", "00400244", "00400245", "00400275",
)  # fmt: skip
INSTANCE = (
    "00080008", "00080016", "00080018", "00080023", "00080033", "00200013", "00280008", "00280010", "00280011",
    "00280100", "00420010", "0040A043", "0040A491", "0040A493", "00700080",
)  # fmt: skip
UTF8: Facts = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}}
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")


def part(whole: Facts, tags: tuple[str, ...]) -> Facts:
    """Those of the attributes that are there."""
    return {tag: whole[tag] for tag in tags if tag in whole}


def values(facts: Facts, tag: str) -> list[Any]:
    """The values of an attribute, none where it is absent or empty."""
    found = facts.get(tag, {}).get("Value")
    return [value for value in found if value is not None] if isinstance(found, list) else []


def text(facts: Facts, tag: str) -> str:
    """The first value as a text; of a person's name the characters if there are some, else the letters."""
    found = values(facts, tag)
    if not found:
        return ""
    first = found[0]
    if isinstance(first, dict):
        return str(first.get("Ideographic") or first.get("Alphabetic") or first.get("Phonetic") or "").strip()
    return str(first).strip()


def whole(facts: Facts, tag: str) -> int | None:
    """The first value as a whole number."""
    try:
        return int(float(text(facts, tag)))
    except (ValueError, OverflowError):
        return None


def day(facts: Facts, tag: str) -> date | None:
    """The first value as a date; None for one that is none."""
    found = _DATE.fullmatch(text(facts, tag))
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def names(facts: Facts, tag: str) -> list[str]:
    """All ways in which a person's name is written."""
    return [
        str(written)
        for value in values(facts, tag)
        if isinstance(value, dict)
        for written in value.values()
        if written
    ]


def sealed(facts: Any) -> bytes:
    """For a column."""
    return sealing.seal(zlib.compress(orjson.dumps(facts), 6))


def opened(column: bytes) -> Any:
    """What ``sealed`` was given."""
    return orjson.loads(zlib.decompress(sealing.open_sealed(bytes(column))))
