"""From the name=value pairs of a request to a ``Query``.

https://hl7.org/fhir/R4/search.html. Nothing is guessed: what is not understood is refused, or, when the
asker is lenient, left out with a warning.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xinglin.fhir import definitions, index
from xinglin.kernel.errors import Fault, Issue, Kind
from xinglin.record.search import controls, refusals, tokens, values
from xinglin.record.search.catalogue import STANDARD
from xinglin.record.search.criteria import Chain, Compartment, Has, Link, Match, Query
from xinglin.record.search.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.fhir.definitions import SearchParameter
    from xinglin.record.search.catalogue import Catalogue
    from xinglin.record.search.criteria import Criterion
    from xinglin.record.search.values import Value

MAX_DEPTH = 8  # links of a chain
MODIFIERS: dict[str, tuple[str, ...]] = {
    "token": ("missing", "text", "not", "above", "below", "in", "not-in", "of-type"),
    "string": ("missing", "exact", "contains"),
    "reference": ("missing", "identifier"),
    "uri": ("missing", "above", "below"),
    "date": ("missing",),
    "number": ("missing",),
    "quantity": ("missing",),
    "composite": (),
    "special": ("missing",),
}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # what no text in the database can hold
_COMMON = "Resource"  # where a search over all types finds its parameters


def parse(
    type_: str | None,
    pairs: Sequence[tuple[str, str]],
    *,
    compartment: Compartment | None = None,
    catalogue: Catalogue = STANDARD,
    lenient: bool = False,
) -> Query:
    """Read a search for ``type_`` (None: for all types) from decoded name=value pairs.

    Raises one fault with an issue for every pair that is wrong; a lenient asker gets them as warnings.
    """
    issues: list[Issue] = []
    kinds: set[Kind] = set()
    chosen = controls.Controls()
    criteria: list[Criterion] = []
    used: list[tuple[str, str]] = []
    types = _types(type_, pairs)
    at = types[0] if len(types) == 1 else _COMMON
    for name, value in pairs:
        try:
            if not controls.read(chosen, name, value, at, catalogue):
                if not value:
                    raise refusals.wrong_value(name, value, "not empty")
                if _UNSTORABLE.search(value):
                    raise refusals.wrong_value(name, value, "Unicode text without NUL")
                criteria.append(_bind(catalogue.resolved(at, name, _resolve), name, value))
        except Refused as refused:
            issues.append(refused.issue)
            kinds.add(refused.kind)
        else:
            used.append((name, value))
    if issues and not lenient:
        raise Fault(Kind.INVALID if Kind.INVALID in kinds else Kind.UNSUPPORTED, issues)
    return Query(
        type=type_,
        types=types,
        compartment=compartment,
        criteria=tuple(criteria),
        pairs=tuple(used),
        warnings=tuple(Issue(i.code, i.message, i.params, i.expression, "warning") for i in issues),
        **chosen.settings(),
    )


def _types(type_: str | None, pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The types searched; a wrong ``_type`` is refused when its pair is read."""
    if type_ is not None:
        return (type_,)
    named = [t for name, value in pairs if name == "_type" for t in value.split(",")]
    return tuple(dict.fromkeys(t for t in named if definitions.is_resource_type(t)))


def _resolve(catalogue: Catalogue, type_: str, name: str, depth: int = 0, whole: str = "") -> Criterion:
    """The criterion that ``name`` stands for, still without values."""
    whole = whole or name
    if depth > MAX_DEPTH:
        raise refusals.too_costly(whole, f"more than {MAX_DEPTH} links")
    if name.startswith("_has:"):
        return _resolve_has(catalogue, name, depth, whole)
    head, dot, tail = name.partition(".")
    code, _, modifier = head.partition(":")
    known = catalogue.parameters(type_)
    parameter = known.get(code)
    if parameter is None:
        raise refusals.unknown_parameter(whole if depth or dot else code, code, type_, known)
    if dot:
        return _resolve_chain(catalogue, type_, parameter, (modifier, tail, depth, whole))
    if modifier and not _modifier_fits(parameter, modifier):
        raise refusals.unknown_modifier(code, modifier, _modifiers(parameter))
    if head.endswith(":"):
        raise refusals.unknown_modifier(code, modifier, _modifiers(parameter))
    return Match(type_, parameter, modifier or None, ())


def _targets(parameter: SearchParameter) -> tuple[str, ...]:
    """The types a reference may point to; a parameter that does not say may point anywhere."""
    return parameter.target or definitions.RESOURCE_TYPES


def _modifiers(parameter: SearchParameter) -> tuple[str, ...]:
    typed = _targets(parameter) if parameter.type == "reference" else ()
    if parameter.code in ("_id", "_lastUpdated"):
        return ("missing", "not") if parameter.code == "_id" else ("missing",)
    return MODIFIERS[parameter.type] + typed


def _modifier_fits(parameter: SearchParameter, modifier: str) -> bool:
    if parameter.type == "reference" and modifier in ("above", "below"):
        raise refusals.unsupported(
            f"{parameter.code}:{modifier}", "hierarchies of references are not followed"
        )
    return modifier in _modifiers(parameter)


