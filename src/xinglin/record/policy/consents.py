"""Residents' decisions: kept in step with their Consents, and asked in every statement.

What a Consent in force says is a row of ``record_consent`` a provision (``directives``). A row of the record is denied
if a provision that denies fits it, with all that are above it, and none right below does; the plain evaluation of the
tree comes to the same. Of several Consents, one that denies is enough.
"""

from __future__ import annotations

import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions
from xinglin.fhir.index import keys
from xinglin.fhir.index.branches import branches
from xinglin.kernel.errors import forbidden
from xinglin.kernel.ids import self_number, shard_of
from xinglin.record import database
from xinglin.record.policy import compiling, directives
from xinglin.record.search.fragments import Fragment, both, either, negated, tokens_any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.policy.directives import Node
    from xinglin.record.policy.relations import Said
    from xinglin.record.policy.terms import Closed, Policy

TYPES = ("Consent",)
_DATA = compiling.DATA / "consent.toml"
_CODED = ("code", "category", "class", "type", "vaccine-code", "medication", "specialty", "service-category")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_FRESH_SECONDS = 0.05  # how long a process may hold that nobody in the region has ever decided anything
_INSERT = (
    "INSERT INTO record_consent (patient, consent, node, parent, path, denies, since, until, actors, holders,"
    " purposes, types, codes, labels, dates, instances, shard)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class DataKind:
    """A kind of data that a resident may decide about, as pages name it."""

    code: str
    name: str
    name_zh: str
    types: tuple[str, ...]
    security: tuple[tuple[str, str], ...]


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(_DATA.read_text(encoding="utf-8"))


@cache
def data_kinds() -> tuple[DataKind, ...]:
    """The kinds that the pages offer."""
    return tuple(
        DataKind(
            each["code"], each["name"], each["name_zh"], tuple(each.get("types", ())),
            tuple((system, code) for system, code in each.get("security", ())),
        )
        for each in _data()["kind"]
    )  # fmt: skip


@cache
def purposes_of(purpose: str) -> tuple[str, ...]:
    """A purpose and those that it is part of."""
    return (purpose, *_data()["purpose"].get(purpose, ()))


def terms(policy: Policy) -> directives.Terms:
    """What Consents may speak of under the policy."""
    return directives.terms_of(policy.labels, _data()["purpose"])


# -- in the transaction of a write


def follow(connection: Connection, written: Iterable[Said], actor: Actor) -> None:
    """Put what these Consents say in the place of what they said before; refuses what could not be kept.

    Only the resident, clerks, and systems that send decisions may change one.
    """
    policy, said = compiling.in_force(), list(written)
    numbers = [self_number(each.type, each.id) for each in said]
    before = connection.execute(
        "DELETE FROM record_consent WHERE consent = ANY(%s) RETURNING patient", [numbers]
    ).fetchall()
    patients = {patient for (patient,) in before}
    rows: list[tuple[Any, ...]] = []
    for each in said:
        if each.resource is None or not directives.is_about_access(each.resource):
            continue
        nodes = directives.read(each.resource, terms(policy))
        patient = directives.patient_of(each.resource)
        assert patient is not None
        patients.add(self_number("Patient", patient))
        rows += (_row(policy, node, patient, each) for node in nodes)
    for number in sorted(patients):
        require_say(connection, actor, number)
    if rows:
        _first.tell(connection)
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)


def require_say(connection: Connection, actor: Actor, patient: int) -> None:
    """Raise ``forbidden`` unless the actor may decide for the patient."""
    if not may_decide(connection, actor, patient):
        raise forbidden(
            "%(name)s may not decide about the data of this resident: that is for the resident, and for clerks on the"
            " resident's behalf.",
            name=actor.name,
        )  # fmt: skip


