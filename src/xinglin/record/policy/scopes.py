"""What an app was granted: SMART scopes, read, compared, and made into SQL beside the policy.

https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html. A grant is ``context/Type.letters`` with
a search that limits it, if any. An actor with grants sees what both the policy and one of the grants show: the
contexts ``user`` and ``system`` whatever the account itself may see, ``patient`` one resident's record and what is
in nobody's record beside it. Letters are checked at the door, rows in every statement that reads.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl

from xinglin.fhir import definitions
from xinglin.kernel.errors import Fault, forbidden, invalid
from xinglin.kernel.ids import self_number
from xinglin.record.policy import compiling
from xinglin.record.search import compiler, grammar
from xinglin.record.search.criteria import Match, Query
from xinglin.record.search.fragments import Fragment, both, either, negated
from xinglin.record.search.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.search.scope import Access

LETTERS = "cruds"
SEEING = "rs"  # a row is seen by who may read or search its type
ANY = "*"
PATIENT, USER, SYSTEM = "patient", "user", "system"
_FORM = re.compile(
    r"(patient|user|system)/(\*|[A-Z][A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)(?:\?([^\s\"\\]+))?"
)
_FORMER = {"read": "rs", "write": "cud", ANY: LETTERS}
_BESIDE = Path(__file__).with_name("data") / "beside.toml"
_OF_SEVERAL = ("Group", "Person")  # say who else is meant, and are never shown for one patient's sake
_ACTIONS = {
    "read": "r", "vread": "r", "everything": "rs", "search": "s", "labels": "s", "create": "c", "update": "u",
    "patch": "ru", "delete": "d",
}  # fmt: skip


class Written(Protocol):
    """A version that is to be stored."""

    @property
    def type_name(self) -> str: ...
    @property
    def type(self) -> int: ...
    @property
    def number(self) -> int: ...
    @property
    def patient(self) -> int: ...
    @property
    def tokens(self) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class Grant:
    """``type`` may be ``*``; ``query`` is a search as in an address, without the question mark."""

    context: str
    type: str
    letters: str
    query: str = ""

    def __str__(self) -> str:
        return f"{self.context}/{self.type}.{self.letters}" + (f"?{self.query}" if self.query else "")

    def gives(self, letter: str, type_name: str | None) -> bool:
        """Whether it gives the letter for resources of that type; None: for some type."""
        return letter in self.letters and (type_name is None or self.type in (ANY, type_name))


@lru_cache(maxsize=4096)
def read(text: str) -> Grant | None:
    """A scope for resources in either version's form; None for any other text.

    https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    context, type_, letters, query = found.groups()
    if not letters or (type_ != ANY and not definitions.is_resource_type(type_)):
        return None
    grant = Grant(context, type_, _FORMER.get(letters, letters), query or "")
    if grant.query:
        try:
            _limits(grant)
        except Fault:
            return None
    return grant


def meet(asked: Grant, allowed: Grant) -> Grant | None:
    """What is in both; None if that is nothing."""
    apart = ANY not in (asked.type, allowed.type) and asked.type != allowed.type
    if asked.context != allowed.context or apart:
        return None
    type_ = allowed.type if asked.type == ANY else asked.type
    letters = "".join(letter for letter in asked.letters if letter in allowed.letters)
    queries = dict.fromkeys(part for part in (asked.query, allowed.query) if part)
    if not letters or (queries and type_ == ANY):
        return None
    return Grant(asked.context, type_, letters, "&".join(queries))


@lru_cache(maxsize=4096)
def of(scopes: tuple[str, ...]) -> tuple[Grant, ...]:
    """The grants among an actor's scopes."""
    return tuple(grant for text in scopes if (grant := read(text)) is not None)


def allows(actor: Actor, letters: str, type_name: str | None) -> bool:
    """Whether the actor's grants, if it has any, give all these letters for the type."""
    if actor.scopes is None:
        return True
    grants = of(actor.scopes)
    return all(any(grant.gives(letter, type_name) for grant in grants) for letter in letters)


def require(actor: Actor, action: str, type_name: str | None, id_: str | None = None) -> None:
    """Raise ``forbidden`` unless the actor's grants give what the action of the door needs."""
    if actor.scopes is None or action in ("transaction", "batch"):  # their steps are asked one by one
        return
    letters = ("r" if id_ else "s") if action == "history" else _ACTIONS.get(action)
    if letters is None or not allows(actor, letters, type_name):
        wanted = f"{type_name or ANY}.{letters or '-'}"
        raise forbidden("The app %(app)s was not granted %(wanted)s.", app=actor.app, wanted=wanted)


