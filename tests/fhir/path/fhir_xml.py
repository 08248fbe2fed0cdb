"""FHIR XML to FHIR JSON, for those inputs of the official suite that come as XML only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from xinglin.fhir import definitions

if TYPE_CHECKING:
    from pathlib import Path

_FHIR, _XHTML = "{http://hl7.org/fhir}", "{http://www.w3.org/1999/xhtml}"
_NUMBERS = {"integer": int, "positiveInt": int, "unsignedInt": int, "decimal": float}


def read(path: Path) -> dict[str, Any]:
    node = ET.parse(path).getroot()
    return _resource(node)


def _resource(node: ET.Element) -> dict[str, Any]:
    name = node.tag.removeprefix(_FHIR)
    return {"resourceType": name, **_object(node, name)}


def _object(node: ET.Element, type_name: str) -> dict[str, Any]:
    found: dict[str, Any] = dict(node.attrib)
    found.pop("value", None)
    structure = definitions.structure(type_name)
    if structure.kind == "primitive":
        structure = definitions.structure("Element")
    for key in dict.fromkeys(child.tag for child in node):
        children = node.findall(key)
        if key == f"{_XHTML}div":
            found["div"] = ET.tostring(children[0], encoding="unicode")
            continue
        prop = key.removeprefix(_FHIR)
        element, child_type = structure.properties[prop]
        _put(found, prop, [_value(child, child_type) for child in children], element.many)
    return found


def _put(found: dict[str, Any], key: str, pairs: list[tuple[Any, Any]], many: bool) -> None:
    values, besides = [value for value, _ in pairs], [beside for _, beside in pairs]
    if any(value is not None for value in values):
        found[key] = values if many else values[0]
    if any(besides):
        found[f"_{key}"] = [beside or None for beside in besides] if many else besides[0]


def _value(node: ET.Element, type_name: str) -> tuple[Any, Any]:
    if type_name == "Resource":
        return _resource(node[0]), None
    if definitions.structure(type_name).kind != "primitive":
        return _object(node, type_name), None
    text = node.get("value")
    return (None if text is None else _primitive(text, type_name)), _object(node, type_name)


def _primitive(text: str, type_name: str) -> Any:
    if type_name == "boolean":
        return text == "true"
    return _NUMBERS[type_name](text) if type_name in _NUMBERS else text
