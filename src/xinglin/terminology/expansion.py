"""The members of value sets: worked out once by SQL, kept as rows, and dropped when what they rest on changes.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from django.utils.translation import gettext_noop
from xxhash import xxh3_128_hexdigest

from xinglin.fhir import definitions
from xinglin.kernel.errors import invalid, not_found
from xinglin.terminology import queries, spelling
from xinglin.terminology.composing import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from xinglin.terminology.memory import Memory
    from xinglin.terminology.queries import SystemVersion, ValueSetVersion
    from xinglin.terminology.values import Connection

_DEEPEST = 8  # value sets within value sets
_MOST_INLINE = 200  # expansions of value sets that were only sent, kept
_NO_SYSTEM = 0


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a value set.

    ``id`` names their rows; 0 where they are a ``whole`` code system, whose concepts are not written down again.
    ``used`` are the versions it rests on, as (kind, canonical); ``warnings`` what could not be found.
    """

    id: int
    total: int
    systems: tuple[int, ...]
    whole: SystemVersion | None = None
    used: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    excludes_inactive: bool = False

    @property
    def searched(self) -> tuple[int, ...]:
        """The systems in whose keys members are looked for; an expansion has keys of its own."""
        return self.systems if self.whole else (*self.systems, -self.id)


@dataclass(slots=True)
class _Making:
    """One expansion while it is worked out."""

    number: int
    systems: dict[int, None] = field(default_factory=dict)
    uses: dict[str, None] = field(default_factory=dict)
    used: dict[tuple[str, str], None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class Expander:
    """Works out value sets on one connection, as of one day, with the system versions that are asked for."""

    def __init__(
        self, connection: Connection, known: Memory, on: date, versions: Mapping[str, str] | None = None
    ) -> None:
        self._connection = connection
        self._known = known
        self._on = queries.settled(connection, known, on)
        self._versions = dict(versions or {})

    def of(self, url: str) -> Members:
        """The members of the value set with this address (``url|version``)."""
        return self._named(url, ())

    def of_version(self, version: ValueSetVersion) -> Members:
        """The members of this version."""
        return self._of_compose(f"set:{version.id}", version.url, version.canonical, version.compose, ())

    def of_compose(self, compose: dict[str, Any]) -> Members:
        """The members of a value set that is not kept here."""
        name = f"inline:{xxh3_128_hexdigest(orjson.dumps(compose, option=orjson.OPT_SORT_KEYS))}"
        return self._of_compose(name, "", "", compose, ())

    def _named(self, url: str, inside: tuple[str, ...]) -> Members:
        if url in inside or len(inside) > _DEEPEST:
            raise invalid(
                gettext_noop("The value set %(url)s includes itself, or value sets too deep: %(path)s."),
                code="too-costly",
                url=url,
                path=" → ".join((*inside, url)),
            )
        bare, within = url.partition("|")[0], (*inside, url)
        found = queries.value_set(self._connection, self._known, url, self._on)
        if found is not None:
            return self._of_compose(f"set:{found.id}", bare, found.canonical, found.compose, within)
        compose = _of_standard(url) or _of_system(self._connection, self._known, url, self._on)
        if compose is None:
            raise not_found(gettext_noop("There is no value set %(url)s here."), url=url)
        return self._of_compose(f"url:{url}", bare, url, compose, within)

    def _of_compose(
        self, name: str, url: str, canonical: str, compose: dict[str, Any], inside: tuple[str, ...]
    ) -> Members:
        key = self._key(name)
        remembered = self._known.of("members")
        if key not in remembered:
            made = self._whole(canonical, compose) or self._kept(key)
            if made is None:
                with self._connection.transaction():
                    made = self._make(key, url, canonical, compose, inside)
            remembered[key] = made
        found: Members = remembered[key]
        return found

    def _key(self, name: str) -> str:
        """What tells this expansion from others: the set, the day, the versions asked for."""
        asked = "".join(f"&{url}={version}" for url, version in sorted(self._versions.items()))
        return f"{name}@{self._on.isoformat()}{asked}"

    def _whole(self, canonical: str, compose: dict[str, Any]) -> Members | None:
        """A value set that is one code system and nothing else."""
        includes = compose.get("include", ())
        if len(includes) != 1 or compose.get("exclude"):
            return None
        part = includes[0]
        if "system" not in part or part.get("concept") or part.get("filter") or part.get("valueSet"):
            return None
        system = self._system(part)
        used = ((("valueset", canonical),) if canonical else ()) + (("system", system.canonical),)
        return Members(
            0, system.concepts, (system.id,), system, used, excludes_inactive=compose.get("inactive") is False
        )

    def _kept(self, key: str) -> Members | None:
        row = self._connection.execute(
            "SELECT id, total, about FROM terminology_expansion WHERE name = %s", [key], prepare=True
        ).fetchone()
        if row is None:
            return None
        about = row[2]
        return Members(
            row[0],
            row[1],
            tuple(about["systems"]),
            used=tuple((kind, canonical) for kind, canonical in about["used"]),
            warnings=tuple(about["warnings"]),
            excludes_inactive=about["excludes_inactive"],
        )

    def _system(self, part: Mapping[str, Any]) -> SystemVersion:
        found = self._system_or_none(part)
        if found is None:
            version = self._versions.get(part["system"]) or part.get("version")
            raise not_found(
                gettext_noop("The code system %(system)s is not loaded here, so it cannot be listed."),
                system=part["system"] + (f"|{version}" if version else ""),
            )
        return found

    def _system_or_none(self, part: Mapping[str, Any]) -> SystemVersion | None:
        version = part.get("version") or self._versions.get(part["system"])
        return queries.system(self._connection, self._known, part["system"], self._on, version)

    # -- making

    def _make(
        self, key: str, url: str, canonical: str, compose: dict[str, Any], inside: tuple[str, ...]
    ) -> Members:
        connection = self._connection
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"expansion:{key}"])
        kept = self._kept(key)
        if kept is not None:
            return kept
        row = connection.execute(
            "INSERT INTO terminology_expansion (name, uses, about, total) VALUES (%s, '{}', '{}', 0) RETURNING id",
            [key],
        ).fetchone()
        assert row is not None
        making = _Making(row[0])
        if url:
            making.uses[url] = None
        if canonical:
            making.used["valueset", canonical] = None
        try:
            for part in compose.get("include", ()):
                self._include(making, part, inside)
            for part in compose.get("exclude", ()):
                self._exclude(making, part, inside)
        except (psycopg.errors.InvalidRegularExpression, psycopg.errors.UndefinedFunction) as error:
            raise invalid(
                gettext_noop("A filter of the value set has a pattern that cannot be read: %(reason)s."),
                code="value",
                reason=str(error.diag.message_primary),
            ) from None
        if compose.get("inactive") is False:
            connection.execute(
                "DELETE FROM terminology_member m USING terminology_concept c WHERE m.expansion = %s"
                " AND c.system = m.system AND c.place = m.concept AND c.inactive",
                [making.number],
            )
        made = self._finish(making, excludes_inactive=compose.get("inactive") is False)
        if key.startswith("inline:"):
            _forget_old(connection)
        return made

    def _finish(self, making: _Making, *, excludes_inactive: bool) -> Members:
        connection, number = self._connection, making.number
        rows = connection.execute(
            "SELECT place, code, coalesce(display, code) FROM terminology_member"
            " WHERE expansion = %s AND system = %s",
            [number, -number],
        ).fetchall()
        with connection.cursor() as cursor, cursor.copy("COPY terminology_key FROM STDIN") as copy:
            for place, code, display in rows:
                for key in spelling.term_keys(code, display):
                    copy.write_row((-number, place, *key))
        total_row = connection.execute(
            "SELECT count(*) FROM terminology_member WHERE expansion = %s", [number]
        ).fetchone()
        total = total_row[0] if total_row else 0
        about = {
            "systems": list(making.systems),
            "used": list(making.used),
            "warnings": making.warnings,
            "excludes_inactive": excludes_inactive,
        }
        connection.execute(
            "UPDATE terminology_expansion SET uses = %s, about = %s, total = %s WHERE id = %s",
            [list(making.uses), orjson.dumps(about).decode(), total, number],
        )
        return Members(
            number,
            total,
            tuple(making.systems),
            used=tuple(making.used),
            warnings=tuple(making.warnings),
            excludes_inactive=excludes_inactive,
        )

    def _include(self, making: _Making, part: dict[str, Any], inside: tuple[str, ...]) -> None:
        """Add the members of an include: what its system and all its value sets have in common."""
        sets = self._sets(making, part, inside)
        if "system" not in part:
            for sql, values in _common(sets):
                self._insert(making, sql, values)
            return
        making.uses[part["system"]] = None
        system = self._system_or_none(part) if part.get("concept") else self._system(part)
        if part.get("concept"):
            self._include_listed(making, part, system, sets)
            return
        assert system is not None
        self._note(making, system)
        selection = self._selection(part, system, sets)
        self._insert(
            making,
            "SELECT c.system, c.place, %s, c.code, NULL::text, c.place::bigint AS at FROM terminology_concept c"
            f" WHERE {selection.sql}",
            [part["system"], *selection.values],
        )

    def _selection(
        self, part: Mapping[str, Any], system: SystemVersion, sets: Sequence[Members]
    ) -> Selection:
        selection = Selection(self._connection, system)
        for one in part.get("filter", ()):
            selection.narrow(one)
        for members in sets:
            condition, values = _within(members, "%s::text", "c.code")
            selection.add(condition, *_filled(values, part["system"]))
        return selection

    def _include_listed(
        self,
        making: _Making,
        part: Mapping[str, Any],
        system: SystemVersion | None,
        sets: Sequence[Members],
    ) -> None:
        """Codes that are named one by one; those of a system that is not here are taken as they stand."""
        listed = [(one["code"], one.get("display")) for one in part["concept"]]
        if system is not None:
            self._note(making, system)
        url = part["system"]
        conditions, bound = [], []
        for members in sets:
            condition, values = _within(members, "%s::text", "l.code")
            conditions.append(condition)
            bound += _filled(values, url)
        narrowed = "".join(f" AND {condition}" for condition in conditions)
        fold = "l.code" if system is None or system.case_sensitive else "lower(l.code)"
        column = "c.code" if system is None or system.case_sensitive else "lower(c.code)"
        known = "c.place IS NOT NULL" if system is not None and system.closed else "true"
        self._insert(
            making,
            "SELECT coalesce(c.system, %s), coalesce(c.place, -1), %s, coalesce(c.code, l.code), l.display, l.at"
            " FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS l(code, display, at)"
            f" LEFT JOIN terminology_concept c ON c.system = %s AND {column} = {fold} WHERE {known}{narrowed}",
            [
                -making.number, url, [code for code, _ in listed], [display for _, display in listed],
                system.id if system else _NO_SYSTEM, *bound,
            ],
        )  # fmt: skip
        if system is not None and system.closed:
            self._warn_of_unknown(making, system, [code for code, _ in listed])

    def _warn_of_unknown(self, making: _Making, system: SystemVersion, codes: list[str]) -> None:
        rows = self._connection.execute(
            "SELECT code FROM unnest(%s::text[]) AS l(code) WHERE NOT EXISTS"
            " (SELECT 1 FROM terminology_concept c WHERE c.system = %s AND c.code = l.code) LIMIT 20",
            [codes, system.id],
        ).fetchall()
        if rows and system.case_sensitive:
            making.warnings.append(f"{system.canonical}: {', '.join(code for (code,) in rows)}")

    def _sets(self, making: _Making, part: Mapping[str, Any], inside: tuple[str, ...]) -> list[Members]:
        found = []
        for url in part.get("valueSet", ()):
            members = self._named(url, inside)
            making.uses[url.partition("|")[0]] = None
            for kind, canonical in members.used:
                making.used[kind, canonical] = None
                making.uses[canonical.partition("|")[0]] = None
            making.systems.update(dict.fromkeys(members.systems))
            found.append(members)
        return found

    def _note(self, making: _Making, system: SystemVersion) -> None:
        making.systems[system.id] = None
        making.used["system", system.canonical] = None

    def _insert(self, making: _Making, select: str, values: list[Any]) -> None:
        """Write the rows of ``select`` (system, concept, url, code, display, order) after those that are there."""
        number = making.number
        self._connection.execute(
            "INSERT INTO terminology_member (expansion, place, system, concept, url, code, display)"
            " SELECT %s, base.place + row_number() OVER (ORDER BY s.at),"
            " CASE WHEN s.system < 0 THEN %s ELSE s.system END, s.concept, s.url, s.code, s.display"
            f" FROM ({select}) AS s(system, concept, url, code, display, at),"
            " (SELECT coalesce(max(place), 0) AS place FROM terminology_member WHERE expansion = %s) base"
            " ON CONFLICT (expansion, url, code, system) DO NOTHING",
            [number, -number, *values, number],
        )
        self._connection.execute(
            "UPDATE terminology_member SET concept = place WHERE expansion = %s AND concept < 0", [number]
        )

    def _exclude(self, making: _Making, part: dict[str, Any], inside: tuple[str, ...]) -> None:
        """Take away what an exclude names."""
        sets = self._sets(making, part, inside)
        conditions = ["m.expansion = %s"]
        values: list[Any] = [making.number]
        for members in sets:
            condition, bound = _within(members, "m.url", "m.code")
            conditions.append(condition)
            values += bound
        if "system" in part:
            making.uses[part["system"]] = None
            conditions.append("m.url = %s")
            values.append(part["system"])
        if part.get("concept"):
            conditions.append("m.code = ANY(%s::text[])")
            values.append([one["code"] for one in part["concept"]])
        elif part.get("filter"):
            selection = self._selection(part, self._system(part), [])
            conditions.append(
                f"EXISTS (SELECT 1 FROM terminology_concept c WHERE {selection.sql} AND c.code = m.code)"
            )
            values += selection.values
        self._connection.execute(
            f"DELETE FROM terminology_member m WHERE {' AND '.join(conditions)}", values, prepare=False
        )


