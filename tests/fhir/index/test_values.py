"""What each type of value is filed as, one table for each type of parameter."""

from __future__ import annotations

from math import inf

import pytest

from xinglin.fhir.index import extractor, keys
from xinglin.kernel.ids import self_number

DAY = 86_400_000_000
MIDNIGHT = 1_704_038_400_000_000  # 2024-01-01T00:00:00+08:00, in microseconds


def entries(resource_type, **elements):
    return extractor(resource_type)({"resourceType": resource_type, **elements})


def tokens_of(path, resource_type, **elements):
    """The tokens that elements add, without presence and absence of anything."""
    bare = set(entries(resource_type).tokens)
    noise = {keys.presence_hash(path), keys.absence_hash(path)}
    return set(entries(resource_type, **elements).tokens) - bare - noise


def coding(path, system, code):
    return {keys.token_hash(path, system, code), keys.code_hash(path, code)} | (
        {keys.system_hash(path, system)} if system else set()
    )


CODE, IDENTIFIER, TELECOM = "Observation.code", "Patient.identifier", "Patient.telecom"


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        ({"coding": [{"system": "s", "code": "a", "display": "A"}]}, coding(CODE, "s", "a")),
        ({"coding": [{"code": "a"}]}, coding(CODE, "", "a")),
        ({"coding": [{"system": "s"}]}, {keys.system_hash(CODE, "s")}),
        ({"coding": [{"system": "s", "code": "a"}, {"code": "b"}]}, coding(CODE, "s", "a") | coding(CODE, "", "b")),
        ({"coding": [{"display": "A"}], "text": "A"}, set()),
        ({"text": "temperature"}, set()),
    ],
)  # fmt: skip
def test_tokens_of_a_codeable_concept(value, tokens):
    assert tokens_of(CODE, "Observation", code=value) == tokens


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        ({"system": "s", "value": "7"}, coding(IDENTIFIER, "s", "7")),
        ({"value": "7"}, coding(IDENTIFIER, "", "7")),
        ({"system": "s"}, {keys.system_hash(IDENTIFIER, "s")}),
        (
            {"value": "7", "type": {"coding": [{"system": "v2", "code": "MR"}, {"code": "x"}]}},
            coding(IDENTIFIER, "", "7")
            | {keys.of_type_hash(IDENTIFIER, "v2", "MR", "7"), keys.of_type_hash(IDENTIFIER, "", "x", "7")},
        ),
        ({"type": {"coding": [{"system": "v2", "code": "MR"}]}}, set()),
    ],
)
def test_tokens_of_an_identifier(value, tokens):
    assert tokens_of(IDENTIFIER, "Patient", identifier=[value]) == tokens


def test_tokens_of_a_telephone_are_filed_as_telecom_and_as_phone_and_by_its_end():
    phone = "Patient.telecom.where(system = 'phone')"
    both = {keys.token_hash(phone, "urn:xinglin:phone-tail", "0000")} | {
        keys.token_hash(path, "phone", "13900000000")
        for path in (TELECOM, phone)
    } | {keys.code_hash(path, "13900000000") for path in (TELECOM, phone)} | {keys.presence_hash(phone)}  # fmt: skip

    assert tokens_of(TELECOM, "Patient", telecom=[{"system": "phone", "value": "13900000000"}]) == both
    assert tokens_of(TELECOM, "Patient", telecom=[{"system": "phone"}]) == {keys.presence_hash(phone)}


@pytest.mark.parametrize(
    ("number", "tail"),
    [("0771-5312 068", "2068"), ("+86 139 0000 1234", "1234"), ("120", None), ("1234", None)],
)
def test_end_of_a_telephone_is_that_of_its_digits_and_of_a_whole_number_alone(number, tail):
    phone = "Patient.telecom.where(system = 'phone')"
    found = tokens_of(TELECOM, "Patient", telecom=[{"system": "phone", "value": number}])

    hashes = {keys.token_hash(phone, "urn:xinglin:phone-tail", end) for end in (number[-4:], tail) if end}
    assert found & hashes == ({keys.token_hash(phone, "urn:xinglin:phone-tail", tail)} if tail else set())


@pytest.mark.parametrize(
    ("elements", "truth"),
    [
        ({}, "false"),
        ({"deceasedBoolean": False}, "false"),
        ({"deceasedBoolean": True}, "true"),
        ({"deceasedDateTime": "2024"}, "true"),
    ],
)
def test_deceased_is_always_true_or_false(elements, truth):
    path = "Patient: Patient.deceased.exists() and Patient.deceased != false"
    found = entries("Patient", **elements).tokens

    assert {text for text in ("true", "false") if keys.code_hash(path, text) in found} == {truth}
    assert keys.presence_hash(path) in found


