"""Whether a narrative's ``div`` is XHTML of the kind that may be shown to people as it is.

https://hl7.org/fhir/R4/narrative.html#xhtml: formatting, links, images and internal styles; no scripts,
forms, frames, event handlers or objects. This keeps a stored narrative from running code in a page.
"""

from __future__ import annotations

import html
import re

NAMESPACE = "http://www.w3.org/1999/xhtml"

_TAGS = """
a abbr acronym address area b bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em
font h1 h2 h3 h4 h5 h6 hr i img ins kbd li map ol p pre q s samp small span strike strong sub sup table tbody td
tfoot th thead tr tt u ul var
"""
_ATTRIBUTES = """
abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset
cite class clear color colspan compact coords datetime dir face frame headers height href hreflang hspace id lang
longdesc name noshade nowrap rel rev rowspan rules scope shape size span src start style summary tabindex title
type usemap valign value vspace width xml:id xml:lang xml:space xmlns
"""
_ALLOWED_TAGS, _ALLOWED_ATTRIBUTES = frozenset(_TAGS.split()), frozenset(_ATTRIBUTES.split())
_ADDRESSES = ("href", "src", "cite", "longdesc")
_HARMLESS = re.compile(r"(?:https?|ftp|mailto|tel|urn):|data:\s*image/(?!svg)|[^:]*\Z|[#/?.]", re.IGNORECASE)
_TOKEN = re.compile(
    r"<!--.*?-->"
    r"|<(?P<close>/)?(?P<tag>[A-Za-z][A-Za-z0-9:]*)"
    r"(?P<attributes>(?:\s+[A-Za-z_][\w:.\-]*\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(?P<empty>/)?>"
    r"|(?P<wrong><)"
    r"|(?P<bare>&(?!(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#x[0-9A-Fa-f]+);))",
    re.DOTALL,
)
_TAG = re.compile(r"<[^>]*>")
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w:.\-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def is_plain_html(text: str) -> bool:
    """Whether ``text`` is one well-formed ``div`` of allowed elements and attributes."""
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
    return not stack and position == len(text) and NAMESPACE in text


def _step(match: re.Match[str], stack: list[str]) -> bool:
    """Enter or leave an element; False if it is not allowed there."""
    tag = match["tag"]
    if match["close"]:
        return bool(stack) and stack.pop() == tag
    if tag not in _ALLOWED_TAGS or not _attributes_are_allowed(match["attributes"]):
        return False
    if not match["empty"]:
        stack.append(tag)
    return True


def _attributes_are_allowed(text: str) -> bool:
    for name, double, single in _ATTRIBUTE.findall(text):
        if name not in _ALLOWED_ATTRIBUTES and not name.startswith("xmlns:"):
            return False
        if name in _ADDRESSES and not _HARMLESS.match(html.unescape(double or single).strip()):
            return False
    return True


def has_content(text: str) -> bool:
    """Whether there is anything to see: an image, or text that is not only white space."""
    return "<img" in text or bool(_TAG.sub("", text).strip())
