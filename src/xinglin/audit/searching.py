"""AuditEvents by FHIR's search parameters: date, patient, agent, action, subtype, outcome, entity, address.

https://hl7.org/fhir/R4/auditevent.html#search. A parameter that is not known is an error, as everywhere; the order is
the latest first; pages go on from a line, so that they stay true while the log grows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.audit import queries
from xinglin.audit.queries import Wanted
from xinglin.audit.resources import ACCOUNTS, INTERACTIONS, LETTERS
from xinglin.fhir import dates, definitions
from xinglin.identity import queries as identity
from xinglin.kernel.errors import invalid
from xinglin.kernel.ids import self_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.audit.rules import Scope
    from xinglin.record.access import Placed
    from xinglin.record.database import Connection

MOST = 1000
_PAGE = re.compile(r"(\d{1,18})-(\d{1,19})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = ("",)  # an actor that nobody is


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked, how many at once, and from where on."""

    wanted: Wanted
    count: int = 50
    before: tuple[datetime, int] | None = None


def parse(
    connection: Connection, pairs: Sequence[tuple[str, str]], scope: Scope, *, lenient: bool = False
) -> Search:
    """Read a query; raises ``invalid`` for what is not known or cannot be understood."""
    search = Search(Wanted(scope=scope))
    for name, value in pairs:
        read = _PARAMETERS.get(name)
        if read is not None:
            search = read(connection, search, value)
        elif not lenient:
            raise invalid(
                gettext_noop("AuditEvent is not searched by %(name)s; there are %(known)s."),
                code="not-supported", name=repr(name[:60]), known=", ".join(PARAMETERS),
            )  # fmt: skip
    return search


def page(connection: Connection, search: Search) -> tuple[list[Placed], str | None]:
    """The lines of one page, and what ``_page`` of the next one is."""
    found = queries.lines(connection, search.wanted, before=search.before, limit=search.count + 1)
    shown = found[: search.count]
    if len(found) <= search.count or not shown:
        return shown, None
    last = shown[-1]
    return shown, f"{(last.line.moment - _EPOCH) // timedelta(microseconds=1)}-{last.place}"


def _wrong(name: str, value: str, right: str) -> Exception:
    return invalid(
        gettext_noop("The parameter %(name)s should be %(right)s; it is %(value)s."),
        code="value", name=name, right=right, value=repr(value[:80]),
    )  # fmt: skip


def _date(_: Connection, search: Search, value: str) -> Search:
    prefix = value[:2] if value[:2].isalpha() else "eq"
    low, high = (_EPOCH + timedelta(microseconds=m) for m in dates.interval(value.removeprefix(prefix)))
    bounds = {
        "eq": (low, high), "ge": (low, None), "gt": (high, None), "sa": (high, None), "le": (None, high),
        "lt": (None, low), "eb": (None, low),
    }.get(prefix)  # fmt: skip
    if bounds is None:
        raise _wrong("date", value, "a date, with eq, ge, gt, le, lt, sa or eb before it")
    since, until = bounds
    held = search.wanted
    if since is not None:
        held = replace(held, since=since if held.since is None else max(held.since, since))
    if until is not None:
        held = replace(held, until=until if held.until is None else min(held.until, until))
    return replace(search, wanted=held)


def _patient(connection: Connection, search: Search, value: str) -> Search:
    numbers: list[int] = []
    for one in value.split(","):
        id_ = one.removeprefix("Patient/")
        if not id_ or "/" in id_:
            raise _wrong("patient", one, "Patient/id or an id")
        numbers += [self_number("Patient", each) for each in identity.together(connection, id_)]
    held = search.wanted.patients
    both = set(numbers) if held is None else set(numbers) & set(held)
    return replace(search, wanted=replace(search.wanted, patients=tuple(sorted(both))))