SUBJECT = "Observation.subject"


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        (
            {"reference": "Patient/1"},
            {keys.reference_hash(SUBJECT, "Patient", "1"), keys.presence_hash(SUBJECT, "Patient")},
        ),
        (
            {"reference": "Patient/1/_history/2"},
            {keys.reference_hash(SUBJECT, "Patient", "1"), keys.presence_hash(SUBJECT, "Patient")},
        ),
        ({"reference": "Group/1"}, {keys.reference_hash(SUBJECT, "Group", "1")}),
        (
            {"reference": "https://a.cn/fhir/Patient/1"},
            {keys.uri_hash(SUBJECT, "https://a.cn/fhir/Patient/1"), keys.presence_hash(SUBJECT, "Patient")},
        ),
        ({"reference": "urn:oid:1.2.3"}, {keys.uri_hash(SUBJECT, "urn:oid:1.2.3")}),
        ({"reference": "#p"}, set()),
        ({"display": "Zhang San"}, set()),
        (
            {"type": "Patient", "identifier": {"system": "s", "value": "7"}},
            {keys.presence_hash(SUBJECT, "Patient")} | coding(f"{SUBJECT}:identifier", "s", "7"),
        ),
    ],
)
def test_tokens_of_a_reference(value, tokens):
    assert tokens_of(SUBJECT, "Observation", subject=value) == tokens
    assert keys.presence_hash(SUBJECT) in entries("Observation", subject=value).tokens


def test_tokens_of_a_canonical_are_with_and_without_its_version():
    path = "CarePlan.instantiatesCanonical"
    found = tokens_of(path, "CarePlan", instantiatesCanonical=["http://a.cn/P|2", "PlanDefinition/3"])

    assert found == {
        keys.uri_hash(path, "http://a.cn/P|2"),
        keys.uri_hash(path, "http://a.cn/P"),
        keys.uri_hash(path, "PlanDefinition/3"),
        keys.reference_hash(path, "PlanDefinition", "3"),
    }


def test_tokens_of_a_uri_are_itself_and_what_it_lies_below():
    path = "Resource.meta.profile"
    found = tokens_of(path, "Patient", meta={"profile": ["http://a.cn/fhir/P|1"]})

    assert found == {
        keys.uri_hash(path, "http://a.cn/fhir/P|1"),
        keys.uri_hash(path, "http://a.cn/fhir/P"),
        keys.below_hash(path, "http://a.cn/fhir/P"),
        keys.below_hash(path, "http://a.cn/fhir"),
        keys.below_hash(path, "http://a.cn"),
    }


EFFECTIVE = keys.key("Observation.effective")


@pytest.mark.parametrize(
    ("elements", "span"),
    [
        ({"effectiveDateTime": "2024"}, (MIDNIGHT, MIDNIGHT + 366 * DAY)),
        ({"effectiveDateTime": "2024-01"}, (MIDNIGHT, MIDNIGHT + 31 * DAY)),
        ({"effectiveDateTime": "2024-01-01"}, (MIDNIGHT, MIDNIGHT + DAY)),
        ({"effectiveDateTime": "2024-01-01T00:00:00+08:00"}, (MIDNIGHT, MIDNIGHT + 1_000_000)),
        ({"effectiveInstant": "2023-12-31T16:00:00.5Z"}, (MIDNIGHT + 500_000, MIDNIGHT + 600_000)),
        ({"effectivePeriod": {"start": "2024-01-01", "end": "2024-01-02"}}, (MIDNIGHT, MIDNIGHT + 2 * DAY)),
        ({"effectivePeriod": {"start": "2024-01-01"}}, (MIDNIGHT, inf)),
        ({"effectivePeriod": {"end": "2024-01-01"}}, (-inf, MIDNIGHT + DAY)),
        ({"effectiveTiming": {"event": ["2024-01-05", "2024-01-01"]}}, (MIDNIGHT, MIDNIGHT + 5 * DAY)),
        (
            {"effectiveTiming": {"event": ["2024-01-05"], "repeat": {"boundsPeriod": {"start": "2024-01-01"}}}},
            (MIDNIGHT, inf),
        ),
    ],
)  # fmt: skip
def test_range_of_a_date(elements, span):
    found = entries("Observation", **elements)

    assert found.ranges == [(EFFECTIVE, 0, *map(float, span))]
    assert found.date == (span[0] if span[0] > -inf else span[1])


