"""What a criterion on a resource's own parameter demands of its row.

One function for each parameter type and modifier; https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xinglin.fhir import definitions, index
from xinglin.fhir.index import keys
from xinglin.kernel.ids import self_number
from xinglin.record.search import near, ranges, references, strings, tokens, values, vocabulary
from xinglin.record.search.fragments import (
    FALSE,
    TRUE,
    Fragment,
    both,
    either,
    keyed,
    negated,
    tokens_all,
    tokens_any,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from xinglin.fhir.index import Branch
    from xinglin.record.search.criteria import Match
    from xinglin.record.search.scope import Scope

    Values: TypeAlias = Sequence[values.Value]


@dataclass(slots=True)
class Demand:
    """Tokens that must be there, or another condition; the patient whose resources these are.

    ``within_patient`` says the same as ``fragment``, quicker where only one patient's rows are looked at.
    """

    tokens: list[int] = field(default_factory=list)
    fragment: Fragment | None = None
    within_patient: Fragment | None = None
    patient: int | None = None
    pointed: bool = False


def match(scope: Scope, alias: str, criterion: Match) -> Demand:
    """The demand of ``criterion`` on the row ``alias``."""
    code = criterion.parameter.code
    if code in _OWN_COLUMNS:
        return _OWN_COLUMNS[code](scope, alias, criterion)
    found = index.branches(criterion.type, criterion.parameter)
    if criterion.modifier in _BY_MODIFIER:
        return _BY_MODIFIER[criterion.modifier](scope, alias, criterion, found)
    return _BY_TYPE[criterion.parameter.type](scope, alias, criterion.values, found)


def _any_of(alias: str, hashes: Iterable[int]) -> Demand:
    wanted = sorted(set(hashes))
    if len(wanted) == 1:
        return Demand(wanted)
    return Demand(fragment=tokens_any(alias, wanted))


# -- parameters that are columns


def _id(_scope: Scope, alias: str, criterion: Match) -> Demand:
    """https://hl7.org/fhir/R4/search.html#id"""
    if criterion.modifier == "missing":
        return Demand(fragment=FALSE if _flag(criterion) else TRUE)
    ids = [value.code for value in criterion.values if isinstance(value, values.Token) and value.code]
    types = definitions.RESOURCE_TYPES if criterion.type == "Resource" else (criterion.type,)
    numbers = sorted({self_number(type_, id_) for id_ in ids for type_ in types})
    found = Fragment(f"{alias}.self = ANY(%s::bigint[]) AND {alias}.id = ANY(%s)", (numbers, ids))
    if criterion.modifier == "not":
        return Demand(fragment=negated(found))
    return Demand(fragment=found, pointed=True)


def _last_updated(scope: Scope, alias: str, criterion: Match) -> Demand:
    """https://hl7.org/fhir/R4/search.html#lastUpdated"""
    if criterion.modifier == "missing":
        return Demand(fragment=FALSE if _flag(criterion) else TRUE)
    moments = [value for value in criterion.values if isinstance(value, values.Moment)]
    return Demand(fragment=either([ranges.version_condition(alias, moment, scope.now) for moment in moments]))


_OWN_COLUMNS: dict[str, Callable[[Scope, str, Match], Demand]] = {"_id": _id, "_lastUpdated": _last_updated}


# -- modifiers


def _flag(criterion: Match) -> bool:
    value = criterion.values[0]
    return isinstance(value, values.Flag) and value.on


def _missing(_scope: Scope, alias: str, criterion: Match, found: Sequence[Branch]) -> Demand:
    """No branch has a value; of what must be there, the absence is filed, else the presence."""
    missing = _flag(criterion)
    conditions = []
    for branch in found:
        if branch.required:
            absent = tokens_any(alias, [keys.absence_hash(branch.path)])
            conditions.append(absent if missing else negated(absent))
        else:
            present = tokens_any(alias, [keys.presence_hash(branch.path, branch.restricted)])
            conditions.append(negated(present) if missing else present)
    return Demand(fragment=both(conditions) if missing else either(conditions))


def _not(_scope: Scope, alias: str, criterion: Match, found: Sequence[Branch]) -> Demand:
    """None of the values; resources without any are found too. https://hl7.org/fhir/R4/search.html#modifiers"""
    hashes = _token_hashes(found, criterion.values)
    return Demand(fragment=negated(tokens_any(alias, sorted(set(hashes)))))


