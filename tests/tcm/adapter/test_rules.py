"""A launch's signature and what a window may open: pure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.kernel.errors import Fault
from xinglin.tcm.adapter import envelopes, messages, rules

PAGE = Path(__file__).parents[3] / "docs" / "integrators" / "tcm-clinic-systems.md"
NAMES = st.sampled_from(["system", "page", "doctor", "patient", "visit", "time", "nonce", "origin"])
VALUES = st.text(
    st.characters(blacklist_characters="&", blacklist_categories=["Cs"]), min_size=1, max_size=12
)
FIELDS = st.dictionaries(NAMES, VALUES, min_size=1)


@given(FIELDS, FIELDS)
def test_two_addresses_have_one_text_only_if_they_are_the_same(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert (rules.canonical(one) == rules.canonical(other)) == (one == other)


@given(FIELDS)
def test_a_signature_is_taken_with_its_own_key_alone(fields: dict[str, str]) -> None:
    signed = {**fields, "sign": rules.signature("xla_one", fields)}

    rules.require_signed("xla_one", signed)
    with pytest.raises(Fault, match="signature"):
        rules.require_signed("xla_two", signed)


def test_a_value_with_an_ampersand_is_refused_whatever_its_signature() -> None:
    fields = {"page": "record&patient=P2"}

    with pytest.raises(Fault, match="&"):
        rules.require_signed("k", {**fields, "sign": rules.signature("k", fields)})


def test_the_example_of_the_documentation_signs_as_the_platform_does() -> None:
    text = PAGE.read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    known: dict[str, Any] = {}
    exec(code[1], known)
    said = {
        name: value
        for name, value in re.findall(r"`(\w+)=([^`]+)`", text)
        if name not in {"name", "SameSite"}
    }

    assert known["sign"]("xla_example", said) == rules.signature("xla_example", said)
    assert f"`{rules.signature('xla_example', said)}`" in text


@pytest.mark.parametrize(
    ("page", "path", "method", "opens"),
    [
        ("record", "/tcm/adapter/frame/record/", "POST", True),
        ("record", "/tcm/adapter/frame/prescription/", "GET", False),
        ("knowledge", "/tcm/", "GET", True),
        ("knowledge", "/tcm/term/x/", "GET", True),
        ("knowledge", "/tcm/term/x/propose/", "POST", False),
        ("knowledge", "/tcm/differentiation/", "GET", False),
        ("constitution", "/tcm/constitution/p1/interview/", "POST", True),
        ("constitution", "/tcm/constitution/p2/", "GET", False),
        ("constitution", "/tcm/constitution/p1x/", "GET", False),
        ("overview", "/residents/p1/medicines/", "GET", True),
        ("overview", "/residents/p1/open/", "POST", False),
        ("overview", "/residents/", "GET", False),
    ],
)
def test_a_window_opens_its_page_and_its_patient(page: str, path: str, method: str, opens: bool) -> None:
    assert rules.page(page).opens(path, method, "p1") is opens


def test_without_a_patient_nothing_about_a_patient_opens() -> None:
    assert not rules.page("overview").opens("/residents//medicines/", "GET", "")


@pytest.mark.parametrize(
    "text",
    ["*", "https://", "his.example", "https://his.example/path", "https://a b", "javascript:alert(1)", "null",
     "https://his.example;script-src *"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        rules.require_origin(text)


@pytest.mark.parametrize(
    ("text", "origin"),
    [("https://HIS.example/", "https://his.example"), ("http://10.1.2.3:8080", "http://10.1.2.3:8080")],
)
def test_an_origin_is_written_as_browsers_do(text: str, origin: str) -> None:
    assert rules.require_origin(text) == origin


def test_the_documentation_names_every_page_and_message() -> None:
    text = PAGE.read_text("utf-8")

    for page in rules.pages().values():
        assert f"| `{page.key}` | `{page.resource}`" in text
    for of in messages.shipped().types.values():
        assert re.search(
            rf"\| `{of.type}` \| `{of.payload}`.*\| {of.direction} \|.*\| {of.confidence} \|", text
        ), of.type


@given(st.recursive(st.text("甲a<>&\x00", max_size=4), lambda inner: st.dictionaries(
    st.sampled_from(["a", "b", "Header"]), inner | st.lists(inner, max_size=2), max_size=2), max_leaves=6))  # fmt: skip
def test_whatever_is_answered_is_well_formed(value: Any) -> None:
    from lxml import etree

    for way in ("xml", "soap"):
        body, _ = envelopes.written(envelopes.Message({}, way), {"x": value})

        assert etree.fromstring(body) is not None
