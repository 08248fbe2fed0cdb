"""From the elements that a mapping sets to a closure that makes them.

What is empty is left out. A constant alone does not bring an element about: ``identifier[0]`` with a constant system
and an empty value is not made, ``category[0]`` with constants only is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.exchange.mapping import targets
from xinglin.exchange.mapping.functions import written
from xinglin.exchange.mapping.tree import SyntaxWrong
from xinglin.exchange.mapping.values import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.exchange.mapping.running import Scope
    from xinglin.exchange.mapping.targets import Part
    from xinglin.exchange.mapping.values import Compiled

    Build = Callable[[Scope], Any]

_DATES = {
    "date": ("date",),
    "dateTime": ("dateTime", "date", "instant"),
    "instant": ("instant",),
    "time": ("time",),
}
_NUMBERS = {
    "decimal": ("decimal", "integer"),
    "integer": ("integer",),
    "positiveInt": ("integer",),
    "unsignedInt": ("integer",),
}
_ALLOWED = {**_DATES, **_NUMBERS, "boolean": ("boolean",)}
_TEXTS = frozenset({"text", *_DATES})
_HOW = {
    "date": "… | date",
    "dateTime": "… | dateTime",
    "instant": "… | instant",
    "time": "… | time",
    "decimal": "… | decimal",
    "integer": "… | integer",
    "positiveInt": "… | integer",
    "unsignedInt": "… | integer",
    "boolean": "… | boolean",
    "Reference": "@ref(Type, …)",
    "Quantity": "… | quantity(unit)",
    "Coding": "… | coding(system)",
    "CodeableConcept": "… | concept(system), or set its text",
    "Identifier": "… | identifier(kind), or set its value",
}


@dataclass(slots=True)
class Element:
    """An element on the way to being built: a value, children, or entries by their places."""

    type: str
    part: Part | None = None
    value: Build | None = None
    is_constant: bool = False
    children: dict[str, Element] = field(default_factory=dict)
    entries: dict[int, Element] = field(default_factory=dict)
    urls: dict[str, int] = field(default_factory=dict)
    each: list[Build] = field(default_factory=list)
    key: tuple[str | int, ...] = ()  # where in the file it is set first


# -- filling the tree


def put(root: Element, path: str, found: Compiled, key: tuple[str | int, ...]) -> None:
    """Set the element at ``path``; raises SyntaxWrong, whose offset is in the path."""
    parts = targets.read(path, root.type)
    element = _reach(root, parts, key)
    last = parts[-1]
    if element.value is not None:
        raise SyntaxWrong(0, "%(path)s is set twice.", path=path)
    element.value = several(found, last) if last.place == targets.EACH else single(found, last)
    element.is_constant = found.is_constant
    element.part = last


def put_each(root: Element, path: str, build: Build, key: tuple[str | int, ...]) -> Part:
    """Let ``build``, which gives a list, add entries to the repeating element at ``path``."""
    parts = targets.read(path if path.endswith("]") else f"{path}[]", root.type)
    if parts[-1].place != targets.EACH:
        raise SyntaxWrong(0, "Write %(path)s without a number: each node adds one entry.", path=path)
    element = _reach(root, parts, key)
    element.part = parts[-1]
    element.each.append(build)
    return parts[-1]


def _reach(root: Element, parts: list[Part], key: tuple[str | int, ...]) -> Element:
    """The element at the parts, made on the way."""
    element = root
    for part in parts:
        element = element.children.setdefault(part.name, Element(part.type, part, key=key))
        if part.place is None:
            continue
        place = part.place
        if part.url:
            place = element.urls.setdefault(part.url, len(element.urls))
        element = element.entries.setdefault(place, Element(part.type, part, key=key))
        if part.url and "url" not in element.children:
            element.children["url"] = Element("uri", value=_always(part.url), is_constant=True, key=key)
    return element


def _always(value: str) -> Build:
    return lambda _: value


# -- values


def single(found: Compiled, part: Part) -> Build:
    """The value as its element needs it."""
    change = conversion(found, part)
    if change is None:
        return found.one
    read = found.one

    def one(scope: Scope) -> Any:
        value = read(scope)
        return None if value is None or value == "" else change(value)

    return one


def several(found: Compiled, part: Part) -> Build:
    """The values of an element that gets one entry for each."""
    change = conversion(found, part)
    read = found.many
    return read if change is None else lambda scope: [change(value) for value in read(scope)]


def conversion(found: Compiled, part: Part) -> Callable[[Any], Any] | None:
    """What makes a value that of the element; None if nothing has to be done. Raises SyntaxWrong where it cannot be."""
    if found.values == NOTHING:
        return None
    if found.branches and not found.type:
        changes = [conversion(branch, part) for branch in found.branches]
        if any(change is not None for change in changes):
            return _by_value(part)
        return None
    _check_codes(found, part)
    if targets.is_primitive(part.type):
        return _primitive(found, part)
    return _complex(found, part)


def _by_value(part: Part) -> Callable[[Any], Any]:
    """For values of several types: decided when they are there."""

    def change(value: Any) -> Any:
        if targets.is_primitive(part.type):
            if isinstance(value, dict):
                return value.get("code", "")
            return value if part.type in {*_NUMBERS, "boolean"} else written(value)
        if part.type == "CodeableConcept" and isinstance(value, dict) and "coding" not in value:
            return {"coding": [value]}
        return value

    return change


def _primitive(found: Compiled, part: Part) -> Callable[[Any], Any] | None:
    allowed = _ALLOWED.get(part.type)
    if found.type == "Coding" and allowed is None:
        return lambda value: value["code"]
    if not targets.is_primitive("string" if found.type == "text" else found.type):
        raise _mismatch(found, part)
    if allowed is not None:
        if found.type in allowed or (part.type in _DATES and _is_literal(found, part)):
            return None
        raise _mismatch(found, part)
    if found.type in _TEXTS:
        _is_literal(found, part)
        return None
    return written


def _is_literal(found: Compiled, part: Part) -> bool:
    """Whether only texts written in the mapping come out; each must then be a value of the type."""
    if found.values is None:
        return False
    for value in found.values:
        if value and not targets.fits(part.type, value):
            raise SyntaxWrong(-1, "“%(value)s” is no %(type)s.", value=value, type=part.type)
    return True


def _complex(found: Compiled, part: Part) -> Callable[[Any], Any] | None:
    if part.type == "Reference" and found.type == "Reference":
        wanted = targets.reference_targets(part.owner, _stem(part))
        if wanted and found.targets and found.targets not in wanted and "Resource" not in wanted:
            raise SyntaxWrong(
                -1, "%(name)s refers to %(wanted)s, not to %(given)s.", name=part.name,
                wanted=" | ".join(wanted), given=found.targets,
            )  # fmt: skip
        return None
    if part.type == "CodeableConcept" and found.type == "Coding":
        return lambda value: {"coding": [value]}
    if found.type == part.type or (found.type == "Quantity" and part.type.endswith("Quantity")):
        return None
    if found.type == "Quantity" and part.type in {"Age", "Duration", "Count", "Distance"}:
        return None
    raise _mismatch(found, part)


def _stem(part: Part) -> str:
    """The element's name without the type of a choice."""
    from xinglin.fhir.definitions import structure  # noqa: PLC0415 -- small, and read once for a mapping

    return structure(part.owner).properties[part.name][0].name


