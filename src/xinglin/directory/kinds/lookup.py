"""Which things of the directory, and of the lines of a file above, are meant by codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xinglin.directory.kinds.kind import INSTITUTION_SCHEMES, Key
from xinglin.directory.rules import codes
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xinglin.record.database import Connection


class Known(NamedTuple):
    """What a key means: a resource in the record, or one of an earlier ``line`` of the same file."""

    type: str
    id: str
    name: str = ""
    line: int | None = None

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


Found = dict[Key, list[Known]]


def find(connection: Connection, keys: Iterable[Key]) -> Found:
    """What the directory knows under these keys."""
    wanted = set(keys)
    found: Found = {}
    for key, known in _everything(connection, wanted):
        if key in wanted and known not in found.setdefault(key, []):
            found[key].append(known)
    return found


def _everything(connection: Connection, wanted: set[Key]) -> Iterator[tuple[Key, Known]]:
    ids = [key.value for key in wanted if key.group in {"id", "institution id"}]
    named = [key for key in wanted if key.group == "department name"]
    values = [key.value for key in wanted if key.group not in {"id", "institution id", "department name"}]
    if values:
        yield from _by_code(connection, values)
    if ids:
        yield from _by_id(connection, ids)
    if named:
        yield from _by_name(connection, named)


def _by_code(connection: Connection, values: Sequence[str]) -> Iterator[tuple[Key, Known]]:
    asked = {sealing.hidden("codes", value): value for value in values}
    rows = connection.execute(
        "SELECT c.scheme, c.value, c.within, c.type, c.id, e.name, e.institution FROM directory_code c"
        " JOIN directory_entry e USING (type, id) WHERE c.value = ANY(%s) ORDER BY c.type, c.id",
        [[*values, *asked]],
    ).fetchall()
    unplaced = [row[4] for row in rows if row[0] == "staff" and not row[2]]
    places = _institutions_of(connection, unplaced) if unplaced else {}
    for scheme, stored, within, type_, id_, name, institution in rows:
        value = str(asked.get(stored, stored)) if scheme in codes.HIDDEN_SCHEMES else stored
        known = Known(type_, id_, name)
        if scheme in INSTITUTION_SCHEMES:
            yield Key("institution", value), known
        if within:
            yield Key(scheme, value, within), known
        elif scheme == "staff":
            for place in places.get(id_, ()):
                yield Key(scheme, value, place), known
        else:
            yield Key(scheme, value), known
            if institution:
                yield Key(scheme, value, f"Organization/{institution}"), known


def _institutions_of(connection: Connection, practitioners: Sequence[str]) -> dict[str, list[str]]:
    """Where practitioners are: id → references to institutions."""
    found: dict[str, list[str]] = {}
    rows = connection.execute(
        "SELECT DISTINCT practitioner, institution FROM directory_role"
        " WHERE practitioner = ANY(%s) AND institution IS NOT NULL",
        [list(practitioners)],
    )
    for practitioner, institution in rows:
        found.setdefault(practitioner, []).append(f"Organization/{institution}")
    return found


def _by_id(connection: Connection, ids: Sequence[str]) -> Iterator[tuple[Key, Known]]:
    rows = connection.execute(
        "SELECT type, id, kind, name, institution FROM directory_entry WHERE id = ANY(%s)", [list(ids)]
    ).fetchall()
    people = _institutions_of(connection, [row[1] for row in rows if row[2] == "practitioner"])
    for type_, id_, kind, name, institution in rows:
        known = Known(type_, id_, name)
        if kind == "institution":
            yield Key("institution id", id_), known
        elif institution and kind != "site":  # a site has its institution's id, and is never meant
            yield Key("id", id_, f"Organization/{institution}"), known
        for place in people.get(id_, ()) if kind == "practitioner" else ():
            yield Key("id", id_, place), known


def _by_name(connection: Connection, keys: Sequence[Key]) -> Iterator[tuple[Key, Known]]:
    """Departments without a code, which only their name tells."""
    rows = connection.execute(
        "SELECT e.id, e.name, e.institution FROM directory_entry e"
        " WHERE e.kind = 'department' AND e.institution = ANY(%s) AND e.name = ANY(%s) AND NOT EXISTS"
        " (SELECT 1 FROM directory_code c WHERE c.type = e.type AND c.id = e.id AND c.scheme = 'department')",
        [[key.within.partition("/")[2] for key in keys], [key.value for key in keys]],
    )
    for id_, name, institution in rows:
        yield Key("department name", name, f"Organization/{institution}"), Known("Organization", id_, name)


class Lines:
    """What the lines of one file that were read so far say, in a table of the connection's own.

    So the memory that a file of a million lines needs does not grow with it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._fresh: dict[Key, list[Known]] = {}
        connection.execute("DROP TABLE IF EXISTS directory_lines")
        connection.execute(
            "CREATE TEMPORARY TABLE directory_lines"
            " (grp text, value text, within text, line integer, type text, id text)"
        )
        connection.execute("CREATE INDEX ON directory_lines (value, grp, within)")

    def note(self, key: Key, known: Known) -> None:
        """Say what ``key`` means from here on."""
        self._fresh.setdefault(key, []).append(known)

    def fresh(self, key: Key) -> list[Known]:
        """What was said of a key since the last ``keep``."""
        return self._fresh.get(key, [])

    def find(self, keys: Iterable[Key]) -> Found:
        """What earlier lines said of these keys."""
        wanted = list(keys)
        found = {key: list(self._fresh[key]) for key in wanted if key in self._fresh}
        if not wanted:
            return found
        rows = self._connection.execute(
            "SELECT l.grp, l.value, l.within, l.type, l.id, l.line FROM directory_lines l"
            " JOIN (SELECT DISTINCT * FROM unnest(%s::text[], %s::text[], %s::text[]) AS w(grp, value, within)) w"
            " USING (value, grp, within) ORDER BY l.line",
            [list(column) for column in zip(*wanted, strict=True)],
        )
        for group, value, within, type_, id_, line in rows:
            known = Known(type_, id_, "", line)
            if known not in found.setdefault(Key(group, value, within), []):
                found[Key(group, value, within)].append(known)
        return found

    def spans(self, codes: Sequence[str]) -> list[tuple[str, str, str, int]]:
        """The spans that earlier lines gave to codes of divisions: code, first day, day after the last, line."""
        rows = self._connection.execute(
            "SELECT value, within, line FROM directory_lines WHERE grp = 'division span' AND value = ANY(%s)",
            [list(codes)],
        )
        return [(code, *_halves(span), line) for code, span, line in rows]

    def keep(self) -> None:
        """Move what was said since the last time into the table."""
        if self._fresh:
            with self._connection.cursor() as cursor, cursor.copy("COPY directory_lines FROM STDIN") as copy:
                for key, said in self._fresh.items():
                    for known in said:
                        copy.write_row((*key, known.line, known.type, known.id))
            self._fresh = {}


def _halves(span: str) -> tuple[str, str]:
    start, _, end = span.partition("/")
    return start, end