_URL_HERE = object()


def _within(members: Members, url: str, code: str) -> tuple[str, list[Any]]:
    """The condition that a code is a member; ``_URL_HERE`` among the values stands for a bound address."""
    if members.whole is None:
        sql = (
            "EXISTS (SELECT 1 FROM terminology_member o WHERE o.expansion = %s"
            f" AND o.url = {url} AND o.code = {code})"
        )
        return sql, [members.id, *([_URL_HERE] if "%s" in url else [])]
    sql = f"({url} = %s AND EXISTS (SELECT 1 FROM terminology_concept o WHERE o.system = %s AND o.code = {code}))"
    return sql, [*([_URL_HERE] if "%s" in url else []), members.whole.url, members.whole.id]


def _filled(values: Iterable[Any], url: str) -> list[Any]:
    return [url if value is _URL_HERE else value for value in values]


def _common(sets: Sequence[Members]) -> list[tuple[str, list[Any]]]:
    """The members that all of these have, as one statement."""
    if not sets:
        return []
    first, *others = sets
    conditions, values = [], []
    for members in others:
        condition, bound = _within(members, "s.url", "s.code")
        conditions.append(condition)
        values += bound
    narrowed = " AND ".join(conditions) or "true"
    if first.whole is not None:
        source = (
            "SELECT c.system, c.place AS concept, %s AS url, c.code, NULL::text AS display, c.place::bigint AS at"
            " FROM terminology_concept c WHERE c.system = %s"
        )
        return [(f"SELECT * FROM ({source}) s WHERE {narrowed}", [first.whole.url, first.whole.id, *values])]
    source = (
        "SELECT CASE WHEN m.system < 0 THEN -1 ELSE m.system END AS system,"
        " CASE WHEN m.system < 0 THEN -1 ELSE m.concept END AS concept, m.url, m.code, m.display,"
        " m.place::bigint AS at FROM terminology_member m WHERE m.expansion = %s"
    )
    return [(f"SELECT * FROM ({source}) s WHERE {narrowed}", [first.id, *values])]


