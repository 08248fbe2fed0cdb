"""What a mapping makes of a message, and what is said of one that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.mapping.examples import DIALECTS, GOOD, HEAD, LABORATORY, SENDER, group
from xinglin.exchange.doors import Reason
from xinglin.exchange.mapping import language
from xinglin.exchange.naming import id_of
from xinglin.kernel.errors import Fault, Issue


def wrong(text: str) -> list[tuple[int, int, str]]:
    """Line, column and text of all that is wrong with a mapping."""
    with pytest.raises(Fault) as caught:
        language.read(text, DIALECTS)
    return [(issue.params["line"], issue.params["column"], issue.text) for issue in caught.value.issues]


def observation(*sets: str, rest: str = "") -> str:
    lines = "\n".join(sets)
    return (
        f'{HEAD}\n[tables.sex]\n"1" = "male"\n"2" = ""\n[[resource]]\ntype = "Observation"\nkey = ["报告"]\n'
        "[resource.set]\n"
        f'"status" = "\'final\'"\n"code.text" = "项目"\n{lines}\n{rest}'
    )


def one(text: str, row: list[str] | None = None) -> dict[str, Any]:
    """The one resource that comes of a row, without what the tests of the whole look at."""
    made = language.read(text, DIALECTS).run(group(row or GOOD), sender=SENDER)
    assert made.reasons == ()
    (resource,) = made.resources
    return {
        name: value
        for name, value in resource.items()
        if name not in {"resourceType", "id", "status", "code"}
    }


def value(expression: str, row: list[str] | None = None) -> Any:
    """What an expression gives."""
    return one(observation(f'"valueString" = """{expression}"""'), row).get("valueString")


def test_rows_become_a_patient_and_its_results() -> None:
    second = [*GOOD[:5], "NA", "", ""]

    made = language.read(LABORATORY, DIALECTS).run(group(GOOD, second), sender=SENDER)

    patient = id_of("h01", "Patient", "p1")
    assert made.reasons == ()
    assert made.resources == (
        {
            "resourceType": "Patient",
            "id": patient,
            "identifier": [{"system": "urn:xinglin:h01:patient", "value": "p1"}],
            "name": [{"text": "张三"}],
            "gender": "male",
            "birthDate": "1980-01-02",
        },
        {
            "resourceType": "Observation",
            "id": id_of("h01", "Observation", "r1", "K"),
            "status": "final",
            "category": [{"coding": [{"code": "laboratory"}]}],
            "code": {"coding": [{"code": "K", "system": "urn:x"}], "text": "K"},
            "subject": {"reference": f"Patient/{patient}"},
            "valueQuantity": {"value": 5.4, "unit": "mmol/L"},
        },
    )
    assert repr(made.resources[1]["valueQuantity"]["value"]) == "Exact('5.40')"


def test_a_value_that_cannot_be_used_is_a_reason_with_its_place() -> None:
    bad = ["p1", "张三", "7", "19801302", "", "K", "5.40", ""]

    made = language.read(LABORATORY, DIALECTS).run(group(bad), sender=SENDER)

    assert made.reasons == (
        Reason(
            "error",
            "code-invalid",
            "row 2, column 性别",
            "This code is not in the table “%(table)s”.",
            {"table": "sex"},
        ),
        Reason(
            "error", "value", "row 2, column 出生日期", "This is no date. Write it as YYYYMMDD or YYYY-MM-DD."
        ),
        Reason("error", "required", "row 2, column 报告", "The sender's own number is missing here."),
    )
    assert not made.is_usable


def test_a_mild_function_leaves_the_value_out_with_a_warning() -> None:
    text = LABORATORY.replace("| date", "| date?").replace("| table(sex)", "| table?(sex)")
    bad = ["p1", "张三", "7", "soon", "r1", "K", "1", ""]

    made = language.read(text, DIALECTS).run(group(bad), sender=SENDER)

    assert [reason.severity for reason in made.reasons] == ["warning", "warning"]
    assert made.is_usable
    assert "birthDate" not in made.resources[0]


def test_a_thing_made_twice_is_one_that_has_what_either_has() -> None:
    text = LABORATORY.replace('type = "Patient"', 'type = "Patient"\nfor_each = "rows"')
    first, second = [*GOOD], [*GOOD]
    first[3] = ""
    second[1] = "李四"

    made = language.read(text, DIALECTS).run(group(first, second), sender=SENDER)

    assert [resource["resourceType"] for resource in made.resources] == ["Patient", "Observation"]
    assert (made.resources[0]["name"], made.resources[0]["birthDate"]) == ([{"text": "张三"}], "1980-01-02")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("姓名 + '先生'", "张三先生"),
        ("单位 + '/' + 项目 | upper", "MMOL/L/K"),
        ("(单位 | upper) + 项目", "MMOL/LK"),
        ("if 性别 = '1' then '男' else '女'", "男"),
        ("if 结果 > 5 and not (性别 in ('2', '9')) then 'high' else 'low'", "high"),
        ("if 结果 < 10.5 or 单位 = '' then 'low' else 'high'", "low"),
        ("单位 | split('/', -1)", "L"),
        ("单位 | before('/') | replace('m', 'k')", "kkol"),
        ("出生日期 | cut(1, 4)", "1980"),
        ("出生日期 | match('^..(..)')", "80"),
        ("项目 | pad(4, '0')", "000K"),
        ("either(`单位`, 项目)", "mmol/L"),
        ("join(姓名, ';')", "张三"),
        ("结果 | multiply(2) | text", "10.8"),
        ("'it''s ' + 项目", "it's K"),
        ("@system(report) + '|' + 报告", "urn:xinglin:h01:report|r1"),
        ("@sender + 项目", "h01K"),
        ("/姓名", "张三"),
        ("^姓名", "张三"),
    ],
)
def test_an_expression_gives(expression: str, expected: str) -> None:
    assert value(expression) == expected


def test_texts_around_an_empty_value_are_left_out_with_it() -> None:
    row = [*GOOD]
    row[7] = ""

    made = one(
        observation(
            '"note[0].text" = "\'in \' + 单位"',
            '"identifier[0].system" = "\'urn:x\'"',
            '"identifier[0].value" = "单位"',
            '"category[1].text" = "\'fixed\'"',
            '"subject" = "@ref(Patient, 单位)"',
            '"subject.display" = "单位"',
        ),
        row,
    )

    assert made == {"category": [{"text": "fixed"}]}


def test_a_whole_value_and_its_parts_go_together() -> None:
    made = one(
        observation(
            '"subject" = "@ref(Patient, 患者)"',
            '"subject.display" = "姓名"',
            '"extension(\'urn:x\').valueString" = "单位"',
        )
    )

    assert made == {
        "subject": {"reference": f"Patient/{id_of('h01', 'Patient', 'p1')}", "display": "张三"},
        "extension": [{"url": "urn:x", "valueString": "mmol/L"}],
    }


def test_each_node_adds_an_entry() -> None:
    text = observation(
        rest="""[[resource.each]]
