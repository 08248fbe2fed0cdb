from __future__ import annotations

import copy
import json as standard
import math
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.fhir import json
from xinglin.fhir.json import Exact
from xinglin.kernel.errors import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "number",
    ["5.40", "0.0", "5.4", "5", "100.00", "1E-3", "1e3", "1.5e+10", "-0.50", "0.00001", "-12.340",
     "123456789012345678901234567890", "18446744073709551616", "9007199254740993.5",
     "3.14159265358979323846264338327950288", "86.55363663527271", "1e-400", "0.10", "1e-00005"],
)  # fmt: skip
@pytest.mark.parametrize("form", ['{"a":%s}', '{"a": %s, "b":[%s , 1]}', "%s", "[1,%s\n]", "[[%s]]"])
def test_numbers_keep_their_text(number: str, form: str) -> None:
    body = form.replace("%s", number).encode()

    value = json.parse(body)

    assert json.dump(value) == body.replace(b" ", b"").replace(b"\n", b"")


def test_a_number_that_a_float_gives_back_stays_a_plain_float() -> None:
    value = json.parse(b'{"a": 5.4, "b": 5.40, "c": 7}')

    assert [type(v) for v in value.values()] == [float, Exact, int]
    assert value == {"a": 5.4, "b": 5.4, "c": 7}


def test_exact_is_a_float_that_survives_copying_and_pickling() -> None:
    number = Exact("5.40")

    assert number == 5.4
    assert number + 1 == 6.4
    assert copy.deepcopy([number])[0].text == "5.40"
    assert pickle.loads(pickle.dumps(number)).text == "5.40"


def test_plain_takes_the_texts_away_and_leaves_the_rest() -> None:
    value = {"a": [Exact("5.40")], "b": "x"}

    assert json.plain(value) == {"a": [5.4], "b": "x"}
    assert type(json.plain(value)["a"][0]) is float
    untouched = {"a": 5.4}
    assert json.plain(untouched) is untouched


@pytest.mark.parametrize("function", [json.dump, json.plain])
def test_what_json_does_not_have_is_a_type_error(function: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError):
        function({"a": object()})


def test_strings_that_look_like_numbers_are_left_alone() -> None:
    body = b'{"a":"5.40 }","b":"1e5,","c":"12345678901234567890"}'

    assert json.dump(json.parse(body)) == body


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b'{"a": 1,}', 1, 8),
        (b'{\n  "a": tru\n}', 2, 8),
        (b'{\n  "a": "\xe4\xbd\xa0\xff"\n}', 2, 10),
        (b'{"a": "x\\u0000"}', 1, 9),
        (b'{"a": 1e999}', 1, 7),
        (b'{"a": NaN}', 1, 7),
        (b'{"a": "\\ud800"}', 1, 8),
        (b'{"a": "b\x00"}', 1, 9),
        (b'{"a": "b"', 1, 10),
    ],
)
def test_malformed_json_is_refused_with_its_place(body: bytes, line: int, column: int) -> None:
    with pytest.raises(Fault) as caught:
        json.parse(body)

    issue = caught.value.issues[0]
    assert caught.value.kind is Kind.INVALID
    assert issue.code == "structure"
    assert (issue.params["line"], issue.params["column"]) == (line, column)


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_an_empty_body_is_refused(body: bytes) -> None:
    with pytest.raises(Fault, match="The body is empty"):
        json.parse(body)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert json.parse(rb'{"a": "\\u0000"}') == {"a": r"\u0000"}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_nesting_is_limited_to_64(opening: str, closing: str) -> None:
    levels = 64 // (len(closing))
    fits = opening * levels + "1" + closing * levels
    too_deep = f"[{fits}]"

    assert json.dump(json.parse(fits.encode())) == fits.encode()
    with pytest.raises(Fault, match="nested deeper than 64 levels"):
        json.parse(too_deep.encode())


@pytest.mark.parametrize("levels", [300, 100_000])
def test_absurd_nesting_is_refused_too(levels: int) -> None:
    with pytest.raises(Fault):
        json.parse(b"[" * levels + b"]" * levels)


def test_deep_looking_strings_are_not_deep() -> None:
    value = {"a": "\n" + " " * 200 + "{" * 100}

    assert json.parse(standard.dumps(value).encode()) == value


_numbers = st.from_regex(
    r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True
).filter(
    lambda text: text != "-0"  # which is the integer 0
)
_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_trees = st.recursive(
    _numbers | _texts.map(standard.dumps) | st.sampled_from(["true", "false", "null"]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: f"[{', '.join(parts)}]")
        | st.dictionaries(_texts.map(standard.dumps), inner, max_size=4).map(
            lambda parts: "{" + ",".join(f"{k} : {v}" for k, v in parts.items()) + "}"
        )
    ),
    max_leaves=12,
)


def _texts_of_numbers(body: str | bytes) -> object:
    return standard.loads(body, parse_float=lambda t: ("number", t), parse_int=lambda t: ("number", t))


@given(_trees)
def test_what_parse_accepts_dump_writes_again(text: str) -> None:
    try:
        value = json.parse(text.encode())
    except Fault:  # numbers beyond a double
        assert "e" in text.lower()
        return

    assert _texts_of_numbers(json.dump(value)) == _texts_of_numbers(text)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_value_or_a_fault(body: bytes) -> None:
    try:
        value = json.parse(body)
    except Fault:
        return
    assert not isinstance(value, float) or math.isfinite(value)
    assert standard.loads(json.dump(value)) == standard.loads(body)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": "version 5.40, or 1E3, or 12345678901234567890", "b": 112.41600000000001, "c": 1.5}',
        b'{"a": "\\\\u0000 and 7850269616466538653", "b": 7850269616466538653}',
    ],
)
def test_parse_keeps_floats_plain_where_only_strings_look_inexact(text: bytes) -> None:
    value = json.parse(text)

    assert [type(v) for v in value.values()] == [type(v) for v in standard.loads(text).values()]
    assert value == standard.loads(text)


@pytest.mark.parametrize("digits", ["5.40", "0.1000", "1" * 60 + ".5", "12345678901234567890123", "1E-3"])
def test_parse_keeps_the_digits_of_a_number_among_others(digits: str) -> None:
    text = f'{{"a": [1.5, {digits}], "b": "1.2345678901.{"1" * 200}"}}'.encode()

    assert json.dump(json.parse(text)) == text.replace(b": ", b":").replace(b", ", b",")


@pytest.mark.parametrize("text", [b'{"a":5.40,"b":[1.5]}', b'{"a":5.4}', b"[]", b'{"a":"\\u0001"}'])
def test_reread_gives_what_was_dumped(text: bytes) -> None:
    assert json.dump(json.reread(text)) == text