def _check_codes(found: Compiled, part: Part) -> None:
    """Refuse texts that are none of the codes which the element requires."""
    if found.values is None:
        return
    allowed = targets.codes_of(part)
    if allowed is None or part.type not in {"code", "string", "uri"}:
        return
    codes = {code for some in allowed.values() for code in some}
    for value in sorted(found.values):
        if value and value not in codes:
            raise SyntaxWrong(
                -1, "“%(value)s” is no code of %(name)s; there are %(codes)s.", value=value, name=part.name,
                codes=", ".join(sorted(codes)[:20]),
            )  # fmt: skip


def _mismatch(found: Compiled, part: Part) -> SyntaxWrong:
    how = _HOW.get(part.type)
    if how is None:
        return SyntaxWrong(
            -1, "%(name)s is a %(type)s: set the elements inside of it.", name=part.name, type=part.type
        )
    return SyntaxWrong(
        -1, "%(name)s is a %(type)s, and this gives a %(given)s. Write %(how)s.", name=part.name, type=part.type,
        given=found.type or "value", how=how,
    )  # fmt: skip


# -- checking what is missing


def gaps(element: Element) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """(where in the file, type, elements) for what FHIR requires and the mapping does not set."""
    if element.value is None and not element.entries and (element.children or element.part is None):
        missing = targets.missing(element.type, element.children)
        if missing:
            yield element.key, element.type, ", ".join(missing)
    for child in element.children.values():
        yield from gaps(child)
    for entry in element.entries.values():
        yield from gaps(entry)


# -- building


@dataclass(frozen=True, slots=True)
class _Made:
    build: Build
    is_constant: bool
    value: Any = None  # of a text that is always the same


def builder(root: Element) -> Build:
    """The closure that makes an object; it gives None when nothing of the message is in it."""
    return _object(root).build


def _made(element: Element) -> _Made:
    if element.entries or element.each:
        return _list(element)
    if element.value is not None and not element.children:
        return _Made(element.value, element.is_constant)
    return _object(element)


def _object(element: Element) -> _Made:
    made = [(name, _made(child)) for name, child in element.children.items()]
    live = [(name, one.build) for name, one in made if not one.is_constant]
    fixed = [(name, one.build) for name, one in made if one.is_constant]
    base = element.value
    is_constant = not live and (base is None or element.is_constant)

    def build(scope: Scope) -> dict[str, Any] | None:
        found: dict[str, Any] = {}
        if base is not None:
            given = base(scope)
            if given:
                found.update(given)
        for name, make in live:
            value = make(scope)
            if value or value is False or value == 0:
                found[name] = value
        if not found and not is_constant:
            return None
        for name, make in fixed:
            value = make(scope)
            if value or value is False or value == 0:
                found[name] = value
        return found or None

    return _Made(build, is_constant)


def _list(element: Element) -> _Made:
    places = [(place, element.entries[place]) for place in sorted(element.entries) if place != targets.EACH]
    made = [_made(entry) for _, entry in places]
    ones = [one.build for one in made]
    every = element.entries.get(targets.EACH)
    manies: list[Build] = []
    if every is not None:
        if every.value is not None:
            manies.append(every.value)
        manies += every.each
        if every.children:
            ones.append(_object(every).build)
    is_constant = all(one.is_constant for one in made) and (
        every is None or (every.is_constant and not every.each)
    )

    def build(scope: Scope) -> list[Any]:
        found = []
        for make in ones:
            value = make(scope)
            if value or value is False or value == 0:
                found.append(value)
        for make in manies:
            found += make(scope)
        return found

    return _Made(build, is_constant)
