from __future__ import annotations

import pytest

from xinglin.fhir.narrative import has_content, is_plain_html

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">%s</div>'


@pytest.mark.parametrize(
    "inside",
    [
        "x",
        "<p>血压 <b>120</b>/80<br/></p>",
        '<table class="grid"><tr><td colspan="2">a &amp; b &#160; &nbsp;</td></tr></table>',
        '<a href="https://example.org/?a=1&amp;b=2">x</a> <a name="y"/> <a href="#y">z</a>',
        '<img src="data:image/png;base64,AAAA" alt="x"/>',
        "<!-- a <comment> --><p style='color: red'>x</p>",
        "<div>nested</div>",
    ],
)
def test_formatting_is_plain(inside: str) -> None:
    assert is_plain_html(DIV % inside)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<p onclick="alert(1)">x</p>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" java&#115;cript:alert(1)">x</a>',
        '<a href="java\tscript:alert(1)">x</a>',
        '<img src="data:image/svg+xml,x"/>',
        '<img src="x" onerror="y"/>',
        "<iframe/>",
        "<form>x</form>",
        "<object/>",
        "<style>x</style>",
        '<a href="data:text/html,x">x</a>',
        "<p>x",
        "x</p>",
        "<b><i>x</b></i>",
        "a < b",
        "a & b",
        "<p class=x>y</p>",
        "<![CDATA[x]]>",
        "<?php x ?>",
        "<p",
    ],
)
def test_what_could_run_or_break_a_page_is_refused(inside: str) -> None:
    assert not is_plain_html(DIV % inside)


@pytest.mark.parametrize(
    "text",
    ["", "x", "<p>x</p>", "<div>x</div>", DIV % "x" + "y", DIV % "x" + DIV % "y", "x" + DIV % "y", "<divx/>"],
)
def test_a_narrative_is_one_div_of_xhtml(text: str) -> None:
    assert not is_plain_html(text)


def test_content_is_text_or_an_image() -> None:
    assert has_content(DIV % "x")
    assert has_content(DIV % '<img src="x"/>')
    assert not has_content(DIV % "<p> </p>")
