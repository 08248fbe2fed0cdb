"""Value sets and code hierarchies for ``:in``, ``:not-in``, ``:above`` and ``:below``.

They come from the tables of ``terminology``, in the versions that are in force; a value set that the tables do
not have is looked for in the record. A whole code system is one token and is never listed; everything else is
listed once by SQL and remembered until the tables change. https://hl7.org/fhir/R4/search.html#token
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions, json
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.fhir.index import keys
from xinglin.fhir.references import parse
from xinglin.kernel.errors import Fault, Kind
from xinglin.kernel.ids import self_number
from xinglin.record import packing
from xinglin.record.search import refusals
from xinglin.record.search.fragments import Fragment, tokens_any
from xinglin.record.search.values import Token
from xinglin.terminology import memory, queries, resources
from xinglin.terminology.composing import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinglin.record.search.criteria import Match
    from xinglin.record.search.scope import Scope
    from xinglin.terminology.queries import SystemVersion

MAX_CODES = 50_000
_DEPTH = 8  # value sets within value sets
_KEPT = 200  # value sets that are remembered

Tokens = dict[Token, None]


def expansion(scope: Scope, criterion: Match, address: str) -> Iterable[Token]:
    """The codes of a ValueSet given by its URL or as ``ValueSet/id``; ``system|`` stands for a whole system."""
    return _Vocabulary(scope, criterion).remembered(address)


def related(scope: Scope, criterion: Match, wanted: Token, *, below: bool) -> Iterable[Token]:
    """A code and those that it subsumes (or, not ``below``, that subsume it) in its code system."""
    return _Vocabulary(scope, criterion).related(wanted, below=below)


class _Vocabulary:
    """What one criterion needs to know of code systems."""

    def __init__(self, scope: Scope, criterion: Match) -> None:
        self._scope = scope
        self._connection = scope.connection
        self._known = memory.at(self._connection)
        today = datetime.fromtimestamp(scope.now / 1_000_000, UTC).astimezone(LOCAL_ZONE).date()
        self._on = queries.settled(self._connection, self._known, today)
        self._name = f"{criterion.parameter.code}:{criterion.modifier}"

    def remembered(self, address: str) -> Tokens:
        """A value set's tokens; those of the tables are kept until the tables change."""
        kept = self._known.of("tokens")
        key = (address, self._scope.base, self._on)
        if key in kept:
            found: Tokens = kept[key]
            return found
        tokens, from_tables = self._value_set(address, 0)
        if from_tables:
            if len(kept) >= _KEPT:
                kept.clear()
            kept[key] = tokens
        return tokens

    def _value_set(self, address: str, depth: int) -> tuple[Tokens, bool]:
        if depth > _DEPTH:
            raise refusals.too_costly(self._name, "value sets within value sets go too deep").fault()
        compose, from_tables = self._compose(address)
        if compose is None:
            raise refusals.wrong_value(
                self._name, address, "a ValueSet in this record, or one of the standard's that can be listed"
            ).fault()
        found: Tokens = {}
        for include in compose.get("include", ()):
            tokens, kept = self._component(include, depth)
            found.update(tokens)
            from_tables &= kept
        for exclude in compose.get("exclude", ()):
            tokens, kept = self._component(exclude, depth)
            from_tables &= kept
            for token in tokens:
                self._exclude(found, token)
        self._require_room(found)
        return found, from_tables

    def _compose(self, address: str) -> tuple[dict[str, Any] | None, bool]:
        """A value set's definition, and whether it can be remembered by the tables' stamp."""
        named = parse(address, self._scope.base)
        if named is not None and named.type == "ValueSet":
            kept = queries.by_origin(self._connection, queries.VALUE_SETS, f"record:ValueSet/{named.id}")
        else:
            kept = queries.value_set(self._connection, self._known, address, self._on)
        if kept is not None:
            return kept.compose, True
        stored = self._stored(address)
        if stored is not None:
            read = resources.of_resource({**stored, "url": stored.get("url") or address}, "record")
            compose: dict[str, Any] = getattr(read, "compose", {})
            return compose, False
        listed = definitions.value_set(address.partition("|")[0])
        if listed is None:
            return None, False
        parts = [
            {"system": system, "concept": [{"code": code} for code in codes]}
            for system, codes in listed.items()
        ]
        return {"include": parts}, True

    def _exclude(self, found: Tokens, token: Token) -> None:
        if token.code is None:
            for other in [t for t in found if t.system == token.system]:
                del found[other]
            return
        whole = Token(token.system, None)
        if whole in found:
            del found[whole]
            found.update(self._listed({"system": token.system}))
        found.pop(token, None)

    def _component(self, part: Mapping[str, Any], depth: int) -> tuple[Tokens, bool]:
        """An include or exclude: the codes that its system and all its value sets have in common."""
        read = [self._value_set(url, depth + 1) for url in part.get("valueSet", ())]
        sets = [tokens for tokens, _ in read]
        if "system" in part:
            sets.append(self._of_system(part))
        if not sets:
            return {}, True
        common = sets[0]
        for other in sets[1:]:
            kept = {token: None for token in common if _within(token, other)}
            common = kept | {token: None for token in other if _within(token, common)}
        return common, all(kept for _, kept in read)

    def _of_system(self, part: Mapping[str, Any]) -> Tokens:
        system = part["system"]
        if part.get("concept"):
            return {Token(system, concept["code"]): None for concept in part["concept"]}
        if not part.get("filter"):
            return {Token(system, None): None}
        return self._listed(part)

    def _listed(self, part: Mapping[str, Any]) -> Tokens:
        """The codes of a system under the filters of an include."""
        version = self._system(part["system"], part.get("version"))
        selection = Selection(self._connection, version)
        try:
            for one in part.get("filter", ()):
                selection.narrow(one)
        except Fault as fault:
            if fault.kind is Kind.UNSUPPORTED:
                raise refusals.unsupported(self._name, fault.issues[0].text.rstrip(".")).fault() from None
            raise
        rows = self._connection.execute(
            f"SELECT c.code FROM terminology_concept c WHERE {selection.sql} ORDER BY c.code LIMIT %s",
            [*selection.values, MAX_CODES + 1],
        ).fetchall()
        found: Tokens = {Token(part["system"], code): None for (code,) in rows}
        self._require_room(found)
        return found

    # -- code systems

    def related(self, wanted: Token, *, below: bool) -> Tokens:
        if not wanted.system or not wanted.code:
            raise refusals.wrong_value(self._name, wanted.code or "", "system|code").fault()
        version = self._system(wanted.system, None)
        found = queries.concept(self._connection, version, wanted.code)
        if found is None:
            raise refusals.wrong_value(
                self._name, f"{wanted.system}|{wanted.code}", "a code of that CodeSystem"
            ).fault()
        given, other = ("above", "below") if below else ("below", "above")
        rows = self._connection.execute(
            f"SELECT c.code FROM terminology_closure r"
            f" JOIN terminology_concept c ON c.system = r.system AND c.place = r.{other}"
            f" WHERE r.system = %s AND r.{given} = %s ORDER BY c.code LIMIT %s",
            [version.id, found.place, MAX_CODES + 1],
        ).fetchall()
        tokens: Tokens = {Token(wanted.system, code): None for code in (found.code, *(c for (c,) in rows))}
        self._require_room(tokens)
        return tokens

    def _system(self, url: str, version: str | None) -> SystemVersion:
        found = queries.system(self._connection, self._known, url, self._on, version)
        if found is None:
            raise refusals.unsupported(self._name, f"the CodeSystem {url} is not in this record").fault()
        return found

    # -- the record

    def _stored(self, address: str) -> dict[str, Any] | None:
        """The latest ValueSet of the record with that URL, or the one called ``ValueSet/id``."""
        named = parse(address, self._scope.base)
        alias = self._scope.alias()
        if named is not None and named.type == "ValueSet":
            condition = Fragment(f"{alias}.self = %s", (self_number("ValueSet", named.id),))
        else:
            condition = tokens_any(alias, [keys.uri_hash("ValueSet.url", address.partition("|")[0])])
        source = self._scope.source(alias)
        rows = self._connection.execute(
            f"SELECT {alias}.body FROM {source.sql} WHERE {condition.sql} AND {alias}.type = %s"
            f" ORDER BY {alias}.vid DESC",
            (*source.values, *condition.values, definitions.type_number("ValueSet")),
            prepare=False,
            binary=True,
        ).fetchall()
        version = address.partition("|")[2]
        for (body,) in rows:
            resource: dict[str, Any] = json.parse(b"{" + packing.unpack(body).partition(b"\x00")[2] + b"}")
            if not version or resource.get("version") == version:
                return {"resourceType": "ValueSet", **resource}
        return None

    def _require_room(self, codes: Tokens) -> None:
        if len(codes) > MAX_CODES:
            raise refusals.too_costly(self._name, f"more than {MAX_CODES} codes").fault()


def _within(token: Token, others: Tokens) -> bool:
    return token in others or Token(token.system, None) in others
