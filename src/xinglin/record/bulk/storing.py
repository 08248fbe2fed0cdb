"""Storing a few stretches of items in one transaction, leaving out what cannot be taken."""

from __future__ import annotations

import logging
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import psycopg

from xinglin.fhir import json
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.errors import Fault, Issue, Kind, busy
from xinglin.record import actions, database
from xinglin.record.bulk import meaning, progress, sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.record.bulk.meaning import Item

_TOGETHER = 4  # rounds of leaving out those that are at fault, before each is tried by itself
_TRIES = 12
_PLACE = re.compile(r"Bundle\.entry\[(\d+)\](?:\.resource)?\.?")
_WITHIN = re.compile(r"Bundle\.entry\[\d+\]\.resource\.(?=entry\[)")
_AGAIN = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """Items of one source: given ``lines``, or else the whole JSON file.

    ``only``: no others than these items are taken. ``given_up``: items of the stretch that were refused for
    good before. An empty ``digest``: nothing of it is remembered.
    """

    source: str
    digest: bytes = b""
    first: int = 0
    past: int = 1
    lines: Sequence[tuple[int, bytes]] | None = None
    only: frozenset[int] | None = None
    given_up: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """How to store. ``durable`` False leaves it to the caller to wait for the disk in the end."""

    actor: Actor = SYSTEM
    integrity: bool = True
    durable: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that was not taken. ``waits``: what it refers to was not there, and may come yet."""

    part: Part
    number: int
    issues: tuple[Issue, ...]
    raw: bytes

    @property
    def waits(self) -> bool:
        return any(issue.code == "not-found" for issue in self.issues)

    @property
    def text(self) -> bytes:
        """One line for the file of what was refused."""
        at = {"entry": self.number} if self.part.lines is None else {"line": self.number + 1}
        return json.dump(
            {
                "source": self.part.source,
                **at,
                "issue": [_said(issue) for issue in self.issues],
                "resource": _readable(self.raw),
            }
        )


@dataclass(slots=True)
class Report:
    """What became of the parts: resources by type, those that were already so, those refused."""

    stored: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)


class _Offenders(Exception):  # noqa: N818 -- not an error of ours
    """Raised to give up a round; the items at fault by their place among all, none if that is not known."""

    def __init__(self, faults: dict[int, Fault]) -> None:
        self.faults = faults


def store(parts: Sequence[Part], terms: Terms) -> Report:
    """Store what can be stored and note it, all in one transaction; the rest is in the report.

    Safe to be called again after a crash for parts that ``progress`` does not know. Raises ``busy`` if others
    keep changing the same resources.
    """
    faults: dict[int, Fault] = {}
    singly = False
    for tried in range(_TRIES):
        try:
            return _Round(parts, terms, faults).run(singly=singly or tried >= _TOGETHER)
        except _Offenders as found:
            faults |= found.faults
            singly = singly or not found.faults
        except _AGAIN:
            continue
        except Exception as error:
            if singly or _is_of_database(error):
                raise
            _log.exception("a stretch could not be stored in one go; each of its items is tried by itself")
            singly = True
    raise busy("Others are changing the same resources at this moment. Try again.")


class _Round:
    """One try to store the parts without those of their items that have shown to be at fault."""

    def __init__(self, parts: Sequence[Part], terms: Terms, faults: dict[int, Fault]) -> None:
        self.parts = parts
        self.terms = terms
        self.report = Report()
        self.read = [(part, item) for part in parts for item in _items(part)]
        self.places = {id(item): n for n, (_, item) in enumerate(self.read)}
        self.left_out = faults | {n: item.fault for n, (_, item) in enumerate(self.read) if item.fault}
        self.connection = database.connection()

    def run(self, *, singly: bool) -> Report:
        good = [item for n, (_, item) in enumerate(self.read) if n not in self.left_out]
        with self.connection.transaction():
            if not self.terms.durable:
                self.connection.execute("SET LOCAL synchronous_commit TO off", prepare=True)
            for group in meaning.groups(good):
                if singly:
                    self._each(group)
                else:
                    self._all(group)
            for part in self.parts:
                if part.digest:
                    progress.note(self.connection, part.digest, self._stretch(part))
        self.report.refused = list(
            _refusals([(*self.read[n], fault) for n, fault in sorted(self.left_out.items())])
        )
        return self.report

    def _stretch(self, part: Part) -> progress.Stretch:
        numbers = {n: item.number for n, (of, item) in enumerate(self.read) if of is part}
        past = part.past if part.lines is not None else max([part.past, *(m + 1 for m in numbers.values())])
        refused = {number for n, number in numbers.items() if n in self.left_out}
        return progress.Stretch(part.first, past, part.given_up | refused)

    def _all(self, group: Sequence[Item]) -> None:
        """Write the group; raises ``_Offenders`` with those of it that are at fault."""
        if len(group) > 1:
            for item in group:
                for step in item.steps:
                    inner = step.place.replace("Bundle.", ".resource.", 1) if item.bundle else ""
                    step.place = f"Bundle.entry[{self.places[id(item)]}]{inner}"
        try:
            self._write(group)
        except Fault as fault:
            own = {self.places[id(item)]: fault for item in group} if len(group) == 1 else _blamed(fault)
            raise _Offenders(own) from fault

    def _each(self, group: Sequence[Item]) -> None:
        """Write the items of the group one by one, leaving out those that cannot be."""
        for item in group:
            try:
                self._write([item])
            except Fault as fault:
                self.left_out[self.places[id(item)]] = fault
            except Exception as error:
                if _is_of_database(error):
                    raise
                _log.exception("an item could not be stored")
                issue = Issue("exception", "The platform failed at this: %(error)s", {"error": repr(error)})
                self.left_out[self.places[id(item)]] = Fault(Kind.UNSUPPORTED, [issue])

    def _write(self, group: Sequence[Item]) -> None:
        steps = [step for item in group for step in item.steps]
        if not steps:
            return
        outcomes = actions.perform(
            steps, actor=self.terms.actor, connection=self.connection, integrity=self.terms.integrity
        )
        for step, outcome in zip(steps, outcomes, strict=True):
            if outcome.no_op:
                self.report.unchanged += 1
            else:
                self.report.stored[step.type] += 1


def _items(part: Part) -> list[Item]:
    if part.lines is not None:
        items = [meaning.line(number, text) for number, text in part.lines]
    else:
        with sources.opened(part.source) as stream:
            items = meaning.document(stream.read())
    return [item for item in items if part.only is None or item.number in part.only]


def _is_of_database(error: Exception) -> bool:
    """Whether it would be the same for every item: no connection, no table; and not something in the data."""
    return isinstance(error, psycopg.Error) and not isinstance(error, psycopg.DataError)


def _blamed(fault: Fault) -> dict[int, Fault]:
    """The fault, taken apart by the items that its issues speak of."""
    by_place: dict[int, list[Issue]] = {}
    for issue in fault.issues:
        found = _PLACE.match(issue.expression or "")
        if found:
            by_place.setdefault(int(found[1]), []).append(issue)
    return {place: Fault(fault.kind, issues) for place, issues in by_place.items()}


def _refusals(left_out: Sequence[tuple[Part, Item, Fault]]) -> Iterator[Refused]:
    """The items as they were sent: storing may have begun to alter what was read."""
    texts: dict[int, dict[int, bytes]] = {}
    for part, item, fault in left_out:
        sent = texts.get(id(part))
        if sent is None:
            sent = texts[id(part)] = _sent(part)
        issues = tuple(_own_terms(issue, item) for issue in fault.issues)
        yield Refused(part, item.number, issues, sent[item.number])


def _sent(part: Part) -> dict[int, bytes]:
    if part.lines is not None:
        return dict(part.lines)
    with sources.opened(part.source) as stream:
        text = stream.read()
    return {
        number: text if value is None else json.dump(value) for number, value in enumerate(meaning.raw(text))
    }


def _own_terms(issue: Issue, item: Item) -> Issue:
    """The issue as it would be for the item by itself: as if it had not been one of many that were stored."""
    if not item.steps:
        return issue
    pattern, own_type = (_WITHIN, "Bundle") if item.bundle else (_PLACE, item.steps[0].type)

    def own(value: Any) -> Any:
        return pattern.sub(f"{own_type}.", value).rstrip(".") if isinstance(value, str) else value

    params = {name: own(value) for name, value in issue.params.items()}
    return replace(issue, expression=own(issue.expression), params=params)


def _said(issue: Issue) -> dict[str, Any]:
    said = {"severity": issue.severity, "code": issue.code, "diagnostics": issue.text}
    if issue.expression:
        said["expression"] = issue.expression
    return said


def _readable(raw: bytes) -> Any:
    try:
        return json.parse(raw)
    except Fault:
        return raw.decode(errors="replace")
