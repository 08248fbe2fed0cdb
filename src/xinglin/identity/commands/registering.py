"""``xinglin identity register``, ``counts`` and ``archives``: the population register from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinglin.identity.commands import Subcommand
from xinglin.identity.population import counts, filing, refreshing
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable


def _changes(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--changes", action="store_true", help="only what changed in the record since the last time"
    )


def _register(options: dict[str, Any], write: Callable[[str], None]) -> None:
    if options["changes"]:
        seen = 0
        while looked := refreshing.keep():
            seen += looked
        write(f"{seen:,} changes of the record looked at")
        return
    done = refreshing.everybody(
        actor=SYSTEM, now=clock.now(), tell=lambda progress: write(f"{progress['done']:,} persons …")
    )
    write(", ".join(f"{name} {count:,}" for name, count in done.items()))


def _file(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, help="CSV: division,year,registered,permanent,floating,source,confidence"
    )


def _counts(options: dict[str, Any], write: Callable[[str], None]) -> None:
    content = options["file"].read_bytes()
    try:
        text = str(content, "utf-8-sig")
    except UnicodeDecodeError:
        text = str(content, "gb18030")
    found = counts.read(text)
    connection = database.connection()
    with connection.transaction():
        write(f"{counts.load(connection, counts=found, actor=SYSTEM, now=clock.now()):,} counts loaded")


def _nothing(_: ArgumentParser) -> None:
    return None


def _archives(_: dict[str, Any], write: Callable[[str], None]) -> None:
    done = filing.everybody(
        actor=SYSTEM, now=clock.now(), tell=lambda progress: write(f"{progress['done']:,} residents …")
    )
    write(f"{done['filed']:,} archives filed")


REGISTER = Subcommand(
    "register",
    "Fill the population register from the record: residents, residences, households.",
    _changes,
    _register,
)
COUNTS = Subcommand(
    "counts", "Load population counts of divisions, the denominators of the filing rate.", _file, _counts
)
ARCHIVES = Subcommand(
    "archives", "File archives for residents whom a primary-care institution knows.", _nothing, _archives
)
