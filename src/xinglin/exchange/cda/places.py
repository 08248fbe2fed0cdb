"""The places of a shared document, as an institution's own mapping writes them.

``recordTarget/patientRole/id[@root='2.16.156.10011.1.12']/@extension`` is a way from the document down, and
``DE04.30.019.00`` are all statements of that data element, wherever they stand. ``//name`` looks at any depth.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from lxml import etree

from xinglin.exchange.cda.documents import V3, place_of
from xinglin.exchange.cda.reading.pieces import value_of, words_of
from xinglin.exchange.mapping.tree import SyntaxWrong

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SPACES = {"h": V3, "xsi": "http://www.w3.org/2001/XMLSchema-instance"}
_ELEMENT = re.compile(r"(?:DE|HDSD|HSDB)[0-9]{2}[0-9.]*[0-9]")
_STEP = re.compile(r"(?P<any>\.//|//)?(?P<name>[A-Za-z][\w.]*|\*|\.)(?P<tests>(?:\[[^\]]*\])*)")
_ATTRIBUTE = re.compile(r"@(?:xsi:)?[A-Za-z][\w]*")
_TEST = re.compile(
    r"\[(?:(?P<place>[1-9][0-9]*)|(?P<way>(?:[A-Za-z]\w*/)*@?[A-Za-z]\w*)\s*=\s*(?P<value>'[^']*'))\]"
)


class Places:
    """See ``mapping.dialects.Dialect``."""

    name = "cda"

    def compile(self, path: str) -> Callable[[Any], Sequence[Any]]:
        found = etree.XPath(_xpath(path), namespaces=_SPACES)

        def find(node: Any) -> Sequence[Any]:
            if isinstance(node, str):  # an attribute has nothing below it
                return ()
            told = found(node)
            return list(told) if isinstance(told, list) else [told]

        return find

    def text(self, node: Any) -> str:
        """An attribute's text; a statement's value, which is a code's code; else the words in an element."""
        if isinstance(node, str):
            return str(node).strip()
        value = node.find(f"{{{V3}}}value")
        if value is not None:
            said = value_of(value)
            return said.text or said.code or said.display or said.low
        return (
            words_of(node) or (node.get("value") or node.get("code") or node.get("extension") or "").strip()
        )

    def place(self, node: Any) -> str:
        if isinstance(node, str):
            parent = getattr(node, "getparent", lambda: None)()
            return f"{place_of(parent)}/@{getattr(node, 'attrname', '')}"
        return place_of(node)


def _xpath(path: str) -> str:
    """The XPath of a place; raises SyntaxWrong at what is no step."""
    made, at = "", 0
    while True:
        attribute = _ATTRIBUTE.match(path, at)
        if attribute is not None and attribute.end() == len(path):
            return made + attribute[0]
        step = _STEP.match(path, at)
        if step is None:
            raise SyntaxWrong(
                at, gettext_noop("The name of an element, or @ and that of an attribute, is missing here.")
            )
        made += _step(step)
        at = step.end()
        if at == len(path):
            return made
        if path[at] != "/":
            raise SyntaxWrong(at, gettext_noop("“%(found)s” is not expected here."), found=path[at : at + 12])
        if path[at : at + 2] == "//":
            continue
        made, at = made + "/", at + 1


def _step(step: re.Match[str]) -> str:
    name, deep = step["name"], ".//" if step["any"] and not step.start() else step["any"] or ""
    tests, at = "", 0
    while at < len(step["tests"]):
        test = _TEST.match(step["tests"], at)
        if test is None:
            raise SyntaxWrong(
                step.start("tests") + at,
                gettext_noop("In brackets stands a number, or an attribute and its value: @root='1.2'."),
            )
        tests += f"[{test['place']}]" if test["place"] else f"[{_way(test['way'])}={test['value']}]"
        at = test.end()
    if _ELEMENT.fullmatch(name):
        return f".//*[h:code/@code='{name}']{tests}"
    return f"{deep}{name if name in ('*', '.') else 'h:' + name}{tests}"


def _way(text: str) -> str:
    return "/".join(one if one.startswith("@") else f"h:{one}" for one in text.split("/"))


PLACES = Places()
