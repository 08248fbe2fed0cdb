"""What messages say, written to the record: many in one transaction, and a bad one takes no other with it.

What a message repeats is not written again: a resource that says what it said before keeps its version, and the message
that first said it as its ``meta.source``. Of a patient, a visit, a practitioner a message tells only a part; what it
leaves out stays as it was. What a later message has said stays, whenever an earlier one is replayed.
"""

from __future__ import annotations

import logging
import re
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.exchange import naming
from xinglin.exchange.doors import ERROR, WARNING, Door, Reason
from xinglin.identity import actions as persons
from xinglin.identity import store as index_of_persons
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import door as record
from xinglin.record import packing, standing
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from xinglin.exchange.doors import Sender, Translated
    from xinglin.record.database import Connection

LASTING = frozenset(
    {
        "Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization", "Location", "Encounter",
        "EpisodeOfCare", "Coverage", "Device", "Medication",
    }
)  # fmt: skip
"""What outlasts a message, and of which a message tells only a part; through the FHIR door all is told."""

TRANSIENT = (
    psycopg.OperationalError,  # also a deadlock, a full disk, a server that goes away
    psycopg.InterfaceError,
    psycopg.errors.UniqueViolation,  # two have drawn the same number
)
"""Errors of the database that say nothing against the message: it is tried again, or not acknowledged."""

_OURS = re.compile(rb',?"source":"urn:xinglin:message:([0-9a-z]{15})"')
_PLACE = re.compile(r"message\[(\d+)\]\.entry\[(\d+)\](?:\.resource)?(.*)", re.DOTALL)
_log = logging.getLogger(__name__)

Key = tuple[str, str]


@dataclass(slots=True, eq=False)
class Work:
    """A message that is being written, and what became of it."""

    receipt: str
    sender: Sender
    door: Door
    translated: Translated
    reasons: list[Reason] = field(default_factory=list)
    stored: int = 0  # resources that it said something new of
    failed: bool = False
    told: list[dict[str, Any]] = field(default_factory=list)  # its resources as they were tried last

    def __post_init__(self) -> None:
        self.begin()
        self.failed = not self.translated.is_usable

    def begin(self) -> None:
        """As it is before it is tried."""
        self.reasons, self.stored = list(self.translated.reasons), 0

    def fail(self, *reasons: Reason) -> None:
        self.failed, self.stored = True, 0
        self.reasons += reasons

    @property
    def touches(self) -> set[Key]:
        """What it writes."""
        told = self.translated
        changed = {(r["resourceType"], r["id"]) for r in told.resources}
        return changed | set(told.deletes) | {("Patient", id_) for pair in told.links for id_ in pair}


def write(connection: Connection, works: Sequence[Work]) -> None:
    """Write what can be used, in order, inside the caller's transaction; the others are marked as failed."""
    usable = [work for work in works if not work.failed]
    if any(work.translated.links for work in usable):
        index_of_persons.lock_all(connection)  # first, since whoever holds a part cannot wait for the whole
    by_sender: dict[int, list[Work]] = {}
    for work in usable:
        by_sender.setdefault(work.sender.id, []).append(work)
    for own in by_sender.values():
        for stretch in _stretches(own):
            _write(connection, stretch)


def _stretches(works: Sequence[Work]) -> Iterator[list[Work]]:
    """Messages that may share one step of the record: none changes what another does otherwise."""
    stretch: list[Work] = []
    told: dict[Key, Any] = {}
    for work in works:
        saying = _saying(work)
        if any(key in told and told[key] != said for key, said in saying.items()):
            yield stretch
            stretch, told = [], {}
        stretch.append(work)
        told |= saying
    if stretch:
        yield stretch


def _saying(work: Work) -> dict[Key, Any]:
    """What a message says of each resource; of what it merges or deletes nothing that another could say too."""
    saying: dict[Key, Any] = dict.fromkeys(work.touches)
    for key in saying:
        saying[key] = work
    if not work.translated.links:
        for resource in work.translated.resources:
            saying[resource["resourceType"], resource["id"]] = resource
    return saying


