"""Self-tests by points: questions, bands, results, and the Observation that keeps a result. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.fhir.reading import codings, day, each, moment, number
from xinglin.kernel.errors import invalid, not_found
from xinglin.residents.measuring import REPORTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_DATA = Path(__file__).parent / "data"
_VERSION = 1
SYSTEM = "urn:xinglin:codes:self-test"
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
MALE, FEMALE = "male", "female"


@dataclass(frozen=True, slots=True)
class Score:
    """Points in all, and by question."""

    points: int
    by_item: Mapping[str, int]
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A result in the record."""

    id: str
    at: int
    date: str
    points: int
    result: Mapping[str, Any]


@cache
def tests() -> dict[str, dict[str, Any]]:
    """All tests by code."""
    table = tomllib.loads((_DATA / f"self-tests-{_VERSION}.toml").read_text())
    return {one["code"]: one for one in table["test"]}


def test(code: str) -> dict[str, Any]:
    """Raises ``not_found``."""
    if code not in tests():
        raise not_found(gettext_noop("There is no self-test %(code)s."), code=code)
    return tests()[code]


def version() -> str:
    """That of the table."""
    return str(_VERSION)


def score(of: Mapping[str, Any], answers: Mapping[str, float], sex: str) -> Score:
    """The points of all answers; a choice is answered by the place of its option.

    Raises ``invalid`` for a question left out, a figure out of its bounds, and where the sex matters and is not known.
    """
    if sex not in {MALE, FEMALE} and any(item["kind"] == "sex" or MALE in item for item in of["item"]):
        raise invalid(gettext_noop("The points differ for women and men; the record does not say which."))
    by_item = {item["code"]: _points(item, answers.get(item["code"]), sex) for item in of["item"]}
    points = sum(by_item.values())
    return Score(points, by_item, result_of(of, points))


def _points(item: Mapping[str, Any], answer: float | None, sex: str) -> int:
    if item["kind"] == "sex":
        return int(item[f"{sex}_points"])
    if answer is None:
        raise invalid(gettext_noop("A question is not answered."))
    if item["kind"] == "choice":
        place = int(answer)
        if not 0 <= place < len(item["options"]):
            raise invalid(gettext_noop("This is none of the answers."))
        return int(item["options"][place][0])
    if not item["least"] <= answer <= item["most"]:
        raise invalid(gettext_noop("A figure is out of its bounds."))
    bands = item.get("bands") or item[sex]
    return int([points for begin, points in bands if answer >= begin][-1])


def result_of(of: Mapping[str, Any], points: int) -> Mapping[str, Any]:
    """The last result that begins at or below the points."""
    found: Mapping[str, Any] = [one for one in of["result"] if points >= one["from"]][-1]
    return found


def observation(
    of: Mapping[str, Any], found: Score, *, patient: str, performer: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """The result as an Observation with the points by question."""
    return {
        "resourceType": "Observation",
        "meta": {"tag": [REPORTED]},
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORIES, "code": "survey"}]}],
        "code": {"coding": [{"system": SYSTEM, "code": of["code"]}], "text": of["zh"]["name"]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": now.isoformat(timespec="seconds"),
        "performer": [dict(performer)],
        "valueInteger": found.points,
        "method": {
            "coding": [{"system": SYSTEM, "code": of["code"], "version": version()}],
            "text": of["source"],
        },
        "note": [{"text": found.result["zh"]["means"]}],
    }


def kept(of: Mapping[str, Any], resources: Iterable[Mapping[str, Any]]) -> list[Kept]:
    """The results of a test among Observations, the latest first."""
    found = []
    for one in resources:
        said = {code for system, code in codings(one.get("code")) if system == SYSTEM}
        if of["code"] in said and one.get("status") == "final" and "valueInteger" in one:
            at, points = str(one.get("effectiveDateTime", "")), int(number(one["valueInteger"]))
            found.append(Kept(str(one["id"]), moment(at), day(at), points, result_of(of, points)))
    return sorted(found, key=lambda one: one.at, reverse=True)


def has_already(of: Mapping[str, Any], conditions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of the conditions, by ICD-10, is what the test looks for."""
    void = {"entered-in-error", "refuted"}
    codes = [
        code
        for one in conditions
        if not void & {c for _, c in codings(one.get("verificationStatus"))}
        for concept in each(one.get("code"))
        for _, code in codings(concept)
    ]
    return any(code.startswith(tuple(of["excludes"])) for code in codes)
