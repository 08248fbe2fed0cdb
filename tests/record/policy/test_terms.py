"""A policy's data: read, or refused with what is wrong."""

from __future__ import annotations

import pytest

from xinglin.kernel.errors import Fault
from xinglin.record.policy import sensitivity, terms
from xinglin.record.policy.compiling import _DATA

TERMS = "http://terminology.hl7.org/CodeSystem/"
LABELS = (_DATA / "sensitivity.toml").read_text(encoding="utf-8")
HEAD = """[policy]
name = "x"
version = "1"
source = "own"
effective = "2026-01-01"
confidence = "low"
"""
RULE = """[[rule]]
name = "r"
roles = ["doctor"]
types = {types}
scope = "{scope}"
withhold = {withhold}
"""


def rule(types: str = '["all"]', scope: str = "region", withhold: str = "[]") -> str:
    return HEAD + RULE.format(types=types, scope=scope, withhold=withhold)


@pytest.mark.parametrize("name", ["open", "region"])
def test_what_is_shipped_says_where_it_comes_from(name: str) -> None:
    policy = terms.read((_DATA / f"{name}.toml").read_text(encoding="utf-8"), LABELS, name)

    assert policy.name == name
    assert policy.open is (name == "open")
    assert all((policy.version, policy.source, policy.effective, policy.confidence))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[policy", "The policy p is no TOML: "),
        ("", "The policy lacks policy at p."),
        ('[policy]\nname = "x"', "The policy lacks version at p."),
        (rule(types='["Patent"]'), "p: rule 1: Patent is no resource type."),
        (rule(scope="moon"), "p: rule 1: the scope moon should be one of region, consortium, "),
        (rule(withhold='["XYZ"]'), "p: rule 1: there is no label XYZ."),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(Fault) as refused:
        terms.read(text, LABELS, "p")

    assert str(refused.value).startswith(said)


def test_groups_and_all_are_types() -> None:
    grouped = '[group.g]\ntypes = ["Patient", "Person"]\n'

    of_group = terms.read(rule(types='["g", "Observation"]') + grouped, LABELS, "p").rules[0]
    of_all = terms.read(rule(types='["all", "g"]', withhold='"all"') + grouped, LABELS, "p").rules[0]

    assert of_group.types == {"Patient", "Person", "Observation"}
    assert (of_all.types, of_all.withhold) == (None, {"HIV", "STD", "PSY", "SEX", "R"})


@pytest.mark.parametrize(
    ("resource", "labels"),
    [
        ({"code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20.1"}]}}, ["HIV"]),
        ({"code": {"coding": [{"system": "urn:oid:1.2.3", "code": "F32.900x001"}]}}, ["PSY"]),
        ({"code": {"coding": [{"code": "A53"}]}}, ["STD"]),
        ({"code": {"coding": [{"code": "J00"}]}}, []),
        ({"code": {"coding": [{"system": "http://loinc.org", "code": "F1234-5"}]}}, []),
        ({"code": {"text": "精神分裂症"}}, ["PSY"]),
        ({"note": [{"text": "人工流产术后"}]}, ["SEX"]),
        ({"reasonCode": [{"coding": [{"display": "艾滋病"}]}]}, ["HIV"]),
        ({"text": {"div": "<div>梅毒</div>"}}, ["STD"]),
        (
            {"meta": {"security": [{"system": f"{TERMS}v3-Confidentiality", "code": "R"}]}},
            ["R"],
        ),
        ({"subject": {"reference": "Patient/F20"}, "id": "F20"}, []),
    ],
)  # fmt: skip
def test_labels_are_found_by_code_word_and_the_senders_own(resource: dict, labels: list[str]) -> None:
    known = terms.read(HEAD, LABELS, "p").labels

    assert sensitivity.labels(known, {"resourceType": "Condition", **resource}) == labels
