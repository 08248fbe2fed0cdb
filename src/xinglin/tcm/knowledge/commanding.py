"""What the knowledge offers to ``xinglin tcm``: load what is shipped, count what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.kernel import clock
from xinglin.tcm import verbs
from xinglin.tcm.knowledge import loading, queries

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from django.core.management.base import OutputWrapper


def begin() -> None:
    """Offer the verbs."""
    verbs.offer(verbs.Verb("load", "load the knowledge that comes with the platform", _load, _again))
    verbs.offer(verbs.Verb("count", "count terms and facts", _count))


def _again(parser: ArgumentParser) -> None:
    parser.add_argument("--again", action="store_true", help="also if this release was loaded before")


def _load(out: OutputWrapper, options: dict[str, Any]) -> None:
    done = loading.load(now=clock.now(), again=options["again"])
    if options.get("verbosity"):
        out.write(f"{done.terms} terms, {done.added} new facts, {done.retired} facts ended")


def _count(out: OutputWrapper, _: dict[str, Any]) -> None:
    for name, count in queries.counts().items():
        out.write(f"{count:>9,}  {name}")
