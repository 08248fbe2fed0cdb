"""Value sets and code hierarchies for ``:in``, ``:not-in``, ``:above`` and ``:below``.

Both are looked for in the record first, then among the value sets of the standard. What cannot be listed
from there is refused rather than half answered. https://hl7.org/fhir/R4/search.html#token
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions, json
from xinglin.fhir.index import keys
from xinglin.fhir.references import parse
from xinglin.kernel.ids import self_number
from xinglin.record import packing
from xinglin.record.search import refusals
from xinglin.record.search.fragments import Fragment, tokens_any
from xinglin.record.search.values import Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.record.search.criteria import Match
    from xinglin.record.search.scope import Scope

MAX_CODES = 5_000
_DEPTH = 8  # value sets within value sets
_HIERARCHIES = {"is-a", "descendent-of"}


def expansion(scope: Scope, criterion: Match, address: str) -> list[Token]:
    """The codes of a ValueSet given by its URL or as ``ValueSet/id``; ``system|`` stands for a whole system."""
    return _Vocabulary(scope, criterion).value_set(address, 0)


def related(scope: Scope, criterion: Match, wanted: Token, *, below: bool) -> list[Token]:
    """A code and those that it subsumes (or, not ``below``, that subsume it) in its code system."""
    return _Vocabulary(scope, criterion).related(wanted, below=below)


class _Vocabulary:
    """What one criterion needs to know of code systems."""

    def __init__(self, scope: Scope, criterion: Match) -> None:
        self._scope = scope
        self._name = f"{criterion.parameter.code}:{criterion.modifier}"

    def value_set(self, address: str, depth: int) -> list[Token]:
        if depth > _DEPTH:
            raise refusals.too_costly(self._name, "value sets within value sets go too deep").fault()
        stored = self._stored("ValueSet", address)
        if stored is not None:
            return self._limited(self._of_stored(stored, depth))
        listed = definitions.value_set(address.partition("|")[0])
        if listed is None:
            raise refusals.wrong_value(
                self._name, address, "a ValueSet in this record, or one of the standard's that can be listed"
            ).fault()
        return [Token(system, code) for system, codes in listed.items() for code in codes]

    def related(self, wanted: Token, *, below: bool) -> list[Token]:
        if not wanted.system or not wanted.code:
            raise refusals.wrong_value(self._name, wanted.code or "", "system|code").fault()
        parents = self._parents(wanted.system)
        if wanted.code not in parents:
            raise refusals.wrong_value(
                self._name, f"{wanted.system}|{wanted.code}", "a code of that CodeSystem"
            ).fault()
        codes = _descendants(parents, wanted.code) if below else _ancestors(parents, wanted.code)
        return self._limited(Token(wanted.system, code) for code in codes)

    # -- value sets

    def _of_stored(self, resource: dict[str, Any], depth: int) -> list[Token]:
        compose = resource.get("compose")
        if not compose:
            return list(_expanded(resource.get("expansion", {}).get("contains", ())))
        found: dict[Token, None] = {}
        for include in compose.get("include", ()):
            found.update(dict.fromkeys(self._component(include, depth)))
        for exclude in compose.get("exclude", ()):
            for token in self._component(exclude, depth):
                self._exclude(found, token)
        return list(found)

    def _exclude(self, found: dict[Token, None], token: Token) -> None:
        if token.code is None:
            for other in [t for t in found if t.system == token.system]:
                del found[other]
        elif Token(token.system, None) in found:
            raise refusals.unsupported(
                self._name, "a code system is excluded from in part but not listed"
            ).fault()
        else:
            found.pop(token, None)

    def _component(self, part: dict[str, Any], depth: int) -> list[Token]:
        """An include or exclude: the codes that its system and all its value sets have in common."""
        sets = [self.value_set(url, depth + 1) for url in part.get("valueSet", ())]
        if "system" in part:
            sets.append(list(self._of_system(part)))
        if not sets:
            return []
        common = sets[0]
        for other in sets[1:]:
            common = [token for token in common if _within(token, other)] + [
                token for token in other if _within(token, common) and token not in common
            ]
        return common

    def _of_system(self, part: dict[str, Any]) -> Iterator[Token]:
        system = part["system"]
        if "concept" in part:
            yield from (Token(system, concept["code"]) for concept in part["concept"])
            return
        filters = part.get("filter", ())
        if not filters:
            yield Token(system, None)
            return
        codes: set[str] | None = None
        for wanted in filters:
            if wanted.get("property") != "concept" or wanted.get("op") not in _HIERARCHIES:
                raise refusals.unsupported(
                    self._name, f"the value set filters by {wanted.get('property')} {wanted.get('op')}"
                ).fault()
            under = set(_descendants(self._parents(system), wanted["value"]))
            under -= {wanted["value"]} if wanted["op"] == "descendent-of" else set()
            codes = under if codes is None else codes & under
        yield from (Token(system, code) for code in sorted(codes or ()))

    # -- code systems

    def _parents(self, system: str) -> dict[str, set[str]]:
        """Every code of a stored CodeSystem with the codes right above it."""
        stored = self._stored("CodeSystem", system)
        if stored is None:
            raise refusals.unsupported(self._name, f"the CodeSystem {system} is not in this record").fault()
        found: dict[str, set[str]] = {}
        _collect(stored.get("concept", ()), None, found)
        return found

    # -- the record

    def _stored(self, type_: str, address: str) -> dict[str, Any] | None:
        """The latest resource of the type with that URL, or the one called ``Type/id``."""
        named = parse(address, self._scope.base)
        alias = self._scope.alias()
        if named is not None and named.type == type_:
            condition = Fragment(f"{alias}.self = %s", (self_number(type_, named.id),))
        else:
            condition = tokens_any(alias, [keys.uri_hash(f"{type_}.url", address.partition("|")[0])])
        source = self._scope.source(alias)
        rows = self._scope.connection.execute(
            f"SELECT {alias}.body FROM {source.sql} WHERE {condition.sql} AND {alias}.type = %s"
            f" ORDER BY {alias}.vid DESC",
            (*source.values, *condition.values, definitions.type_number(type_)),
            prepare=False,
            binary=True,
        ).fetchall()
        version = address.partition("|")[2]
        for (body,) in rows:
            resource: dict[str, Any] = json.parse(b"{" + packing.unpack(body).partition(b"\x00")[2] + b"}")
            if not version or resource.get("version") == version:
                return resource
        return None

    def _limited(self, codes: Iterable[Token]) -> list[Token]:
        found = list(codes)
        if len(found) > MAX_CODES:
            raise refusals.too_costly(self._name, f"more than {MAX_CODES} codes").fault()
        return found


def _within(token: Token, others: list[Token]) -> bool:
    return token in others or Token(token.system, None) in others


def _expanded(contains: Iterable[dict[str, Any]]) -> Iterator[Token]:
    for entry in contains:
        if "code" in entry and not entry.get("abstract"):
            yield Token(entry.get("system", ""), entry["code"])
        yield from _expanded(entry.get("contains", ()))


def _collect(concepts: Iterable[dict[str, Any]], parent: str | None, found: dict[str, set[str]]) -> None:
    """Parents by nesting and by the properties ``parent`` and ``child``."""
    for concept in concepts:
        code = concept["code"]
        above = found.setdefault(code, set())
        if parent is not None:
            above.add(parent)
        for stated in concept.get("property", ()):
            if stated.get("code") == "parent":
                above.add(str(stated.get("valueCode")))
            elif stated.get("code") == "child":
                found.setdefault(str(stated.get("valueCode")), set()).add(code)
        _collect(concept.get("concept", ()), code, found)


def _ancestors(parents: dict[str, set[str]], code: str) -> list[str]:
    return _reached(parents, code)


def _descendants(parents: dict[str, set[str]], code: str) -> list[str]:
    children: dict[str, set[str]] = {}
    for child, above in parents.items():
        for parent in above:
            children.setdefault(parent, set()).add(child)
    return _reached(children, code)


def _reached(edges: dict[str, set[str]], code: str) -> list[str]:
    """``code`` and all that can be reached from it."""
    seen, waiting = {code}, [code]
    while waiting:
        for reached in edges.get(waiting.pop(), ()):
            if reached not in seen:
                seen.add(reached)
                waiting.append(reached)
    return sorted(seen)