def require_written(connection: Connection, actor: Actor, drafts: Iterable[Written], letter: str) -> None:
    """Raise ``forbidden`` for a new version that none of the actor's grants covers: another's, or beyond a limit."""
    if actor.scopes is None:
        return
    for draft in drafts:
        shown = granted(actor, "r", (draft.type_name,), letter)
        row = connection.execute(
            f"SELECT {shown.sql} FROM (SELECT %s::bigint AS patient, %s::smallint AS type, %s::bigint AS self,"
            " %s::bigint[] AS tokens, 0::bigint AS vid) r",
            (*shown.values, draft.patient, draft.type, draft.number, list(draft.tokens)),
        ).fetchone()
        if row is None or not row[0]:
            raise forbidden(
                "The app %(app)s was not granted to write this %(type)s: it is not in the record or not of the kind"
                " that the scope names.",
                app=actor.app, type=draft.type_name,
            )  # fmt: skip


def access_of(actor: Actor, connection: Connection | None = None, *, letters: str = SEEING) -> Access | None:
    """The rows that the actor may see: by the policy and, through an app, by a grant with one of the letters.

    ``connection``: of the transaction whose writes are to be seen already.
    """
    if actor.scopes is None:
        return compiling.access_of(actor, connection)
    own = compiling.access_of(replace(actor, app=None, scopes=None, patient=None), connection)

    def access(alias: str, types: tuple[str, ...]) -> Fragment:
        shown = granted(actor, alias, types, letters)
        other = own(alias, types) if own else None
        return both([shown, Fragment(f"({other.sql})", other.values)]) if other is not None else shown

    return access


def granted(actor: Actor, alias: str, types: tuple[str, ...], letters: str = SEEING) -> Fragment:
    """The rows ``alias`` of ``types`` (none: any) that one of the grants with one of these letters covers."""
    return _granted(actor.scopes or (), actor.patient, alias, types, letters, compiling.tables_of_kin())


@lru_cache(maxsize=1 << 14)
def _granted(
    scopes: tuple[str, ...], patient: str | None, alias: str, types: tuple[str, ...], letters: str,
    tables: tuple[str, ...],
) -> Fragment:  # fmt: skip
    """Grants that differ in their types alone become one condition, so that the record is asked for once."""
    alike: dict[tuple[str, str, str], set[str]] = {}
    for grant in of(scopes):
        meant = not types or grant.type == ANY or grant.type in types
        if meant and any(letter in grant.letters for letter in letters):
            limited = grant.type if grant.query else ""
            alike.setdefault((grant.context, grant.query, limited), set()).add(grant.type)
    parts: list[Fragment] = []
    for (context, query, limited), wanted in alike.items():
        if context == PATIENT and patient is None:
            continue
        part = [] if ANY in wanted else [_of_types(sorted(wanted), alias)]
        if context == PATIENT:
            part.append(_of_record(str(patient), alias, tables))
        if query:
            part.append(_limited(Grant(context, limited, SEEING, query), alias))
        parts.append(both(part))
    return either(parts)


def _of_types(types: Sequence[str], alias: str) -> Fragment:
    return Fragment(f"{alias}.type = ANY(%s::smallint[])", ([definitions.type_number(t) for t in types],))


def _limited(grant: Grant, alias: str) -> Fragment:
    limits = _limits(grant)
    return compiler.conjunction(_nowhere(), alias, limits.types, limits.criteria).fragment()


def _of_record(patient: str, alias: str, tables: tuple[str, ...]) -> Fragment:
    """In the record of the patient, or of another Patient of the same person; or of nobody and beside it."""
    number = self_number("Patient", patient)
    kin = "".join(
        f" UNION SELECT kin.number FROM {table} me JOIN {table} kin ON kin.person = me.person WHERE me.number = %s"
        for table in tables
    )
    values: tuple[Any, ...] = (number, *[number] * len(tables))
    several = [definitions.type_number(name) for name in _OF_SEVERAL]
    own = both(
        [
            Fragment(f"{alias}.patient = ANY(ARRAY(SELECT %s::bigint{kin}))", values),
            Fragment(f"{alias}.type <> ALL(%s::smallint[])", (several,)),
            negated(
                Fragment(f"{alias}.tokens @> ARRAY[%s::bigint]", (compiling.label_hash(compiling.SEVERAL),))
            ),
        ]
    )
    beside = Fragment(f"({alias}.patient = 0 AND {alias}.type = ANY(%s::smallint[]))", (list(_beside()),))
    return either([Fragment(f"({own.sql})", own.values), beside])


@cache
def _beside() -> tuple[int, ...]:
    names = tomllib.loads(_BESIDE.read_text(encoding="utf-8"))["types"]
    return tuple(sorted(map(definitions.type_number, names)))


def _limits(grant: Grant) -> Query:
    """The search that limits a grant: plain tokens alone, so that a row tells by itself whether it fits."""
    query = grammar.parse(
        grant.type if grant.type != ANY else None, parse_qsl(grant.query, keep_blank_values=True)
    )
    plain = all(
        isinstance(one, Match) and one.parameter.type == "token" and not one.modifier
        for one in query.criteria
    )
    if grant.type == ANY or not plain or len(query.criteria) != len(query.pairs) or not query.criteria:
        raise invalid(
            "A scope can be limited by plain tokens of one type alone, such as ?category=laboratory."
        )
    return query


def _nowhere() -> Scope:
    nothing: Any = None  # plain tokens ask nothing of the database
    return Scope(nothing, "", 0)
