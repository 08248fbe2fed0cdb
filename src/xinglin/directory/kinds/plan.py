"""What a batch of rows would change: references found, each thing known again, its resources made and compared.

Nothing is written here. ``Batch.steps`` are the writes that carry a plan out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.directory.kinds import columns, lookup
from xinglin.directory.kinds.kind import Key, of_institution, scoped
from xinglin.directory.kinds.lookup import Known
from xinglin.directory.kinds.standing import Standing
from xinglin.directory.rules import codes, divisions
from xinglin.directory.rules.problems import Problem
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from xinglin.directory.kinds.kind import Kind, Resource, Values
    from xinglin.directory.kinds.lookup import Found, Lines
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


class Fate(StrEnum):
    """What becomes of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    BAD = "bad"


@dataclass(slots=True)
class Row:
    """One line and what was found out about it. ``changes``: column, what stood, what would stand."""

    line: int
    cells: Mapping[str, str]
    values: Values = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    fate: Fate = Fate.BAD
    target: str = ""  # Type/id of the thing
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    needs: dict[str, int] = field(
        default_factory=dict
    )  # column → the line above that makes what it refers to

    @property
    def is_bad(self) -> bool:
        return any(not problem.doubt for problem in self.problems)

    def say(self, message: str, column: str = "", *, doubt: bool = False, **params: object) -> None:
        self.problems.append(Problem(message, params, column, doubt))


@dataclass(frozen=True, slots=True)
class Desk:
    """With what a plan is made: the record, and, for a file, the lines read so far."""

    connection: Connection
    door: Door
    today: date
    lines: Lines | None = None
    target: str | None = None  # for a form: the id of the thing that is edited
    replaces: str | None = (
        None  # for a division's form: the first day of the phase that is corrected, or empty
    )


