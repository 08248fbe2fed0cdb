"""What the record holds of a person, read through its door.

Who looked is noted, and what the reader may not see is not there.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.identity import queries as identity
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database
from xinglin.reminders import charting, knowledge
from xinglin.reminders.rulebook import shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import date

    from xinglin.record.door import Door
    from xinglin.record.queries import Stored

LASTING = ("Patient", "AllergyIntolerance", "Condition", "MedicationStatement")
"""Types of which all is read; of the others what the last days hold."""
_CODE = re.compile(rb'"code":"([^"]+)"')
_EFFECTIVE, _ISSUED = re.compile(rb'"effectiveDateTime":"([^"]+)"'), re.compile(rb'"issued":"([^"]+)"')
_PANIC = frozenset(code.encode() for code in charting.PANIC)
_BEGUN = {
    "MedicationRequest": re.compile(rb'"authoredOn":"(\d{4}-\d\d-\d\d)'),
    "Encounter": re.compile(rb'"start":"(\d{4}-\d\d-\d\d)'),
}


def read(
    door: Door, patient: str, today: date, types: Collection[str] = charting.TYPES, *, whole: bool = False
) -> list[dict[str, Any]]:
    """The resources of those types that rules may ask for, of all Patients of the person.

    Faults as the door's ``read``.

    Of the results of a test the latest alone, as rules look at no other; all of them with ``whole``.
    """
    lasting = [one for one in charting.TYPES if one in types and one in LASTING]
    recent = [one for one in charting.TYPES if one in types and one not in LASTING]
    since = today - timedelta(days=knowledge.shipped().terms["reading"]["days"])
    found = _of_all(patient, lambda one: _of_patient(door, one, lasting, recent, since))
    if whole:
        return [_parsed(one) for one in found]
    measured = [one for one in found if one.type == "Observation"]
    oldest = {
        type_: (today - timedelta(days=days)).isoformat().encode()
        for type_, days in knowledge.shipped().terms["reading"]["short_days"].items()
    }
    others = [
        _parsed(one) for one in found if one.type != "Observation" and not _is_old(one, oldest.get(one.type))
    ]
    return [*others, *_latest(measured)]


def orders(door: Door, patient: str) -> list[dict[str, Any]]:
    """All orders of medicines and statements about them, however old, of all Patients of the person.

    Faults as the door's ``read``.
    """
    asked = [("_type", "MedicationRequest,MedicationStatement")]
    return [_parsed(one) for one in _of_all(patient, lambda one: _everything(door, one, asked))]


def _of_all(patient: str, ask: Callable[[str], Iterable[Stored]]) -> list[Stored]:
    """What is asked of each Patient of the person; others than the named one may be closed to the reader."""
    same = dict.fromkeys((patient, *identity.together(database.connection(), patient)))
    found: list[Stored] = []
    for one in reversed(same):  # the Patient that was asked for tells birth and sex last
        try:
            found += ask(one)
        except Fault as fault:
            if one == patient or fault.kind not in {Kind.NOT_FOUND, Kind.GONE, Kind.FORBIDDEN}:
                raise
    return found


def _of_patient(
    door: Door, patient: str, lasting: list[str], recent: list[str], since: date
) -> Iterator[Stored]:
    if lasting:
        yield from _everything(door, patient, [("_type", ",".join(lasting))])
    if recent:
        yield from _everything(door, patient, [("_type", ",".join(recent)), ("start", since.isoformat())])


def _everything(door: Door, patient: str, pairs: Sequence[tuple[str, str]]) -> Iterator[Stored]:
    return (entry.stored for entry in door.everything("Patient", patient, pairs).entries)


@cache
def _asked() -> frozenset[bytes]:
    """The codes of measurements that any rule asks for."""
    evaluation = knowledge.shipped().programmes["evaluation"]["codes"]
    return frozenset(code.encode() for code in (*shipped().results, *evaluation))


def _latest(measured: Sequence[Stored]) -> list[dict[str, Any]]:
    """Of the measurements under each code that is asked for the latest one.

    Most of a long record are results that no rule knows, or older ones. They are told by their text, which costs a
    tenth of reading it. What the laboratory calls critical counts whatever its code, with the latest of that code.
    """
    coded = [(one, codes) for one in measured if (codes := _codes_of(one))]
    marked = [codes for _, codes in coded if not _PANIC.isdisjoint(codes)]
    wanted = _asked().union(*marked) - _PANIC
    best: dict[bytes, tuple[int, Stored]] = {}
    for one, codes in coded:
        own = [code for code in codes if code in wanted]
        at = _moment(one) if own else None
        if at is None:
            continue
        for code in own:
            if code not in best or best[code][0] < at:
                best[code] = (at, one)
    kept = {one.vid: one for _, one in best.values()}
    return [_parsed(one) for one in kept.values()]


def _is_old(stored: Stored, oldest: bytes | None) -> bool:
    """Whether it began before the day; told by its text, which costs a tenth of reading it."""
    if oldest is None:
        return False
    begun = _BEGUN[stored.type].search(stored.unpacked)
    return begun is not None and begun[1] < oldest


def _codes_of(stored: Stored) -> list[bytes]:
    """All codes in a measurement that counts: it has a value, and was not taken back."""
    text = stored.unpacked
    if b'"value' not in text or b'"entered-in-error"' in text or b'"cancelled"' in text:
        return []
    return _CODE.findall(text)


def _moment(stored: Stored) -> int | None:
    when = _EFFECTIVE.search(stored.unpacked) or _ISSUED.search(stored.unpacked)
    found = charting.moment(when[1].decode()) if when else None
    return found[1] if found else None


def _parsed(stored: Stored) -> dict[str, Any]:
    """The resource without what the record adds to it. Rules compare numbers, so floats are exact enough."""
    rest = stored.unpacked.partition(b"\x00")[2]
    return {"resourceType": stored.type, "id": stored.id, **orjson.loads(b"{" + rest + b"}")}