@pytest.mark.parametrize(
    "elements",
    [
        {"effectiveDateTime": "2023-02-30"},  # in form a date, and no validator of forms minds
        {"effectivePeriod": {}},
        {"effectivePeriod": {"start": "2024-01-02", "end": "2024-01-01"}},
        {"effectiveTiming": {"code": {"text": "BID"}}},
        {"effectiveTiming": {"event": [None], "_event": [{"id": "a"}]}},
    ],
)
def test_date_without_a_span_is_only_present(elements):
    found = entries("Observation", **elements)

    assert (found.ranges, found.date) == ([], None)
    assert keys.presence_hash("Observation.effective") in found.tokens


VALUE = "Observation.value:Quantity"
UCUM = "http://unitsofmeasure.org"


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ({"value": 5.4, "system": UCUM, "code": "mg", "unit": "mg"}, {("mg", 5.4, 5.4)}),
        ({"value": 5, "code": "mm[Hg]", "unit": "mmHg"}, {("mm[Hg]", 5.0, 5.0), ("mmHg", 5.0, 5.0)}),
        ({"value": 5, "unit": "片"}, {("片", 5.0, 5.0)}),
        ({"value": 5}, {("", 5.0, 5.0)}),
        ({"value": 5, "comparator": "<"}, {("", -inf, 5.0)}),
        ({"value": 5, "comparator": "<="}, {("", -inf, 5.0)}),
        ({"value": 5, "comparator": ">="}, {("", 5.0, inf)}),
        ({"unit": "mg"}, set()),
    ],
)
def test_ranges_of_a_quantity(value, rows):
    found = entries("Observation", valueQuantity=value)

    assert set(found.ranges) == {(keys.key(VALUE), keys.unit(unit), lo, hi) for unit, lo, hi in rows}
    has_code = "system" in value and "code" in value
    assert (keys.token_hash(VALUE, UCUM, "mg") in found.tokens) == has_code


def test_ranges_of_money_and_of_a_range_and_of_samples():
    coin = entries("Invoice", totalNet={"value": 12.5, "currency": "CNY"})
    path = "Invoice.totalNet"
    assert coin.ranges == [(keys.key(path), keys.unit("CNY"), 12.5, 12.5)]
    assert keys.token_hash(path, "urn:iso:std:iso:4217", "CNY") in coin.tokens

    age = entries("Condition", onsetRange={"low": {"value": 30, "unit": "years"}})
    assert age.ranges == [(keys.key("Condition.onset:Range"), keys.unit("years"), 30.0, inf)]

    samples = {"origin": {"value": 10, "code": "mV"}, "factor": 2, "data": "1 E -3 U 2", "dimensions": 1}
    curve = entries("Observation", valueSampledData=samples)
    assert curve.ranges == [(keys.key("Observation.value:SampledData"), keys.unit("mV"), 4.0, 14.0)]


def test_ranges_of_numbers():
    found = entries(
        "RiskAssessment",
        prediction=[{"probabilityDecimal": 0.5}, {"probabilityRange": {"low": {"value": 1}}}],
    )
    key = keys.key("RiskAssessment.prediction.probability")

    assert set(found.ranges) == {(key, 0, 0.5, 0.5), (key, 0, 1.0, inf)}


def test_position_is_filed_by_latitude_and_longitude():
    found = entries("Location", position={"latitude": 34.75, "longitude": 113})

    assert set(found.ranges) == {
        (keys.key("Location.position:lat"), 0, 34.75, 34.75),
        (keys.key("Location.position:lon"), 0, 113.0, 113.0),
    }


def strings_of(path, found):
    return {text for key, text in found.strings if key == keys.key(path)}


def test_strings_of_a_latin_name():
    found = entries("Patient", name=[{"family": "Søren", "given": ["Anne Marie", "J."], "prefix": ["Dr."]}])

    assert strings_of("Patient.name", found) == {
        "søren", "anne marie", "j.", "dr.", "søren anne marie j.", "anne marie j. søren",
    }  # fmt: skip
    exact = {
        t for t in ("Søren", "søren", "Anne Marie") if keys.exact_hash("Patient.name", t) in found.tokens
    }
    assert exact == {"Søren", "Anne Marie"}


def test_strings_of_a_chinese_name_have_the_keys_handed_in():
    resource = {"resourceType": "Patient", "name": [{"family": "张", "given": ["三"]}]}
    asked = []

    def name_keys(name):
        asked.append(name)
        return ["zhangsan", "zs"]

    found = extractor("Patient", name_keys=name_keys)(resource)

    assert strings_of("Patient.name", found) == {"张", "三", "张三", "张 三", "三 张", "zhangsan", "zs"}
    assert strings_of("Patient.name.family", found) == {"张"}
    assert asked == ["张 三"]