def _token_text(_scope: Scope, alias: str, criterion: Match, found: Sequence[Branch]) -> Demand:
    places = sorted({keys.key(f"{branch.path}:text") for branch in found})
    return Demand(fragment=strings.shared_begins(alias, places, _texts(criterion.values)))


def _in(scope: Scope, alias: str, criterion: Match, found: Sequence[Branch]) -> Demand:
    codings = [
        token for text in _texts(criterion.values) for token in vocabulary.expansion(scope, criterion, text)
    ]
    return _any_of(alias, _token_hashes(found, codings))


def _not_in(scope: Scope, alias: str, criterion: Match, found: Sequence[Branch]) -> Demand:
    codings = [
        token for text in _texts(criterion.values) for token in vocabulary.expansion(scope, criterion, text)
    ]
    return Demand(fragment=negated(tokens_any(alias, sorted(set(_token_hashes(found, codings))))))


def _hierarchy(scope: Scope, alias: str, criterion: Match, found: Sequence[Branch]) -> Demand:
    """``:above`` and ``:below`` of codes and of URLs."""
    below = criterion.modifier == "below"
    if criterion.parameter.type == "uri":
        if below:
            return _any_of(
                alias,
                (keys.below_hash(b.path, _bare(text)) for b in found for text in _texts(criterion.values)),
            )
        addresses = [
            address for text in _texts(criterion.values) for address in (text, *keys.ancestors(text))
        ]
        return _any_of(alias, (keys.uri_hash(b.path, address) for b in found for address in addresses))
    codings = [
        related
        for value in criterion.values
        if isinstance(value, values.Token)
        for related in vocabulary.related(scope, criterion, value, below=below)
    ]
    return _any_of(alias, _token_hashes(found, codings))


def _bare(uri: str) -> str:
    return next(iter(keys.ancestors(uri)))


def _of_type(_scope: Scope, alias: str, criterion: Match, found: Sequence[Branch]) -> Demand:
    hashes = [
        keys.of_type_hash(branch.path, value.system, value.code, value.value)
        for branch in found
        for value in criterion.values
        if isinstance(value, values.OfType)
    ]
    made = _any_of(alias, hashes)
    made.pointed = True
    return made


def _identifier(_scope: Scope, alias: str, criterion: Match, found: Sequence[Branch]) -> Demand:
    """References by the identifier they carry; https://hl7.org/fhir/R4/search.html#reference"""
    paths = {f"{branch.path}:identifier" for branch in found}
    asked = [value for value in criterion.values if isinstance(value, values.Token)]
    return _any_of(alias, (tokens.plain(path, token) for path in paths for token in asked))


def _exact(_scope: Scope, alias: str, criterion: Match, found: Sequence[Branch]) -> Demand:
    return _any_of(
        alias, (keys.exact_hash(branch.path, text) for branch in found for text in _texts(criterion.values))
    )


def _contains(_scope: Scope, alias: str, criterion: Match, found: Sequence[Branch]) -> Demand:
    paths = sorted({branch.path for branch in found})
    return Demand(fragment=strings.contains(alias, paths, _texts(criterion.values)))


_BY_MODIFIER: dict[str | None, Callable[[Scope, str, Match, Sequence[Branch]], Demand]] = {
    "missing": _missing,
    "not": _not,
    "text": _token_text,
    "in": _in,
    "not-in": _not_in,
    "above": _hierarchy,
    "below": _hierarchy,
    "of-type": _of_type,
    "identifier": _identifier,
    "exact": _exact,
    "contains": _contains,
}


# -- types


def _texts(wanted: Values) -> list[str]:
    return [value.text for value in wanted if isinstance(value, values.Text)]


def _token_hashes(found: Sequence[Branch], wanted: Iterable[values.Value]) -> list[int]:
    asked = [value for value in wanted if isinstance(value, values.Token)]
    return [hash_ for branch in found for token in asked for hash_ in tokens.hashes(branch, token)]


