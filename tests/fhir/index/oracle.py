"""What a resource should be found by, worked out slowly: each parameter evaluated, each value converted.

Expressions are taken apart as text and evaluated as a whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product
from math import inf

from tests.fhir.index.conversion import convert, span_of
from xinglin.fhir import references
from xinglin.fhir.definitions import compartment, element, is_a, search_parameters
from xinglin.fhir.index import keys, main_date
from xinglin.fhir.path import Element, compile_expression
from xinglin.kernel.ids import self_number

RESOLVE = re.compile(r"\.where\(resolve\(\) is (\w+)\)")
DISCRETE = {"token", "reference", "uri"}


@dataclass
class Expected:
    tokens: set[int] = field(default_factory=set)
    ranges: set[tuple] = field(default_factory=set)
    strings: set[tuple] = field(default_factory=set)
    date: float | None = None
    patient: int = 0


def expected(resource, extra=(), name_keys=None):
    kind = resource["resourceType"]
    found = Expected()
    own = [p for p in extra if any(is_a(kind, base) for base in p.base)]
    for parameter in [*search_parameters(kind).values(), *own]:
        if parameter.code in {"_id", "_lastUpdated"}:
            continue
        if parameter.type == "composite":
            _composite(resource, parameter, found)
            continue
        for alternative in alternatives(parameter.expression, kind):
            _parameter(resource, parameter, alternative, found, name_keys)
    code = main_date(kind)
    if code:
        spans = [span for a in alternatives(search_parameters(kind)[code].expression, kind)
                 for type_, value in values(a, resource) if (span := span_of(type_, value))]  # fmt: skip
        if spans:
            found.date = float(spans[0][0] if spans[0][0] > -inf else spans[0][1])
    found.patient = _patient(resource)
    return found


def alternatives(expression, kind):
    """The alternatives of a union that are of the resource type, as text."""
    for text in expression.split(" | "):
        start = re.match(r"\(?(\w+)", text)[1]
        if start[0].islower() or is_a(kind, start):
            yield text


def path_of(text, kind):
    """The canonical path of one alternative."""
    if " and " in text:
        return f"{kind}: {text}"
    path = RESOLVE.sub("", text)
    path = re.sub(r"\(([\w.]+) as (\w+)\)", r"\1:\2", path)
    path = re.sub(r"\.(?:as|ofType)\((\w+)\)", r":\1", path)
    path = re.sub(r"(where\(\w+)=", r"\1 = ", path).replace(":DateTime", ":dateTime")
    return path if path[0].isupper() else f"{kind}.{path}"


def values(text, focus, root=None):
    """(FHIR type, JSON value) of everything selected, wherever its reference may point."""
    text = RESOLVE.sub("", text).replace("DateTime)", "dateTime)")
    options = {} if root is None else {"root": root}
    for item in compile_expression(text).items(focus, **options):
        if isinstance(item, Element):
            if item.value is not None:
                yield item.type.name, item.value
        elif isinstance(item, bool):
            yield "boolean", item
        elif isinstance(item, str):
            yield "string", item


def _parameter(resource, parameter, alternative, found, name_keys):
    kind, path = resource["resourceType"], path_of(alternative, resource["resourceType"])
    restricted = RESOLVE.search(alternative)
    present = False
    for type_, value in values(alternative, resource):
        usable, tokens, ranges, strings = convert(parameter.type, path, type_, value, name_keys)
        if not usable:
            continue
        present = True
        found.tokens |= tokens
        if type_ == "ContactPoint" and path.endswith("(system = 'phone')"):  # our own: a telephone by its end
            digits = re.sub(r"\D", "", value.get("value", ""))
            if len(digits) > 4:
                found.tokens.add(keys.token_hash(path, "urn:xinglin:phone-tail", digits[-4:]))
        found.ranges |= ranges
        found.strings |= strings
        if restricted and (target_of(value) == restricted[1]):
            found.tokens.add(keys.presence_hash(path, restricted[1]))
    if restricted:
        if present:
            found.tokens.add(keys.presence_hash(path))
        return
    steps = path.split(".")
    try:
        must = len(steps) == 2 and steps[0] == kind and element(path).min > 0 and not element(path).choice
    except KeyError:
        must = False
    if must:
        found.tokens.discard(keys.presence_hash(path))
        if not present:
            found.tokens.add(keys.absence_hash(path))
    elif present:
        found.tokens.add(keys.presence_hash(path))


def target_of(value):
    return references.target_type(value["reference"]) if "reference" in value else value.get("type")


def _patient(resource):
    kind = resource["resourceType"]
    if kind == "Patient":
        return self_number("Patient", resource["id"])
    for code in compartment("Patient").get(kind, ()):
        for alternative in alternatives(search_parameters(kind)[code].expression, kind):
            for type_, value in values(alternative, resource):
                local = references.parse(value.get("reference", "")) if type_ == "Reference" else None
                if local and local.type == "Patient":
                    return self_number("Patient", local.id)
    return 0


def _composite(resource, parameter, found):
    """Element by element, as the package's docstring lays down."""
    kind = resource["resourceType"]
    for base in alternatives(parameter.expression, kind):
        if base == kind:
            for component in parameter.components:
                part = search_parameters(kind)[component.code]
                for text in component.expression.split(" | "):
                    _parameter(resource, part, f"{kind}.{text}", found, None)
            continue
        names = [
            "|".join(
                path_of(t.replace("%resource", kind), "").removeprefix(".") for t in c.expression.split(" | ")
            )
            for c in parameter.components
        ]
        whole = "$".join([base, *names])
        for number, item in enumerate(compile_expression(base).items(resource), start=1):
            _element(whole, base, number, (item, resource), parameter, found)