element = "component"
for_each = "rows"
when = "结果 | exists"
[resource.each.set]
"code.text" = "项目"
"valueString" = "结果 + ^单位"
[[resource.each]]
element = "hasMember"
for_each = "rows"
value = "@ref(Observation, 项目)"
"""
    )
    empty = [*GOOD[:5], "NA", "", ""]

    (made,) = language.read(text, DIALECTS).run(group(GOOD, empty), sender=SENDER).resources

    assert made["component"] == [{"code": {"text": "K"}, "valueString": "5.40mmol/L"}]
    assert [ref["reference"] for ref in made["hasMember"]] == [
        f"Observation/{id_of('h01', 'Observation', name)}" for name in ("K", "NA")
    ]


def test_links_deletes_and_checks() -> None:
    text = (
        HEAD
        + """
[[check]]
when = "结果 > 5"
place = "结果"
text = "Too much."
severity = "warning"
[[resource]]
type = "Observation"
key = ["报告"]
delete = true
[[link]]
old = ["患者"]
new = ["姓名"]
"""
    )

    made = language.read(text, DIALECTS).run(group(GOOD), sender=SENDER)

    assert made.resources == ()
    assert made.deletes == (("Observation", id_of("h01", "Observation", "r1")),)
    assert made.links == ((id_of("h01", "Patient", "p1"), id_of("h01", "Patient", "张三")),)
    assert made.reasons == (Reason("warning", "business-rule", "row 2, column 结果", "Too much."),)


def test_a_mapping_uses_another() -> None:
    text = (
        HEAD.replace('"x"', '"y"')
        + 'uses = ["x"]\n[[resource]]\ntype = "Basic"\nkey = ["$number"]\nset."code.text" = "$number"\n'
    )

    made = language.read(text, DIALECTS, {"x": LABORATORY}).run(group(GOOD), sender=SENDER)

    assert [resource["resourceType"] for resource in made.resources] == ["Patient", "Observation", "Basic"]


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ('"valueQuantty" = "结果"', 2, "Observation has no element valueQuantty; is valueQuantity meant?"),
        ('"subject.dsplay" = "姓名"', 10, "Reference has no element dsplay; is display meant?"),
        ('"category.text" = "姓名"', 2, "category repeats: write category[0], or category[] for one entry of every value."),  # noqa: E501 -- one line a case
        ('"subject[0]" = "姓名"', 2, "subject does not repeat: write it without brackets."),
        ('"valueString" = "姓明"', 18, "There is no column 姓明; is 姓名 meant?"),
        ('"valueString" = "姓名 | uper"', 23, "There is no function uper; is upper meant?"),
        ('"valueString" = "姓名 +"', 22, "The expression ends too early."),
        ('"valueString" = "(姓名"', 21, "“)” is missing here."),
        ("\"valueString\" = \"姓名 | split(',', 1, 2)\"", 23, "split takes 1–2 arguments."),
        ('"valueString" = "姓名 | table(sexes)"', 29, "There is no table sexes; there are sex."),
        ('"valueString" = "$nobody"', 18, "There is no name $nobody; there are none."),
        ('"effectiveDateTime" = "出生日期"', 24, "effectiveDateTime is a dateTime, and this gives a text. Write … | dateTime."),  # noqa: E501 -- one line a case
        ('"valueInteger" = "结果 | decimal"', 19, "valueInteger is a integer, and this gives a decimal. Write … | integer."),  # noqa: E501 -- one line a case
        ('"subject" = "@ref(Group, 患者)"', None, ""),
        ('"subject" = "@ref(Practitioner, 患者)"', 14, "subject refers to Device | Group | Location | Patient, not to Practitioner."),  # noqa: E501 -- one line a case
        ('"subject" = "@ref(Pateint, 患者)"', 19, "FHIR has no resource type Pateint."),
        ('"referenceRange[0].text" = "^^姓名"', 29, "“^” reaches out of the message: there are only 1 levels around."),
        ('"valueString" = "姓名 | match(\'[\')"', 30, "The pattern is wrong: unterminated character set."),
        ('"component[0].valueString" = "姓名"', 1, "Observation.component needs code."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_stands(line: str, column: int | None, said: str) -> None:
    text = observation(line)
    if column is None:
        language.read(text, DIALECTS)
        return

    assert wrong(text) == [(16, column, said)]


def test_codes_are_checked_against_those_that_fhir_requires() -> None:
    text = observation().replace("'final'", "'finished'")

    ((line, column, said),) = wrong(text)

    assert (line, column) == (14, 13)
    assert said.startswith("“finished” is no code of status; there are amended, cancelled")


def test_all_that_is_wrong_is_said_at_once() -> None:
    text = HEAD + '[[resource]]\ntype = "Observation"\nkeys = ["报告"]\n[resource.set]\n"status" = "项"\n'

    assert [place[:2] for place in wrong(text)] == [(6, 1), (8, 1), (10, 13)]


def test_what_fhir_requires_is_asked_for() -> None:
    text = HEAD + '[[resource]]\ntype = "Observation"\nkey = ["报告"]\n'

    assert wrong(text) == [(7, 1, "Observation needs status, code.")]


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("", 1, 1, "The mapping begins with [mapping], in which id, version, door and kinds stand."),
        ("[mapping]\nid = x", 2, 6, "This is no TOML: Invalid value."),
        (HEAD + "[resources]", 6, 1, "There is no “resources” here; is “resource” meant?"),
        (
            HEAD.replace("table", "tabel"),
            4,
            9,
            "There is no door tabel; there are fhir, hl7v2, cda, table, dicom, tcm.",
        ),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(text: str, line: int, column: int, said: str) -> None:
    assert wrong(text)[0] == (line, column, said)


def test_columns_are_counted_in_characters_behind_escapes() -> None:
    assert wrong(observation('"valueString" = "\\u59d3\\u540d + 姓明"')) == [
        (16, 33, "There is no column 姓明; is 姓名 meant?")
    ]


def test_json_is_read_by_dotted_names() -> None:
    text = """[mapping]
