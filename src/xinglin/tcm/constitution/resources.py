"""A result as FHIR and back: a QuestionnaireResponse with the answers, an Observation with the types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.tcm.constitution.scoring import Doubt, Result, Scored, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.tcm.constitution.instruments import Instrument

SYSTEM = "urn:xinglin:codes:tcm-constitution"
CODE = "constitution"
SERVICES = "urn:xinglin:codes:tcm-service"
_SURVEY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}
_ABSENT = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}
_MAIN, _BESIDE, _DOUBT = "main", "beside", "doubt"


@dataclass(frozen=True, slots=True)
class Kept:
    """A result in the record: its Observation, when, by whom."""

    id: str
    moment: str
    performer: str
    result: Result

    @property
    def day(self) -> str:
        return self.moment[:10]


def response(
    of: Instrument, answers: Mapping[str, int], patient: str, sex: str, now: datetime
) -> dict[str, Any]:
    """The answers."""
    return {
        "resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": of.url,
        "subject": {"reference": f"Patient/{patient}"}, "authored": now.isoformat(timespec="seconds"),
        "item": [
            {"linkId": item.id, "text": item.zh, "answer": [{"valueInteger": answers[item.id]}]}
            for item in of.asked(sex)
            if item.id in answers
        ],
    }  # fmt: skip


def observation(
    of: Instrument, result: Result, *, patient: str, now: datetime, performer: str, response_id: str
) -> dict[str, Any]:
    """The types with scores and verdicts; the value is the main type."""
    made: dict[str, Any] = {
        "resourceType": "Observation", "status": "final", "category": [{"coding": [_SURVEY]}],
        "code": {"coding": [{"system": SYSTEM, "code": CODE}], "text": "中医体质辨识"},
        "subject": {"reference": f"Patient/{patient}"}, "effectiveDateTime": now.isoformat(timespec="seconds"),
        "performer": [{"display": performer}],
        "method": {"coding": [{"system": SYSTEM, "code": of.id, "version": of.version}], "text": of.zh},
        "derivedFrom": [{"reference": f"QuestionnaireResponse/{response_id}"}],
        "component": [_component(of, each) for each in result.types],
    }  # fmt: skip
    if result.main:
        found = of.type(result.main)
        made["valueCodeableConcept"] = {
            "coding": [{"system": SYSTEM, "code": found.code, "display": found.zh}], "text": found.zh,
        }  # fmt: skip
    else:
        made["dataAbsentReason"] = {"coding": [_ABSENT], "text": "未判定"}
    made["interpretation"] = [
        {"coding": [{"system": SYSTEM, "code": f"{kind}-{code}"}]}
        for kind, codes in ((_BESIDE, result.beside), (_DOUBT, result.doubts))
        for code in codes
    ]
    if not made["interpretation"]:
        del made["interpretation"]
    return made


def _component(of: Instrument, scored: Scored) -> dict[str, Any]:
    found = of.type(scored.code)
    made: dict[str, Any] = {
        "code": {"coding": [{"system": SYSTEM, "code": found.code, "display": found.zh}], "text": found.zh},
        "interpretation": [{"coding": [{"system": SYSTEM, "code": scored.verdict.value}]}],
    }
    if scored.score is None:
        return {**made, "dataAbsentReason": {"coding": [_ABSENT]}}
    return {**made, "valueQuantity": {"value": round(scored.score, 2), "unit": "分"}}


def _codes(concept: Mapping[str, Any]) -> list[str]:
    return [
        each["code"] for each in concept.get("coding", ()) if each.get("system") == SYSTEM and "code" in each
    ]


def read(resource: Mapping[str, Any]) -> Kept | None:
    """A result of an Observation that is one of ours; None for others. A score is what was kept, to two places."""
    types, said = [], [code for each in resource.get("interpretation", ()) for code in _codes(each)]
    for part in resource.get("component", ()):
        codes = _codes(part.get("code", {}))
        verdicts = [code for each in part.get("interpretation", ()) for code in _codes(each)]
        if codes and verdicts and verdicts[0] in set(Verdict):
            score = part.get("valueQuantity", {}).get("value")
            types.append(Scored(codes[0], None, score, Verdict(verdicts[0])))
    method: Mapping[str, Any] = next(iter(resource.get("method", {}).get("coding", ())), {})
    if not types or CODE not in _codes(resource.get("code", {})):
        return None
    main = next(iter(_codes(resource.get("valueCodeableConcept", {}))), None)
    beside = tuple(code.removeprefix("beside-") for code in said if code.startswith("beside-"))
    doubts = tuple(Doubt(code.removeprefix("doubt-")) for code in said if code.startswith("doubt-"))
    performer = next((each.get("display", "") for each in resource.get("performer", ())), "")
    return Kept(
        str(resource["id"]), str(resource.get("effectiveDateTime", "")), performer,
        Result(method.get("code", ""), method.get("version", ""), tuple(types), main, beside, doubts),
    )  # fmt: skip


def procedure(
    *, patient: str, programme: str, step: str, text: str, now: datetime, performer: str
) -> dict[str, Any]:
    """A service of a programme that was done."""
    return {
        "resourceType": "Procedure", "status": "completed", "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": SERVICES, "code": f"{programme}-{step}"}], "text": text},
        "performedDateTime": now.isoformat(timespec="seconds"),
        "performer": [{"actor": {"display": performer}}],
    }  # fmt: skip
