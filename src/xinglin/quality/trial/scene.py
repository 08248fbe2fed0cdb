"""The made-up data that faults are planted into: resources, what belongs to a visit, what was touched."""

from __future__ import annotations

import copy
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

from xinglin.kernel.ids import self_number
from xinglin.quality.columns import TABLES
from xinglin.quality.flattening.reading import moment

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xinglin.record.database import Connection

Resource = dict[str, Any]
Key = tuple[str, str]
Pair = tuple[int, int]


class Scene:
    """Resources, and what is planted in them: rule → the rows (self, part) that it must find."""

    def __init__(self, resources: dict[Key, Resource], faulty: frozenset[Key], now: datetime) -> None:
        self.now = now
        self.resources = resources
        self.faulty = faulty
        self.planted: dict[str, set[Pair]] = {}
        self.late: set[int] = set()
        self.unseen: set[int] = set()
        self.unlinked: set[int] = set()
        self.short: set[int] = set()
        self.sexed: set[str] = set()
        self._touched: set[int] = set()
        self._missed: set[int] = set()
        self._dice = Random(11)  # noqa: S311 -- repeatable, not secret
        self._known = {self_number(*key) for key in faulty}
        self._visits: dict[str, list[Key]] = {}
        for key, resource in resources.items():
            self._visits.setdefault(visit_of(resource), []).append(key)

    def prepare(self) -> None:
        """Make the data clean: mend what they lack by design, and note what cannot be mended as known to be faulty."""
        for resource in list(self.resources.values()):
            if resource["resourceType"] == "Procedure":
                resource["code"].setdefault(
                    "coding", [{"system": "urn:oid:2.16.156.10011.2.3.3.12", "code": "99.9200"}]
                )
            elif resource["resourceType"] == "Encounter":
                self._mend_visit(resource)
        self._note_missed()

    def _mend_visit(self, visit: Resource) -> None:
        """A body mass index beside height and weight; no medicine twice; a stay with its end and its summary."""
        found: dict[str, Resource] = {}
        for one in list(self.beside(visit)):
            code = code_of(one) or code_of({"code": one.get("medicationCodeableConcept")})
            if one["resourceType"] == "MedicationRequest" and code and code in found:
                self.drop((one["resourceType"], one["id"]))
            found.setdefault(code, one)
        if "8302-2" in found and "29463-7" in found:
            self._add_index(found["8302-2"], found["29463-7"])
        if visit["class"]["code"] == "IMP":
            visit["hospitalization"] = {"dischargeDisposition": {"coding": [{"system": "x", "code": "1"}]}}
            if not any("C0053" in str(one.get("type")) for one in self.beside(visit)):
                self.put(_summary(visit))

    def _note_missed(self) -> None:
        """Residents miss follow-ups and examinations: counted here by other means than the rules'."""
        said = self.of_person("Observation", lambda one: str(one.get("valueString", "")).startswith("控制"))
        for found in said.values():
            for before, after in pairwise(found):
                if when(after) - when(before) > timedelta(days=130):
                    self._known.add(self_number("Observation", after["id"]))
        examined = self.of_person("Condition", lambda one: code_of(one).startswith("Z00"))
        for (kind, id_), person in self.resources.items():
            if (
                kind == "Patient"
                and not any(when(one) > self.now - timedelta(days=400) for one in examined.get(id_, ()))
                and self.now.year - int(person.get("birthDate", "2026")[:4]) >= 64
            ):
                self._missed.add(self_number(kind, id_))

    def knows_of(self, rule: str, pair: Pair) -> bool:
        """The same, and for the rule about examinations who has missed one."""
        return self.knows(pair) or (rule == "CP-EX-1" and pair[0] in self._missed)

    def _add_index(self, height: Resource, weight: Resource) -> None:
        h, w = height["valueQuantity"]["value"], weight["valueQuantity"]["value"]
        made = copy.deepcopy(weight)
        made["id"] = f"{weight['id']}-bmi"
        made["code"] = {"coding": [{"system": "http://loinc.org", "code": "39156-5"}]}
        made["valueQuantity"] = {
            "value": round(w / (h / 100) ** 2, 1), "unit": "kg/m²", "system": "http://unitsofmeasure.org",
            "code": "kg/m2",
        }  # fmt: skip
        self.put(made)

    def copied(self) -> Scene:
        """The same scene to plant in."""
        made = Scene(copy.deepcopy(self.resources), self.faulty, self.now)
        made._known, made._missed = set(self._known), set(self._missed)
        return made

    def put(self, resource: Resource) -> None:
        """Add a resource."""
        key = (resource["resourceType"], resource["id"])
        self.resources[key] = resource
        self._visits.setdefault(visit_of(resource), []).append(key)

    def drop(self, key: Key) -> None:
        del self.resources[key]
        for keys in self._visits.values():
            if key in keys:
                keys.remove(key)
                break

    def beside(self, resource: Resource) -> list[Resource]:
        """What belongs to the same visit."""
        visit = resource["id"] if resource["resourceType"] == "Encounter" else visit_of(resource)
        return [self.resources[key] for key in self._visits.get(visit, ())] if visit else []

    def pick(self, type_name: str, fits: Callable[[Resource], bool], count: int) -> list[Resource]:
        """Some resources of a type that nobody has touched, and whose visits nobody has."""
        found = [
            resource
            for (kind, _), resource in self.resources.items()
            if kind == type_name and not self.is_touched(resource) and fits(resource)
        ]
        found.sort(key=lambda resource: str(resource["id"]))
        self._dice.shuffle(found)
        chosen: list[Resource] = []
        for resource in found:
            if len(chosen) == count:
                break
            if not self.is_touched(resource):
                self.touch(resource)
                chosen.append(resource)
        return chosen

    def is_touched(self, resource: Resource) -> bool:
        names = {self_number(resource["resourceType"], resource["id"])}
        if visit := visit_of(resource):
            names.add(self_number("Encounter", visit))
        if person := person_of(resource):
            names.add(self_number("Patient", person))
        return bool(names & (self._touched | self._known))

    def touch(self, resource: Resource) -> None:
        """Nobody else plants here, and what else is found here is no false alarm."""
        self._touched.add(self_number(resource["resourceType"], resource["id"]))
        if resource["resourceType"] == "Encounter":
            for one in self.beside(resource):
                self._touched.add(self_number(one["resourceType"], one["id"]))
        elif visit := visit_of(resource):
            self._touched.add(self_number("Encounter", visit))
            for one in self.beside(resource):
                self._touched.add(self_number(one["resourceType"], one["id"]))

    def touch_person(self, patient: str) -> None:
        """The same for everything of a person."""
        self._touched.add(self_number("Patient", patient))
        for (kind, id_), resource in self.resources.items():
            if person_of(resource) == patient:
                self._touched.add(self_number(kind, id_))

    def knows(self, pair: Pair) -> bool:
        """Whether a row is of something that was touched, or known to be faulty."""
        return pair[0] in self._touched or pair[0] in self._known

    def plant(self, rule: str, resource: Resource, part: int = 0) -> None:
        """The rule must find this."""
        self.planted.setdefault(rule, set()).add(
            (self_number(resource["resourceType"], resource["id"]), part)
        )

    def of_person(self, type_name: str, fits: Callable[[Resource], bool]) -> dict[str, list[Resource]]:
        """The resources of a type by person, in the order of their times."""
        found: dict[str, list[Resource]] = {}
        for (kind, _), resource in self.resources.items():
            if kind == type_name and fits(resource):
                found.setdefault(person_of(resource), []).append(resource)
        for resources in found.values():
            resources.sort(key=when)
        return dict(sorted(found.items()))

    def settle(self, connection: Connection) -> None:
        """Let everything have arrived two hours after it happened, be linked, be looked at; but for the planted."""
        for table in TABLES.values():
            if table.type and table.name != "person":
                last = "greatest(event, finish)" if table.name == "encounter" else "event"
                connection.execute(
                    f"UPDATE {table.sql} SET received = {last} + interval '2 hours' WHERE event IS NOT NULL"
                )
        connection.execute("UPDATE quality_unit SET since = '1990-01-01'")
        connection.execute(
            "UPDATE quality_encounter SET received = greatest(event, finish) + interval '5 days' WHERE self = ANY(%s)",
            [list(self.late)],
        )
        now = self.now
        past = now - timedelta(days=200)
        connection.execute(
            "UPDATE quality_person SET received = greatest(%s, birth + interval '2 days', death + interval '2 days')",
            [past],
        )
        connection.execute(
            "INSERT INTO identity_patient SELECT self FROM quality_person WHERE self <> ALL(%s)",
            [list(self.unlinked)],
        )
        connection.execute(
            "INSERT INTO quality_view (person, institution, shard, views, last) SELECT self, 1, shard, 1, %s"
            " FROM quality_person WHERE self <> ALL(%s)",
            [now, list(self.unseen)],
        )
        connection.execute(
            "INSERT INTO quality_declared (self, vid, part, shard, institution, dataset, week, event, received,"
            " declared, teller) SELECT row_number() OVER (ORDER BY institution, day), 0, 0, 0, institution, dataset, 0,"
            " day::timestamp AT TIME ZONE 'Asia/Shanghai', %s, count(*), '' FROM (SELECT institution, dataset,"
            " (event AT TIME ZONE 'Asia/Shanghai')::date AS day FROM quality_observation"
            " WHERE part = 0 AND dataset = 8) o GROUP BY institution, dataset, day",
            [now],
        )
        if self.short:
            connection.execute(
                "UPDATE quality_declared SET declared = declared * 2 + 1 WHERE self = ANY(%s)",
                [list(self.short)],
            )


