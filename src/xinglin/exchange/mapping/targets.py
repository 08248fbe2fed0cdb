"""The elements that a mapping sets: paths such as ``name[0].given[]`` against the definitions of FHIR R4.

A path is a list of JSON properties. An element that repeats has a place in brackets, ``[]`` adds one entry for every
value; ``extension('url')`` names an extension by its url.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from xinglin.exchange.mapping.tree import SyntaxWrong
from xinglin.fhir.definitions import element, is_resource_type, structure, value_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinglin.fhir.definitions import Structure

EACH = -1
"""The place of an element that gets one entry for every value."""
MOST_PLACES = 50

_PART = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9]*)"
    r"(?:\((?P<quote>['\"])(?P<url>[^'\"]+)(?P=quote)\))?"
    r"(?:\[(?P<place>[0-9]{0,3})\])?"
)
_EXTENSIONS = ("extension", "modifierExtension")


@dataclass(frozen=True, slots=True)
class Part:
    """One property on the way. ``type`` is the structure of an entry; ``place`` None for one that does not repeat."""

    name: str
    type: str
    place: int | None
    url: str = ""
    owner: str = ""  # the structure that has the property


def require_type(name: str) -> None:
    """Refuse what is no resource type of R4."""
    if not is_resource_type(name):
        near = get_close_matches(name, _resource_types(), 1, 0.6)
        if near:
            raise SyntaxWrong(
                0, "FHIR has no resource type %(name)s; is %(near)s meant?", name=name, near=near[0]
            )
        raise SyntaxWrong(0, "FHIR has no resource type %(name)s.", name=name)


def _resource_types() -> tuple[str, ...]:
    from xinglin.fhir.definitions import RESOURCE_TYPES  # noqa: PLC0415 -- only for what went wrong

    return RESOURCE_TYPES


def read(path: str, type_: str) -> list[Part]:
    """The parts of a path from a structure; raises SyntaxWrong at the part that is wrong."""
    parts: list[Part] = []
    at, owner = 0, type_
    while True:
        found = _PART.match(path, at)
        if found is None:
            raise SyntaxWrong(at, "The name of an element is missing here.")
        parts.append(_part(found, owner, at, is_first=not parts))
        owner = parts[-1].type
        at = found.end()
        if at == len(path):
            return parts
        if path[at] != ".":
            raise SyntaxWrong(at, "“%(found)s” is not expected here.", found=path[at : at + 12])
        at += 1


def _part(found: re.Match[str], owner: str, at: int, *, is_first: bool) -> Part:
    name = found["name"]
    if is_first and name in ("id", "resourceType"):
        raise SyntaxWrong(at, "%(name)s is made of type and key and is not set here.", name=name)
    known = structure(owner)
    if name not in known.properties:
        raise _unknown(name, known, at)
    element_, type_ = known.properties[name]
    if type_ in ("Resource", "xhtml"):
        raise SyntaxWrong(at, "A mapping cannot fill %(name)s.", name=name)
    if found["url"] is not None and name not in _EXTENSIONS:
        raise SyntaxWrong(at, "Only an extension is named by its url.")
    return Part(name, type_, _place(found, at, many=element_.many), found["url"] or "", owner)


def _place(found: re.Match[str], at: int, *, many: bool) -> int | None:
    name = found["name"]
    if not many:
        if found["place"] is not None:
            raise SyntaxWrong(at, "%(name)s does not repeat: write it without brackets.", name=name)
        return None
    if found["url"] is not None:
        return 0
    if found["place"] is None:
        raise SyntaxWrong(
            at, "%(name)s repeats: write %(name)s[0], or %(name)s[] for one entry of every value.", name=name
        )
    place = int(found["place"]) if found["place"] else EACH
    if place >= MOST_PLACES:
        raise SyntaxWrong(at, "%(name)s has at most %(most)s places.", name=name, most=MOST_PLACES)
    return place


def _unknown(name: str, known: Structure, at: int) -> SyntaxWrong:
    if name in known.elements:  # a choice without its type
        forms = ", ".join(prop for prop, _ in known.elements[name].properties[:12])
        return SyntaxWrong(
            at,
            "%(name)s of %(type)s is written with its type: %(forms)s.",
            name=name,
            type=known.name,
            forms=forms,
        )
    if known.kind == "primitive":
        return SyntaxWrong(at, "Nothing can be set inside of a %(type)s.", type=known.name)
    near = get_close_matches(name, known.properties, 1, 0.6)
    if near:
        return SyntaxWrong(
            at,
            "%(type)s has no element %(name)s; is %(near)s meant?",
            type=known.name,
            name=name,
            near=near[0],
        )
    some = ", ".join(prop for prop in known.properties if prop not in ("id", *_EXTENSIONS))
    return SyntaxWrong(
        at, "%(type)s has no element %(name)s; it has %(some)s.", type=known.name, name=name, some=some[:300]
    )


def codes_of(part: Part) -> Mapping[str, tuple[str, ...]] | None:
    """The codes that the element allows, by system, where FHIR requires that and they can be listed."""
    binding = structure(part.owner).properties[part.name][0].binding
    if binding is None or binding[0] != "required":
        return None
    return value_set(binding[1])


def missing(type_: str, names: Iterable[str]) -> list[str]:
    """The elements that FHIR requires of the type beside those that are set."""
    set_ = set(names)
    return [
        "/".join(prop for prop, _ in one.properties[:3])
        for one in structure(type_).elements.values()
        if one.min and not set_ & {prop for prop, _ in one.properties}
    ]


def is_primitive(type_: str) -> bool:
    return structure(type_).kind == "primitive"


def fits(type_: str, text: str) -> bool:
    """Whether a text written in the mapping is a value of a primitive type."""
    regex = structure(type_).regex
    return regex is None or re.fullmatch(regex, text) is not None


def reference_targets(type_: str, name: str) -> tuple[str, ...]:
    """The resource types to which a Reference may point there; none means any."""
    return element(f"{type_}.{name}").targets
