"""Whether a narrative's ``div`` is XHTML of the kind that may be shown to people as it is.

https://hl7.org/fhir/R4/narrative.html#xhtml: formatting, links, images and internal styles; no scripts,
forms, frames, event handlers or objects. This keeps a stored narrative from running code in a page.
"""

from __future__ import annotations

import html
import re

NAMESPACE = "http://www.w3.org/1999/xhtml"

_TAGS = frozenset(
    (
        "a abbr acronym address b bdo big blockquote br caption cite code col colgroup dd del dfn div dl dt em h1 h2 "
        "h3 h4 h5 h6 hr i img ins kbd li map area ol p pre q samp small span strong sub sup table tbody td tfoot th "
        "thead tr tt ul u var s strike center font"
    ).split()
)
_ATTRIBUTES = frozenset(
    (
        "abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff "
        "charset cite class clear color colspan compact coords datetime dir face frame headers height href hreflang "
        "hspace id lang longdesc name noshade nowrap rel rev rowspan rules scope shape size span src start style "
        "summary tabindex title type usemap valign value vspace width xml:lang xml:id xml:space xmlns"
    ).split()
)
_ADDRESSES = ("href", "src", "cite", "longdesc")
_HARMLESS = re.compile(r"(?:https?|ftp|mailto|tel|urn):|data:image/(?!svg)|[^:]*\Z|[#/?.]", re.IGNORECASE)
_TOKEN = re.compile(
    r"<!--.*?-->"
    r"|<(?P<close>/)?(?P<tag>[A-Za-z][A-Za-z0-9:]*)"
    r"(?P<attributes>(?:\s+[A-Za-z_][\w:.\-]*\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(?P<empty>/)?>"
    r"|(?P<wrong><)"
    r"|(?P<bare>&(?!(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#x[0-9A-Fa-f]+);))",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w:.\-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def is_plain_html(text: str) -> bool:
    """Whether ``text`` is one well-formed ``div`` of allowed elements and attributes, with some content."""
    text = text.strip()
    if not text.startswith("<div"):
        return False
    stack: list[str] = []
    position = 0
    for match in _TOKEN.finditer(text):
        if match["wrong"] or match["bare"] or (not stack and position):
            return False
        if match["tag"] and not _step(match, stack):
            return False
        position = match.end()
    return not stack and position == len(text) and NAMESPACE in text and _has_content(text)


def _step(match: re.Match[str], stack: list[str]) -> bool:
    """Enter or leave an element; False if it is not allowed there."""
    tag = match["tag"]
    if match["close"]:
        return bool(stack) and stack.pop() == tag
    if tag not in _TAGS or not _attributes_are_allowed(match["attributes"]):
        return False
    if not match["empty"]:
        stack.append(tag)
    return True


def _attributes_are_allowed(text: str) -> bool:
    for name, double, single in _ATTRIBUTE.findall(text):
        if name not in _ATTRIBUTES and not name.startswith("xmlns:"):
            return False
        if name in _ADDRESSES and not _HARMLESS.match(html.unescape(double or single).strip()):
            return False
    return True


def _has_content(text: str) -> bool:
    return "<img" in text or bool(re.sub(r"<[^>]*>", "", text).strip())
