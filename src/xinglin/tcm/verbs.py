"""What ``xinglin tcm`` can do: each package of Chinese medicine offers its verbs, when the applications get ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable

    from django.core.management.base import OutputWrapper


def no_arguments(_: ArgumentParser) -> None:
    """For a verb that takes none."""


@dataclass(frozen=True, slots=True)
class Verb:
    """``xinglin tcm NAME``. ``run`` gets where to write to and the options."""

    name: str
    help: str
    run: Callable[[OutputWrapper, dict[str, Any]], None]
    arguments: Callable[[ArgumentParser], None] = no_arguments


_verbs: dict[str, Verb] = {}


def offer(verb: Verb) -> None:
    """Let ``xinglin tcm`` do something."""
    _verbs[verb.name] = verb


def every() -> list[Verb]:
    """The verbs by name."""
    return [_verbs[name] for name in sorted(_verbs)]
