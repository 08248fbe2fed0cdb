"""JSON Schemas made from the definitions, and the compiled gates that let right resources through quickly.

A gate is *strict*: whatever it lets through is right, but it also stops a few rare right things (an element
present only by its extension, nulls in arrays of primitives, ids of data types, extensions with an id). What
it stops is looked at by ``explanation``, which knows exactly. So the schemas stay small and quick.

Draft 4 of JSON Schema, because there 1.0 is not an integer. Resources inside resources are only objects here;
``checks`` takes each to the gate of its own type.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from xinglin.fhir.definitions import RESOURCE_TYPES, structure, value_set
from xinglin.fhir.validation import membership
from xinglin.fhir.validation.primitives import INT_MAX, PRIMITIVES
from xinglin.fhir.validation.rules import invariants
from xinglin.fhir.validation.shapes import CALLED, NEVER, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.fhir.definitions import Element, Structure

_ID = r"[A-Za-z0-9\-.]{1,64}"
_HEX = "[0-9a-fA-F]"
_URN = rf"urn:uuid:{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}|urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+"
_BUILDING = threading.Lock()  # functions are numbered as they are met
_ELEMENT = "extended-primitive"


class _Holds:
    """The schema keyword ``holds``: the number of a function in ``shapes.CALLED`` that must say yes."""

    def __init__(self, parent: dict[str, Any], value: int, path: list[str | int]) -> None:
        del parent, path
        self._function = list(CALLED)[value]

    def validate(self, instance: Any) -> None:
        if not self._function(instance):
            raise ValueError


@cache
def gate(type_: str, *, fragments: bool = False) -> Callable[[Any], bool]:
    """The strict test for resources of ``type_``, or nodes of any structure: True only for what is right.

    ``fragments`` allows references to contained resources (``#id``): for resources that contain some, or are
    contained themselves. The test raises ValueError for values that JSON does not have.
    """
    with _BUILDING:
        writer = _Writer(fragments=fragments)
        schema = {**writer.named(type_), "definitions": writer.definitions}
        validator = jsonschema_rs.Draft4Validator(
            schema, pattern_options=jsonschema_rs.RegexOptions(), keywords={"holds": _Holds}
        )
    return validator.is_valid


def required_codes(element: Element) -> dict[str, tuple[str, ...]] | None:
    """The codes that a required binding allows, by system; None if there is none or they cannot be listed."""
    if element.binding is None or element.binding[0] != "required":
        return None
    found = value_set(element.binding[1])
    return dict(found) if found else None


@dataclass
class _Writer:
    """Writes the definitions that one schema needs, each once."""

    fragments: bool
    definitions: dict[str, Schema] = field(default_factory=dict)

    def named(self, name: str) -> Schema:
        """A ``$ref`` to the definition of a type, which is added with all it needs if it is not there yet."""
        if name in PRIMITIVES:
            return self._once(name, lambda: _primitive(name))
        return self._once(name, lambda: self._structure(structure(name)))

    def _once(self, name: str, write: Callable[[], Schema]) -> Schema:
        if name not in self.definitions:
            self.definitions[name] = {}  # for those that refer to themselves
            self.definitions[name] = write()
        return {"$ref": f"#/definitions/{name}"}

    def _structure(self, owner: Structure) -> Schema:
        properties: dict[str, Schema] = {}
        for prop, (element, type_) in owner.properties.items():
            properties[prop] = self._property(owner, element, type_)
            if type_ in PRIMITIVES and prop != "id" and (owner.name, prop) != ("Extension", "url"):
                looked_at = element.many or element.choice
                properties["_" + prop] = (
                    NEVER if looked_at else self._once(_ELEMENT, self._extended_primitive)
                )
        if owner.kind == "resource":
            properties["resourceType"] = {"enum": [owner.name]}
        schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if owner.name == "Extension":  # a url, and either one value or extensions (ext-1); an id is looked at
            no_id = {"not": {"required": ["id"]}}
            return {**schema, "required": ["url"], "minProperties": 2, "maxProperties": 2, **no_id}
        return _merged(schema, [*_needed(owner), *(i.rule.schema(owner) for i in invariants(owner.name))])

    def _property(self, owner: Structure, element: Element, type_: str) -> Schema:
        if (
            element.name == "id"
            and owner.kind != "resource"
            and not any(e.min for e in owner.elements.values())
        ):
            return NEVER  # an id alone is nothing (ele-1): to be looked at
        if type_ == "Resource":
            one: Schema = {"type": "object"}
        elif type_ == "Reference":
            one = self._reference(element.targets)
        elif codes := required_codes(element):
            one = self._bound(element, type_, codes)
        elif (url := membership.unlisted(element)) is not None:
            asked = membership.test(url, type_)
            one = {"allOf": [self.named(type_), {"holds": CALLED.setdefault(asked, len(CALLED))}]}
        else:
            one = self.named(type_)
        return {"type": "array", "minItems": 1, "items": one} if element.many else one

    def _extended_primitive(self) -> Schema:
        extensions = {"type": "array", "minItems": 1, "items": self.named("Extension")}
        return {
            "type": "object",
            "properties": {"id": self.named("string"), "extension": extensions},
            "required": ["extension"],
            "additionalProperties": False,
        }

    def _bound(self, element: Element, type_: str, codes: dict[str, tuple[str, ...]]) -> Schema:
        if type_ == "CodeableConcept":  # one coding at least from the value set
            right = [
                {"properties": {"system": {"enum": [s]}, "code": {"enum": list(c)}}} for s, c in codes.items()
            ]
            wrong = {"not": {"anyOf": [{"required": ["system", "code"], **coding} for coding in right]}}
            one_right = {"required": ["coding"], "properties": {"coding": {"not": {"items": wrong}}}}
            return {"allOf": [self.named(type_), one_right]}
        if type_ not in PRIMITIVES:
            return self.named(type_)
        assert element.binding is not None
        name = re.sub(r"[^A-Za-z0-9.\-]", ".", f"codes.{element.binding[1]}")
        return self._once(name, lambda: {"enum": sorted({code for part in codes.values() for code in part})})

    def _reference(self, targets: tuple[str, ...]) -> Schema:
        """References to ``targets``, or to anything."""

        def write() -> Schema:
            schema = self._structure(structure("Reference"))
            pattern = _reference_pattern(targets, fragments=self.fragments)
            schema["properties"]["reference"] = {"type": "string", "pattern": pattern}
            return schema

        return self._once(".".join(("Reference.to", *targets)), write)


def _primitive(name: str) -> Schema:
    primitive = PRIMITIVES[name]
    if primitive.json == "integer":
        return {"type": "integer", "minimum": primitive.low, "maximum": INT_MAX}
    if primitive.pattern is None:
        return {"type": primitive.json}
    return {"type": "string", "pattern": f"^(?:{primitive.pattern.pattern})$"}


def _needed(owner: Structure) -> list[Schema]:
    """What must be there, and what must not be there together."""
    needed = [e for e in owner.elements.values() if e.min]
    required = [e.name for e in needed if not e.choice] + ["resourceType"] * (owner.kind == "resource")
    pieces: list[Schema] = [{"required": required}] if required else [{"minProperties": 1}]
    for element in owner.elements.values():
        forms = [prop for prop, _ in element.properties]
        if element.choice and element.min:
            pieces.append({"anyOf": [{"required": [form]} for form in forms]})
        if element.choice:
            later = (dict.fromkeys(forms[n + 1 :], NEVER) for n in range(len(forms) - 1))
            pieces.append(
                {"dependencies": {f: {"properties": p} for f, p in zip(forms, later, strict=False)}}
            )
    return pieces


def _merged(schema: Schema, pieces: list[Schema]) -> Schema:
    """One schema that says all: the dependencies of all pieces in one keyword, the rest side by side."""
    together: dict[str, list[Schema]] = {}
    rest: list[Schema] = []
    for piece in pieces:
        for prop, then in piece.get("dependencies", {}).items():
            together.setdefault(prop, []).append(then)
        rest += [piece] if "dependencies" not in piece else []
    if together:
        schema["dependencies"] = {p: t[0] if len(t) == 1 else {"allOf": t} for p, t in together.items()}
    for piece in rest:
        if set(piece) & set(schema):
            schema.setdefault("allOf", []).append(piece)
        else:
            schema.update(piece)
    return schema


def _reference_pattern(targets: tuple[str, ...], *, fragments: bool) -> str:
    """What ``Reference.reference`` may be where it must point to ``targets``."""
    types = "|".join(targets or RESOURCE_TYPES)
    forms = [
        rf"(?:{types})/{_ID}(?:/_history/{_ID})?",
        rf"(?:{types})\?[^#\x00-\x20]+",
        r"[A-Za-z][A-Za-z0-9+.\-]*://[^\x00-\x20]+",
        rf"(?:{_URN})(?:#[^\x00-\x20]*)?",
    ]
    if fragments:
        forms.append(r"#[^\x00-\x20]*")
    return f"^(?:{'|'.join(forms)})$"
