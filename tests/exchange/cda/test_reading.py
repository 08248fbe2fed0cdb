"""What comes from outside is read without trust."""

# ruff: noqa: E501 -- resources and messages are easier to read in one line

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.cda import make
from xinglin.exchange.cda import kinds, reading, writing
from xinglin.kernel.errors import Fault

GOOD = writing.write(make.good(kinds.kinds()["C0007"]))


def refused(body, charset=""):
    with pytest.raises(Fault) as caught:
        reading.read(body, charset)
    return caught.value.issues[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_no_external_entity_is_fetched_in_whatever_encoding(encoding, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("geheim")
    body = (
        f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>&e;</title></ClinicalDocument>'
    )
    data = body.encode(encoding)
    if encoding == "utf-16-le":
        data = b"\xff\xfe" + data

    issue = refused(data)

    assert issue.code == "security"
    assert "geheim" not in issue.text


def test_entities_that_grow_are_refused_before_they_are_read():
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    body = f'<!DOCTYPE d [<!ENTITY l0 "lol">{entities}]><ClinicalDocument title="&l11;"/>'.encode()

    assert refused(body).code == "security"


def test_a_document_type_hidden_by_another_charset_is_found():
    body = "<!DOCTYPE d><ClinicalDocument/>".encode("utf-16")

    assert refused(body).code == "security"
    assert refused(b"<?xml version='1.0' encoding='utf-7'?>+ADwAIQ-DOCTYPE d+AD4-<x/>").code in (
        "security",
        "structure",
    )


def test_a_document_that_is_too_deep_or_too_long_is_refused():
    deep = b"<a>" * 150 + b"</a>" * 150

    assert refused(deep).code == "too-costly"
    assert refused(b"<a>" * 5000 + b"</a>" * 5000).code in ("too-costly", "structure")
    assert refused(b" " * (reading.LONGEST + 1)).code == "too-long"


def test_what_is_no_xml_is_told_by_line_and_column():
    issue = refused(b"<ClinicalDocument>\n<title>x</titel></ClinicalDocument>")

    assert issue.code == "structure"
    assert issue.expression == "line 2, column 17"


def test_another_root_and_another_namespace_are_no_shared_document():
    assert refused(b"<Bundle/>").expression == "/Bundle"
    assert refused(b"<ClinicalDocument/>").expression == "/ClinicalDocument"


@pytest.mark.parametrize("charset", ["gbk", "gb2312", "GB18030"])
def test_a_document_in_a_chinese_charset_is_read_as_it_says_or_as_the_sender_does(charset):
    text = GOOD.decode().replace("encoding='UTF-8'", f"encoding='{charset}'")
    silent = GOOD.decode().partition("?>")[2]

    assert reading.read(text.encode("gb18030")) == reading.read(GOOD)
    assert reading.read(silent.encode("gb18030"), charset) == reading.read(GOOD)


def test_a_charset_that_does_not_fit_is_told():
    assert refused(b"<?xml version='1.0' encoding='klingon'?><a/>").code == "not-supported"
    assert "does not fit" in refused(b"<a>\xff</a>").text


@given(st.data())
def test_no_damage_makes_the_reader_fail_otherwise_than_by_a_fault(data):
    place = data.draw(st.integers(0, len(GOOD) - 1))
    length = data.draw(st.integers(0, 40))
    piece = data.draw(st.binary(max_size=20))
    try:
        reading.read(GOOD[:place] + piece + GOOD[place + length :])
    except Fault as fault:
        assert fault.issues[0].text  # noqa: PT017 -- either it is read or it is told why not


def test_markup_of_a_narrative_becomes_lines_of_text():
    body = b"""<ClinicalDocument xmlns="urn:hl7-org:v3"><component><structuredBody><component><section><text>
      <paragraph>one <content styleCode="Bold">two</content></paragraph>
      <table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table><list><item>x</item></list>
      <script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>
      </text></section></component></structuredBody></component></ClinicalDocument>"""

    (section,) = reading.read(body).sections

    assert section.text.splitlines() == ["one two", "a b", "c", "x", "alert(1)"]


def test_sections_right_below_the_document_are_found_too():
    body = b"""<ClinicalDocument xmlns="urn:hl7-org:v3"><component><section><code displayName="x"/></section></component>
      <component><section><code code="y"/></section></component></ClinicalDocument>"""

    assert [(one.code, one.name) for one in reading.read(body).sections] == [("", "x"), ("y", "")]
