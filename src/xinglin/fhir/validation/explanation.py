"""Says exactly what is wrong with a resource, element by element.

The judge of last resort: it walks the resource by the definitions, so it also knows the rare right things
that the gates stop: elements that are present only by an extension, and nulls that align arrays of primitives
with their extensions (https://hl7.org/fhir/R4/json.html#primitive).
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from xinglin.fhir import json, references
from xinglin.fhir.definitions import structure
from xinglin.fhir.validation import membership
from xinglin.fhir.validation.primitives import PRIMITIVES
from xinglin.fhir.validation.rules import invariants
from xinglin.fhir.validation.schemas import required_codes
from xinglin.kernel.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.fhir.definitions import Element, Structure

_ANY = [{"url": "urn:any", "valueBoolean": True}]
_MANY_CODES = 12  # more than these are not listed in a message
JSON_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


def json_name(value: object) -> str:
    """What ``value`` is in JSON, with its article."""
    return JSON_NAMES.get(type(value), "a number")


def shown(value: object) -> str:
    """The value as a message shows it: its JSON, cut to sixty characters."""
    try:
        text = json.dump(value).decode()
    except (TypeError, ValueError):  # half of a surrogate pair, or what JSON does not have
        text = ascii(value)
    return text if len(text) <= 60 else text[:59] + "…"


def explain(node: object, type_: str, expression: str) -> Iterator[Issue]:
    """Every issue of ``node``, which should be of the structure ``type_``; not of resources inside it."""
    if not isinstance(node, dict):
        yield Issue(
            "structure",
            "%(element)s must be an object of type %(type)s, not %(found)s.",
            {"element": expression, "type": type_, "found": json_name(node)},
            expression,
        )
        return
    owner = structure(type_)
    if _is_nothing(node, owner):
        yield Issue(
            "invariant",
            "%(element)s is empty: an element must have a value or children, else leave it out (ele-1).",
            {"element": expression},
            expression,
        )
        return
    found = [*_members(node, owner, expression), *_missing(node, owner, expression)]
    yield from found
    if not found:
        yield from _broken_rules(node, type_, expression)


def _is_nothing(node: dict[str, Any], owner: Structure) -> bool:
    return owner.kind != "resource" and not (node.keys() - {"id"})


def _members(node: dict[str, Any], owner: Structure, expression: str) -> Iterator[Issue]:
    for name, value in node.items():
        path = f"{expression}.{name}"
        if name in owner.properties:
            yield from _property(owner, name, value, node.get(f"_{name}"), path)
        elif name.startswith("_") and _is_extendable(owner, name[1:]):
            yield from _siblings(owner, name[1:], value, node.get(name[1:]), path)
        elif name != "resourceType" or owner.kind != "resource":
            yield _unknown(owner, name, path)


def _is_extendable(owner: Structure, name: str) -> bool:
    """Whether the property is a primitive that can have extensions: not ids, nor the urls of extensions."""
    if name not in owner.properties or (owner.name, name) == ("Extension", "url"):
        return False
    return owner.properties[name][1] in PRIMITIVES and name != "id"


def _unknown(owner: Structure, name: str, path: str) -> Issue:
    params = {"name": name[:60], "type": owner.name}
    if not name.isidentifier():
        path = f"{path.removesuffix(name)}`{name[:60]}`"
    near = difflib.get_close_matches(name, list(owner.properties), n=1, cutoff=0.6)
    if near:
        message = "%(type)s has no element %(name)s; did you mean %(near)s?"
        return Issue("structure", message, params | {"near": near[0]}, path)
    return Issue("structure", "%(type)s has no element %(name)s.", params, path)


def _property(owner: Structure, name: str, value: object, sibling: object, path: str) -> Iterator[Issue]:
    element, type_ = owner.properties[name]
    if not element.many:
        if isinstance(value, list):
            yield _not_repeated(path)
        else:
            yield from _value(element, type_, value, path)
        return
    if not isinstance(value, list):
        yield Issue(
            "structure",
            "%(element)s can be repeated, so it must be an array, also for a single value; it is %(found)s.",
            {"element": path, "found": json_name(value)},
            path,
        )
        return
    if not value:
        yield _empty_array(path)
    for position, item in enumerate(value):
        if item is None and type_ in PRIMITIVES and _has_sibling(sibling, position):
            continue
        yield from _value(element, type_, item, f"{path}[{position}]")


def _not_repeated(path: str) -> Issue:
    message = "%(element)s cannot be repeated, so it must not be an array."
    return Issue("structure", message, {"element": path}, path)


def _empty_array(path: str) -> Issue:
    message = "%(element)s is an empty array; leave it out if there is nothing to say."
    return Issue("structure", message, {"element": path}, path)


def _has_sibling(sibling: object, position: int) -> bool:
    return isinstance(sibling, list) and position < len(sibling) and isinstance(sibling[position], dict)


def _siblings(owner: Structure, name: str, value: object, partner: object, path: str) -> Iterator[Issue]:
    """The extensions of a primitive (``_name``), one object or an array in line with the values."""
    element, _ = owner.properties[name]
    if not element.many:
        yield from _sibling(value, partner, path)
        return
    if not isinstance(value, list) or not value:
        yield _not_aligned(path, name)
        return
    if partner is not None and (not isinstance(partner, list) or len(partner) != len(value)):
        yield _not_aligned(path, name)
        return
    for position, item in enumerate(value):
        beside = None if partner is None else partner[position]
        if item is not None:
            yield from _sibling(item, beside, f"{path}[{position}]")
        elif beside is None:
            yield _not_aligned(f"{path}[{position}]", name)


def _sibling(value: object, partner: object, path: str) -> Iterator[Issue]:
    if partner is not None and isinstance(value, dict) and value.keys() == {"id"}:
        value = {**value, "extension": _ANY}  # an id is enough beside a value (ele-1)
    yield from explain(value, "Element", path)


def _not_aligned(path: str, name: str) -> Issue:
    return Issue(
        "structure",
        "%(element)s must be an array as long as %(name)s, with null where one of the two has nothing to say, "
        "and never null in both.",
        {"element": path, "name": name},
        path,
    )


def _value(element: Element, type_: str, value: object, path: str) -> Iterator[Issue]:
    if type_ == "Resource":
        if not isinstance(value, dict):
            yield from explain(value, "Resource", path)
        return
    if type_ not in PRIMITIVES:
        issues = list(explain(value, type_, path))
        yield from issues
        if not issues:
            yield from _bindings_and_targets(element, type_, value, path)
        return
    primitive = PRIMITIVES[type_]
    if not primitive.is_right(value):
        yield Issue(
            "value" if _is_json(primitive.json, value) else "structure",
            "%(element)s is %(value)s, which is no %(type)s: %(form)s.",
            {"element": path, "value": shown(value), "type": type_, "form": primitive.form},
            path,
        )
    elif codes := required_codes(element):
        yield from _unbound({code for part in codes.values() for code in part}, value, element, path)
    else:
        yield from _no_member(element, type_, value, path)


def _no_member(element: Element, type_: str, value: Any, path: str) -> Iterator[Issue]:
    """Of value sets that cannot be listed here: what those who know them say."""
    url = membership.unlisted(element)
    if url is not None and membership.is_wrong(url, type_, value):
        there = value["coding"][0] if isinstance(value, dict) else value
        params = {"element": path, "value": shown(there), "set": url}
        yield Issue(
            "code-invalid", "%(element)s is %(value)s, which is not in the value set %(set)s.", params, path
        )


def _is_json(kind: str, value: object) -> bool:
    if kind == "integer" and isinstance(value, float):
        return False
    return {"string": "a string", "boolean": "a boolean"}.get(kind, "a number") == json_name(value)


def _unbound(allowed: set[str], value: object, element: Element, path: str) -> Iterator[Issue]:
    if value in allowed:
        return
    assert element.binding is not None
    params = {"element": path, "value": shown(value), "codes": _listed(allowed), "set": element.binding[1]}
    yield Issue(
        "code-invalid", "%(element)s is %(value)s, but must be one of %(codes)s (%(set)s).", params, path
    )


def _listed(codes: Iterable[str]) -> str:
    ordered = sorted(codes)
    more = ["…"] if len(ordered) > _MANY_CODES else []
    return ", ".join(ordered[:_MANY_CODES] + more)


def _bindings_and_targets(element: Element, type_: str, value: Any, path: str) -> Iterator[Issue]:
    if type_ == "Reference":
        yield from _reference(element.targets, value, path)
    elif type_ == "CodeableConcept" and (codes := required_codes(element)):
        codings = value.get("coding", ())
        if not any(coding.get("code") in codes.get(coding.get("system"), ()) for coding in codings):
            assert element.binding is not None
            wanted = [f"{system}|{code}" for system, part in codes.items() for code in part]
            params = {"element": path, "codes": _listed(wanted), "set": element.binding[1]}
            message = "%(element)s must have a coding from %(set)s: one of %(codes)s."
            yield Issue("code-invalid", message, params, path)
    elif type_ == "CodeableConcept":
        yield from _no_member(element, type_, value, path)


def _reference(targets: tuple[str, ...], value: dict[str, Any], path: str) -> Iterator[Issue]:
    text = value.get("reference")
    if text is None:
        return
    path += ".reference"
    kind = references.kind(text)
    if kind is references.Kind.MALFORMED:
        yield Issue(
            "value",
            "%(element)s is %(value)s, which is no reference: use Type/id, an absolute URL, urn:uuid:…, "
            "urn:oid:… or #id of a contained resource.",
            {"element": path, "value": shown(text)},
            path,
        )
    elif kind in (references.Kind.RELATIVE, references.Kind.CONDITIONAL):
        type_ = references.target_type(text)
        if targets and type_ not in targets:
            yield Issue(
                "value",
                "%(element)s points to %(type)s, but must point to %(targets)s.",
                {"element": path, "type": type_, "targets": " | ".join(targets)},
                path,
            )


def _missing(node: dict[str, Any], owner: Structure, expression: str) -> Iterator[Issue]:
    """Required elements that are not there, and choices made twice."""
    for element in owner.elements.values():
        if not element.min and not element.choice:
            continue
        forms = [prop for prop, _ in element.properties if prop in node or f"_{prop}" in node]
        path = f"{expression}.{element.name}"
        if element.min and not forms:
            yield _absent(element, owner.name, path)
        elif len(forms) > 1:
            message = "%(element)s can have one type only, but there are %(forms)s."
            yield Issue("structure", message, {"element": path + "[x]", "forms": ", ".join(forms)}, path)


def _absent(element: Element, type_: str, path: str) -> Issue:
    params = {"element": path, "type": type_}
    if not element.choice:
        return Issue("required", "%(element)s is missing; every %(type)s must have it.", params, path)
    message = "%(element)s is missing; every %(type)s must have one of %(forms)s."
    forms = [prop for prop, _ in element.properties]
    shown_forms = ", ".join(forms[:_MANY_CODES] + (["…"] if len(forms) > _MANY_CODES else []))
    return Issue("required", message, params | {"element": path + "[x]", "forms": shown_forms}, path)


def _broken_rules(node: dict[str, Any], type_: str, expression: str) -> Iterator[Issue]:
    for invariant in invariants(type_):
        if not invariant.test(node):
            yield rule_issue(invariant.constraint.key, invariant.constraint.human, expression)


def rule_issue(key: str, human: str, expression: str, severity: str = "error") -> Issue:
    """The issue of a broken invariant, in the words of the standard."""
    message = "%(element)s breaks the rule %(key)s: %(human)s."
    params = {"element": expression, "key": key, "human": human.rstrip(".")}
    return Issue("invariant", message, params, expression, severity)
