"""``Patient/$match``, ``Patient/$ihe-pix``, ``Patient/{id}/$person``: asking the master person index.

https://hl7.org/fhir/R4/patient-operation-match.html (IHE PDQm, ITI-119), IHE PIXm (ITI-83).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api import bundles
from xinglin.api.answers import Answer
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import INSTANCE, TYPE, Operation, register
from xinglin.api.refusals import Refusal
from xinglin.fhir import json
from xinglin.identity import finding, golden, queries
from xinglin.kernel.errors import Fault, Kind, invalid, not_found
from xinglin.record import access, database, policy, rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.api.requests import Request
    from xinglin.record.queries import Stored

_GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
_MOST = 100
_USUAL = 20


def match(request: Request, _level: str, _type: str) -> Answer:
    """Patients of the persons that look like the one that is sent, the likeliest first.

    With ``onlyCertainMatches`` only if there is just one person who is certain. ``count`` limits the Patients.
    """
    asked = Parameters(request, ("onlyCertainMatches", "count"))
    patient = asked.resource
    if patient is None or patient.get("resourceType") != "Patient":
        raise invalid(
            "Send the Patient to look for, by itself or as the parameter resource of Parameters.",
            code="required",
        )
    _require_read(request, "match")
    certain = _truth(asked, "onlyCertainMatches")
    count = _count(asked)
    found = finding.find(database.connection(), patient)
    if certain:
        sure = [one for one in found if one.grade is finding.Grade.CERTAIN]
        found = sure if len({one.person for one in sure}) == 1 else []
    entries: list[bytes] = []
    for one in found:
        for stored in _living(request, one.patients):
            if len(entries) < count:
                entries.append(_graded(request.base, stored, one))
    access.note(request.actor, "match", query=f"found={len(entries)}")
    return Answer(200, bundles.bundle("searchset", entries, total=len(entries)))


def _graded(base: str, stored: Stored, one: finding.Found) -> bytes:
    graded = json.dump(
        {
            "extension": [{"url": _GRADE, "valueCode": one.grade.value}],
            "mode": "match",
            "score": round(one.probability, 6),
        }
    )
    place = f"{base}/Patient/{stored.id}".encode()
    return b'{"fullUrl":"%s","resource":%s,"search":%s}' % (place, stored.text, graded)


def _living(request: Request, patients: tuple[str, ...]) -> Iterator[Stored]:
    """The Patients, each look noted; one that was deleted at this moment is passed over."""
    for id_ in patients:
        try:
            yield request.door.read("Patient", id_)
        except Fault as fault:
            if fault.kind not in (Kind.NOT_FOUND, Kind.GONE):
                raise


def pix(request: Request, _level: str, _type: str) -> Answer:
    """By which identifiers other institutions know the patient who has ``sourceIdentifier`` (system|value).

    ``targetSystem`` limits them to these systems.
    """
    asked = Parameters(request, ("sourceIdentifier", "targetSystem"))
    given = asked.all("sourceIdentifier")
    system, value = _identifier(given)
    targets = [part for one in asked.all("targetSystem") for part in str(one).split(",") if part]
    for target in targets:
        if not _is_known(request, target):
            raise Refusal(
                403,
                Kind.FORBIDDEN,
                "code-invalid",
                "No Patient here has an identifier of targetSystem %(system)s.",
                system=target,
            )
    page = request.door.search("Patient", [("identifier", f"{system}|{value}"), ("_count", "10")])
    own = [entry.stored for entry in page.entries if entry.mode == "match"]
    if not own:
        raise _nobody(request, system, value)
    connection = database.connection()
    persons = set(queries.persons_of(connection, [one.id for one in own]).values())
    if len(persons) > 1:
        raise Refusal(
            400,
            Kind.CONFLICT,
            "multiple-matches",
            "The identifier %(value)s belongs to several persons here; they are being reviewed.",
            value=f"{system}|{value}",
        )
    ids = queries.together(connection, own[0].id)
    return Answer(200, json.dump(_targets(_living(request, ids), (system, value), targets)))


def _targets(patients: Iterator[Stored], source: tuple[str, str], targets: list[str]) -> dict[str, Any]:
    identifiers: dict[tuple[Any, Any], dict[str, Any]] = {}
    ids = []
    for stored in patients:
        fitting = [
            one
            for one in stored.resource.get("identifier", [])
            if (one.get("system"), one.get("value")) != source
            and (not targets or one.get("system") in targets)
        ]
        identifiers |= {(one.get("system"), one.get("value")): one for one in fitting}
        if fitting or not targets:
            ids.append(stored.id)
    parameters = [{"name": "targetIdentifier", "valueIdentifier": one} for one in identifiers.values()]
    parameters += [
        {"name": "targetId", "valueReference": {"reference": f"Patient/{id_}"}} for id_ in dict.fromkeys(ids)
    ]
    return {"resourceType": "Parameters", **({"parameter": parameters} if parameters else {})}


def _identifier(given: list[Any]) -> tuple[str, str]:
    one = given[0] if len(given) == 1 else None
    if isinstance(one, dict):
        system, value = one.get("system"), one.get("value")
    else:
        system, _, value = str(one or "").partition("|")
    if not system or not value:
        raise invalid(
            "sourceIdentifier should be given once, as system|value, such as urn:oid:2.999.1|4711.",
            code="required",
        )
    return str(system), str(value)


def _is_known(request: Request, system: str) -> bool:
    """Whether any Patient has an identifier of that system."""
    return bool(request.door.search("Patient", [("identifier", f"{system}|"), ("_count", "1")]).entries)


def _nobody(request: Request, system: str, value: str) -> Refusal:
    if not _is_known(request, system):
        return Refusal(
            400,
            Kind.INVALID,
            "code-invalid",
            "No Patient here has an identifier of the system %(system)s.",
            system=system,
        )
    return Refusal(
        404,
        Kind.NOT_FOUND,
        "not-found",
        "No Patient here has the identifier %(value)s.",
        value=f"{system}|{value}",
    )


def person(request: Request, _level: str, _type: str, id_: str) -> Answer:
    """The person to whom a Patient belongs, as one Patient: computed from all its Patients, each linked.

    The id may be a Patient's or a person's own, also one that has been merged into another.
    """
    Parameters(request, ())
    _require_read(request, "person")
    connection = database.connection()
    found = golden.view(
        connection, queries.person_of(connection, id_) or id_, policy.access_of(request.actor)
    )
    if found is None or not found.sources:
        raise not_found("Neither a Patient nor a person of the index is called %(id)s.", id=id_)
    queries.note(request.actor, "person", found.person)
    return Answer(200, json.dump(golden.as_patient(found)))


def _require_read(request: Request, action: str) -> None:
    try:
        rules.require(request.actor, rules.READ)
    except Fault:
        access.note(request.actor, action, "deny")
        raise


def _truth(asked: Parameters, name: str) -> bool:
    text = (asked.text(name) or "false").lower()
    if text not in ("true", "false"):
        raise invalid(
            "The parameter %(name)s should be true or false; it is %(there)s.",
            code="value",
            name=name,
            there=repr(text[:80]),
        )
    return text == "true"


def _count(asked: Parameters) -> int:
    text = asked.text("count") or str(_USUAL)
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) <= _MOST):
        raise invalid(
            "The parameter %(name)s should be a whole number from 1 to %(most)d; it is %(there)s.",
            code="value",
            name="count",
            most=_MOST,
            there=repr(text[:80]),
        )
    return int(text)


register(
    Operation(
        "match",
        frozenset({TYPE}),
        frozenset({"Patient"}),
        "http://hl7.org/fhir/OperationDefinition/Patient-match",
        "Patients that look like the one that is sent, with score and grade (IHE PDQm, ITI-119).",
        match,
        changes=True,
    )
)
register(
    Operation(
        "ihe-pix",
        frozenset({TYPE}),
        frozenset({"Patient"}),
        "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
        "By which identifiers other institutions know a patient (IHE PIXm, ITI-83).",
        pix,
    )
)
register(
    Operation(
        "person",
        frozenset({INSTANCE}),
        frozenset({"Patient"}),
        "urn:xinglin:operation:person",
        "The person to whom a Patient belongs, as one Patient computed from all of theirs.",
        person,
    )
)