def _of_standard(url: str) -> dict[str, Any] | None:
    """One of R4's own value sets, as far as its codes can be listed."""
    listed = definitions.value_set(url.partition("|")[0])
    if listed is None:
        return None
    return {
        "include": [
            {"system": system, "concept": [{"code": code} for code in codes]}
            for system, codes in listed.items()
        ]
    }


def _of_system(connection: Connection, known: Memory, url: str, on: date) -> dict[str, Any] | None:
    """The value set of a whole code system that some systems imply by ``?fhir_vs``.

    https://hl7.org/fhir/R4/snomedct.html#implicit
    """
    system, mark, rest = url.partition("?fhir_vs")
    if not mark or queries.system(connection, known, system, on) is None:
        return None
    if not rest:
        return {"include": [{"system": system}]}
    kind, _, code = rest.removeprefix("=").partition("/")
    if kind != "isa" or not code:
        return None
    return {"include": [{"system": system, "filter": [{"property": "concept", "op": "is-a", "value": code}]}]}


def _forget_old(connection: Connection) -> None:
    """Keep only the latest expansions of value sets that were sent and are not kept themselves."""
    rows = connection.execute(
        "DELETE FROM terminology_expansion WHERE id IN (SELECT id FROM terminology_expansion"
        " WHERE starts_with(name, 'inline:') ORDER BY id DESC OFFSET %s)"
        " AND (SELECT count(*) FROM terminology_expansion WHERE starts_with(name, 'inline:')) > %s RETURNING id",
        [_MOST_INLINE, 2 * _MOST_INLINE],
    ).fetchall()
    for (number,) in rows:
        connection.execute("DELETE FROM terminology_member WHERE expansion = %s", [number])
        connection.execute("DELETE FROM terminology_key WHERE system = %s", [-number])
    if rows:  # others may remember them
        connection.execute("UPDATE terminology_stamp SET value = value + 1")
