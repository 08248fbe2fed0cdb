"""What the operations on codes have in common: who is meant, as of which day, and answers that are remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.utils import translation

from xinglin.api.answers import Answer
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import INSTANCE, TYPE, Operation, register
from xinglin.fhir import json
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid, not_found
from xinglin.record import database
from xinglin.terminology import memory, queries
from xinglin.terminology.checking import Coding

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.api.requests import Request
    from xinglin.kernel.errors import Issue
    from xinglin.record.database import Connection
    from xinglin.terminology.memory import Memory

_LONGEST = 2000  # characters of a query whose answer is remembered
_LARGEST = 8192  # bytes of such an answer
_MOST = 16_384  # answers


@dataclass(slots=True)
class Asked:
    """One question: its parameters, the day it is about, and where the answer is looked for."""

    request: Request
    parameters: Parameters
    connection: Connection
    known: Memory
    on: date
    type_name: str
    id: str | None

    @property
    def language(self) -> str | None:
        return self.parameters.text("displayLanguage")

    def required(self, name: str) -> str:
        """A parameter that must be there."""
        found = self.parameters.text(name)
        if not found:
            raise invalid("The parameter %(name)s is missing.", code="required", name=repr(name))
        return found


def offer(name: str, types: str, documentation: str, known: tuple[str, ...]) -> Callable[[Any], Any]:
    """Register a function of an ``Asked`` that gives a resource as the operation ``$name`` of that type."""

    def registered(work: Callable[[Asked], dict[str, Any]]) -> Callable[[Asked], dict[str, Any]]:
        def handler(request: Request, _level: str, type_name: str, id_: str | None = None) -> Answer:
            return _answered(request, (type_name, id_, known), work)

        register(
            Operation(
                name,
                frozenset({TYPE, INSTANCE}),
                frozenset({types}),
                f"http://hl7.org/fhir/OperationDefinition/{types}-{name}",
                documentation,
                handler,
            )
        )
        return work

    return registered


def _answered(
    request: Request, place: tuple[str, str | None, tuple[str, ...]], work: Callable[[Asked], dict[str, Any]]
) -> Answer:
    """The answer, from memory where the same was asked before and nothing has changed since."""
    type_name, id_, names = place
    if id_ is not None:
        request.door.read(type_name, id_)  # that it is there, and may be seen
    connection = database.connection()
    known = memory.at(connection)
    today = queries.settled(connection, known, clock.now().astimezone(LOCAL_ZONE).date())
    answers = known.of("answers")
    key = (work, id_, request.query, request.language, today)
    may_remember = request.method == "GET" and len(request.query) <= _LONGEST
    if may_remember and key in answers:
        return Answer(200, answers[key])
    parameters = Parameters(request, names)
    asked = Asked(request, parameters, connection, known, _day(parameters, today), type_name, id_)
    body = json.dump(work(asked))
    if may_remember and len(body) <= _LARGEST:
        if len(answers) >= _MOST:
            answers.clear()
        answers[key] = body
    return Answer(200, body)


def _day(parameters: Parameters, today: date) -> date:
    """``date``: as of which day versions are chosen."""
    text = parameters.text("date") if "date" in parameters.known else None
    if text is None:
        return today
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text.replace(" ", "+"))
            return moment.astimezone(LOCAL_ZONE).date() if moment.tzinfo else moment.date()
        parts = [int(part) for part in text.split("-")]
        return date(*[*parts, 1, 1][:3])
    except (ValueError, TypeError):
        raise invalid(
            "The parameter %(name)s should be a date or an instant (2024-05-01T08:00:00Z); it is %(there)s.",
            code="value",
            name="date",
            there=repr(text[:80]),
        ) from None


def kept(asked: Asked, table: Any) -> Any:
    """What the tables hold of the resource whose operation is asked; 404 if they hold nothing."""
    found = queries.by_origin(asked.connection, table, f"record:{asked.type_name}/{asked.id}")
    if found is None:
        raise not_found(
            "%(type)s/%(id)s has no url, so nothing can be asked of its codes.",
            type=asked.type_name,
            id=asked.id,
        )
    return found


def coding(element: dict[str, Any]) -> Coding:
    """A Coding as what is to be checked."""
    return Coding(
        str(element.get("system", "")),
        str(element.get("code", "")),
        str(element.get("version", "")),
        str(element.get("display", "")),
    )


def said(issue: Issue, language: str) -> str:
    """An issue's message in the client's language."""
    with translation.override(language):
        template = translation.gettext(issue.message)
    return template % issue.params if issue.params else template


def parameters(*given: tuple[str, str, Any]) -> dict[str, Any]:
    """A Parameters resource of (name, type, value); those without a value are left out."""
    listed = [
        {"name": name, f"value{type_}": value} if type_ else {"name": name, "part": value}
        for name, type_, value in given
        if value not in (None, "", [])
    ]
    return {"resourceType": "Parameters", "parameter": listed}


def part(name: str, type_: str, value: Any) -> dict[str, Any]:
    return {"name": name, f"value{type_}": value}
