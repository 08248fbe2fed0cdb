"""The faults, one type of check after another. Each changes some resources and says which rows must be found."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xinglin.kernel.ids import self_number
from xinglin.quality.trial.scene import code_of, person_of, visit_of, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.quality.trial.scene import Scene

Resource = dict[str, Any]
_CENTRE = "公共卫生科"
_PRESSURE, _GLUCOSE, _CREATININE, _HEIGHT = "85354-9", "14771-0", "14682-9", "8302-2"


def plant(scene: Scene, each: int) -> None:
    """All of them; those that concern a whole person go first, since they need much that is untouched."""
    for planter in (*_OF_PERSONS, *_OF_ROWS):  # the rarest first
        planter(scene, each)


def _has_code(code: str) -> Callable[[Resource], bool]:
    return lambda resource: code_of(resource) == code


def _is_at_centre(resource: Resource) -> bool:
    types = resource.get("type") or [{}]
    return bool(types[0].get("text") == _CENTRE)


# -- of persons


def _dead(scene: Scene, each: int) -> None:
    visits = scene.of_person("Encounter", lambda one: not scene.is_touched(one))
    for patient, found in list(visits.items())[: max(each // 6, 3)]:
        if len(found) < 3:
            continue
        death = when(found[0]) + timedelta(days=3)
        scene.resources["Patient", patient]["deceasedDateTime"] = death.isoformat()
        scene.touch_person(patient)
        for visit in found:
            if when(visit) > death + timedelta(hours=48):
                scene.plant("AC-DD-1", visit)


def _repeated(scene: Scene, each: int) -> None:
    """Three visits to the centre in a row with one pressure, the values of the first."""
    done = 0
    centre = {
        id_ for (kind, id_), one in scene.resources.items() if kind == "Encounter" and _is_at_centre(one)
    }
    pressures = scene.of_person(
        "Observation", lambda one: code_of(one) == _PRESSURE and visit_of(one) in centre
    )
    for patient, found in pressures.items():
        if done >= each or len(found) < 4 or any(scene.is_touched(one) for one in found):
            continue
        first = found[0]
        for one in found[:3]:
            one["component"] = copy.deepcopy(first["component"])
        if found[3]["component"] == first["component"]:
            continue
        scene.touch_person(patient)
        for one in found[:3]:
            scene.plant("AC-CO-1", one)
        done += 3


def _history(scene: Scene, each: int) -> None:
    done = 0
    for found in scene.of_person("Observation", _has_code(_CREATININE)).values():
        if done < each and len(found) >= 5 and not scene.is_touched(found[-1]):
            scene.touch(found[-1])
            found[-1]["valueQuantity"]["value"] = 2400
            scene.plant("AC-OW-2", found[-1])
            done += 1


def _monotone(scene: Scene, each: int) -> None:
    done = 0
    for found in scene.of_person("Observation", _has_code(_HEIGHT)).values():
        if (
            done < each
            and len(found) >= 2
            and not scene.is_touched(found[-1])
            and found[-2]["valueQuantity"]["value"] > 80
        ):
            scene.touch(found[-1])
            found[-1]["valueQuantity"]["value"] = found[-2]["valueQuantity"]["value"] - 40
            scene.plant("AC-HT-2", found[-1])
            done += 1


def _gap(scene: Scene, each: int) -> None:
    """The last follow-up comes half a year late."""
    done = 0
    follow_ups = scene.of_person(
        "Observation", lambda one: str(one.get("valueString", "")).startswith("控制")
    )
    for found in follow_ups.values():
        if done < each and len(found) >= 2 and not scene.is_touched(found[-1]):
            scene.touch(found[-1])
            found[-1]["effectiveDateTime"] = (when(found[-1]) + timedelta(days=190)).isoformat()
            scene.plant("TM-FU-1", found[-1])
            done += 1


def _due(scene: Scene, each: int) -> None:
    """The old at the centre lose their examinations."""
    latest = max(when(one) for (kind, _), one in scene.resources.items() if kind == "Encounter")
    visits = scene.of_person("Encounter", _is_at_centre)
    examined = scene.of_person("Condition", lambda one: code_of(one).startswith("Z00"))
    done = 0
    for patient in visits:
        person = scene.resources.get(("Patient", patient))
        if person is None or done >= each or not examined.get(patient) or scene.is_touched(person):
            continue
        if latest.year - int(person.get("birthDate", "2026")[:4]) > 66:
            scene.touch_person(patient)
            for one in examined[patient]:
                one["code"] = {"coding": [{"system": "urn:oid:2.16.156.10011.2.3.3.11", "code": "I10.x09"}]}
            scene.plant("CP-EX-1", person)
            done += 1


def _share(scene: Scene, _each: int) -> None:
    """One institution writes the first of January for a fifth of its people."""
    by_unit: dict[str, list[Resource]] = {}
    for (kind, _), one in scene.resources.items():
        if kind == "Patient" and one.get("birthDate"):
            by_unit.setdefault(one["managingOrganization"]["reference"], []).append(one)
    people = max(by_unit.values(), key=len)
    if len(people) < 100:
        return
    for one in people[::5]:
        if not scene.is_touched(one):
            one["birthDate"] = f"{one['birthDate'][:4]}-01-01"
    for one in people:
        if one["birthDate"].endswith("-01-01"):
            scene.touch_person(one["id"])
            scene.plant("AC-BD-3", one)


def _crowd(scene: Scene, _each: int) -> None:
    """Seventy visits in a day by one hand."""
    (first,) = scene.pick("Encounter", _is_at_centre, 1)
    patients = [one for (kind, _), one in scene.resources.items() if kind == "Patient"][:70]
    for number, patient in enumerate(patients):
        made = copy.deepcopy(first)
        made["id"] = f"crowd-{number}"
        made["subject"] = {"reference": f"Patient/{patient['id']}"}
        scene.put(made)
        scene.touch(made)
    if len(patients) < 61:
        return
    hand, day = first["participant"], first["period"]["start"][:10]
    for (kind, _), one in list(scene.resources.items()):
        if (
            kind == "Encounter"
            and _is_at_centre(one)
            and one["participant"] == hand
            and one["period"]["start"][:10] == day
        ):
            scene.touch(one)
            scene.plant("AC-CR-1", one)


def _persons_alone(scene: Scene, each: int) -> None:
    """Faults in registrations: no sex, a wrong check digit, unknown to the index, never looked at."""
    for one in scene.pick("Patient", lambda one: "gender" in one and one["id"] not in scene.sexed, each):
        del one["gender"]
        scene.plant("CP-SX-1", one)
    for one in scene.pick("Patient", lambda one: _number(one) is not None, each):
        number = _number(one)
        assert number is not None
        number["value"] = number["value"][:17] + ("1" if number["value"][17] != "1" else "2")
        scene.plant("CF-ID-1", one)
    for one in scene.pick("Patient", lambda _: True, each):
        scene.unlinked.add(self_number("Patient", one["id"]))
        scene.plant("LK-PI-1", one)
    for one in scene.pick("Patient", lambda _: True, each):
        scene.unseen.add(self_number("Patient", one["id"]))
        scene.plant("US-VW-1", one)


def _number(patient: Resource) -> Resource | None:
    return next(
        (
            one
            for one in patient["identifier"]
            if len(str(one["value"])) == 18 and "NI" in str(one.get("type"))
        ),
        None,
    )


# -- of rows


def _rare(scene: Scene, each: int) -> None:
    """What only some visits have."""
    at_home = scene.pick(
        "Encounter",
        lambda one: one["class"]["code"] == "HH" and _is_at_centre(one)
        and any(code_of(other) == _PRESSURE for other in scene.beside(one)),
        each,
    )  # fmt: skip
    for one in at_home:
        for other in [other for other in scene.beside(one) if code_of(other) == _PRESSURE]:
            scene.drop(("Observation", other["id"]))
        scene.plant("US-IN-1", one)
    for one in scene.pick("Observation", _has_code("39156-5"), each):
        one["valueQuantity"]["value"] += 4
        scene.plant("AC-BM-1", one)
    for one in scene.pick(
        "Observation", lambda one: code_of(one) == "14647-2" and _has_parts(scene, one), each
    ):
        one["valueQuantity"]["value"] = 0.4
        scene.plant("AC-CH-1", one)
    for one in scene.pick("Observation", lambda one: one.get("valueString") == "控制不满意", each):
        pressure = next((other for other in scene.beside(one) if code_of(other) == _PRESSURE), None)
        if pressure is not None:
            pressure["component"] = copy.deepcopy(pressure["component"])
            pressure["component"][0]["valueQuantity"]["value"] = 182
            one["valueString"] = "控制满意"
            scene.plant("AC-CT-1", one)


def _visits(scene: Scene, each: int) -> None:
    for one in scene.pick(
        "Encounter", lambda one: one["class"]["code"] == "AMB" and "diagnosis" in one, each
    ):
        del one["diagnosis"]
        scene.plant("CP-VS-1", one)
    for one in scene.pick("Encounter", lambda one: "end" in one["period"], each):
        one["period"]["end"] = (when(one) - timedelta(days=2)).isoformat()
        scene.plant("AC-VS-1", one)
    for one in scene.pick("Encounter", lambda one: "end" in one["period"], each):
        scene.late.add(self_number("Encounter", one["id"]))
        scene.plant("TM-VS-1", one)
    for one in scene.pick(
        "Encounter", lambda one: one["class"]["code"] == "IMP" and _summary(scene, one) is not None, each
    ):
        summary = _summary(scene, one)
        assert summary is not None
        scene.drop(("DocumentReference", summary["id"]))
        scene.plant("LK-ST-1", one)


def _summary(scene: Scene, visit: Resource) -> Resource | None:
    return next(
        (
            one
            for one in scene.beside(visit)
            if one["resourceType"] == "DocumentReference" and "C0053" in str(one["type"])
        ),
        None,
    )


def _diagnoses(scene: Scene, each: int) -> None:
    for one in scene.pick("Condition", lambda one: "evidence" in one, each):
        del one["evidence"]
        scene.plant("CF-TC-3", one)
    for one in scene.pick("Condition", lambda one: "evidence" not in one, each):
        one["code"] = {"coding": [{"system": "urn:oid:2.16.156.10011.2.3.3.11", "code": "上感"}]}
        scene.plant("CF-DX-2", one)
    for one in scene.pick("Condition", lambda one: _sex(scene, one) == "female", each):
        one["code"] = {"coding": [{"system": "urn:oid:2.16.156.10011.2.3.3.11", "code": "N40.x00"}]}
        scene.plant("AC-SX-1", one)
        scene.sexed.add(person_of(one))
    for one in scene.pick("Condition", lambda one: _age(scene, one) > 2, each):
        one["code"] = {"coding": [{"system": "urn:oid:2.16.156.10011.2.3.3.11", "code": "P59.900"}]}
        scene.plant("AC-AG-2", one)


def _sex(scene: Scene, resource: Resource) -> str:
    return str(scene.resources["Patient", person_of(resource)].get("gender", ""))


def _age(scene: Scene, resource: Resource) -> float:
    birth = str(scene.resources["Patient", person_of(resource)].get("birthDate", "2026"))
    return when(resource).year - int(birth[:4]) - 1


def _is_laboratory(one: Resource) -> bool:
    return "laboratory" in str(one.get("category")) and "valueQuantity" in one


def _results(scene: Scene, each: int) -> None:
    for one in scene.pick("Observation", _is_laboratory, each):
        one["valueQuantity"] = {"value": one["valueQuantity"]["value"]}
        scene.plant("US-LB-1", one)
    for one in scene.pick("Observation", _is_laboratory, each):
        one["code"] = {"coding": [{"system": "urn:xinglin:institution:x:test", "code": "T1"}]}
        scene.plant("CF-LB-1", one)
    for one in scene.pick("Observation", _is_laboratory, each):
        one["valueQuantity"]["value"] = 9999
        scene.plant("AC-PL-1", one)
    for one in scene.pick("Observation", _has_code(_GLUCOSE), each):
        one["valueQuantity"] |= {"code": "mg/dL", "unit": "mg/dl"}
        scene.plant("CF-UN-1", one)
    for one in scene.pick("Observation", _is_laboratory, each):
        one["encounter"] = {"reference": "Encounter/nowhere"}
        scene.plant("LK-LB-1", one)
    for one in scene.pick("Observation", _is_laboratory, each):
        made = copy.deepcopy(one) | {"id": f"{one['id']}-again"}
        scene.put(made)
        scene.touch(made)
        scene.plant("DU-LB-1", made)


def _measures(scene: Scene, each: int) -> None:
    for one in scene.pick("Observation", _has_code(_PRESSURE), each):
        one["component"] = copy.deepcopy(one["component"])
        one["component"][0]["valueQuantity"]["value"] = 420
        scene.plant("AC-BP-1", one)
    for one in scene.pick("Observation", _has_code(_PRESSURE), each):
        one["component"] = copy.deepcopy(one["component"])
        one["component"][0]["valueQuantity"]["value"] = 70
        one["component"][1]["valueQuantity"]["value"] = 120
        scene.plant("AC-BP-3", one)
    for one in scene.pick("Observation", lambda one: code_of(one) == _HEIGHT and _born(scene, one), each):
        one["valueQuantity"]["value"] = 229
        scene.plant("AC-GR-1", one)
        for other in scene.of_person("Observation", _has_code(_HEIGHT))[person_of(one)]:
            scene.touch(other)  # the next height falls


def _born(scene: Scene, one: Resource) -> bool:
    return "birthDate" in scene.resources["Patient", person_of(one)]


def _has_parts(scene: Scene, one: Resource) -> bool:
    found = {code_of(other) for other in scene.beside(one)}
    return {"14646-4", "22748-8"} <= found


def _declared(scene: Scene, each: int) -> None:
    """Of some days twice as much is declared; the numbers are those that ``Scene.settle`` gives."""
    scene.short = set(range(1, each + 1))
    scene.planted["CP-VO-1"] = {(number, 0) for number in scene.short}


_OF_PERSONS = (_share, _dead, _due, _repeated, _gap, _history, _monotone, _crowd)
_OF_ROWS = (_rare, _measures, _visits, _diagnoses, _results, _declared, _persons_alone)