def may_decide(connection: Connection, actor: Actor, patient: int) -> bool:
    """Whether the actor is the resident or family, a clerk, or a system that sends decisions."""
    given = compiling.in_force().consents
    if actor.roles & (given.clerks | given.senders | {"system"}):
        return True
    return is_own(connection, actor, patient)


def is_own(connection: Connection, actor: Actor, patient: int) -> bool:
    """Whether the actor is the resident, or family with a recorded authority."""
    return _is_related(connection, actor, patient, compiling.in_force().consents.exempt)


def _is_related(connection: Connection, actor: Actor, patient: int, kinds: Iterable[str]) -> bool:
    held = compiling.related_to(actor, kinds, "r", compiling.tables_of_kin())
    row = connection.execute(
        f"SELECT {held.sql} FROM (SELECT %s::bigint AS patient) r", (*held.values, patient)
    )
    return bool((row.fetchone() or (False,))[0])


def _row(policy: Policy, node: Node, patient: str, said: Said) -> tuple[Any, ...]:
    return (
        self_number("Patient", patient), self_number(said.type, said.id), node.number, node.parent, list(node.path),
        node.denies, _moment(node.period[0]), _moment(node.period[1]), _sorted(node.actors),
        None if node.holders is None else [
            keys.reference_hash(path, "Organization", id_) for path in policy.makers for id_ in sorted(node.holders)
        ],
        _sorted(node.purposes),
        None if node.types is None else sorted(map(definitions.type_number, node.types)),
        None if node.codes is None else _code_tokens(node.codes),
        None if node.labels is None else [compiling.label_hash(code) for code in sorted(node.labels)],
        None if node.dates is None else list(map(float, node.dates)),
        None if node.instances is None else [self_number(*named) for named in sorted(node.instances)],
        shard_of("Patient", patient),
    )  # fmt: skip


