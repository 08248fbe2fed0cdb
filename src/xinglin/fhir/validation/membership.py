"""Required value sets that the definitions cannot list (currencies, units, media types): asked of whoever knows them.

The language knows no tables. Who has some says at start how to ask them (``provide``); until then, and for what
they do not know either, every code is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.fhir.definitions import value_set

if TYPE_CHECKING:
    from xinglin.fhir.definitions import Element

Judge = Callable[[str, str | None, str], bool | None]
"""Whether a code (value set, system or None, code) is a member; None if that cannot be told. It must be quick."""


def _nobody(_url: str, _system: str | None, _code: str) -> bool | None:
    return None


_judge: Judge = _nobody


def provide(judge: Judge) -> None:
    """Have these value sets judged by ``judge`` from now on."""
    global _judge  # noqa: PLW0603 -- said once, at start
    _judge = judge


def unlisted(element: Element) -> str | None:
    """The required value set of an element, if the definitions cannot list it."""
    if element.binding is None or element.binding[0] != "required" or value_set(element.binding[1]):
        return None
    return element.binding[1]


def is_wrong(url: str, type_: str, value: Any) -> bool:
    """Whether a code, or a CodeableConcept with no coding that may be right, is certainly no member."""
    if type_ == "CodeableConcept":
        codings = value.get("coding", ()) if isinstance(value, dict) else ()
        told = [
            _judge(url, one.get("system"), one["code"])
            for one in codings
            if isinstance(one, dict) and isinstance(one.get("code"), str)
        ]
        return bool(told) and all(one is False for one in told)
    return isinstance(value, str) and _judge(url, None, value) is False


@cache
def test(url: str, type_: str) -> Callable[[Any], bool]:
    """The same as a function of the value that is true unless it is wrong; one for each set and type."""
    return lambda value: not is_wrong(url, type_, value)
