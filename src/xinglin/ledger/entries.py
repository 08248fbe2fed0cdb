"""What an entry of the log says, and what it hides.

An entry is one line of JSON that anybody may see: what kind of thing happened, when, in which table of the
platform it stands and at which place there, and the hash of a salt and the event. The event itself and the salt
stay inside the platform: who has both can check the hash; when they are deleted, nothing about anybody can be
learned from the entry, and every proof remains.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

SALT = 16
FORMAT = 1
_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
HAS_SM3 = "sm3" in hashlib.algorithms_available
_EMPTY_SM3 = hashlib.new("sm3") if HAS_SM3 else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: nothing in it tells about whom it is."""

    kind: str
    time: str
    source: str
    place: int
    part: int
    sha256: str
    sm3: str | None

    @property
    def bytes(self) -> bytes:
        """The entry as it is hashed into the tree: keys in order, no spaces."""
        return line(self.kind, self.time, self.source, self.place, self.part, self.sha256, self.sm3)

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.time)


def line(  # noqa: PLR0913, PLR0917 -- the fields of an entry
    kind: str, time: str, source: str, place: int, part: int, sha256: str, sm3: str | None
) -> bytes:
    """The bytes of an entry without making the entry: what the sequencer writes a thousand of."""
    at = f'"part":{part},"place":{place}' if part else f'"place":{place}'
    hashes = f'"sha256":"{sha256}","sm3":"{sm3}"' if sm3 else f'"sha256":"{sha256}"'
    return f'{{"kind":"{kind}",{at},{hashes},"source":"{source}","time":"{time}","v":{FORMAT}}}'.encode()


def canonical(event: Mapping[str, Any]) -> bytes:
    """An event as bytes, always the same: JSON with sorted keys, without spaces and nulls (RFC 8785 without numbers
    that are not whole).

    Raises ``TypeError`` for a value that has no one way to be written.
    """
    return written(_plain(event))


def written(event: dict[str, Any]) -> bytes:
    """As ``canonical``, for an event that has only text, whole numbers, lists and objects already, and no nulls."""
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    raise TypeError(
        f"An event holds text, whole numbers, times, lists and objects, not {type(value).__name__}"
    )


def stamp(moment: datetime) -> str:
    """A moment in UTC to the microsecond."""
    return f"{(moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat(timespec='microseconds')[:-6]}Z"


def read(event: bytes) -> dict[str, Any]:
    """An event as it was given; times stay text. Nothing where it is damaged."""
    try:
        held = orjson.loads(event)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


def is_word(text: str) -> bool:
    """Whether ``text`` can be the kind or the source of an entry."""
    return _WORD.fullmatch(text) is not None


def seal(salt: bytes, event: bytes) -> tuple[str, str | None]:
    """SHA-256 and SM3 (where the machine has it) of salt and event, in hexadecimal."""
    salted = salt + event
    sha256 = hashlib.sha256(salted).hexdigest()
    if _EMPTY_SM3 is None:
        return sha256, None
    sm3 = _EMPTY_SM3.copy()  # quicker than to look the algorithm up by its name
    sm3.update(salted)
    return sha256, sm3.hexdigest()


def parse(data: bytes) -> Entry:
    """Read an entry; raises ``ValueError`` for what we would not have written so."""
    try:
        given = orjson.loads(data)
    except ValueError:
        raise ValueError("The entry is not JSON") from None
    if not isinstance(given, dict) or given.get("v") != FORMAT:
        raise ValueError(f"The entry is not of format {FORMAT}")
    place, part, sm3 = given.get("place"), given.get("part", 0), given.get("sm3")
    if type(place) is not int or type(part) is not int or not (sm3 is None or isinstance(sm3, str)):
        raise ValueError("The entry says its place as a whole number, and its hashes as text")
    found = Entry(
        str(given.get("kind")), str(given.get("time")), str(given.get("source")), place, part,
        str(given.get("sha256")), sm3,
    )  # fmt: skip
    right = (
        is_word(found.kind)
        and is_word(found.source)
        and _TIME.fullmatch(found.time)
        and _DIGEST.fullmatch(found.sha256)
        and (found.sm3 is None or _DIGEST.fullmatch(found.sm3))
    )
    if not right or found.bytes != data:
        raise ValueError("The entry is not written as this log writes entries")
    return found