class Planner:
    """Plans the rows of one kind, batch after batch."""

    def __init__(self, kind: Kind, desk: Desk) -> None:
        self.kind = kind
        self.desk = desk
        self._moved: dict[str, str] = {}  # reference → the parent that an earlier row gives it

    def plan(self, rows: Sequence[Row]) -> Batch:
        """Find out what the rows would do."""
        for row in rows:
            row.values, row.problems = columns.read(self.kind.key, row.cells)
        self._refer(rows, wide=True)
        self._refer(rows, wide=False)
        for row in rows:
            if not self._lacks(row):
                row.problems += self._between(row)
        good = [row for row in rows if not row.is_bad]
        targets = self._recognise(good)
        standing = Standing(self.kind, self.desk.connection, self.desk.door)
        standing.load(
            [(row.values, targets[row.line].id) for row in good if row.line in targets and not row.is_bad]
        )
        bad = {row.line for row in rows if row.is_bad}
        for row in good:
            self._lean(row, targets, bad)
            if not row.is_bad:
                self._decide(row, targets.get(row.line), standing)
            if row.is_bad:
                bad.add(row.line)
        if self.desk.lines is not None:
            self.desk.lines.keep()
        return Batch(list(rows), standing)

    def _between(self, row: Row) -> Iterator[Problem]:
        """What is wrong between the columns, where each is right by itself."""
        wrong = {problem.column for problem in row.problems if not problem.doubt}
        numbers = self.kind.numbers
        if numbers and not any(row.values.get(number) or number in wrong for number in numbers):
            yield Problem(self.kind.lacking, column=numbers[0])
        yield from (problem for problem in self.kind.check(row.values) if problem.column not in wrong)

    def _lacks(self, row: Row) -> bool:
        """Whether something needed to know the thing is wrong, so that more checks would only repeat it."""
        needed = {column.key for column in self.kind.columns if column.required} | {"code"}
        return any(problem.column in needed and not problem.doubt for problem in row.problems)

    # -- references

    def _refer(self, rows: Sequence[Row], *, wide: bool) -> None:
        """Replace what was typed by ``Type/id``; say what is not there."""
        asked: list[tuple[Row, str, str, list[Key]]] = []
        for row in rows:
            for column in self.kind.columns:
                text = row.values.get(column.key, "")
                if text and column.check == ("wide" if wide else "scoped"):
                    institution = row.values.get("institution", "")
                    if not wide and not institution.startswith("Organization/"):
                        continue  # the institution is wrong, which has been said
                    keys = _keys(column.argument, text, institution)
                    asked.append((row, column.key, column.argument, keys))
        found = self._find(key for _, _, _, keys in asked for key in keys)
        for key, made in self._ahead(rows, wide=wide):
            if not any(one.line is None for one in found.get(key, ())):
                found.setdefault(key, []).append(made)
        for row, column_key, group, keys in asked:
            known = _nearest(found, keys, row.line)
            if len(known) == 1:
                if known[0].id.startswith("@"):
                    row.needs[column_key] = int(known[0].id[1:])
                row.values[column_key] = self._written(group, row.values[column_key], known[0])
            else:
                _say_unfound(row, column_key, group, known)

    def _ahead(self, rows: Sequence[Row], *, wide: bool) -> Iterator[tuple[Key, Known]]:
        """What the rows of this very batch are known as; which resource each is comes later, so its line stands."""
        groups = {c.argument for c in self.kind.columns if c.check == ("wide" if wide else "scoped")}
        if self.desk.lines is None or self.kind.entry not in groups:
            return
        for row in rows:
            try:
                keys = list(self.kind.known_as(row.values))
            except KeyError:  # the very column is wrong by which it would be known
                continue
            for key in keys:
                yield key, Known(self.kind.main, f"@{row.line}", line=row.line)

    def _lean(self, row: Row, targets: Mapping[int, Known], bad: set[int]) -> None:
        """Put in what the lines above turned out to be; a line that leans on a bad one is bad."""
        for column, line in row.needs.items():
            if line in bad or line not in targets:
                row.say(gettext_noop("Line %(line)s, which this refers to, is wrong."), column, line=line)
            elif self.kind.key != "divisions":
                row.values[column] = targets[line].reference

    def _written(self, group: str, text: str, known: Known) -> str:
        """How a reference stands in the values: a division's parent by its code, all else by ``Type/id``."""
        return text if self.kind.key == "divisions" and group == "division" else known.reference

    def _find(self, keys: Iterable[Key]) -> Found:
        wanted = list(dict.fromkeys(keys))
        found = lookup.find(self.desk.connection, wanted)
        if self.desk.lines is not None:
            for key, said in self.desk.lines.find(wanted).items():
                listed = found.setdefault(key, [])
                known = {one.reference for one in listed}
                listed += [one for one in said if one.reference not in known]
        return found

    # -- knowing again

    def _recognise(self, rows: Sequence[Row]) -> dict[int, Known]:
        """What each row's thing is, by line; not there for a new one. Rows that repeat an earlier one are said."""
        if self.desk.target is not None:
            own = Known(self.kind.main, self.desk.target)
            for row in rows:
                self._refuse_taken(row, own)
            return {row.line: own for row in rows}
        keys = {row.line: list(self.kind.finders(row.values)) for row in rows}
        uniques = {row.line: self.kind.unique(row.values) for row in rows}
        found = self._find([*(key for some in keys.values() for key in some), *uniques.values()])
        targets: dict[int, Known] = {}
        for row in rows:
            unique = uniques[row.line]
            earlier = [one.line for one in self._said(found, unique) if one.line is not None]
            if earlier:
                row.say(gettext_noop("The same stands in line %(line)s already."), line=min(earlier))
                continue
            known = self._first(row, keys[row.line], found)
            if known is None:
                id_ = self.kind.new_id(row.values) or f"pract-{secrets.token_hex(8)}"
                known = Known(self.kind.main, id_, line=row.line)
            targets[row.line] = known
            self._note(row, known, unique)
        return targets

    def _said(self, found: Found, key: Key) -> list[Known]:
        """What the file said of a key: before this batch, and within it."""
        if self.desk.lines is None:
            return []
        return [*found.get(key, ()), *self.desk.lines.fresh(key)]

    def _first(self, row: Row, keys: Sequence[Key], found: Found) -> Known | None:
        meant: list[Known] = []
        for key in keys:
            known = _distinct([*found.get(key, ()), *self._said({}, key)])
            known = [one for one in known if one.type == self.kind.main]
            if len(known) > 1:
                message = gettext_noop("%(value)s is the code of %(count)s things: %(ids)s. Mend that first.")
                row.say(message, value=key.value, count=len(known), ids=_named(known))
            if known and (not meant or key.group not in _WEAK):
                meant.append(known[0])
        if len({one.reference for one in meant}) > 1:
            message = gettext_noop(
                "The codes of this line belong to several: %(ids)s. Mend them, or that, first."
            )
            row.say(message, ids=_named(_distinct(meant)))
        return meant[0] if meant else None

    def _refuse_taken(self, row: Row, own: Known) -> None:
        """What is edited must not get the code of something else."""
        keys = [key for key in self.kind.finders(row.values) if key.group not in _WEAK]
        for key, known in lookup.find(self.desk.connection, keys).items():
            others = [one for one in known if one.type == own.type and one.id != own.id]
            if others:
                message = gettext_noop("This is the code of %(names)s.")
                row.say(message, _column_of(row, key), names=_named(others))

    def _note(self, row: Row, known: Known, unique: Key) -> None:
        if self.desk.lines is None:
            return
        for key in (*self.kind.known_as(row.values), unique):
            self.desk.lines.note(key, Known(known.type, known.id, line=row.line))
        if self.kind.key == "divisions":
            span = f"{row.values.get('from', '')}/{row.values.get('to', '')}"
            self.desk.lines.note(
                Key("division span", row.values["code"], span), Known(known.type, known.id, line=row.line)
            )

    # -- deciding

    def _decide(self, row: Row, known: Known | None, standing: Standing) -> None:
        assert known is not None, "every good row has been recognised"
        row.target = known.reference
        former, ids, institution = standing.of(row.values, known.id)
        if self.desk.replaces is not None:
            ids["replaces"] = self.desk.replaces
        row.values = _completed(self.kind, row.values, former, institution)
        row.problems += [
            problem for problem in self._against(row, former, ids, standing) if problem not in row.problems
        ]
        if row.is_bad:
            return
        made = self.kind.make(row.values, former, ids, self.desk.today)
        row.resources = [
            resource for type_, resource in made.items() if not _same(resource, former.get(type_))
        ]
        if row.resources:
            row.fate = Fate.CHANGED if self.kind.main in former else Fate.CREATED
            if row.fate is Fate.CHANGED:
                row.changes = _differences(self.kind, former, made, institution)
        else:
            row.fate = Fate.UNCHANGED
        standing.put(row.resources)

    def _against(
        self, row: Row, former: Mapping[str, Resource], ids: dict[str, str], standing: Standing
    ) -> Iterator[Problem]:
        """What is wrong with a row beside what stands."""
        if self.kind.key == "divisions":
            earlier = self.desk.lines.spans([row.values["code"]]) if self.desk.lines is not None else []
            yield from standing.dated(row.values, former, ids, earlier, row.line)
        elif former and row.values.get("parent"):
            yield from self._circle(row)

    def _circle(self, row: Row) -> Iterator[Problem]:
        """Going up from the new parent one must not come back to the thing."""
        above, parent = row.values["parent"], row.values["parent"]
        for _ in range(divisions.HEADS[-1] * 4):
            if above == row.target:
                message = gettext_noop("It would be a part of itself: the parent is a part of it.")
                yield Problem(message, column="parent")
                return
            above = self._moved.get(above) or _parent(self.desk.connection, above)
            if not above:
                break
        self._moved[row.target] = parent