def _token(_scope: Scope, alias: str, wanted: Values, found: Sequence[Branch]) -> Demand:
    """https://hl7.org/fhir/R4/search.html#token"""
    made = _any_of(alias, _token_hashes(found, wanted))
    made.pointed = any("Identifier" in branch.types for branch in found) and all(
        isinstance(value, values.Token) and value.code is not None for value in wanted
    )
    return made


def _reference(scope: Scope, alias: str, wanted: Values, found: Sequence[Branch]) -> Demand:
    """https://hl7.org/fhir/R4/search.html#reference"""
    asked = [value for value in wanted if isinstance(value, values.Reference)]
    made = _any_of(
        alias,
        {
            hash_
            for value in asked
            for branch in found
            for hash_ in references.hashes(branch, value, scope.base)
        },
    )
    if len(found) == 1 and len(asked) == 1:
        made.patient = references.patient_named(found[0], asked[0], scope.base)
    return made


def _uri(_scope: Scope, alias: str, wanted: Values, found: Sequence[Branch]) -> Demand:
    """https://hl7.org/fhir/R4/search.html#uri"""
    return _any_of(alias, (keys.uri_hash(branch.path, text) for branch in found for text in _texts(wanted)))


def _string(_scope: Scope, alias: str, wanted: Values, found: Sequence[Branch]) -> Demand:
    """https://hl7.org/fhir/R4/search.html#string"""
    paths = sorted({branch.path for branch in found})
    return Demand(fragment=strings.begins(alias, paths, _texts(wanted)))


def _places(found: Sequence[Branch]) -> Fragment:
    return keyed("x.key", sorted({keys.key(branch.path) for branch in found}))


def _date(scope: Scope, alias: str, wanted: Values, found: Sequence[Branch]) -> Demand:
    """https://hl7.org/fhir/R4/search.html#date"""
    moments = [value for value in wanted if isinstance(value, values.Moment)]
    conditions = [ranges.date_condition(moment, scope.now) for moment in moments]
    asked = ranges.exists(alias, _places(found), conditions)
    if len(moments) == 1 and references.is_main_date(found):
        return Demand(fragment=asked, within_patient=ranges.main_date_condition(alias, moments[0], asked))
    return Demand(fragment=asked)


def _number(_scope: Scope, alias: str, wanted: Values, found: Sequence[Branch]) -> Demand:
    """https://hl7.org/fhir/R4/search.html#number"""
    conditions = [ranges.number_condition(value) for value in wanted if isinstance(value, values.Number)]
    return Demand(fragment=ranges.exists(alias, _places(found), conditions))


def _quantity(_scope: Scope, alias: str, wanted: Values, found: Sequence[Branch]) -> Demand:
    """https://hl7.org/fhir/R4/search.html#quantity"""
    asked = [value for value in wanted if isinstance(value, values.Quantity)]
    return Demand(
        fragment=either([_one_quantity(alias, branch, value) for branch in found for value in asked])
    )


def _one_quantity(alias: str, branch: Branch, wanted: values.Quantity) -> Fragment:
    """By value and unit; the unit's system is asked of the resource's tokens."""
    condition = ranges.quantity_condition(wanted)
    found = ranges.exists(alias, keyed("x.key", [keys.key(branch.path)]), [condition])
    if wanted.system is None or wanted.code is None:
        return found
    return both([tokens_all(alias, [keys.token_hash(branch.path, wanted.system, wanted.code)]), found])


def _near(_scope: Scope, alias: str, wanted: Values, found: Sequence[Branch]) -> Demand:
    """https://hl7.org/fhir/R4/location.html#positional"""
    circles = [value for value in wanted if isinstance(value, values.Near)]
    return Demand(
        fragment=either(
            [
                near.within(alias, keys.key(f"{branch.path}:lat"), keys.key(f"{branch.path}:lon"), circle)
                for branch in found
                for circle in circles
            ]
        )
    )


_BY_TYPE: dict[str, Callable[[Scope, str, Values, Sequence[Branch]], Demand]] = {
    "token": _token,
    "reference": _reference,
    "uri": _uri,
    "string": _string,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
    "special": _near,
}


def by_kind(kind: str, scope: Scope, alias: str, wanted: Values, found: Sequence[Branch]) -> Demand:
    """The demand of values of a search type on branches of that kind."""
    return _BY_TYPE[kind](scope, alias, wanted, found)
