"""The parts of an expression, as a tree; every part knows where in its text it stands."""

from __future__ import annotations

from dataclasses import dataclass


class SyntaxWrong(ValueError):  # noqa: N818 -- what a mapping's writer is told, no error of ours
    """An expression cannot be read; ``at`` is where, ``message`` and ``params`` say why."""

    def __init__(self, at: int, message: str, **params: object) -> None:
        super().__init__(message % params if params else message)
        self.at, self.message, self.params = at, message, params


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Number:
    written: str
    at: int


@dataclass(frozen=True, slots=True)
class Flag:
    value: bool
    at: int


@dataclass(frozen=True, slots=True)
class Place:
    """``up`` levels further out, or from the message (``whole``); ``inside`` is where the dialect's part begins."""

    path: str
    at: int
    inside: int
    up: int = 0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Builtin:
    name: str
    arguments: tuple[Tree, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """``source`` is what flows in: what stands before the pipe, or the first argument."""

    name: str
    source: Tree
    arguments: tuple[Tree, ...]
    at: int
    is_mild: bool = False  # with "?": what cannot be used is left out, with a warning


@dataclass(frozen=True, slots=True)
class Joined:
    parts: tuple[Tree, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Compared:
    operator: str
    left: Tree
    right: Tree
    at: int


@dataclass(frozen=True, slots=True)
class OneOf:
    source: Tree
    choices: tuple[Tree, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Both:
    operator: str  # and | or
    left: Tree
    right: Tree
    at: int


@dataclass(frozen=True, slots=True)
class Negated:
    source: Tree
    at: int


@dataclass(frozen=True, slots=True)
class Choice:
    condition: Tree
    then: Tree
    other: Tree
    at: int


Tree = (
    Text | Number | Flag | Place | Name | Builtin | Call | Joined | Compared | OneOf | Both | Negated | Choice
)
