"""Operations on codes as a client sees them; the cases have the shapes of HL7's own tests for terminology servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.make import parameters
from tests.terminology import make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.caller import Caller

CS = "http://example.org/CodeSystem/simple"
VS = "http://example.org/ValueSet/"
USE = {"system": "http://example.org/designations", "code": "olde"}


def simple(**more: Any) -> dict[str, Any]:
    """A small tree with a group that is retired and not to be chosen."""
    return {
        "resourceType": "CodeSystem",
        "id": "simple",
        "url": CS,
        "version": "0.1.0",
        "name": "Simple",
        "status": "active",
        "caseSensitive": True,
        "content": "complete",
        "property": [
            {"code": "prop", "type": "code"},
            {"code": "status", "uri": "http://hl7.org/fhir/concept-properties#status", "type": "code"},
            {
                "code": "notSelectable",
                "uri": "http://hl7.org/fhir/concept-properties#notSelectable",
                "type": "boolean",
            },
        ],
        "concept": [
            {
                "code": "code1",
                "display": "Display 1",
                "definition": "My first code",
                "designation": [
                    {"use": USE, "value": "mine own first code"},
                    {"language": "zh", "value": "一号"},
                ],
                "property": [{"code": "prop", "valueCode": "old"}],
            },
            {
                "code": "code2",
                "display": "Display 2",
                "property": [
                    {"code": "prop", "valueCode": "new"},
                    {"code": "notSelectable", "valueBoolean": True},
                    {"code": "status", "valueCode": "retired"},
                ],
                "concept": [
                    {
                        "code": "code2a",
                        "display": "Display 2a",
                        "definition": "My first second level code",
                        "property": [{"code": "prop", "valueCode": "new"}],
                        "concept": [
                            {"code": "code2aI", "display": "Display 2aI"},
                            {"code": "code2aII", "display": "Display 2aII"},
                        ],
                    },
                    {
                        "code": "code2b",
                        "display": "Display 2b",
                        "property": [{"code": "prop", "valueCode": "old"}],
                    },
                ],
            },
            {"code": "code3", "display": "Display 3"},
        ],
        **more,
    }


def value_set(name: str, *include: dict[str, Any], **compose: Any) -> dict[str, Any]:
    return {
        "resourceType": "ValueSet",
        "id": name,
        "url": VS + name,
        "version": "5.0.0",
        "name": name,
        "status": "active",
        "compose": {"include": list(include), **compose},
    }


def filtered(property_: str, op: str, value: str) -> dict[str, Any]:
    return {"system": CS, "filter": [{"property": property_, "op": op, "value": value}]}


SETS = [
    value_set("all", {"system": CS}),
    value_set(
        "enum", {"system": CS, "concept": [{"code": c} for c in ("code1", "code2aII", "code3", "codeX")]}
    ),
    value_set("isa", filtered("concept", "is-a", "code2")),
    value_set("below", filtered("concept", "descendent-of", "code2")),
    value_set("not-isa", filtered("concept", "is-not-a", "code2")),
    value_set("above", filtered("concept", "generalizes", "code2aI")),
    value_set("prop", filtered("prop", "=", "old")),
    value_set("regex", filtered("code", "regex", "code[13]")),
    value_set("in", filtered("concept", "in", "code1,code3")),
    value_set("not-in", filtered("concept", "not-in", "code1,code3")),
    value_set("exists", filtered("prop", "exists", "false")),
    value_set("child", filtered("parent", "=", "code2")),
    value_set("minus", {"system": CS}, exclude=[filtered("concept", "is-a", "code2")]),
    value_set("import", {"valueSet": [VS + "isa"], **filtered("prop", "=", "new")}),
    value_set("both", {"valueSet": [VS + "isa", VS + "prop"]}),
    value_set("active", {"system": CS}, inactive=False),
    value_set("strange", {"system": "urn:elsewhere", "concept": [{"code": "x", "display": "某物"}]}),
]
MAP = {
    "resourceType": "ConceptMap",
    "id": "map",
    "url": "http://example.org/ConceptMap/map",
    "version": "1",
    "status": "active",
    "sourceUri": VS + "all",
    "targetUri": "http://example.org/ValueSet/other",
    "group": [
        {
            "source": CS,
            "target": "urn:other",
            "element": [
                {
                    "code": "code1",
                    "target": [{"code": "A", "display": "Letter A", "equivalence": "equivalent"}],
                },
                {"code": "code2a", "target": [{"code": "B", "equivalence": "wider", "comment": "nearly"}]},
                {"code": "code3", "target": [{"equivalence": "unmatched"}]},
            ],
            "unmapped": {"mode": "fixed", "code": "Z", "display": "Anything else"},
        }
    ],
}


@pytest.fixture
def codes(caller: Caller) -> Iterator[Caller]:
    """A caller, and the systems, sets and map above stored through the face."""
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in [simple(), *SETS, MAP]
    ]
    reply = caller("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert reply.status == 200, reply.body
    yield caller
    from xinglin.record import database

    make.empty(database.connection())


def given(reply: Any) -> dict[str, Any]:
    """The parameters of an answer by name; of those that come several times a list."""
    assert reply.status == 200, reply.body
    found: dict[str, Any] = {}
    for one in reply.json["parameter"]:
        value = next((v for n, v in one.items() if n.startswith("value")), one.get("part"))
        if one["name"] in ("designation", "property", "match"):
            found.setdefault(one["name"], []).append(
                {p["name"]: next(v for n, v in p.items() if n.startswith("value")) for p in value}
            )
        else:
            found[one["name"]] = value
    return found


def listed(reply: Any) -> list[str]:
    assert reply.status == 200, reply.body
    return [one["code"] for one in reply.json["expansion"].get("contains", [])]


# -- lookup


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", f"CodeSystem/$lookup?system={CS}&code=code2a", None),
        ("GET", "CodeSystem/simple/$lookup?code=code2a", None),
        ("GET", f"CodeSystem/$lookup?system={CS}&version=0.1.0&code=code2a", None),
        ("POST", "CodeSystem/$lookup", parameters(coding={"valueCoding": {"system": CS, "code": "code2a"}})),
    ],
)
def test_lookup_tells_what_is_known_of_a_code(codes: Caller, method: str, url: str, body: Any) -> None:
    found = given(codes(method, url, body))

    assert found == {
        "name": "Simple",
        "version": "0.1.0",
        "display": "Display 2a",
        "code": "code2a",
        "system": CS,
        "definition": "My first second level code",
        "abstract": False,
        "property": [
            {"code": "prop", "value": "new"},
            {"code": "inactive", "value": False},
            {"code": "parent", "value": "code2", "description": "Display 2"},
            {"code": "child", "value": "code2aI", "description": "Display 2aI"},
            {"code": "child", "value": "code2aII", "description": "Display 2aII"},
        ],
    }


def test_lookup_gives_the_properties_and_the_language_that_are_asked_for(codes: Caller) -> None:
    found = given(
        codes.get(
            f"CodeSystem/$lookup?system={CS}&code=code1&displayLanguage=zh&property=prop&property=lang.zh"
        )
    )

    assert (found["display"], found["property"], found["designation"]) == (
        "一号",
        [{"code": "prop", "value": "old"}],
        [{"language": "zh", "value": "一号"}],
    )


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        (f"system={CS}&code=nix", 404, f"'nix' is no code of {CS}|0.1.0, as far as it is loaded here."),
        ("system=urn:nix&code=a", 404, "The code system urn:nix is not loaded here."),
        (f"system={CS}&version=9&code=code1", 404, f"The code system {CS}|9 is not loaded here."),
        (f"system={CS}", 400, "Give a code with its system, or a coding."),
        (f"system={CS}&code=a&date=soon", 400, None),
        (f"system={CS}&code=a&colour=red", 400, None),
    ],
)
def test_lookup_says_what_is_missing(codes: Caller, url: str, status: int, said: str | None) -> None:
    reply = codes.get(f"CodeSystem/$lookup?{url}")

    assert reply.status == status
    assert said is None or reply.text == said


# -- validate-code


@pytest.mark.parametrize(
    ("url", "right", "message"),
    [
        (f"CodeSystem/$validate-code?url={CS}&code=code1", True, None),
        (f"CodeSystem/$validate-code?url={CS}&code=code1&display=Display 1", True, None),
        (f"CodeSystem/$validate-code?url={CS}&code=code1&display=一号", True, None),
        (
            f"CodeSystem/$validate-code?url={CS}&code=code1&display=Nonsense",
            False,
            f"“Nonsense” is no display of {CS}|code1; it should be “Display 1”.",
        ),
        (f"CodeSystem/$validate-code?url={CS}&code=codeX", False, f"'codeX' is no code of {CS}|0.1.0."),
        (
            f"CodeSystem/$validate-code?url={CS}&code=code2",
            True,
            f"The code code2 of {CS}|0.1.0 is no longer in use.",
        ),
        (
            f"CodeSystem/$validate-code?url={CS}&code=code2&abstract=false",
            False,
            f"The code code2 of {CS}|0.1.0 only groups others and cannot be used itself.",
        ),
        (
            f"CodeSystem/$validate-code?url={CS}&code=code1&version=7",
            False,
            f"There is no version 7 of {CS} here; there are 0.1.0.",
        ),
        (
            "CodeSystem/$validate-code?url=urn:nix&code=code1",
            False,
            "The code system urn:nix is not loaded here, so its codes cannot be checked.",
        ),
        ("CodeSystem/simple/$validate-code?code=code3", True, None),
        (f"ValueSet/$validate-code?url={VS}isa&code=code2a&system={CS}", True, None),
        (f"ValueSet/$validate-code?url={VS}isa&code=code2a", True, None),
        (f"ValueSet/isa/$validate-code?code=code2b&system={CS}&display=Display 2b", True, None),
        (
            f"ValueSet/$validate-code?url={VS}isa&code=code1&system={CS}",
            False,
            f"{CS}|code1 is not in the value set {VS}isa.",
        ),
        (
            f"ValueSet/$validate-code?url={VS}isa&code=codeX&system={CS}",
            False,
            f"{CS}|codeX is not in the value set {VS}isa. 'codeX' is no code of {CS}|0.1.0.",
        ),
        (f"ValueSet/$validate-code?url={VS}all&code=code1&system={CS}", True, None),
        (f"ValueSet/$validate-code?url={VS}strange&code=x&system=urn:elsewhere", True, None),
        (
            f"ValueSet/$validate-code?url={VS}minus&code=code2a",
            False,
            f"code2a is not in the value set {VS}minus.",
        ),
        (
            "ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender&code=male",
            True,
            None,
        ),
    ],
)
def test_codes_are_judged(codes: Caller, url: str, right: bool, message: str | None) -> None:
    found = given(codes.get(url))

    assert (found["result"], found.get("message")) == (right, message)


def test_of_a_concept_one_right_coding_is_enough(codes: Caller) -> None:
    concept = {"coding": [{"system": "urn:nix", "code": "a"}, {"system": CS, "code": "code1"}]}

    found = given(
        codes(
            "POST",
            "ValueSet/$validate-code",
            parameters(url={"valueUri": VS + "enum"}, codeableConcept={"valueCodeableConcept": concept}),
        )
    )

    assert (found["result"], found["code"], found["display"]) == (True, "code1", "Display 1")


# -- subsumes


@pytest.mark.parametrize(
    ("a", "b", "outcome"),
    [
        ("code2", "code2aI", "subsumes"),
        ("code2aI", "code2", "subsumed-by"),
        ("code2", "code2", "equivalent"),
        ("code1", "code2", "not-subsumed"),
    ],
)
def test_subsumption_is_told(codes: Caller, a: str, b: str, outcome: str) -> None:
    by_code = codes.get(f"CodeSystem/$subsumes?system={CS}&codeA={a}&codeB={b}")
    by_coding = codes(
        "POST",
        "CodeSystem/simple/$subsumes",
        parameters(
            codingA={"valueCoding": {"system": CS, "code": a}},
            codingB={"valueCoding": {"system": CS, "code": b}},
        ),
    )

    assert (given(by_code), given(by_coding)) == ({"outcome": outcome}, {"outcome": outcome})


# -- expand

EVERY = ["code1", "code2", "code2a", "code2aI", "code2aII", "code2b", "code3"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("all", EVERY),
        ("enum", ["code1", "code2aII", "code3"]),
        ("isa", EVERY[1:6]),
        ("below", EVERY[2:6]),
        ("not-isa", ["code1", "code3"]),
        ("above", ["code2", "code2a", "code2aI"]),
        ("prop", ["code1", "code2b"]),
        ("regex", ["code1", "code3"]),
        ("in", ["code1", "code3"]),
        ("not-in", EVERY[1:6]),
        ("exists", ["code2aI", "code2aII", "code3"]),
        ("child", ["code2a", "code2b"]),
        ("minus", ["code1", "code3"]),
        ("import", ["code2", "code2a"]),
        ("both", ["code2b"]),
        ("active", [code for code in EVERY if code != "code2"]),
        ("strange", ["x"]),
    ],
)
def test_value_sets_are_expanded(codes: Caller, name: str, expected: list[str]) -> None:
    by_url = codes.get(f"ValueSet/$expand?url={VS}{name}")
    again = codes.get(f"ValueSet/{name}/$expand")
    compose = next(one for one in SETS if one["id"] == name)
    sent = codes("POST", "ValueSet/$expand", parameters(valueSet={"resource": compose}))

    assert (listed(by_url), listed(again), listed(sent)) == (expected, expected, expected)


def test_an_expansion_tells_what_it_rests_on(codes: Caller) -> None:
    expansion = codes.get(f"ValueSet/$expand?url={VS}isa&excludeNested=true&count=2&offset=1").json[
        "expansion"
    ]

    assert (expansion["total"], expansion["offset"]) == (5, 1)
    assert expansion["parameter"] == [
        {"name": "offset", "valueInteger": 1},
        {"name": "count", "valueInteger": 2},
        {"name": "excludeNested", "valueBoolean": True},
        {"name": "version", "valueUri": f"{CS}|0.1.0"},
        {"name": "used-valueset", "valueUri": f"{VS}isa|5.0.0"},
    ]
    assert expansion["contains"] == [
        {"system": CS, "version": "0.1.0", "code": "code2a", "display": "Display 2a"},
        {"system": CS, "version": "0.1.0", "code": "code2aI", "display": "Display 2aI"},
    ]


def test_groups_and_retired_codes_are_marked_and_can_be_left_out(codes: Caller) -> None:
    first = codes.get(f"ValueSet/$expand?url={VS}isa").json["expansion"]["contains"][0]
    active = codes.get(f"ValueSet/$expand?url={VS}isa&activeOnly=true")

    assert first == {
        "system": CS, "abstract": True, "inactive": True, "version": "0.1.0", "code": "code2", "display": "Display 2",
    }  # fmt: skip
    assert (listed(active), active.json["expansion"]["total"]) == (EVERY[2:6], 4)


def test_designations_and_another_language_are_given_when_asked_for(codes: Caller) -> None:
    reply = codes.get(f"ValueSet/$expand?url={VS}enum&includeDesignations=true&displayLanguage=zh-CN&count=1")

    assert reply.json["expansion"]["contains"][0] == {
        "system": CS,
        "version": "0.1.0",
        "code": "code1",
        "display": "一号",
        "designation": [{"use": USE, "value": "mine own first code"}, {"language": "zh", "value": "一号"}],
    }


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("yihao", ["code1"]), ("yh", ["code1"]), ("一号", ["code1"]), ("display 3", ["code3"]), ("CODE2A", EVERY[2:5]),
     ("nothing", [])],
)  # fmt: skip
def test_members_are_found_by_whatever_of_them_is_typed(
    codes: Caller, typed: str, expected: list[str]
) -> None:
    for name in ("all", "not-in" if expected == EVERY[2:5] else "all"):
        reply = codes.get(f"ValueSet/$expand?url={VS}{name}&filter={typed}&count=10")

        assert (listed(reply), reply.json["expansion"]["total"]) == (expected, len(expected))


def test_members_of_a_system_that_is_not_here_are_found_too(codes: Caller) -> None:
    assert listed(codes.get(f"ValueSet/$expand?url={VS}strange&filter=mw")) == ["x"]


def test_what_would_be_too_much_is_refused(codes: Caller) -> None:
    many = {"code": "n", "display": "many"}
    big = simple(id="big", url="urn:big", concept=[{**many, "code": f"n{n}"} for n in range(10_001)])
    assert codes("PUT", "CodeSystem/big", big).status == 201
    everything = value_set("big", {"system": "urn:big"})
    assert codes("PUT", "ValueSet/big", everything).status == 201

    refused = codes.get(f"ValueSet/$expand?url={VS}big")
    page = codes.get(f"ValueSet/$expand?url={VS}big&count=2&offset=10000")

    assert (refused.status, refused.issues[0]["code"]) == (400, "too-costly")
    assert (listed(page), page.json["expansion"]["total"]) == (["n10000"], 10_001)


@pytest.mark.parametrize(
    ("include", "status", "said"),
    [
        ({"system": "urn:nix"}, 404, "The code system urn:nix is not loaded here, so it cannot be listed."),
        ({"valueSet": ["urn:nix"]}, 404, "There is no value set urn:nix here."),
        (
            filtered("concept", "is-a", "nix"),
            400,
            f"The filter of a value set names nix, which is no code of {CS}|0.1.0.",
        ),
        (filtered("code", "regex", "co(de"), 400, None),
        (filtered("prop", "is-a", "code1"), 400, f"The filter prop is-a on {CS} is not supported."),
    ],
)
def test_what_cannot_be_expanded_is_said(
    codes: Caller, include: dict[str, Any], status: int, said: str | None
) -> None:
    reply = codes("POST", "ValueSet/$expand", parameters(valueSet={"resource": value_set("wrong", include)}))

    assert reply.status == (422 if "nix, which" in (said or "") else status)
    assert said is None or reply.text == said


def test_a_value_set_that_includes_itself_is_refused(codes: Caller) -> None:
    for one, other in (("ring1", "ring2"), ("ring2", "ring1")):
        codes("PUT", f"ValueSet/{one}", value_set(one, {"valueSet": [VS + other]}))

    reply = codes.get(f"ValueSet/$expand?url={VS}ring1")

    assert (reply.status, reply.issues[0]["code"]) == (400, "too-costly")
    assert reply.text.endswith(f"{VS}ring1 → {VS}ring2 → {VS}ring1.")


def test_an_expansion_follows_its_code_system(codes: Caller) -> None:
    before = listed(codes.get(f"ValueSet/$expand?url={VS}prop"))
    changed = simple()
    changed["concept"][2]["property"] = [{"code": "prop", "valueCode": "old"}]
    assert codes("PUT", "CodeSystem/simple", changed).status == 200

    after = listed(codes.get(f"ValueSet/$expand?url={VS}prop"))
    codes("DELETE", "CodeSystem/simple")
    gone = codes.get(f"ValueSet/$expand?url={VS}prop")

    assert (before, after, gone.status) == (["code1", "code2b"], ["code1", "code2b", "code3"], 404)


def test_a_later_version_does_not_hide_the_earlier(codes: Caller) -> None:
    later = simple(id="later", version="0.2.0", concept=[{"code": "new", "display": "New"}])
    assert codes("PUT", "CodeSystem/later", later).status == 201
    earlier = value_set("earlier", {"system": CS, "version": "0.1.0"})

    now = listed(codes.get(f"ValueSet/$expand?url={VS}all"))
    then = listed(codes("POST", "ValueSet/$expand", parameters(valueSet={"resource": earlier})))
    asked = listed(codes.get(f"ValueSet/$expand?url={VS}all&system-version={CS}|0.1.0"))

    assert (now, then, asked) == (["new"], EVERY, EVERY)


# -- translate


@pytest.mark.parametrize(
    ("url", "result", "matches"),
    [
        (
            f"code=code1&system={CS}&url={MAP['url']}",
            True,
            [{"equivalence": "equivalent", "concept": {"system": "urn:other", "code": "A", "display": "Letter A"},
              "source": f"{MAP['url']}|1"}],
        ),
        (
            f"code=code2a&system={CS}&targetsystem=urn:other",
            True,
            [{"equivalence": "wider", "concept": {"system": "urn:other", "code": "B"}, "comment": "nearly",
              "source": f"{MAP['url']}|1"}],
        ),
        (
            "code=B&system=urn:other&reverse=true",
            True,
            [{"equivalence": "narrower", "concept": {"system": CS, "code": "code2a", "display": "Display 2a"},
              "comment": "nearly", "source": f"{MAP['url']}|1"}],
        ),
        (f"code=code3&system={CS}", False, [{"equivalence": "unmatched", "source": f"{MAP['url']}|1"}]),
        (
            f"code=code2b&system={CS}",
            True,
            [{"equivalence": "inexact", "concept": {"system": "urn:other", "code": "Z", "display": "Anything else"},
              "source": f"{MAP['url']}|1"}],
        ),
        ("code=code1&system=urn:unmapped", False, None),
    ],
)  # fmt: skip
def test_codes_are_translated(codes: Caller, url: str, result: bool, matches: Any) -> None:
    found = given(codes.get(f"ConceptMap/$translate?{url}"))

    assert (found["result"], found.get("match")) == (result, matches)


def test_a_map_can_be_asked_at_its_own_address(codes: Caller) -> None:
    assert given(codes.get(f"ConceptMap/map/$translate?code=code1&system={CS}"))["result"] is True
    assert codes.get(f"ConceptMap/$translate?code=code1&system={CS}&url=urn:nix").status == 404


# -- closure


def test_a_closure_table_grows_and_can_be_asked_again(codes: Caller) -> None:
    def add(*wanted: str) -> Any:
        listed_ = [{"name": "concept", "valueCoding": {"system": CS, "code": code}} for code in wanted]
        body = {"resourceType": "Parameters", "parameter": [{"name": "name", "valueString": "t"}, *listed_]}
        return codes("POST", "$closure", body).json

    begun = codes("POST", "$closure", parameters(name={"valueString": "t"})).json
    first, second = add("code2", "code3"), add("code2aI", "code1")
    replay = codes(
        "POST", "$closure", parameters(name={"valueString": "t"}, version={"valueString": "0"})
    ).json

    group = {
        "source": CS,
        "target": CS,
        "element": [{"code": "code2aI", "target": [{"code": "code2", "equivalence": "subsumes"}]}],
    }
    assert [begun["version"], first["version"], second["version"], replay["version"]] == ["0", "1", "2", "2"]
    assert ("group" in first, second["group"], replay["group"]) == (False, [group], [group])


def test_a_closure_table_that_was_never_begun_is_not_found(codes: Caller) -> None:
    reply = codes("POST", "$closure", parameters(name={"valueString": "never"}, version={"valueString": "1"}))

    assert reply.status == 404
    assert codes.get("$closure?name=never").status == 405


# -- what is written


def test_a_cycle_refuses_the_write(codes: Caller) -> None:
    ring = simple(
        id="ring",
        url="urn:ring",
        property=[{"code": "parent", "uri": "http://hl7.org/fhir/concept-properties#parent", "type": "code"}],
        concept=[
            {"code": "a", "property": [{"code": "parent", "valueCode": "b"}]},
            {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]},
        ],
    )

    reply = codes("PUT", "CodeSystem/ring", ring)

    assert reply.status == 422
    assert reply.text == (
        "CodeSystem.concept[0]: The hierarchy goes in a circle: a → b → a. A code cannot be above itself."
    )
    assert codes.get("CodeSystem/ring").status == 404


def test_the_face_says_what_it_can_do_with_codes(codes: Caller) -> None:
    found = codes.get("metadata?mode=terminology").json
    statement = codes.get("metadata").json["rest"][0]

    assert found["resourceType"] == "TerminologyCapabilities"
    assert {"uri": CS, "version": [{"code": "0.1.0", "isDefault": True}], "subsumption": True} in found[
        "codeSystem"
    ]
    offered = {r["type"]: {o["name"] for o in r["operation"]} for r in statement["resource"]}
    assert {"lookup", "validate-code", "subsumes"} <= offered["CodeSystem"]
    assert {"expand", "validate-code"} <= offered["ValueSet"]
    assert "translate" in offered["ConceptMap"]
    assert "closure" in {one["name"] for one in statement["operation"]}