def _resolve_has(catalogue: Catalogue, name: str, depth: int, whole: str) -> Has:
    parts = name.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise refusals.wrong_value(whole, name, "named _has:Type:reference:parameter")
    _, type_, code, rest = parts
    if not definitions.is_resource_type(type_):
        raise refusals.unknown_type(whole, type_, definitions.RESOURCE_TYPES)
    known = catalogue.parameters(type_)
    parameter = known.get(code)
    if parameter is None:
        raise refusals.unknown_parameter(
            whole, code, type_, [c for c, p in known.items() if p.type == "reference"]
        )
    if parameter.type != "reference":
        raise refusals.no_reference(whole, code, type_)
    return Has(type_, parameter, _resolve(catalogue, type_, rest, depth + 1, whole))


def _resolve_chain(
    catalogue: Catalogue, type_: str, parameter: SearchParameter, at: tuple[str, str, int, str]
) -> Chain:
    modifier, tail, depth, whole = at
    if parameter.type != "reference":
        raise refusals.no_reference(whole, parameter.code, type_)
    targets = _targets(parameter)
    if modifier:
        if modifier not in targets:
            raise refusals.unknown_type(whole, modifier, targets)
        targets = (modifier,)
    links, refused = [], None
    for target in targets:
        try:
            links.append(Link(target, _resolve(catalogue, target, tail, depth + 1, whole)))
        except Refused as wrong:
            refused = refused or wrong
    if not links:
        assert refused is not None
        raise refused
    return Chain(type_, parameter, tuple(links))


def _bind(criterion: Criterion, name: str, text: str) -> Criterion:
    """``criterion`` with the values that ``text`` holds."""
    if isinstance(criterion, Match):
        return Match(criterion.type, criterion.parameter, criterion.modifier, _values(criterion, name, text))
    if isinstance(criterion, Has):
        return Has(criterion.type, criterion.parameter, _bind(criterion.criterion, name, text))
    links, refused = [], None
    for link in criterion.links:
        try:
            links.append(Link(link.type, _bind(link.criterion, name, text)))
        except Refused as wrong:  # a value may fit the parameter of one target type and not of another
            refused = wrong
    if refused is not None and not links:
        raise refused
    return Chain(criterion.type, criterion.parameter, tuple(links))


def _values(match: Match, name: str, text: str) -> tuple[Value, ...]:
    read = _reader(match.type, match.parameter, match.modifier)
    parts = values.split(text, ",") if "," in text else [text]
    if len(parts) > values.MAX_VALUES:
        raise refusals.too_costly(name, f"more than {values.MAX_VALUES} values")
    made: list[Value] = []
    for part in parts:
        if not part:
            raise refusals.wrong_value(name, text, "without empty alternatives")
        try:
            made.append(read(part))
        except values.WrongValue as wrong:
            raise refusals.wrong_value(name, part, str(wrong)) from None
    if match.parameter.type == "token" and match.modifier in (None, "not"):
        _check_codes(match, name, made)
    if len(made) > 1 and isinstance(made[0], values.Flag):
        raise refusals.wrong_value(name, text, "true or false")
    return tuple(made)


def _check_codes(match: Match, name: str, wanted: Sequence[Value]) -> None:
    """Refuse codes that the element is not allowed to have."""
    allowed = tokens.allowed(index.branches(match.type, match.parameter))
    if allowed is None:
        return
    for value in wanted:
        if isinstance(value, values.Token) and value.code is not None and value.code not in allowed:
            close = refusals.nearest(value.code, allowed)
            raise refusals.wrong_value(name, value.code, f"a code that the element can have: {close}")


def _text(text: str) -> values.Text:
    return values.Text(values.unescape(text))


def _reference(text: str) -> values.Reference:
    return values.Reference(values.unescape(text))


_BY_TYPE: dict[str, Callable[[str], Value]] = {
    "token": values.token,
    "string": _text,
    "reference": _reference,
    "uri": _text,
    "date": values.moment,
    "number": values.number,
    "quantity": values.quantity,
    "special": values.near,
}
_BY_MODIFIER: dict[str, Callable[[str], Value]] = {
    "missing": values.flag,
    "text": _text,
    "in": _text,
    "not-in": _text,
    "of-type": values.of_type,
    "identifier": values.token,
}


def _reader(type_: str, parameter: SearchParameter, modifier: str | None) -> Callable[[str], Value]:
    if modifier in _BY_MODIFIER:
        return _BY_MODIFIER[modifier]
    if parameter.type == "reference" and modifier:
        return lambda text: values.Reference(values.unescape(text), modifier)
    if parameter.type == "composite":
        return lambda text: _composite(type_, parameter, text)
    return _BY_TYPE[parameter.type]


def _composite(type_: str, parameter: SearchParameter, text: str) -> values.Tuple:
    """``a$b``: a value for each component; https://hl7.org/fhir/R4/search.html#composite"""
    parts = values.split(text, "$")
    wanted = "$".join(component.code for component in parameter.components)
    if len(parts) != len(parameter.components):
        raise values.WrongValue(f"{wanted}, its parts joined by $")
    made = []
    for part, kind in zip(parts, _component_kinds(type_, parameter), strict=True):
        if not part:
            raise values.WrongValue(f"{wanted}, none of them empty")
        made.append(_BY_TYPE[kind](part))
    return values.Tuple(tuple(made))


def _component_kinds(type_: str, parameter: SearchParameter) -> list[str]:
    """The search types of a composite's components, in order: those their values are filed as."""
    found = index.composites(type_, parameter)
    return [
        next((branch.kind for composite in found for branch in composite.components[n]), "token")
        for n in range(len(parameter.components))
    ]