def _sorted(values: frozenset[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def _moment(micros: float) -> datetime:
    if micros == float("-inf"):
        return _FIRST
    return _LAST if micros == float("inf") else _EPOCH + timedelta(microseconds=micros)


def _code_tokens(codes: frozenset[tuple[str, str]]) -> list[int]:
    return sorted(keys.token_hash(path, system, code) for path in _coded_paths() for system, code in codes)


@cache
def _coded_paths() -> tuple[str, ...]:
    """Where resources about patients have the codes that say what they are."""
    found = {
        branch.path
        for type_ in definitions.compartment("Patient")
        for name, parameter in definitions.search_parameters(type_).items()
        if name in _CODED and parameter.type == "token"
        for branch in branches(type_, parameter)
    }
    return tuple(sorted(found))


# -- in every statement


def closes(connection: Connection, actor: Actor, patients: Iterable[int]) -> bool:
    """Whether some data of these Patients may be closed to the actor, as far as the region tells."""
    policy = compiling.in_force()
    given = policy.consents
    numbers = list(patients)
    if not given.tell or actor.has("system"):
        return False
    above = given.exempt | {compiling.EMERGENCY} if given.emergency else given.exempt
    if any(_is_related(connection, actor, number, above) for number in numbers):
        return False
    said, below = _meant(actor, "said"), _meant(actor, "below")
    row = connection.execute(
        f"SELECT EXISTS (SELECT FROM record_consent said WHERE said.patient = ANY(%s) AND said.denies AND {said.sql}"
        " AND NOT EXISTS (SELECT FROM record_consent below WHERE below.patient = said.patient"
        " AND below.consent = said.consent AND below.parent = said.node AND NOT below.denies"
        " AND num_nonnulls(below.types, below.labels, below.codes, below.holders, below.instances, below.dates) = 0"
        f" AND {below.sql}))",
        [numbers, *said.values, *below.values],
    ).fetchone()
    return row == (True,)


class _First:
    """Whether a first decision has been told of, as this process knows it. Once it has, that stays."""

    def __init__(self) -> None:
        self.told = False
        self.looked = float("-inf")
        self.awaited = False

    def tell(self, connection: Connection) -> None:
        """Before this process writes its first decision, wait until no process holds any more that there is none.

        A sequence is called for everybody at once, without the transaction's end. So no reading that begins after a
        decision was acknowledged goes by what was so before. Who finds it called waits too: whoever called it may
        still be waiting.
        """
        if not self.awaited:
            connection.execute("SELECT nextval('record_consent_told')")
            time.sleep(2 * _FRESH_SECONDS)
            self.told = self.awaited = True

    def is_told(self, connection: Connection | None) -> bool:
        """The answer is at most ``_FRESH_SECONDS`` old."""
        now = time.monotonic()
        if not self.told and now - self.looked > _FRESH_SECONDS:
            with database.using(connection) as used:
                row = used.execute("SELECT is_called FROM record_consent_told", prepare=True).fetchone()
            self.looked = now
            if row == (True,):
                self.told = True
        return self.told


_first = _First()


def idle(connection: Connection | None) -> bool:
    """Whether nobody in the region has decided anything: then an open policy has nothing to ask."""
    if compiling.in_force().consents.closed:
        return False
    if not _first.is_told(connection):
        return True
    with database.using(connection) as used:
        row = used.execute("SELECT EXISTS (SELECT FROM record_consent)", prepare=True).fetchone()
    return row == (False,)


def denial(actor: Actor, alias: str, types: tuple[str, ...]) -> Fragment | None:
    """The rows ``alias`` that residents have closed to the actor, or the region until they permit it."""
    return _denial(compiling.name_in_force(), actor, alias, types, compiling.tables_of_kin())


@lru_cache(maxsize=1 << 14)
def _denial(
    name: str, actor: Actor, alias: str, types: tuple[str, ...], kin: tuple[str, ...]
) -> Fragment | None:
    policy = compiling.named(name)
    given = policy.consents
    if actor.purpose in given.beyond:
        return None
    secret = _consents_hidden(policy, actor, alias, types)
    if types and given.untouched.issuperset(types):
        return secret
    closed = [_decided(actor, alias, kin, denies=True)]
    closed += [_closed(policy, each, actor, alias, kin) for each in given.closed]
    parts = [Fragment(f"{alias}.patient <> 0"), either(closed)]
    untouched = given.untouched if not types else given.untouched.intersection(types)
    if untouched:
        numbers = sorted(map(definitions.type_number, untouched))
        parts.insert(0, Fragment(f"{alias}.type <> ALL(%s::smallint[])", (numbers,)))
    if given.keepers and actor.institution:
        parts.append(negated(compiling.kept_or_made(policy, actor.institution, alias)))
    whoever = given.exempt | {compiling.EMERGENCY} if given.emergency else given.exempt
    parts.append(negated(compiling.related_to(actor, whoever, alias, kin)))
    denied = both(parts)
    return denied if secret is None else either([secret, denied])


def _consents_hidden(policy: Policy, actor: Actor, alias: str, types: tuple[str, ...]) -> Fragment | None:
    """Where a region does not tell that something is closed, Consents are for clerks and residents alone."""
    given = policy.consents
    if given.tell or actor.roles & given.clerks or (types and "Consent" not in types):
        return None
    own = compiling.related_to(actor, given.exempt, alias, compiling.tables_of_kin())
    return both([Fragment(f"{alias}.type = %s", (definitions.type_number("Consent"),)), negated(own)])


def _closed(policy: Policy, closed: Closed, actor: Actor, alias: str, kin: tuple[str, ...]) -> Fragment:
    """What the region keeps to the institution that it comes from until the resident permits more."""
    parts = []
    if closed.types is not None:
        numbers = sorted(map(definitions.type_number, closed.types))
        parts.append(Fragment(f"{alias}.type = ANY(%s::smallint[])", (numbers,)))
    if closed.labels:
        parts.append(tokens_any(alias, [compiling.label_hash(code) for code in sorted(closed.labels)]))
    if actor.institution:
        parts.append(negated(compiling.kept_or_made(policy, actor.institution, alias)))
    return both([*parts, negated(_decided(actor, alias, kin, denies=False))])


def _decided(actor: Actor, alias: str, kin: tuple[str, ...], *, denies: bool) -> Fragment:
    """A provision of the patient (or another Patient of the person, or one of several patients) has the last word.

    Each way by itself, the quickest first: this is asked of every row that a statement considers.
    """
    several = compiling.label_hash(compiling.SEVERAL)
    fits, above, below = (_fits(actor, alias, x) for x in ("said", "above", "below"))
    last = Fragment(
        f"said.denies = {'true' if denies else 'false'} AND {fits.sql}"
        " AND NOT EXISTS (SELECT FROM record_consent above"
        " WHERE above.patient = said.patient AND above.consent = said.consent"
        f" AND above.node = ANY(said.path) AND above.node <> said.node AND NOT ({above.sql}))"
        " AND NOT EXISTS (SELECT FROM record_consent below"
        " WHERE below.patient = said.patient AND below.consent = said.consent"
        f" AND below.parent = said.node AND {below.sql})",
        (*fits.values, *above.values, *below.values),
    )
    ways = [
        Fragment(
            f"EXISTS (SELECT FROM record_consent said WHERE said.patient = {alias}.patient AND {last.sql})",
            last.values,
        ),
        *(
            Fragment(
                f"EXISTS (SELECT FROM {table} me JOIN {table} kin ON kin.person = me.person"
                f" JOIN record_consent said ON said.patient = kin.number WHERE me.number = {alias}.patient"
                f" AND kin.number <> me.number AND {last.sql})",
                last.values,
            )
            for table in kin
        ),
        Fragment(
            f"{alias}.tokens @> ARRAY[%s::bigint] AND EXISTS (SELECT FROM unnest({alias}.tokens) token"
            f" JOIN record_consent said ON said.patient = token # %s WHERE {last.sql})",
            (several, keys.member_hash(0), *last.values),
        ),
    ]
    any_way = either(ways)
    return Fragment(  # the first is asked once a statement: most regions begin without any
        f"(EXISTS (SELECT FROM record_consent) AND {any_way.sql})", any_way.values
    )


def _fits(actor: Actor, alias: str, x: str) -> Fragment:
    """The provision ``x``, taken alone, fits the row and the reader.

    A row without a date fits a period of data where that denies.
    """
    meant = _meant(actor, x)
    return Fragment(
        f"{meant.sql}"
        f" AND ({x}.types IS NULL OR {alias}.type = ANY({x}.types))"
        f" AND ({x}.labels IS NULL OR {alias}.tokens && {x}.labels)"
        f" AND ({x}.codes IS NULL OR {alias}.tokens && {x}.codes)"
        f" AND ({x}.holders IS NULL OR {alias}.tokens && {x}.holders)"
        f" AND ({x}.instances IS NULL OR {alias}.self = ANY({x}.instances))"
        f" AND ({x}.dates IS NULL OR CASE WHEN {alias}.date IS NULL THEN {x}.denies"
        f" ELSE {alias}.date >= {x}.dates[1] AND {alias}.date < {x}.dates[2] END)",
        meant.values,
    )


def _meant(actor: Actor, x: str) -> Fragment:
    """The provision ``x`` holds now, for this reader and purpose."""
    me = [f"Organization/{id_}" for id_ in (actor.institution, actor.department) if id_]
    me += [f"Practitioner/{actor.practitioner}"] if actor.practitioner else []
    return Fragment(
        f"{x}.since <= statement_timestamp() AND {x}.until > statement_timestamp()"
        f" AND ({x}.actors IS NULL OR {x}.actors && %s::text[])"
        f" AND ({x}.purposes IS NULL OR {x}.purposes && %s::text[])",
        (me, list(purposes_of(actor.purpose))),
    )
