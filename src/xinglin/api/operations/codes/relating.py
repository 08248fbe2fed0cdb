"""``$subsumes``, ``$translate`` and ``$closure``: how codes stand to each other.

https://hl7.org/fhir/R4/codesystem-operation-subsumes.html, https://hl7.org/fhir/R4/conceptmap-operation-translate.html,
https://hl7.org/fhir/R4/conceptmap-operation-closure.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api.answers import Answer
from xinglin.api.operations.codes.asking import Asked, coding, kept, offer, parameters, part
from xinglin.api.operations.codes.looking import the_system
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import SYSTEM, Operation, register
from xinglin.fhir import json
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid, not_found, unsupported
from xinglin.record import database
from xinglin.terminology import closing, memory, queries, translating
from xinglin.terminology.checking import Coding

if TYPE_CHECKING:
    from xinglin.api.requests import Request
    from xinglin.terminology.queries import Found, SystemVersion

_TARGETED = ("targetsystem", "target", "source", "reverse")


@offer(
    "subsumes",
    "CodeSystem",
    "Whether one code stands above another.",
    ("codeA", "codeB", "system", "version", "codingA", "codingB"),
)
def subsumes(asked: Asked) -> dict[str, Any]:
    one, other = (_sent(asked, letter) for letter in "AB")
    if one.system and other.system and one.system != other.system:
        raise invalid(
            "Codes of two systems (%(one)s, %(other)s) do not subsume each other.",
            code="value",
            one=one.system,
            other=other.system,
        )
    if asked.id is not None:
        system: SystemVersion = kept(asked, queries.SYSTEMS)
    else:
        url = one.system or other.system or asked.required("system")
        system = the_system(asked, url, one.version or asked.parameters.text("version") or "")
    first, second = _concept(asked, system, one.code), _concept(asked, system, other.code)
    if first.place == second.place:
        outcome = "equivalent"
    elif queries.subsumes(asked.connection, first, second):
        outcome = "subsumes"
    else:
        outcome = "subsumed-by" if queries.subsumes(asked.connection, second, first) else "not-subsumed"
    return parameters(("outcome", "Code", outcome))


def _sent(asked: Asked, letter: str) -> Coding:
    element = asked.parameters.element(f"coding{letter}")
    if element is not None:
        return coding(element)
    return Coding(asked.parameters.text("system") or "", asked.required(f"code{letter}"))


def _concept(asked: Asked, system: SystemVersion, code: str) -> Found:
    found = queries.remembered_concept(asked.connection, asked.known, system, code)
    if found is None:
        raise not_found("%(named)s is no code of %(system)s.", named=repr(code[:80]), system=system.canonical)
    return found


@offer(
    "translate",
    "ConceptMap",
    "What a code is in another system, by one map or by all; reverse goes against the map.",
    (
        "url", "conceptMap", "conceptMapVersion", "code", "system", "version", "coding", "codeableConcept", "date",
        "dependency", *_TARGETED,
    ),
)  # fmt: skip
def translate(asked: Asked) -> dict[str, Any]:
    given = asked.parameters
    if given.element("conceptMap") is not None or given.all("dependency"):
        raise unsupported("A map that is only sent, and dependencies, are not supported by $translate.")
    maps = _maps(asked)
    matches = []
    for one in _codings(asked):
        wanted = translating.Asked(
            one.system,
            one.code,
            given.text("targetsystem") or "",
            given.text("source") or "",
            given.text("target") or "",
            given.flag("reverse") or False,
        )
        matches += translating.translate(asked.connection, asked.known, asked.on, maps, wanted)
    found = any(match.counts for match in matches)
    message = "" if found else "No map has a match for this code."
    return parameters(
        ("result", "Boolean", found),
        ("message", "String", message),
        *(("match", "", _match(match)) for match in matches),
    )


def _maps(asked: Asked) -> list[Any] | None:
    if asked.id is not None:
        return [kept(asked, queries.MAPS)]
    url = asked.parameters.text("url")
    if not url:
        return None
    on = queries.settled(asked.connection, asked.known, asked.on)
    found = queries.concept_map(
        asked.connection, asked.known, url, on, asked.parameters.text("conceptMapVersion")
    )
    if found is None:
        raise not_found("There is no map %(url)s here.", url=url)
    return [found]


def _codings(asked: Asked) -> list[Coding]:
    given = asked.parameters
    concept = given.element("codeableConcept")
    if concept is not None:
        return [coding(one) for one in concept.get("coding", ())]
    element = given.element("coding")
    if element is not None:
        return [coding(element)]
    return [Coding(given.text("system") or "", asked.required("code"))]


def _match(match: translating.Match) -> list[dict[str, Any]]:
    parts = [part("equivalence", "Code", str(match.equivalence))]
    if match.code:
        concept = {"system": match.system, "code": match.code, "display": match.display}
        parts.append(part("concept", "Coding", {name: value for name, value in concept.items() if value}))
    for product in (match.more or {}).get("product", ()):
        concept = {
            "system": product.get("system"),
            "code": product["value"],
            "display": product.get("display"),
        }
        inner = [
            part("element", "Uri", product["property"]),
            part("concept", "Coding", {n: v for n, v in concept.items() if v}),
        ]
        parts.append({"name": "product", "part": inner})
    if match.comment:
        parts.append(part("comment", "String", match.comment))
    return [*parts, part("source", "Uri", match.map)]


def closure(request: Request, _level: str) -> Answer:
    """Begin a table (name alone), add codes to it, or ask again for what was found since a version."""
    given = Parameters(request, ("name", "concept", "version"))
    name = given.text("name")
    if not name:
        raise invalid("The parameter %(name)s is missing.", code="required", name="'name'")
    codes = [coding(one) for one in given.all("concept") if isinstance(one, dict)]
    version = given.number("version")
    if codes and version is not None:
        raise invalid("Give concepts to add, or a version to ask from, not both.", code="value")
    connection = database.connection()
    today = clock.now().astimezone(LOCAL_ZONE).date()
    with connection.transaction():
        if version is not None:
            now, entries = closing.since(connection=connection, name=name, version=version)
        elif codes:
            now, entries = closing.add(
                connection=connection,
                known=memory.at(connection),
                on=today,
                name=name,
                codes=[(one.system, one.code) for one in codes],
            )
        else:
            now, entries = closing.start(connection=connection, name=name), []
    return Answer(200, json.dump(_table(name, now, entries)))


def _table(name: str, version: int, entries: list[closing.Entry]) -> dict[str, Any]:
    moment = clock.now().astimezone(LOCAL_ZONE).isoformat(timespec="seconds")
    found: dict[str, Any] = {
        "resourceType": "ConceptMap",
        "name": name,
        "version": str(version),
        "status": "active",
        "experimental": True,
        "date": moment,
    }
    groups: dict[str, dict[str, list[dict[str, str]]]] = {}
    for entry in entries:
        targets = groups.setdefault(entry.url, {}).setdefault(entry.below, [])
        targets.append({"code": entry.above, "equivalence": "subsumes"})
    if groups:
        found["group"] = [
            {
                "source": url,
                "target": url,
                "element": [{"code": code, "target": targets} for code, targets in elements.items()],
            }
            for url, elements in groups.items()
        ]
    return found


register(
    Operation(
        "closure",
        frozenset({SYSTEM}),
        frozenset(),
        "http://hl7.org/fhir/OperationDefinition/ConceptMap-closure",
        "Keeps a named table of what subsumes what among the codes that a client meets.",
        closure,
        changes=True,
    )
)