def _agents(search: Search, actors: Sequence[str]) -> Search:
    held = search.wanted.actors
    both = [one for one in actors if not held or one in held]
    return replace(search, wanted=replace(search.wanted, actors=tuple(both) or _NOTHING))


def _agent(_: Connection, search: Search, value: str) -> Search:
    """The identifier of the account: ``account/7``, or with its system before it."""
    found = []
    for one in value.split(","):
        system, bar, code = one.partition("|")
        if bar and system not in {"", ACCOUNTS}:
            continue
        found.append(code if bar else one)
    return _agents(search, found)


def _agent_name(_: Connection, search: Search, value: str) -> Search:
    return _agents(search, [actor for one in value.split(",") for actor in queries.readers_called(one)])


def _actions(search: Search, actions: Sequence[str]) -> Search:
    held = search.wanted.actions
    both = [one for one in actions if not held or one in held]
    return replace(search, wanted=replace(search.wanted, actions=tuple(both) or _NOTHING))


def _action(_: Connection, search: Search, value: str) -> Search:
    letters = value.split(",")
    if any(letter not in (*LETTERS, "E") for letter in letters):
        raise _wrong("action", value, "C, R, U, D or E")
    if "E" not in letters:
        return _actions(search, [action for letter in letters for action in LETTERS[letter]])
    barred = [action for letter, actions in LETTERS.items() if letter not in letters for action in actions]
    return replace(search, wanted=replace(search.wanted, others=tuple(barred)))


def _subtype(_: Connection, search: Search, value: str) -> Search:
    codes = [one.rpartition("|")[2] for one in value.split(",")]
    found = [action for code in codes for action, told in INTERACTIONS.items() if told == code] + [
        code for code in codes if code not in INTERACTIONS.values()
    ]
    return _actions(search, found)


def _outcome(_: Connection, search: Search, value: str) -> Search:
    refused = {"0": False, "4": True, "0,4": None, "4,0": None}
    if value not in refused:
        raise _wrong("outcome", value, "0 (permitted) or 4 (refused)")
    return replace(search, wanted=replace(search.wanted, refused=refused[value]))


def _entity(connection: Connection, search: Search, value: str) -> Search:
    type_name, slash, id_ = value.partition("/")
    if not slash or not id_ or not definitions.is_resource_type(type_name):
        raise _wrong("entity", value, "Type/id")
    if type_name == "Patient":
        return _patient(connection, search, id_)
    return replace(search, wanted=replace(search.wanted, type=type_name, id=id_))


def _address(_: Connection, search: Search, value: str) -> Search:
    return replace(search, wanted=replace(search.wanted, address=value))


def _id(_: Connection, search: Search, value: str) -> Search:
    places = tuple(int(one) for one in value.split(",") if one.isdecimal() and len(one) < 19)
    return replace(search, wanted=replace(search.wanted, places=places))


def _count(_: Connection, search: Search, value: str) -> Search:
    if not value.isdecimal() or not 1 <= int(value[:9]) <= MOST:
        raise _wrong("_count", value, f"1 to {MOST}")
    return replace(search, count=int(value))


def _sort(_: Connection, search: Search, value: str) -> Search:
    if value != "-date":
        raise _wrong("_sort", value, "-date: the latest come first")
    return search


def _before(_: Connection, search: Search, value: str) -> Search:
    match = _PAGE.fullmatch(value)
    if match is None:
        raise _wrong("_page", value, "what a link to the next page has")
    return replace(search, before=(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2])))


_PARAMETERS: dict[str, Callable[[Connection, Search, str], Search]] = {
    "date": _date, "_lastUpdated": _date, "patient": _patient, "agent": _agent, "agent:identifier": _agent,
    "altid": _agent, "agent-name": _agent_name, "action": _action, "subtype": _subtype, "outcome": _outcome,
    "entity": _entity, "address": _address, "_id": _id, "_count": _count, "_sort": _sort, "_page": _before,
}  # fmt: skip
PARAMETERS = tuple(_PARAMETERS)