def _element(whole, base, number, place, parameter, found):
    item, resource = place
    kinds, parts = [], []
    for component in parameter.components:
        kinds.append(_component_kind(parameter, component, resource["resourceType"]))
        parts.append((set(), set(), set()))
        for text in component.expression.split(" | "):
            path = path_of(text.replace("%resource", resource["resourceType"]), base)
            for type_, value in values(text, item, resource):
                if type_ == "Reference":  # by what it points to alone
                    value = {name: part for name, part in value.items() if name != "identifier"}  # noqa: PLW2901 -- the same, less
                _, *sets = convert(kinds[-1], path, type_, value)
                for into, more in zip(parts[-1], sets, strict=True):
                    into.update(more)
    discrete = [p for p, k in zip(parts, kinds, strict=True) if k in DISCRETE]
    others = [p for p, k in zip(parts, kinds, strict=True) if k not in DISCRETE]
    if others:
        systems = {keys.system_hash(path, s) for path, s in _systems(base, parameter, place)}
        discrete = [(tokens - systems, *rest) for tokens, *rest in discrete]
    if not all(p[0] for p in discrete) or not all(p[1] | p[2] for p in others):
        return
    for combination in product(*(p[0] for p in discrete)):
        if not others:
            found.tokens.add(keys.composite_hash(whole, *combination))
        for n, (_, ranges, strings) in enumerate(others, start=1):
            key = keys.composite_key(f"{whole}#{n}" if len(others) > 1 else whole, *combination)
            found.ranges |= {(key, number if len(others) > 1 else unit, lo, hi) for _, unit, lo, hi in ranges}
            found.strings |= {(key, text) for _, text in strings}


def _component_kind(parameter, component, kind):
    """The type of the parameter that a component names; R4 mixes up the two of ``relationship``."""
    if parameter.code == "relationship":
        return {"code": "token", "target": "reference"}[component.expression]
    return search_parameters(kind)[component.code].type


def _systems(base, parameter, place):
    """(path, system) of every coding in the components of an element."""
    item, resource = place
    for component in parameter.components:
        path = path_of(component.expression.replace("%resource", resource["resourceType"]), base)
        for _, value in values(component.expression, item, resource):
            if isinstance(value, dict):
                for coding in value.get("coding", [value]):
                    yield path, coding.get("system", "")
