from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.fhir import definitions
from xinglin.kernel.errors import Fault, Kind
from xinglin.record.search import Summary, Total, parse, values
from xinglin.record.search.criteria import Chain, Has, Link, Match
from xinglin.record.search.values import Prefix

if TYPE_CHECKING:
    from xinglin.record.search.criteria import Criterion

DAY = 86_400_000_000


def criterion(type_: str, name: str, value: str) -> Criterion:
    (found,) = parse(type_, [(name, value)]).criteria
    return found


def match(type_: str, name: str, value: str) -> Match:
    found = criterion(type_, name, value)
    assert isinstance(found, Match)
    return found


# -- escapes


@given(st.lists(st.text(alphabet="ab,|$\\", max_size=6), min_size=1, max_size=5), st.sampled_from(",|$"))
def test_escaped_parts_come_back_from_a_joined_text(parts: list[str], separator: str) -> None:
    text = separator.join(values.escape(part) for part in parts)

    assert [values.unescape(part) for part in values.split(text, separator)] == parts


@given(st.text())
def test_every_text_survives_escaping(text: str) -> None:
    assert values.unescape(values.escape(text)) == text


def test_an_escaped_separator_belongs_to_its_value() -> None:
    found = match("Patient", "identifier", r"http://a\|b|c\,d,e\$f\\")

    assert found.values == (values.Token("http://a|b", "c,d"), values.Token(None, "e$f\\"))


# -- values


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("a", values.Token(None, "a")),
        ("s|a", values.Token("s", "a")),
        ("|a", values.Token("", "a")),
        ("s|", values.Token("s", None)),
    ],
)
def test_a_token_has_a_system_a_code_or_both(text: str, token: values.Token) -> None:
    assert match("Observation", "code", text).values == (token,)


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [
        ("100", 99.5, 100.5),
        ("100.00", 99.995, 100.005),
        ("1e2", 95.0, 105.0),
        ("5.4", 5.35, 5.45),
        ("5.40e-3", 0.005395, 0.005405),
        ("-1", -1.5, -0.5),
        ("0", -0.5, 0.5),
    ],
)
def test_a_numbers_digits_imply_its_precision(text: str, lo: float, hi: float) -> None:
    number = values.number(text)

    assert (number.lo, number.hi) == (lo, hi)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**6), max_value=10**6))
def test_a_number_lies_within_its_own_precision(number: object) -> None:
    read = values.number(str(number))

    assert read.lo <= read.value < read.hi


@pytest.mark.parametrize("prefix", list(Prefix))
def test_a_prefix_is_told_from_the_value(prefix: Prefix) -> None:
    assert values.number(f"{prefix}5").prefix is prefix
    assert values.moment(f"{prefix}2024").prefix is prefix


@pytest.mark.parametrize(
    ("text", "length"),
    [("2024", 366 * DAY), ("2024-02", 29 * DAY), ("2024-02-03", DAY), ("2024-02-03T10:00Z", 60_000_000)],
)
def test_a_date_covers_its_precision(text: str, length: int) -> None:
    moment = values.moment(text)

    assert moment.hi - moment.lo == length


# -- structure


def test_a_chain_is_followed_from_type_to_type() -> None:
    found = criterion("Observation", "subject:Patient.organization.name:exact", "X")

    assert isinstance(found, Chain)
    (link,) = found.links
    assert (found.parameter.code, link.type) == ("subject", "Patient")
    inner = link.criterion
    assert isinstance(inner, Chain)
    (last,) = inner.links
    assert isinstance(last, Link)
    assert isinstance(last.criterion, Match)
    assert (inner.parameter.code, last.type, last.criterion.modifier) == (
        "organization",
        "Organization",
        "exact",
    )


def test_an_untyped_chain_goes_to_every_target_that_has_the_parameter() -> None:
    found = criterion("Observation", "subject.name", "X")

    assert isinstance(found, Chain)
    with_name = {t for t in found.parameter.target if "name" in definitions.search_parameters(t)}
    assert {link.type for link in found.links} == with_name == {"Location", "Patient"}


def test_has_nests() -> None:
    found = criterion("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent.name", "x")

    assert isinstance(found, Has)
    inner = found.criterion
    assert isinstance(inner, Has)
    assert (found.type, found.parameter.code, inner.type, inner.parameter.code) == (
        "Observation",
        "patient",
        "AuditEvent",
        "entity",
    )
    assert isinstance(inner.criterion, Chain)