def test_strings_of_an_address():
    address = {
        "state": "河南省",
        "city": "郑州市",
        "district": "金水区",
        "line": ["文化路1号"],
        "postalCode": "450000",
    }
    found = entries("Patient", address=[address])

    assert strings_of("Patient.address", found) == {
        "河南省", "郑州市", "金水区", "文化路1号", "450000",
        "文化路1号 郑州市 河南省 450000", "河南省郑州市金水区文化路1号",
    }  # fmt: skip


def test_long_string_says_that_pairs_are_left_out():
    path = "Observation.value:string"
    short = entries("Observation", valueString="ab").tokens
    long = entries("Observation", valueString="ab" * 40).tokens

    assert (keys.long_hash(path) in short, keys.long_hash(path) in long) == (False, True)
    assert {keys.gram_hash(path, "ab"), keys.gram_hash(path, "ba")} & set(short) == {
        keys.gram_hash(path, "ab")
    }


def test_texts_of_tokens_are_strings():
    found = entries(
        "Observation",
        code={"coding": [{"code": "a", "display": "Blood  Pressure"}], "text": "血压"},
        identifier=[{"value": "1", "type": {"text": "住院号"}}],
    )

    assert strings_of("Observation.code:text", found) == {"blood pressure", "血压"}
    assert strings_of("Observation.identifier:text", found) == {"住院号"}


def test_component_of_a_panel_is_found_by_its_code_and_value_together():
    component = {
        "code": {"coding": [{"system": "s", "code": "a"}]},
        "valueQuantity": {"value": 120, "code": "x"},
    }
    other = {"code": {"coding": [{"system": "s", "code": "b"}]}, "valueQuantity": {"value": 80, "code": "x"}}
    found = entries("Observation", component=[component, other])
    path = "Observation.component$code$value:Quantity"
    code = "Observation.component.code"

    expected = set()
    for name, value in (("a", 120.0), ("b", 80.0)):
        for part in (keys.token_hash(code, "s", name), keys.code_hash(code, name)):
            expected.add((keys.composite_key(path, part), keys.unit("x"), value, value))
    assert {
        row for row in found.ranges if row[0] != keys.key("Observation.component.value:Quantity")
    } == expected


def test_composite_of_tokens_is_one_token_for_each_pair():
    relation = {"code": "replaces", "target": {"reference": "DocumentReference/1"}}
    found = entries("DocumentReference", relatesTo=[relation])
    code = keys.code_hash("DocumentReference.relatesTo.code", "replaces")
    target = keys.reference_hash("DocumentReference.relatesTo.target", "DocumentReference", "1")

    assert keys.composite_hash("DocumentReference.relatesTo$code$target", code, target) in found.tokens
    without = entries("DocumentReference", relatesTo=[{"code": "replaces", "target": {"display": "x"}}])
    assert not [row for row in without.ranges if row[1] == 0]
    assert len(found.tokens) == len(without.tokens) + 2  # the target and the pair


def test_status_that_must_be_there_is_filed_when_it_is_not():
    absent = keys.absence_hash("Observation.status")
    given = entries("Observation", status="final").tokens
    unknown = entries(
        "Observation", _status={"extension": [{"url": "http://x.cn", "valueCode": "unknown"}]}
    ).tokens

    assert (absent in given, absent in unknown) == (False, True)
    assert keys.presence_hash("Observation.status") not in given


@pytest.mark.parametrize(
    ("resource_type", "elements", "patient"),
    [
        ("Patient", {"id": "p"}, "p"),
        ("Observation", {"subject": {"reference": "Patient/p"}}, "p"),
        ("Observation", {"subject": {"reference": "Group/g"}, "performer": [{"reference": "Patient/p"}]}, "p"),
        ("Observation", {"subject": {"reference": "Patient/p"}, "performer": [{"reference": "Patient/q"}]}, "p"),
        ("Observation", {"subject": {"reference": "https://a.cn/Patient/p"}}, None),
        ("Practitioner", {"id": "p"}, None),
        ("Coverage", {"beneficiary": {"reference": "Patient/p"}, "payor": [{"reference": "Patient/q"}]}, "p"),
    ],
)  # fmt: skip
def test_patient_is_the_first_by_the_compartments_parameters(resource_type, elements, patient):
    wanted = self_number("Patient", patient) if patient else 0

    assert entries(resource_type, **elements).patient == wanted
