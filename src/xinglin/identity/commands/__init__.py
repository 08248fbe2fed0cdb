"""The parts of ``xinglin identity``: each is a ``Subcommand`` that a package offers when it is made ready.

A name of two words, ``evaluate febrl``, is a part of a part. Packages above this one offer theirs from
``AppConfig.ready``: ``commands.offer(Subcommand(…))``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Subcommand:
    """``run`` gets the options and a function that writes a line."""

    name: str
    help: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[dict[str, Any], Callable[[str], None]], None]


_offered: dict[str, Subcommand] = {}


def offer(*subcommands: Subcommand) -> None:
    """Make them parts of ``xinglin identity``."""
    _offered.update({subcommand.name: subcommand for subcommand in subcommands})


def offered() -> tuple[Subcommand, ...]:
    return tuple(sorted(_offered.values(), key=lambda subcommand: subcommand.name))