def test_repeated_parameters_are_anded_and_commas_ored() -> None:
    query = parse("Patient", [("given", "a,b"), ("given", "c")])

    assert [len(c.values) for c in query.criteria if isinstance(c, Match)] == [2, 1]


def test_the_controls_are_read() -> None:
    query = parse(
        "Observation",
        [
            ("_sort", "-date,_id"),
            ("_count", "5000"),
            ("_total", "accurate"),
            ("_summary", "data"),
            ("_elements", "status,code"),
            ("_include", "Observation:subject:Patient"),
            ("_include:iterate", "Patient:organization"),
            ("_revinclude", "Provenance:target"),
            ("_include", "*"),
            ("_format", "json"),
        ],
    )

    assert [(key.parameter.code, key.descending) for key in query.sort] == [("date", True), ("_id", False)]
    assert (query.count, query.total, query.summary) == (1000, Total.ACCURATE, Summary.DATA)
    assert query.elements == ("status", "code")
    assert [
        (i.reverse, i.type, i.parameter and i.parameter.code, i.target, i.iterate) for i in query.includes
    ] == [
        (False, "Observation", "subject", "Patient", False),
        (False, "Patient", "organization", None, True),
        (True, "Provenance", "target", None, False),
        (False, None, None, None, False),
    ]


def test_a_count_of_nothing_asks_for_the_total_alone() -> None:
    assert parse("Patient", [("_count", "0")]).summary is Summary.COUNT


# -- refusals

WRONG_VALUES = [
    ("Patient", "gender", "malle", "a code that the element can have: male."),
    ("Patient", "gender:not", "x", "a code that the element can have: female, male, other, unknown."),
    ("Patient", "active", "maybe", "a code that the element can have: false, true."),
    ("Patient", "name", "", "not empty."),
    ("Patient", "name", "a,,b", "without empty alternatives."),
    ("Patient", "birthdate", "yesterday", "a date"),
    ("Patient", "birthdate", "2024-02-30", "a date"),
    ("Patient", "birthdate", "xx2024", "a date"),
    ("Patient", "gender:missing", "maybe", "true or false."),
    ("Patient", "identifier", "a|b|c", "a code"),
    ("Patient", "identifier", "|", "a code"),
    ("Patient", "identifier:of-type", "a|b", "the identifier's type"),
    ("RiskAssessment", "probability", "much", "a number"),
    ("RiskAssessment", "probability", "1e999", "a number"),
    ("Observation", "value-quantity", "5|mg", "a number"),
    ("Observation", "code-value-quantity", "a", "code$value-quantity"),
    ("Location", "near", "100|0", "latitude|longitude"),
    ("Patient", "_count", "-1", "a whole number from 0 to 1000."),
    ("Patient", "_total", "some", "one of none, estimate, accurate."),
    ("Patient", "_summary", "yes", "one of true"),
    ("Patient", "_sort", "nmae", "parameters such as name."),
    ("Patient", "_include", "Patient", "Type:parameter"),
    ("Patient", "_include", "Patient:orgnization", "Type:parameter with a reference such as organization."),
    ("Patient", "_elements", "nmae", "top-level elements such as name."),
]
WRONG_NAMES = [
    (
        "Patient",
        "_has:Observation:patient",
        "x",
        "Search parameter _has:Observation:patient cannot have the value '_has:Observation:patient'.",
    ),
    ("Patient", "nmae", "x", "Unknown search parameter nmae for Patient. Known here: name."),
    (None, "name", "x", "Unknown search parameter name for Resource. Known here: "),
    ("Patient", "name:exakt", "x", "Search parameter name has no modifier :exakt. Allowed: exact."),
    (
        "Patient",
        "birthdate:exact",
        "2000",
        "Search parameter birthdate has no modifier :exact. Allowed: missing.",
    ),
    ("Patient", "name:", "x", "Search parameter name has no modifier :. Allowed: "),
    (
        "Observation",
        "subject:Pateint.name",
        "x",
        "Search parameter subject:Pateint.name names the resource type Pateint. Allowed: Patient.",
    ),
    (
        "Observation",
        "subject:Patient.nmae",
        "x",
        "Unknown search parameter subject:Patient.nmae for Patient. Known here: name.",
    ),
    ("Observation", "code.name", "x", "In search parameter code.name, code of Observation is no reference"),
    (
        "Patient",
        "_has:Obs:patient:code",
        "x",
        "Search parameter _has:Obs:patient:code names the resource type Obs.",
    ),
    ("Patient", "_has:Observation:patient:cod", "x", "Unknown search parameter"),
    (
        "Patient",
        "_include:again",
        "Patient:link",
        "Search parameter _include has no modifier :again. Allowed: iterate.",
    ),
    (None, "_type", "Pateint", "Search parameter _type names the resource type Pateint. Allowed: Patient."),
]


