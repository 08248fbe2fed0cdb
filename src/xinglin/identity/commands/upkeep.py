"""``xinglin identity status | frequencies | rebuild | deliver``: what operators do with the index."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from xinglin.fhir import json
from xinglin.identity import queries, rebuild, tasks, terms, weights
from xinglin.identity.commands import Subcommand
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable

    from xinglin.identity.rebuild import Run

    Write = Callable[[str], None]

_PAUSE = 2.0  # seconds between two looks for something to deliver
_EVERY = 2.0  # seconds between two lines of progress


class _Pace:
    """Lets a line of progress pass now and then."""

    def __init__(self, write: Write) -> None:
        self.write = write
        self.begun = self.last = time.monotonic()
        self.first: int | None = None

    def say(self, what: str, done: int, total: int = 0) -> None:
        now = time.monotonic()
        if self.first is None:
            self.first = done
        if now - self.last < _EVERY:
            return
        self.last = now
        rate = (done - self.first) / max(now - self.begun, 0.001)
        share = f" of {total:,} ({done / total:.0%})" if total else ""
        self.write(f"{what}: {done:,}{share}, {rate:,.0f} a second")


def _no_arguments(_: ArgumentParser) -> None:
    pass


def _status(_: dict[str, Any], write: Write) -> None:
    connection = database.connection()
    found = queries.numbers(connection)
    total = connection.execute("SELECT count FROM identity_term WHERE kind = 'total'").fetchone()
    waiting = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE tries > 0) FROM identity_notice"
    ).fetchone()
    write(f"{found.patients:>12,}  Patients")
    write(f"{found.persons:>12,}  persons")
    write(f"{found.linked:>12,}  Patients whose person has more than one")
    write(f"{found.merged:>12,}  ids of persons that lead to another")
    for state in ("open", "decided", "done", "settled"):
        write(f"{found.reviews.get(state, 0):>12,}  reviews {state}")
    write(f"{total[0] if total else 0:>12,}  Patients in the frequencies")
    if waiting is not None:
        write(f"{waiting[0]:>12,}  notices to subscribers waiting, {waiting[1]:,} of them after a failure")
    write(f"weights {weights.current().version}")
    run = rebuild.latest(connection)
    if run is not None:
        write(
            f"rebuild {run.id}: {run.state.value}, weights {run.weights}, {run.done:,} of {run.total:,} Patients,"
            f" last touched {run.moment:%Y-%m-%d %H:%M} UTC"
        )


def _frequencies(_: dict[str, Any], write: Write) -> None:
    pace = _Pace(write)
    with database.connect() as connection:
        known = terms.count(connection, lambda done: pace.say("counted", done))
    write(f"{known.total:,} Patients counted")
    for kind, counts in known.counts.items():
        common = ", ".join(f"{value} {count:,}" for value, count in counts.most_common(3))
        shown = f": {common}" if kind in ("surname", "given") and common else ""
        write(f"{len(counts):>12,}  {kind} values that are not rare{shown}")


def _rebuild_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--apply", metavar="RUN", help="do what this run has proposed")
    parser.add_argument("--drop", metavar="RUN", help="forget what this run has proposed")
    parser.add_argument("--report", metavar="RUN", help="show again what this run would change")
    parser.add_argument(
        "--refresh-only", action="store_true", help="link what is not linked, renew keys, and stop"
    )
    parser.add_argument("--samples", type=int, default=20, help="changes to show (20)")
    parser.add_argument("--json", help="write figures and samples there as JSON too")


def _rebuild(options: dict[str, Any], write: Write) -> None:
    with database.connect() as connection:
        if options["apply"]:
            _apply(connection, options["apply"], write)
        elif options["drop"]:
            with connection.transaction():
                rebuild.drop(connection, rebuild.find(connection, options["drop"]))
            write(f"run {options['drop']} dropped; nothing has changed")
        elif options["report"]:
            _report(connection, rebuild.find(connection, options["report"]), options, write)
        else:
            _match(connection, options, write)


def _match(connection: database.Connection, options: dict[str, Any], write: Write) -> None:
    pace = _Pace(write)
    renewed = rebuild.refresh(
        connection, actor=SYSTEM, tell=lambda done: pace.say("brought up to date", done)
    )
    write(
        f"{renewed.linked:,} Patients linked that were not, {renewed.renewed:,} rows renewed,"
        f" {renewed.removed:,} without a Patient removed"
    )
    if options["refresh_only"]:
        return
    with connection.transaction():
        run = rebuild.begin(connection, actor=SYSTEM, now=clock.now())
    pace = _Pace(write)
    run = rebuild.propose(
        connection, run, clock=clock.now, tell=lambda now: pace.say("matched", now.done, now.total)
    )
    _report(connection, run, options, write)
    write(f"Nothing has changed yet. To do it: xinglin identity rebuild --apply {run.id}")


def _report(connection: database.Connection, run: Run, options: dict[str, Any], write: Write) -> None:
    found = rebuild.difference(connection, run)
    shown = rebuild.samples(connection, run, options["samples"])
    write(f"run {run.id} with weights {run.weights}: {run.done:,} Patients")
    write(f"{found.kept:>12,}  would stay with their person")
    write(f"{found.joined:>12,}  would go to another person that is known")
    write(f"{found.split:>12,}  would become or join a new person")
    write(f"{found.review:>12,}  would be asked about")
    write(f"persons: {found.persons_before:,} before, {found.persons_after:,} after")
    for one in shown:
        bits = "" if one["bits"] is None else f" {one['bits']:+.1f} bits"
        write(f"  {one['what']:<7} Patient/{one['patient']} {one['from']} → {one['to']}{bits}")
    if options["json"]:
        figures = {name: getattr(found, name) for name in found.__dataclass_fields__}
        text = json.dump({"run": run.id, "weights": run.weights, **figures, "samples": shown})
        with open(options["json"], "wb") as file:  # noqa: PTH123 -- a path as it was typed
            file.write(text)


def _apply(connection: database.Connection, name: str, write: Write) -> None:
    pace = _Pace(write)
    applied = rebuild.apply(
        connection,
        rebuild.find(connection, name),
        actor=SYSTEM,
        clock=clock.now,
        tell=lambda now: pace.say("moved", now.moved),
    )
    write(
        f"{applied.moved:,} Patients moved, {applied.reviews:,} reviews opened,"
        f" {applied.passed:,} passed over because something has happened to them since"
    )


def _deliver_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--watch", action="store_true", help="go on until stopped")


def _deliver(options: dict[str, Any], write: Write) -> None:
    while True:
        done = tasks.deliver(now=clock.now())
        if done.told or done.failed or not options["watch"]:
            write(f"{done.told:,} told, {done.failed:,} failed, {done.given_up:,} given up")
        if not options["watch"]:
            return
        time.sleep(_PAUSE)


STATUS = Subcommand("status", "How large the index is, and what waits.", _no_arguments, _status)
FREQUENCIES = Subcommand(
    "frequencies",
    "Count how common names, phones and addresses are. Run it weekly.",
    _no_arguments,
    _frequencies,
)
REBUILD = Subcommand(
    "rebuild",
    "Match everything anew and say what would change; with --apply, change it.",
    _rebuild_arguments,
    _rebuild,
)
DELIVER = Subcommand("deliver", "Tell subscribers of changed links (IHE PMIR).", _deliver_arguments, _deliver)
