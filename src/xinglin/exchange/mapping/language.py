"""Reading a mapping: from a TOML text to something that can be run.

``read`` checks everything that can be known before a message comes and says all that is wrong at once, each with its
line and column. ``Mapping_.run`` makes resources of a message.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from xinglin.exchange.doors import ERROR, WARNING, Door, Translated
from xinglin.exchange.mapping import building, compiling, functions, syntax, targets
from xinglin.exchange.mapping.building import Element
from xinglin.exchange.mapping.compiling import Surroundings, is_empty
from xinglin.exchange.mapping.functions import written
from xinglin.exchange.mapping.running import NoTables, Run, Scope
from xinglin.exchange.mapping.syntax import SyntaxWrong
from xinglin.exchange.mapping.toml_places import Places
from xinglin.kernel.errors import Fault, Issue, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.mapping.compiling import Compiled
    from xinglin.exchange.mapping.dialects import Dialect
    from xinglin.exchange.mapping.running import Tables

    Key = tuple[str | int, ...]
    Work = Callable[[Scope], None]
    Scopes = Callable[[Scope], Sequence[Scope]]

MOST_CHARACTERS = 500_000
MOST_PROBLEMS = 100
MOST_RESOURCES = 20_000  # of one message
CONFIDENCES = ("certain", "likely", "guess", "own")

_TOML_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)|\(at end of document\)")
_ZONE = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MEMBERS = {
    "file": ("mapping", "tables", "let", "resource", "link", "check"),
    "mapping": ("id", "version", "title", "door", "dialect", "kinds", "source", "effective", "confidence", "zone",
                "uses", "note"),
    "resource": ("type", "key", "for_each", "when", "let", "set", "each", "delete", "note"),
    "each": ("element", "for_each", "when", "let", "set", "value", "each", "note"),
    "link": ("old", "new", "when", "for_each", "note"),
    "check": ("when", "place", "text", "severity", "code", "for_each", "note"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class About:
    """What a mapping says of itself. Its ``kinds`` are those of the envelopes that it is for."""

    id: str
    version: str
    door: str
    kinds: tuple[str, ...]
    title: str = ""
    source: str = ""
    effective: date | None = None
    confidence: str = ""
    note: str = ""


@dataclass(slots=True)
class Mapping_:  # noqa: N801 -- "Mapping" is taken by the language itself
    """A mapping that has been read. It may be run by several threads at once."""

    about: About
    works: list[Work] = field(default_factory=list)
    lets: dict[str, Compiled] = field(default_factory=dict)
    tables: dict[str, dict[str, str]] = field(default_factory=dict)

    def run(
        self, root: Any, *, sender: Sender, tables: Tables | None = None, received: datetime | None = None
    ) -> Translated:
        """What comes of a message whose outermost node is ``root``."""
        run = Run(root, sender, tables or _NO_TABLES, received)
        scope = Scope(root, None, run)
        for work in self.works:
            work(scope)
        return Translated(tuple(run.made.values()), tuple(run.deletes), tuple(run.reasons), tuple(run.links))


_NO_TABLES = NoTables()


def read(text: str, dialects: Mapping[str, Dialect], library: Mapping[str, str] | None = None) -> Mapping_:
    """Read a mapping. Fault ``invalid`` has an issue for everything that is wrong, with ``line`` and ``column``.

    ``library`` has the texts of the mappings that others may use (``uses``), by their ids.
    """
    return _Reader(text, dialects, library or {}).read()


def about(text: str) -> About:
    """What a mapping says of itself, without compiling it. Fault ``invalid`` as ``read``."""
    reader = _Reader(text, {}, {})
    found = reader.about(reader.data.get("mapping"), needs_dialect=False)
    reader.settle()
    return found


class _Reader:
    """One text on its way to a mapping. What is wrong is collected."""

    def __init__(
        self,
        text: str,
        dialects: Mapping[str, Dialect],
        library: Mapping[str, str],
        using: tuple[str, ...] = (),
    ) -> None:
        self.dialects, self.library, self.using = dialects, library, using
        self.problems: list[Issue] = []
        self.data = _toml(text)
        self.places = Places(text)

    # -- what is wrong

    def wrong(self, place: tuple[int, int], message: str, params: Mapping[str, object] | None = None) -> None:
        line, column = place
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(_issue(line, column, message, params or {}))

    def wrong_key(self, key: Key, message: str, **params: object) -> None:
        self.wrong(self.places.of_key(key), message, params)

    def wrong_value(self, key: Key, message: str, offset: int = 0, **params: object) -> None:
        self.wrong(self.places.in_value(key, offset), message, params)

    def settle(self) -> None:
        """Raise what has been found."""
        if self.problems:
            ordered = sorted(self.problems, key=lambda issue: (issue.params["line"], issue.params["column"]))
            raise Fault(Kind.INVALID, ordered)

    # -- the file

    def read(self) -> Mapping_:
        self._members(self.data, (), "file")
        head = self.about(self.data.get("mapping"))
        mapping = Mapping_(head)
        dialect = self.dialects.get(str(self.data.get("mapping", {}).get("dialect", head.door)))
        if dialect is None:
            self.settle()
            return mapping
        self._use(mapping)
        mapping.tables |= self._tables()
        zone = str(self.data["mapping"].get("zone", "+08:00"))
        around = Surroundings(dialect, mapping.tables, (mapping.lets,), zone)
        self._lets(self.data.get("let"), ("let",), around, mapping.lets)
        for number, one in self._list(self.data, (), "check"):
            mapping.works += self._check(one, ("check", number), around)
        for number, one in self._list(self.data, (), "resource"):
            mapping.works += self._resource(one, ("resource", number), around)
        for number, one in self._list(self.data, (), "link"):
            mapping.works += self._link(one, ("link", number), around)
        if not mapping.works and not self.problems and not mapping.lets:
            self.wrong((1, 1), "The mapping makes nothing: it has no [[resource]].")
        self.settle()
        return mapping

    def about(self, given: Any, *, needs_dialect: bool = True) -> About:
        key: Key = ("mapping",)
        if not isinstance(given, dict):
            self.wrong(
                (1, 1), "The mapping begins with [mapping], in which id, version, door and kinds stand."
            )
            return About("", "", "", ())
        self._members(given, key, "mapping")
        texts = {
            name: self._string(given, key, name, needed=name in {"id", "version", "door"})
            for name in ("id", "version", "title", "door", "source", "confidence", "note")
        }
        self._head(given, key, texts, needs_dialect=needs_dialect)
        kinds = given.get("kinds", [])
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            self.wrong_key((*key, "kinds"), "%(name)s is a list of texts.", name="kinds")
            kinds = []
        effective = given.get("effective")
        if effective is not None and (type(effective) is not date):
            self.wrong_key(
                (*key, "effective"), "%(name)s is a date: 2026-11-26, without quotes.", name="effective"
            )
            effective = None
        return About(
            texts["id"], texts["version"], texts["door"], tuple(kinds), texts["title"], texts["source"], effective,
            texts["confidence"], texts["note"],
        )  # fmt: skip

    def _head(self, given: dict[str, Any], key: Key, texts: dict[str, str], *, needs_dialect: bool) -> None:
        if texts["door"] and texts["door"] not in set(Door):
            self.wrong_value(
                (*key, "door"), "There is no door %(name)s; there are %(known)s.", name=texts["door"],
                known=", ".join(Door),
            )  # fmt: skip
        dialect = given.get("dialect", texts["door"])
        if needs_dialect and texts["door"] and dialect not in self.dialects:
            self.wrong_value(
                (*key, "dialect" if "dialect" in given else "door"),
                "There is no dialect %(name)s; there are %(known)s.", name=dialect, known=", ".join(self.dialects),
            )  # fmt: skip
        if not _ZONE.fullmatch(str(given.get("zone", "Z"))):
            self.wrong_value((*key, "zone"), "A zone is written as “+08:00”.")
        if texts["confidence"] and texts["confidence"] not in CONFIDENCES:
            self.wrong_value(
                (*key, "confidence"), "There is no confidence %(name)s; there are %(known)s.",
                name=texts["confidence"], known=", ".join(CONFIDENCES),
            )  # fmt: skip

    def _use(self, mapping: Mapping_) -> None:
        """What other mappings give: their resources come first, their names and tables are known here."""
        uses = self.data["mapping"].get("uses", [])
        for number, name in enumerate(uses if isinstance(uses, list) else [uses]):
            key: Key = ("mapping", "uses", number)
            if name not in self.library:
                known = ", ".join(sorted(self.library)) or "none"
                self.wrong_value(
                    key, "There is no mapping %(name)s to use; there are %(known)s.", name=name, known=known
                )
                continue
            if name in self.using:
                self.wrong_value(key, "The mapping %(name)s uses itself.", name=name)
                continue
            try:
                used = _Reader(self.library[name], self.dialects, self.library, (*self.using, name)).read()
            except Fault as fault:
                self.wrong_value(
                    key, "The mapping %(name)s is wrong itself: %(why)s", name=name, why=fault.issues[0].text
                )
                continue
            mapping.works += used.works
            mapping.lets |= used.lets
            mapping.tables |= used.tables

    def _tables(self) -> dict[str, dict[str, str]]:
        found = {}
        given = self.data.get("tables", {})
        if not isinstance(given, dict):
            self.wrong_key(("tables",), "A table is written as [tables.name].")
            return {}
        for name, table in given.items():
            if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
                self.wrong_key(("tables", name), 'The lines of a table are texts: "M" = "male".')
                continue
            found[name] = table
        return found

    # -- small things

    def _members(self, given: dict[str, Any], key: Key, kind: str) -> None:
        for name in given:
            if name in _MEMBERS[kind]:
                continue
            near = get_close_matches(name, _MEMBERS[kind], 1, 0.6)
            if near:
                self.wrong_key(
                    (*key, name), "There is no “%(name)s” here; is “%(near)s” meant?", name=name, near=near[0]
                )
            else:
                self.wrong_key(
                    (*key, name), "There is no “%(name)s” here; there are %(known)s.", name=name,
                    known=", ".join(_MEMBERS[kind]),
                )  # fmt: skip

    def _string(self, given: dict[str, Any], key: Key, name: str, *, needed: bool = False) -> str:
        value = given.get(name, "")
        if not isinstance(value, str):
            self.wrong_key((*key, name), "%(name)s is a text in quotes.", name=name)
            return ""
        if needed and not value.strip():
            self.wrong_key((*key, name) if name in given else key, "“%(name)s” is missing.", name=name)
        return value

    def _list(self, given: dict[str, Any], key: Key, name: str) -> list[tuple[int, dict[str, Any]]]:
        value = given.get(name, [])
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return list(enumerate(value))
        self.wrong_key(
            (*key, name), "Write [[%(name)s]], with double brackets.", name=".".join([*map(str, key), name])
        )
        return []

    def _compiled(self, text: Any, key: Key, around: Surroundings) -> Compiled | None:
        """The closures of an expression; None, with the problem noted, where it is wrong."""
        if not isinstance(text, str):
            if isinstance(text, bool) or not isinstance(text, (int, float)):
                self.wrong_key(key, "An expression is a text in quotes.")
                return None
            text = repr(text)
        try:
            return compiling.expression(text, around)
        except SyntaxWrong as wrong:
            self.wrong_value(key, wrong.message, max(wrong.at, 0), **wrong.params)
        except RecursionError:
            self.wrong_value(key, "The expression is nested too deeply.")
        return None

    def _condition(
        self, given: dict[str, Any], key: Key, around: Surroundings
    ) -> Callable[[Scope], bool] | None:
        if not given.get("when"):
            return None
        found = self._compiled(given["when"], (*key, "when"), around)
        return compiling.truth(found) if found else None

    def _lets(self, given: Any, key: Key, around: Surroundings, into: dict[str, Compiled]) -> None:
        """Named expressions; a later one may use an earlier one."""
        if given is None:
            return
        if not isinstance(given, dict):
            self.wrong_key(key, 'Names are given in a table: let.name = "expression".')
            return
        for name, text in given.items():
            if not _NAME.fullmatch(name):
                self.wrong_key((*key, name), "A name consists of letters, digits and “_”.")
                continue
            found = self._compiled(text, (*key, name), around)
            if found is not None:
                into[name] = found

    # -- scopes

    def _inner(self, given: dict[str, Any], key: Key, around: Surroundings) -> tuple[Scopes, Surroundings]:
        """The scopes of a thing that may be for each of some nodes, with its own names and condition."""
        scopes: Scopes = lambda scope: (Scope(scope.node, scope, scope.run),)  # noqa: E731 -- replaced below
        lets: dict[str, Compiled] = {}
        if given.get("for_each"):
            found = self._for_each(given["for_each"], (*key, "for_each"), around)
            if found is not None:
                scopes = found
            inside = around.inner(lets)
        else:
            inside = around.inner(lets)
        self._lets(given.get("let"), (*key, "let"), inside, lets)
        holds = self._condition(given, key, inside)
        if holds is None:
            return scopes, inside
        test = holds
        return (lambda scope: [one for one in scopes(scope) if test(one)]), inside

    def _for_each(self, text: Any, key: Key, around: Surroundings) -> Scopes | None:
        if not isinstance(text, str):
            self.wrong_key(key, "%(name)s is a text in quotes.", name="for_each")
            return None
        try:
            tree = syntax.parse(text, functions.NAMES)
            if not isinstance(tree, syntax.Place):
                raise SyntaxWrong(0, "Here stands a place of the message, and no expression.")
            base, find = compiling.nodes(tree, around)
        except SyntaxWrong as wrong:
            self.wrong_value(key, wrong.message, max(wrong.at, 0), **wrong.params)
            return None
        return lambda scope: [Scope(node, scope, scope.run) for node in find(base(scope))]

    # -- resources

    def _resource(self, given: dict[str, Any], key: Key, around: Surroundings) -> list[Work]:
        self._members(given, key, "resource")
        type_ = self._string(given, key, "type", needed=True)
        if not type_:
            return []
        try:
            targets.require_type(type_)
        except SyntaxWrong as wrong:
            self.wrong_value((*key, "type"), wrong.message, **wrong.params)
            return []
        scopes, inside = self._inner(given, key, around)
        parts = self._key(given, key, "key", inside)
        if given.get("delete") is True:
            return [_deleting(type_, scopes, parts)]
        root = Element(type_, key=(*key, "type"))
        self._filled(root, given, key, inside)
        return [_making(type_, scopes, parts, building.builder(root))]

    def _key(self, given: dict[str, Any], key: Key, name: str, around: Surroundings) -> list[Compiled]:
        """The parts of an id."""
        value = given.get(name)
        if not isinstance(value, list) or not value:
            self.wrong_key(
                (*key, name) if name in given else key,
                "“%(name)s” is missing: a list of expressions for the sender's own number.", name=name,
            )  # fmt: skip
            return []
        found = [self._compiled(text, (*key, name, number), around) for number, text in enumerate(value)]
        return [one for one in found if one is not None]

    def _filled(self, root: Element, given: dict[str, Any], key: Key, around: Surroundings) -> None:
        """Set the elements; where all could be set, say which are missing."""
        before = len(self.problems)
        self._fill(root, given, key, around)
        if len(self.problems) == before:
            for place, name, missing in building.gaps(root):
                self.wrong_key(place, "%(type)s needs %(missing)s.", type=name, missing=missing)

    def _fill(self, root: Element, given: dict[str, Any], key: Key, around: Surroundings) -> None:
        """Set the elements, and those for each of some nodes."""
        sets = given.get("set", {})
        if not isinstance(sets, dict):
            self.wrong_key((*key, "set"), 'Elements are set in a table: set.name = "expression".')
            sets = {}
        for path, text, at in _flat(sets, (*key, "set"), ""):
            found = self._compiled(text, at, around)
            if found is not None:
                self._put(root, path, found, at)
        for number, each in self._list(given, key, "each"):
            self._each(root, each, (*key, "each", number), around)

    def _put(self, root: Element, path: str, found: Compiled, key: Key) -> None:
        try:
            building.put(root, path, found, key)
        except SyntaxWrong as wrong:
            if wrong.at < 0:
                self.wrong_value(key, wrong.message, **wrong.params)
            else:
                self.wrong(self.places.in_key(key, wrong.at), wrong.message, wrong.params)

    def _each(self, root: Element, given: dict[str, Any], key: Key, around: Surroundings) -> None:
        self._members(given, key, "each")
        path = self._string(given, key, "element", needed=True)
        if not path:
            return
        scopes, inside = self._inner(given, key, around)
        inner: list[Callable[[Scope], Any]] = []

        def build(scope: Scope) -> list[Any]:
            made = [inner[0](one) for one in scopes(scope)]
            return [value for value in made if not is_empty(value)]

        try:
            part = building.put_each(root, path, build, key)
        except SyntaxWrong as wrong:
            self.wrong_value((*key, "element"), wrong.message, max(wrong.at, 0), **wrong.params)
            return
        inner.append(self._entry(part, given, key, inside))

    def _entry(
        self, part: targets.Part, given: dict[str, Any], key: Key, around: Surroundings
    ) -> Callable[[Scope], Any]:
        """What makes one entry: of one value, or of elements."""
        if "value" in given:
            found = self._compiled(given["value"], (*key, "value"), around)
            try:
                if found is not None:
                    return building.single(found, part)
            except SyntaxWrong as wrong:
                self.wrong_value((*key, "value"), wrong.message, max(wrong.at, 0), **wrong.params)
            return lambda _: None
        if targets.is_primitive(part.type):
            self.wrong_key(key, "%(name)s is a %(type)s: give its “value”.", name=part.name, type=part.type)
            return lambda _: None
        entry = Element(part.type, key=key)
        self._filled(entry, given, key, around)
        return building.builder(entry)

    # -- links and checks

    def _link(self, given: dict[str, Any], key: Key, around: Surroundings) -> list[Work]:
        self._members(given, key, "link")
        scopes, inside = self._inner(given, key, around)
        old = self._key(given, key, "old", inside)
        new = self._key(given, key, "new", inside)
        return [_linking(scopes, old, new)]

    def _check(self, given: dict[str, Any], key: Key, around: Surroundings) -> list[Work]:
        self._members(given, key, "check")
        text = self._string(given, key, "text", needed=True)
        severity = self._string(given, key, "severity") or ERROR
        if severity not in {ERROR, WARNING}:
            self.wrong_value((*key, "severity"), "Severity is “error” or “warning”.")
        if not given.get("when"):
            self.wrong_key(key, "“%(name)s” is missing.", name="when")
        scopes, inside = self._inner(given, key, around)
        place = self._compiled(given["place"], (*key, "place"), inside) if given.get("place") else None
        code = self._string(given, key, "code") or "business-rule"

        def check(scope: Scope) -> None:
            for one in scopes(scope):
                one.run.say(severity, code, place.place(one) if place else "", text)

        return [check]


def _flat(sets: dict[str, Any], key: Key, before: str) -> list[tuple[str, Any, Key]]:
    """(path, expression, key) of all that is set; dotted keys without quotes are tables in TOML."""
    found: list[tuple[str, Any, Key]] = []
    for name, value in sets.items():
        path = f"{before}.{name}" if before else name
        if isinstance(value, dict):
            found += _flat(value, (*key, name), path)
        else:
            found.append((path, value, (*key, name)))
    return found


def _toml(text: str) -> dict[str, Any]:
    if len(text) > MOST_CHARACTERS:
        raise Fault(
            Kind.INVALID,
            [_issue(1, 1, "The mapping is longer than %(most)s characters.", {"most": MOST_CHARACTERS})],
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        found = _TOML_PLACE.search(said)
        lines = text.splitlines() or [""]
        line, column = (
            (int(found[1]), int(found[2])) if found and found[1] else (len(lines), len(lines[-1]) + 1)
        )
        why = _TOML_PLACE.sub("", said).strip()
        raise Fault(
            Kind.INVALID, [_issue(line, column, "This is no TOML: %(why)s.", {"why": why})]
        ) from error


def _issue(line: int, column: int, message: str, params: Mapping[str, object]) -> Issue:
    """One thing that is wrong. ``params`` has line and column beside what fills the message."""
    return Issue(
        "invalid", message, {**params, "line": line, "column": column}, f"line {line}, column {column}"
    )


# -- what runs


def _parts(scope: Scope, parts: list[Compiled]) -> list[str] | None:
    """The parts of an id; None, with the reason said, when one is empty."""
    found = []
    for part in parts:
        text = written(part.one(scope)).strip()
        if not text:
            scope.run.say(ERROR, "required", part.place(scope), "The sender's own number is missing here.")
            return None
        found.append(text)
    return found


def _making(type_: str, scopes: Scopes, parts: list[Compiled], build: Callable[[Scope], Any]) -> Work:
    def work(outer: Scope) -> None:
        run = outer.run
        for scope in scopes(outer):
            found = _parts(scope, parts)
            if found is None:
                continue
            id_ = run.id_of((type_, *found))
            made = {"resourceType": type_, "id": id_}
            made.update(build(scope) or {})
            before = run.made.get((type_, id_))
            if before is None:
                if len(run.made) >= MOST_RESOURCES:
                    run.say(ERROR, "too-long", "", "The message makes too many resources. Divide it.")
                    return
                run.made[type_, id_] = made
            else:  # made twice: what the first lacks, the second gives
                for name, value in made.items():
                    before.setdefault(name, value)

    return work


def _deleting(type_: str, scopes: Scopes, parts: list[Compiled]) -> Work:
    def work(outer: Scope) -> None:
        for scope in scopes(outer):
            found = _parts(scope, parts)
            if found is not None:
                scope.run.deletes.append((type_, scope.run.id_of((type_, *found))))

    return work


def _linking(scopes: Scopes, old: list[Compiled], new: list[Compiled]) -> Work:
    def work(outer: Scope) -> None:
        for scope in scopes(outer):
            given_up, staying = _parts(scope, old), _parts(scope, new)
            if given_up is None or staying is None:
                continue
            pair = (scope.run.id_of(("Patient", *given_up)), scope.run.id_of(("Patient", *staying)))
            if pair[0] != pair[1]:
                scope.run.links.append(pair)

    return work