_WEAK = {"id", "department name"}  # by which a thing is known only where nothing better is said


def _named(known: Sequence[Known]) -> str:
    return ", ".join(one.name or one.reference for one in known[:3])


def _column_of(row: Row, key: Key) -> str:
    """The column in which the code of a key stands."""
    return next((c for c, text in row.values.items() if text and codes.normal("orgcode", text) == codes.normal(
        "orgcode", key.value)), "")  # fmt: skip


def _keys(group: str, text: str, institution: str) -> list[Key]:
    """The keys that a typed reference may mean."""
    if group == "institution":
        return [of_institution(text), Key("institution id", text)]
    if group == "division":
        return [Key("division", text)]
    return [scoped(group, text, institution), Key("id", text, institution)]


def _nearest(found: Found, keys: Sequence[Key], line: int) -> list[Known]:
    for key in keys:
        known = [one for one in found.get(key, ()) if one.line is None or one.line < line]
        if known:
            return _distinct(known)
    return []


def _distinct(known: Iterable[Known]) -> list[Known]:
    return list({one.reference: one for one in reversed(list(known))}.values())[::-1]


_UNFOUND = {
    "institution": gettext_noop("No institution with this code is in the directory or in the lines above."),
    "division": gettext_noop("No division with this code is in the directory or in the lines above."),
    "department": gettext_noop("The institution has no department with this code."),
    "place": gettext_noop("The institution has no place with this code."),
}


