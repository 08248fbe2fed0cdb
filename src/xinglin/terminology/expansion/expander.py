"""Works out the members of a value set; https://hl7.org/fhir/R4/valueset.html#compositions"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from django.utils.translation import gettext_noop
from xxhash import xxh3_128_hexdigest

from xinglin.kernel.errors import invalid, not_found
from xinglin.terminology import queries, spelling
from xinglin.terminology.composing import Selection
from xinglin.terminology.expansion.implied import of_standard, of_system
from xinglin.terminology.expansion.members import Members, common, filled, within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from xinglin.terminology.memory import Memory
    from xinglin.terminology.queries import SystemVersion, ValueSetVersion
    from xinglin.terminology.values import Connection

_DEEPEST = 8  # value sets within value sets
_MOST_INLINE = 200  # expansions of value sets that were only sent, kept
_NO_SYSTEM = 0


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
        compose = of_standard(url) or of_system(self._connection, self._known, url, self._on)
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
            for sql, values in common(sets):
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
            condition, values = within(members, "%s::text", "c.code")
            selection.add(condition, *filled(values, part["system"]))
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
            condition, values = within(members, "%s::text", "l.code")
            conditions.append(condition)
            bound += filled(values, url)
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
            condition, bound = within(members, "m.url", "m.code")
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