def _write(connection: Connection, works: Sequence[Work]) -> None:
    """All of one stretch, or what is left of it without those that the record refuses."""
    for work in works:
        work.begin()
    try:
        with _within(connection, works):
            stored = _perform(connection, works)
    except TRANSIENT:
        raise
    except Fault as fault:
        if fault.kind is Kind.BUSY:
            raise
        _without_blamed(connection, works, _blamed(fault, works))
    except psycopg.Error as error:
        _apart(connection, works, _refused(error))
    except Exception as error:  # noqa: BLE001 -- whatever a message makes of us, the others go on
        _log.exception("message %s could not be written", ", ".join(work.receipt for work in works))
        _apart(connection, works, _accident(error))
    else:
        for work, count in zip(works, stored, strict=True):
            work.stored = count


def _within(connection: Connection, works: Sequence[Work]) -> AbstractContextManager[Any]:
    """The record's step is undone by itself where it fails; what a merge does besides it is undone with it."""
    return connection.transaction() if any(work.translated.links for work in works) else nullcontext()


def _without_blamed(connection: Connection, works: Sequence[Work], blamed: dict[int, list[Reason]]) -> None:
    """Those that are named are at fault; where nobody is, each is tried alone."""
    if None in blamed and len(works) > 1:
        for work in works:
            _write(connection, [work])
        return
    for number, reasons in blamed.items():
        works[number or 0].fail(*reasons)
    rest = [work for work in works if not work.failed]
    if rest:
        _write(connection, rest)


def _apart(connection: Connection, works: Sequence[Work], reason: Reason) -> None:
    if len(works) == 1:
        works[0].fail(reason)
        return
    for work in works:
        _write(connection, [work])


# -- one stretch


def _perform(connection: Connection, works: Sequence[Work]) -> list[int]:
    """Write the stretch as one step of the record; how many resources each message has changed."""
    held = standing.texts(connection, set().union(*(work.touches for work in works)))
    steps: list[Step] = []
    counts: list[int] = []
    merges: list[tuple[Work, str, str]] = []
    done: set[Key] = set()
    for number, work in enumerate(works):
        before = len(steps)
        work.told, merged = _with_merges(work, held)
        merges += [(work, *pair) for pair in merged]
        for place, resource in enumerate(work.told):
            key = (resource["resourceType"], resource["id"])
            if key in done:  # another in this stretch says the same
                continue
            new = _changed(resource, held.get(key), work)
            if new is not None:
                steps.append(Step(Verb.UPDATE, *key, new, place=f"message[{number}].entry[{place}]"))
                done.add(key)
        for place, key in enumerate(work.translated.deletes, len(work.told)):
            if key in held and key not in done:
                steps.append(Step(Verb.DELETE, *key, place=f"message[{number}].entry[{place}]"))
                done.add(key)
        counts.append(len(steps) - before)
    if steps:
        actor = works[0].sender.actor
        record.open_as(actor, connection).transaction(steps, integrity=False)
    for work, old, survivor in merges:
        _link(connection, work, old, survivor)
    return counts


def _changed(resource: dict[str, Any], text: bytes | None, work: Work) -> dict[str, Any] | None:
    """What is to be stored of a resource; None where that stands already, or a later message has said more."""
    type_name, id_ = resource["resourceType"], resource["id"]
    if text is not None:
        found = _OURS.search(text[: text.find(b"\x00")])
        if found is not None and found[1].decode() > work.receipt:
            work.reasons.append(_said_later(type_name, id_))
            return None
        if work.door is not Door.FHIR and type_name in LASTING:
            resource = completed(resource, standing.parsed(type_name, id_, text))
    if work.door is not Door.FHIR:
        resource = {name: value for name, value in resource.items() if value is not None}  # taken away
    if text is not None and packing.members(resource) == _without_source(text):
        return None
    meta = resource.get("meta")
    return {
        **resource,
        "meta": {**(meta if isinstance(meta, dict) else {}), "source": naming.source_of(work.receipt)},
    }


