"""From tokens to the tree: operators by precedence, terms by descent.

https://hl7.org/fhirpath/N1/grammar.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from xinglin.fhir.path import tree
from xinglin.fhir.path.lexer import Token, tokens, unquote
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS_THAT_NAME = frozenset({"as", "is", "in", "contains"})  # operators that are identifiers elsewhere
_UNITS = {form: unit for unit in tree.CALENDAR_UNITS for form in (unit, unit + "s")}
_MOST_TEXT = 20_000  # characters; the longest search parameter of R4 has 1,500
_DEEPEST = 60  # brackets within brackets
_LEVELS = 200  # of the tree, all of whose readers recurse: a chain of dots or operators has one for each


@lru_cache(maxsize=4096)
def parse(text: str) -> tree.Node:
    """The tree of ``text``; an ``invalid`` fault tells where it goes wrong and what was expected."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > _MOST_TEXT:
            raise errors.invalid(
                "The FHIRPath expression has %(count)d characters, %(most)d are the most",
                count=len(text),
                most=_MOST_TEXT,
            )
        self._text = text
        self._tokens = list(tokens(text))
        self._at = 0
        self._depth = 0

    def whole(self) -> tree.Node:
        node = self._expression()
        if self._next.kind != "end":
            raise self._expected("an operator or the end")
        if tree.depth(node) > _LEVELS:
            raise errors.invalid(
                "The FHIRPath expression is nested more than %(most)d levels deep", most=_LEVELS
            )
        return node

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _at_symbol(self, text: str) -> bool:
        return self._next.kind == "symbol" and self._next.text == text

    def _symbol(self, text: str) -> None:
        if not self._at_symbol(text):
            raise self._expected(repr(text))
        self._take()

    def _expected(self, what: str) -> errors.Fault:
        return errors.invalid(
            "The FHIRPath expression %(text)s is wrong at character %(position)d: "
            "expected %(expected)s, found %(found)s",
            text=repr(self._text),
            position=self._next.start + 1,
            expected=what,
            found=repr(self._next.text) if self._next.text else "the end",
        )

    def _expression(self, level: int = 0) -> tree.Node:
        """An expression whose operators bind at least as tightly as ``level``."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._expected(f"at most {_DEEPEST} levels of nesting")
        node = self._signed()
        while (own := self._operator_level()) >= level:
            node = self._operation(node, own)
        self._depth -= 1
        return node

    def _operator_level(self) -> int:
        token = self._next
        return tree.PRECEDENCE.get(token.text, -1) if token.kind in {"symbol", "identifier"} else -1

    def _operation(self, left: tree.Node, level: int) -> tree.Node:
        operator = self._take().text
        if operator in {"is", "as"}:
            return tree.TypeTest(operator, left, self._type_name())
        return tree.Binary(operator, left, self._expression(level + 1))

    def _type_name(self) -> tree.TypeName:
        name = self._name()
        if not self._at_symbol("."):
            return tree.TypeName(name)
        self._take()
        return tree.TypeName(self._name(), namespace=name)

    def _signed(self) -> tree.Node:
        if self._at_symbol("-") or self._at_symbol("+"):
            operator = self._take().text
            return tree.Unary(operator, self._expression(tree.UNARY))
        return self._invocations(self._term())

    def _invocations(self, node: tree.Node) -> tree.Node:
        while True:
            if self._at_symbol("."):
                self._take()
                node = self._invocation(node)
            elif self._at_symbol("["):
                self._take()
                node = tree.Indexer(node, self._expression())
                self._symbol("]")
            else:
                return node

    def _invocation(self, source: tree.Node | None) -> tree.Node:
        if source is not None and self._next.kind == "special":
            raise self._expected("an element or a function")
        name = self._name()
        if not self._at_symbol("("):
            return tree.Member(source, name)
        self._take()
        return tree.Call(source, name, self._arguments())

    def _arguments(self) -> tuple[tree.Node, ...]:
        found: list[tree.Node] = []
        while not self._at_symbol(")"):
            if found:
                self._symbol(",")
            found.append(self._expression())
        self._take()
        return tuple(found)

    def _name(self) -> str:
        token = self._next
        if token.kind == "delimited":
            return unquote(self._take())
        if token.kind != "identifier" or token.text in tree.RESERVED:
            raise self._expected("a name")
        return self._take().text

    def _term(self) -> tree.Node:
        token = self._next
        if token.kind == "symbol":
            return self._bracketed()
        if token.kind == "identifier" and token.text in {"true", "false"}:
            return tree.Boolean(self._take().text == "true")
        literal = _LITERALS.get(token.kind)
        if literal is not None:
            return literal(self)
        if token.kind == "end":
            raise self._expected("an expression")
        return self._invocation(None)

    def _bracketed(self) -> tree.Node:
        if self._at_symbol("{"):
            self._take()
            self._symbol("}")
            return tree.Empty()
        if not self._at_symbol("("):
            raise self._expected("an expression")
        self._take()
        node = self._expression()
        self._symbol(")")
        return node

    def _number(self) -> tree.Node:
        number = tree.Number(self._take().text)
        following = self._next
        if following.kind == "string":
            return tree.Amount(number, unquote(self._take()))
        if following.kind == "identifier" and following.text in _UNITS:
            return tree.Amount(number, _UNITS[self._take().text], calendar=True)
        return number

    def _string(self) -> tree.Node:
        return tree.String(unquote(self._take()))

    def _moment(self) -> tree.Node:
        return tree.Moment(self._take().text[1:])

    def _special(self) -> tree.Node:
        return tree.Special(self._take().text[1:])

    def _external(self) -> tree.Node:
        token = self._take()
        name = token.text[1:]
        return tree.External(unquote(token._replace(text=name)) if name[0] in "`'" else name)


_LITERALS: dict[str, Callable[[_Parser], tree.Node]] = {
    "number": _Parser._number,  # noqa: SLF001 -- the table belongs to the class
    "string": _Parser._string,  # noqa: SLF001 -- the table belongs to the class
    "moment": _Parser._moment,  # noqa: SLF001 -- the table belongs to the class
    "special": _Parser._special,  # noqa: SLF001 -- the table belongs to the class
    "external": _Parser._external,  # noqa: SLF001 -- the table belongs to the class
}