def _say_unfound(row: Row, column: str, group: str, known: Sequence[Known]) -> None:
    if known:
        message = gettext_noop("Several have this code: %(names)s. Use another code.")
        row.say(message, column, names=_named(known))
    else:
        row.say(_UNFOUND[group], column)
    row.values[column] = ""


def _completed(kind: Kind, values: Values, former: Mapping[str, Resource], institution: str) -> Values:
    """The row's values, and for columns that the file does not have those that stand."""
    shown = kind.show(dict(former), institution) if kind.main in former and kind.key != "divisions" else {}
    return {column.key: values.get(column.key, shown.get(column.key, "")) for column in kind.columns}


def _same(made: Resource, former: Resource | None) -> bool:
    if former is None:
        return False
    return {k: v for k, v in made.items() if k != "meta"} == {k: v for k, v in former.items() if k != "meta"}


def _differences(
    kind: Kind, former: Mapping[str, Resource], made: Mapping[str, Resource], institution: str
) -> list[tuple[str, str, str]]:
    """The columns that would be others: key, old, new."""
    old, new = kind.show(dict(former), institution), kind.show({**former, **made}, institution)
    return [(c.key, old[c.key], new[c.key]) for c in kind.columns if old.get(c.key) != new.get(c.key)]


def _parent(connection: Connection, reference: str) -> str:
    type_name, _, id_ = reference.partition("/")
    row = connection.execute(
        "SELECT parent FROM directory_entry WHERE type = %s AND id = %s", [type_name, id_]
    ).fetchone()
    return str(row[0]) if row and row[0] else ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Planned rows, and what stood when they were planned."""

    rows: list[Row]
    standing: Standing

    def steps(self, rows: Iterable[Row] | None = None) -> list[Step]:
        """The writes that carry the rows out: each resource once, as the last row leaves it."""
        last: dict[tuple[str, str], Resource] = {}
        for row in self.rows if rows is None else rows:
            for resource in row.resources:
                last[resource["resourceType"], resource["id"]] = resource
        return [
            Step(
                Verb.UPDATE, type_, id_, resource,
                place=f"Bundle.entry[{n}]", if_match=self.standing.version(type_, id_),
            )
            for n, ((type_, id_), resource) in enumerate(last.items())
        ]  # fmt: skip


def display(column: str, value: str) -> str:
    """A value in words for people: the name of a table's code, a masked identity number."""
    if column == "identity":
        return codes.masked(value)
    return value
