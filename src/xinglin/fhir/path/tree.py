"""The tree of a FHIRPath expression: what the parser makes, and every reader of expressions walks.

Nodes are immutable values that compare by content; ``str(node)`` is an expression that parses to an equal
tree, with no more parentheses than the precedence of operators asks for.

https://hl7.org/fhirpath/N1/grammar.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

# From loosest to tightest; operators of one level associate to the left.
LEVELS: tuple[tuple[str, ...], ...] = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "~", "!=", "!~"),
    ("<=", "<", ">", ">="),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)
PRECEDENCE = {operator: level for level, operators in enumerate(LEVELS) for operator in operators}
UNARY = len(LEVELS)  # the level of a sign in front
TERM = UNARY + 1  # the level of everything that a dot may follow

CALENDAR_UNITS = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
RESERVED = frozenset({"true", "false", "and", "or", "xor", "implies", "div", "mod"})

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = {"\\": "\\\\", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str, quote: str) -> str:
    """``text`` between two ``quote`` characters, with the escapes of FHIRPath."""
    inner = "".join(_ESCAPES.get(char, f"\\{quote}" if char == quote else char) for char in text)
    return f"{quote}{inner}{quote}"


def identifier(name: str) -> str:
    """``name`` as the grammar wants it: plain where it may be, else between backticks."""
    return name if _PLAIN.fullmatch(name) and name not in RESERVED else escape(name, "`")


@dataclass(frozen=True, slots=True)
class Empty:
    """``{}``, the empty collection."""

    def __str__(self) -> str:
        return "{}"


@dataclass(frozen=True, slots=True)
class Boolean:
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True)
class String:
    value: str

    def __str__(self) -> str:
        return escape(self.value, "'")


@dataclass(frozen=True, slots=True)
class Number:
    """An integer or decimal with its digits as written: ``1.10`` is not ``1.1`` to ``precision()``."""

    text: str

    @property
    def value(self) -> int | Decimal:
        return Decimal(self.text) if "." in self.text else int(self.text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, dateTime or time as far as written, without ``@``: ``2015-02``, ``2015-02T``, ``T14:30``."""

    text: str

    @property
    def kind(self) -> str:
        """``Date``, ``DateTime`` or ``Time``."""
        if self.text.startswith("T"):
            return "Time"
        return "DateTime" if "T" in self.text else "Date"

    def __str__(self) -> str:
        return f"@{self.text}"


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity literal: ``4.5 'mg'`` with a UCUM unit, or ``4 days`` with a calendar unit (singular)."""

    number: Number
    unit: str
    calendar: bool = False

    def __str__(self) -> str:
        return (
            f"{self.number} {self.unit}" if self.calendar else f"{self.number} {escape(self.unit, chr(39))}"
        )


@dataclass(frozen=True, slots=True)
class Special:
    """One of ``$this``, ``$index`` and ``$total``; ``name`` is without the dollar."""

    name: str

    def __str__(self) -> str:
        return f"${self.name}"


@dataclass(frozen=True, slots=True)
class External:
    """A constant from outside: ``%resource``, ``%`vs-name```; ``name`` is without the percent sign."""

    name: str

    def __str__(self) -> str:
        return f"%{identifier(self.name)}"


@dataclass(frozen=True, slots=True)
class Member:
    """An element by name, of ``source`` or (``None``) of the focus; also a type's name at the start."""

    source: Node | None
    name: str

    def __str__(self) -> str:
        return _after_dot(self.source, identifier(self.name))


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied to ``source`` or (``None``) to the current focus."""

    source: Node | None
    name: str
    arguments: tuple[Node, ...] = ()

    def __str__(self) -> str:
        arguments = ", ".join(str(argument) for argument in self.arguments)
        return _after_dot(self.source, f"{identifier(self.name)}({arguments})")


@dataclass(frozen=True, slots=True)
class Indexer:
    """``source[index]``, counted from 0."""

    source: Node
    index: Node

    def __str__(self) -> str:
        return f"{_within(self.source, TERM)}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign in front: ``+`` or ``-``."""

    operator: str
    operand: Node

    def __str__(self) -> str:
        return f"{self.operator}{_within(self.operand, UNARY)}"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and an operator of ``LEVELS`` other than ``is`` and ``as``."""

    operator: str
    left: Node
    right: Node

    def __str__(self) -> str:
        level = PRECEDENCE[self.operator]
        return f"{_within(self.left, level)} {self.operator} {_within(self.right, level + 1)}"


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as written: ``Patient``, ``FHIR.Patient``, ``System.Boolean``."""

    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        return (
            identifier(self.name)
            if self.namespace is None
            else f"{identifier(self.namespace)}.{identifier(self.name)}"
        )


@dataclass(frozen=True, slots=True)
class TypeTest:
    """``operand is type`` or ``operand as type``."""

    operator: str
    operand: Node
    type: TypeName

    def __str__(self) -> str:
        return f"{_within(self.operand, PRECEDENCE[self.operator])} {self.operator} {self.type}"


Node: TypeAlias = (
    Empty
    | Boolean
    | String
    | Number
    | Moment
    | Amount
    | Special
    | External
    | Member
    | Call
    | Indexer
    | Unary
    | Binary
    | TypeTest
)


def level_of(node: Node) -> int:
    """How tightly ``node`` holds together: an index of ``LEVELS``, ``UNARY`` or ``TERM``."""
    if isinstance(node, Binary | TypeTest):
        return PRECEDENCE[node.operator]
    return UNARY if isinstance(node, Unary) else TERM


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below ``node``, in the order in which they are written."""
    match node:
        case Member(source, _):
            return () if source is None else (source,)
        case Call(source, _, arguments):
            return arguments if source is None else (source, *arguments)
        case Indexer(first, second) | Binary(_, first, second):
            return (first, second)
        case Unary(_, operand) | TypeTest(_, operand, _):
            return (operand,)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """``node`` and everything below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def depth(node: Node) -> int:
    """The number of levels of the tree; counted without recursion, so that any tree can be asked."""
    levels, latest = 0, [node]
    while latest:
        levels += 1
        latest = [child for one in latest for child in children(one)]
    return levels


def branches(node: Node) -> tuple[Node, ...]:
    """The alternatives of ``a | b | c``; an expression that is no union is its own single branch."""
    if isinstance(node, Binary) and node.operator == "|":
        return branches(node.left) + branches(node.right)
    return (node,)


def as_type_name(node: Node) -> TypeName | None:
    """The type that an argument such as ``Patient`` or ``FHIR.Patient`` names, ``None`` if it names none."""
    match node:
        case Member(None, name):
            return TypeName(name)
        case Member(Member(None, namespace), name):
            return TypeName(name, namespace)
        case _:
            return None


def _within(node: Node, level: int) -> str:
    return str(node) if level_of(node) >= level else f"({node})"


def _after_dot(source: Node | None, invocation: str) -> str:
    return invocation if source is None else f"{_within(source, TERM)}.{invocation}"