def completed(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """``new``, and what ``old`` says of elements that ``new`` says nothing of; in the order of ``old``.

    What was a Patient that was given up stays given up. A status ``unknown`` says nothing.
    """
    known = {name: value for name, value in old.items() if name not in ("meta", "id", "resourceType")}
    whole = {"resourceType": new["resourceType"], "id": new["id"], **known, **new}
    if new.get("status") == "unknown" and "status" in known:
        whole["status"] = known["status"]
    if any(link.get("type") == "replaced-by" for link in old.get("link", ())):
        whole |= {"link": old["link"], "active": False}
    return whole


def _without_source(text: bytes) -> bytes:
    meta, separator, rest = text.partition(b"\x00")
    return _OURS.sub(b"", meta).removeprefix(b",") + separator + rest


# -- merges


def _with_merges(work: Work, held: dict[Key, bytes]) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """The message's resources once each, with the Patients that it merges; and the merges that are new."""
    told: dict[Key, dict[str, Any]] = {}
    for resource in work.translated.resources:
        key = (resource["resourceType"], resource["id"])
        told[key] = {**told[key], **resource} if key in told else resource
    merges = []
    for old, survivor in work.translated.links:
        if old == survivor:
            continue
        for id_ in (old, survivor):
            key = ("Patient", id_)
            if key not in told and key not in held:
                told[key] = {"resourceType": "Patient", "id": id_}
        before = standing.parsed("Patient", old, held["Patient", old]) if ("Patient", old) in held else {}
        said = told.get(("Patient", old), before)
        link = {"other": {"reference": f"Patient/{survivor}"}, "type": "replaced-by"}
        links = [one for one in before.get("link", ()) if one.get("type") != "replaced-by"]
        told["Patient", old] = {
            **{name: value for name, value in said.items() if name != "meta"},
            "active": False,
            "link": [*links, link],
        }
        if link not in before.get("link", ()):
            merges.append((old, survivor))
    return list(told.values()), merges


def _link(connection: Connection, work: Work, old: str, survivor: str) -> None:
    """Tell the index of persons that the two are one; where that cannot be, the message has a finding."""
    if not settings.SETTINGS.identity:
        return
    try:
        with connection.transaction():
            persons.must_link(
                connection,
                patient=survivor,
                other=old,
                actor=work.sender.actor,
                reason=naming.source_of(work.receipt),
            )
    except Fault as fault:
        work.reasons += [
            Reason(WARNING, i.code, f"Patient/{old}", i.message, dict(i.params)) for i in fault.issues
        ]


# -- reasons


def _blamed(fault: Fault, works: Sequence[Work]) -> dict[Any, list[Reason]]:
    """The fault's issues by the message they are about; None for what names no message."""
    blamed: dict[Any, list[Reason]] = {}
    for issue in fault.issues:
        found = _PLACE.match(issue.expression or "")
        number = int(found[1]) if found else None
        place = _plain(issue.expression or "", works)
        params = {name: _plain(value, works) for name, value in issue.params.items()}
        blamed.setdefault(number, []).append(Reason(ERROR, issue.code, place, issue.message, params))
    return blamed


def _plain(said: Any, works: Sequence[Work]) -> Any:
    """A place as the message's reader knows it, instead of one in this stretch."""
    found = _PLACE.match(said) if isinstance(said, str) else None
    return _named(works[int(found[1])], int(found[2]), found[3]) if found else said


def _named(work: Work, place: int, path: str) -> str:
    if place >= len(work.told):
        return path.lstrip(".")
    return f"{work.told[place]['resourceType']}[{place}]{path}"


def _refused(error: psycopg.Error) -> Reason:
    said = (error.diag.message_primary or str(error)).split("\n")[0][:200]
    return Reason(ERROR, "processing", "", gettext_noop("The database refuses it: %(said)s"), {"said": said})


def _accident(error: Exception) -> Reason:
    return Reason(
        ERROR,
        "exception",
        "",
        gettext_noop("The platform failed on this message (%(kind)s); its log says more."),
        {"kind": type(error).__name__},
    )


def _said_later(type_name: str, id_: str) -> Reason:
    return Reason(
        WARNING,
        "conflict",
        f"{type_name}/{id_}",
        gettext_noop("A later message has said this anew; what this one says of it was not stored."),
    )
