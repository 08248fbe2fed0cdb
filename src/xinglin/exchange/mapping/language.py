"""Reading a mapping: from a TOML text to something that can be run.

``read`` checks everything that can be known before a message comes and says all that is wrong at once, each with its
line and column. ``Mapping_.run`` makes resources of a message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.exchange.doors import ERROR, WARNING, Translated
from xinglin.exchange.mapping import building, compiling, functions, reaching, syntax, targets, works
from xinglin.exchange.mapping import tree as tree_
from xinglin.exchange.mapping.building import Element
from xinglin.exchange.mapping.described import About, Described, about
from xinglin.exchange.mapping.running import NoTables, Run, Scope
from xinglin.exchange.mapping.tree import SyntaxWrong
from xinglin.exchange.mapping.values import Surroundings, is_empty, truth
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.mapping.dialects import Dialect
    from xinglin.exchange.mapping.running import Tables
    from xinglin.exchange.mapping.values import Compiled

    Key = tuple[str | int, ...]
    Work = Callable[[Scope], None]
    Scopes = Callable[[Scope], Sequence[Scope]]


__all__ = ["About", "Mapping_", "about", "read"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


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


class _Reader(Described):
    """One text on its way to a mapping. What is wrong is collected."""

    def __init__(
        self,
        text: str,
        dialects: Mapping[str, Dialect],
        library: Mapping[str, str],
        using: tuple[str, ...] = (),
    ) -> None:
        super().__init__(text, dialects)
        self.library, self.using = library, using

    # -- the file

    def read(self) -> Mapping_:
        self.members(self.data, (), "file")
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
        for number, one in self.list_of(self.data, (), "check"):
            mapping.works += self._check(one, ("check", number), around)
        for number, one in self.list_of(self.data, (), "resource"):
            mapping.works += self._resource(one, ("resource", number), around)
        for number, one in self.list_of(self.data, (), "link"):
            mapping.works += self._link(one, ("link", number), around)
        if not mapping.works and not self.problems and not mapping.lets:
            self.mark((1, 1), "The mapping makes nothing: it has no [[resource]].")
        self.settle()
        return mapping

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

    # -- expressions

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
            self.wrong_at(key, wrong)
        except RecursionError:
            self.wrong_value(key, "The expression is nested too deeply.")
        return None

    def _condition(
        self, given: dict[str, Any], key: Key, around: Surroundings
    ) -> Callable[[Scope], bool] | None:
        if not given.get("when"):
            return None
        found = self._compiled(given["when"], (*key, "when"), around)
        return truth(found) if found else None

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
            if not isinstance(tree, tree_.Place):
                raise SyntaxWrong(0, "Here stands a place of the message, and no expression.")
            base, find = reaching.nodes(tree, around)
        except SyntaxWrong as wrong:
            self.wrong_at(key, wrong)
            return None
        return lambda scope: [Scope(node, scope, scope.run) for node in find(base(scope))]

    # -- resources

    def _resource(self, given: dict[str, Any], key: Key, around: Surroundings) -> list[Work]:
        self.members(given, key, "resource")
        type_ = self.string(given, key, "type", needed=True)
        if not type_:
            return []
        try:
            targets.require_type(type_)
        except SyntaxWrong as wrong:
            self.wrong_at((*key, "type"), wrong)
            return []
        scopes, inside = self._inner(given, key, around)
        parts = self._key(given, key, "key", inside)
        if given.get("delete") is True:
            return [works.deleting(type_, scopes, parts)]
        root = Element(type_, key=(*key, "type"))
        self._filled(root, given, key, inside)
        return [works.making(type_, scopes, parts, building.builder(root))]

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
        for number, each in self.list_of(given, key, "each"):
            self._each(root, each, (*key, "each", number), around)

    def _put(self, root: Element, path: str, found: Compiled, key: Key) -> None:
        try:
            building.put(root, path, found, key)
        except SyntaxWrong as wrong:
            if wrong.at < 0:
                self.wrong_at(key, wrong)
            else:
                self.mark(self.places.in_key(key, wrong.at), wrong.message, wrong.params)

    def _each(self, root: Element, given: dict[str, Any], key: Key, around: Surroundings) -> None:
        self.members(given, key, "each")
        path = self.string(given, key, "element", needed=True)
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
            self.wrong_at((*key, "element"), wrong)
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
                self.wrong_at((*key, "value"), wrong)
            return lambda _: None
        if targets.is_primitive(part.type):
            self.wrong_key(key, "%(name)s is a %(type)s: give its “value”.", name=part.name, type=part.type)
            return lambda _: None
        entry = Element(part.type, key=key)
        self._filled(entry, given, key, around)
        return building.builder(entry)

    # -- links and checks

    def _link(self, given: dict[str, Any], key: Key, around: Surroundings) -> list[Work]:
        self.members(given, key, "link")
        scopes, inside = self._inner(given, key, around)
        old = self._key(given, key, "old", inside)
        new = self._key(given, key, "new", inside)
        return [works.linking(scopes, old, new)]

    def _check(self, given: dict[str, Any], key: Key, around: Surroundings) -> list[Work]:
        self.members(given, key, "check")
        text = self.string(given, key, "text", needed=True)
        severity = self.string(given, key, "severity") or ERROR
        if severity not in {ERROR, WARNING}:
            self.wrong_value((*key, "severity"), "Severity is “error” or “warning”.")
        if not given.get("when"):
            self.wrong_key(key, "“%(name)s” is missing.", name="when")
        scopes, inside = self._inner(given, key, around)
        place = self._compiled(given["place"], (*key, "place"), inside) if given.get("place") else None
        code = self.string(given, key, "code") or "business-rule"

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
