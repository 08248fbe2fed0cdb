"""The tree of an XML document from outside: no entities, no document types, nothing fetched, nothing endless."""

from __future__ import annotations

import codecs
import re
from typing import Any

from django.utils.translation import gettext_noop
from lxml import etree

from xinglin.kernel.errors import invalid

LONGEST = 16 * 1024 * 1024
DEEPEST = 100  # elements inside each other
MOST = 100_000  # elements
_IS_DEEP = etree.XPath("boolean(" + "/*" * (DEEPEST + 1) + ")")
_COUNT = etree.XPath("count(//*)")
_DECLARED = re.compile(r"""^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*\?>")
_CHARSETS = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "utf-8": "utf-8", "utf8": "utf-8"}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def tree(body: bytes, charset: str = "") -> Any:
    """The root element of a document; raises Fault ``invalid`` with the place of what is wrong.

    The bytes are decoded here and what is parsed is what was looked at, so no encoding hides a document type.
    """
    if len(body) > LONGEST:
        raise invalid(
            gettext_noop("The document has %(size)d bytes; at most %(most)d are read."),
            code="too-long", size=len(body), most=LONGEST,
        )  # fmt: skip
    text = _decoded(body, charset)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise invalid(
            gettext_noop("A document type or entities are not allowed in a shared document; leave them out."),
            code="security", expression="/",
        )  # fmt: skip
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(text.encode("utf-8", "surrogatepass"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise invalid(
            gettext_noop("This is no well-formed XML: %(why)s (line %(line)d, column %(column)d)."),
            code="structure", expression=f"line {line}, column {column}",
            why=str(error.msg).partition(", line ")[0], line=line, column=column,
        ) from None  # fmt: skip
    _require_limits(root)
    return root


def _require_limits(root: Any) -> None:
    if _IS_DEEP(root) or _COUNT(root) > MOST:
        raise invalid(
            gettext_noop("The document is too deep or too long: at most %(depth)d levels, %(count)d elements."),
            code="too-costly", expression="/", depth=DEEPEST, count=MOST,
        )  # fmt: skip


def _decoded(body: bytes, charset: str) -> str:
    name = charset or next((said for mark, said in _BOMS if body.startswith(mark)), "")
    if not name:
        declared = _DECLARED.match(body[:200].decode("latin-1"))
        name = declared[1] if declared else "utf-8"
    name = _CHARSETS.get(name.lower(), name)
    try:
        text = body.decode(name)
    except LookupError:
        raise invalid(
            gettext_noop("%(name)s is no character set that is read here; right would be UTF-8 or GB18030."),
            code="not-supported", expression="/", name=name,
        ) from None  # fmt: skip
    except UnicodeDecodeError as error:
        raise invalid(
            gettext_noop("The byte %(place)d does not fit the character set %(name)s."),
            code="structure", expression="/", place=error.start, name=name,
        ) from None  # fmt: skip
    return _DECLARATION.sub("", text.removeprefix("\ufeff"), count=1)