@pytest.mark.parametrize(
    ("type_", "name", "value", "wanted"),
    WRONG_VALUES,
    ids=[f"{name}={value}" for _, name, value, _ in WRONG_VALUES],
)
def test_a_value_that_cannot_be_is_refused_with_what_could(
    type_: str | None, name: str, value: str, wanted: str
) -> None:
    with pytest.raises(Fault) as refused:
        parse(type_, [(name, value)])

    (issue,) = refused.value.issues
    message = f"Search parameter {name} cannot have the value {value!r}. It should be {wanted}"
    assert refused.value.kind is Kind.INVALID
    assert issue.text[: len(message)] == message


@pytest.mark.parametrize(
    ("type_", "name", "value", "message"),
    WRONG_NAMES,
    ids=[f"{name}={value}" for _, name, value, _ in WRONG_NAMES],
)
def test_a_name_that_is_unknown_is_refused_with_the_nearest(
    type_: str | None, name: str, value: str, message: str
) -> None:
    with pytest.raises(Fault) as refused:
        parse(type_, [(name, value)])

    (issue,) = refused.value.issues
    assert refused.value.kind is Kind.INVALID
    assert issue.text[: len(message)] == message


@pytest.mark.parametrize("name", ["_text", "_content", "_filter", "_query", "_list", "subject:below"])
def test_what_is_not_done_is_called_unsupported(name: str) -> None:
    with pytest.raises(Fault) as refused:
        parse("Observation", [(name, "x")])

    assert refused.value.kind is Kind.UNSUPPORTED
    assert refused.value.issues[0].params["name"] == name


def test_every_wrong_pair_is_named_at_once() -> None:
    with pytest.raises(Fault) as refused:
        parse("Patient", [("nmae", "x"), ("birthdate", "x"), ("name", "x")])

    assert [issue.params["name"] for issue in refused.value.issues] == ["nmae", "birthdate"]


def test_a_lenient_asker_gets_warnings_and_the_rest() -> None:
    query = parse("Patient", [("nmae", "x"), ("name", "y"), ("birthdate:contains", "2000")], lenient=True)

    assert [issue.severity for issue in query.warnings] == ["warning", "warning"]
    assert query.pairs == (("name", "y"),)
    assert len(query.criteria) == 1


def test_a_chain_may_not_go_on_forever() -> None:
    with pytest.raises(Fault) as refused:
        parse("Patient", [("link:Patient." * 9 + "name", "x")])

    assert refused.value.issues[0].code == "too-costly"


def test_too_many_alternatives_are_refused() -> None:
    with pytest.raises(Fault) as refused:
        parse("Patient", [("identifier", ",".join(map(str, range(1001))))])

    assert refused.value.issues[0].code == "too-costly"


@pytest.mark.parametrize("type_", definitions.RESOURCE_TYPES)
def test_every_parameter_of_the_standard_can_be_named_and_asked_to_be_missing(type_: str) -> None:
    known = [p for p in definitions.search_parameters(type_).values() if p.type != "composite"]

    query = parse(type_, [(f"{parameter.code}:missing", "true") for parameter in known])

    assert [c.parameter.code for c in query.criteria if isinstance(c, Match)] == [p.code for p in known]


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_pair_is_read_or_refused(name: str, value: str) -> None:
    try:
        query = parse("Observation", [(name, value)])
    except Fault as refused:
        assert refused.kind in (Kind.INVALID, Kind.UNSUPPORTED)  # noqa: PT017 -- either outcome is right
    else:
        assert query.pairs == ((name, value),)