id = "f"
version = "1"
door = "fhir"
kinds = ["Patient"]
[[resource]]
type = "Patient"
key = ["identifier[system='urn:a'].value"]
[resource.set]
"name[0].given[]" = "name.given"
"birthDate" = "birthDate | date"
"contact[0].name.text" = "contact[1].name.text"
"""
    patient = {
        "identifier": [{"system": "urn:b", "value": "2"}, {"system": "urn:a", "value": "1"}],
        "name": [{"given": ["a", "b"]}, {"given": ["c"]}],
        "birthDate": "not yet",
        "contact": [{"name": {"text": "x"}}, {"name": {"text": "y"}}],
    }

    made = language.read(text, DIALECTS).run(patient, sender=SENDER)

    assert made.resources[0]["id"] == id_of("h01", "Patient", "1")
    assert made.resources[0]["name"] == [{"given": ["a", "b", "c"]}]
    assert made.resources[0]["contact"] == [{"name": {"text": "y"}}]
    assert [reason.place for reason in made.reasons] == ["birthDate"]


@given(st.text(alphabet="姓名 患者$@^/.|+()[]'\"`?!<>=,atin10-", max_size=30))
def test_any_text_is_an_expression_or_refused_in_its_place(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    mapping = observation(f'"valueString" = "{quoted}"')

    problems: tuple[Issue, ...] = ()
    try:
        language.read(mapping, DIALECTS).run(group(GOOD), sender=SENDER)
    except Fault as fault:
        problems = fault.issues

    assert {issue.params["line"] for issue in problems} <= {16}