def _summary(visit: Resource) -> Resource:
    """A discharge summary of the visit."""
    return {
        "resourceType": "DocumentReference", "id": f"{visit['id']}-summary", "status": "current",
        "type": {"coding": [{"system": "urn:oid:2.16.156.10011.2.4", "code": "C0053"}]}, "subject": visit["subject"],
        "date": visit["period"]["start"], "custodian": visit["serviceProvider"],
        "content": [{"attachment": {"contentType": "text/plain", "data": "5Ye66Zmi5bCP57uT" * 8}}],
        "context": {"encounter": [{"reference": f"Encounter/{visit['id']}"}]},
    }  # fmt: skip


def visit_of(resource: Resource) -> str:
    """The id of the visit that a resource belongs to; a visit belongs to itself."""
    if resource["resourceType"] == "Encounter":
        return str(resource["id"])
    holder = resource.get("encounter") or (resource.get("context") or {}).get("encounter")
    if isinstance(holder, list):
        holder = holder[0] if holder else None
    reference = str((holder or {}).get("reference") or "")
    return reference.removeprefix("Encounter/") if reference.startswith("Encounter/") else ""


def person_of(resource: Resource) -> str:
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    holder = resource.get("subject") or resource.get("patient") or {}
    return str(holder.get("reference") or "").removeprefix("Patient/")


def code_of(resource: Resource) -> str:
    """The first code."""
    codings = (resource.get("code") or {}).get("coding") or [{}]
    return str(codings[0].get("code") or "")


_TIMES = (
    "effectiveDateTime",
    "recordedDate",
    "authoredOn",
    "date",
    "occurrenceDateTime",
    "performedDateTime",
)


def when(resource: Resource) -> datetime:
    text = (resource.get("period") or {}).get("start") or next(
        (resource[k] for k in _TIMES if k in resource), None
    )
    found = moment(text)
    assert found is not None, resource
    return found
