"""``xinglin quality``: flat rows, runs, rules, declared counts, and how well the rules find what is wrong."""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.quality import actions, checks, following, loop, rulebook, rules, running, tasks, trial, viewing
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Keep the flat rows, apply the rules, load rules and declared counts."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        flatten = verbs.add_parser(
            "flatten", help="make flat what has changed; `serve` does it every few seconds"
        )
        flatten.add_argument("--anew", action="store_true", help="make all rows anew from what is stored")
        run = verbs.add_parser(
            "run", help="apply all rules, open problems, check them again; `maintain` does it"
        )
        run.add_argument("--rule", action="append", default=[], help="this rule alone; may be repeated")
        load = verbs.add_parser("load", help="put the rules of a TOML or CSV file in force")
        load.add_argument("file")
        load.add_argument(
            "--replace", action="store_true", help="withdraw the rules that are not in the file"
        )
        load.add_argument("--check", action="store_true", help="only say what is wrong in the file")
        verbs.add_parser("rules", help="write the rules in force as CSV")
        declare = verbs.add_parser("declare", help="load declared counts: institution,dataset,day,count")
        declare.add_argument("file")
        month = verbs.add_parser("month", help="keep the board of a month; `maintain` keeps the last one")
        month.add_argument("month", nargs="?", help="such as 2026-10; the last one if absent")
        evaluate = verbs.add_parser("evaluate", help="plant faults of every type and tell which are found")
        evaluate.add_argument("files", nargs="*", help="bundles of `xinglin synth`; made if absent")
        evaluate.add_argument("--residents", type=int, default=300)
        evaluate.add_argument("--seed", type=int, default=7)
        evaluate.add_argument("--each", type=int, default=60, help="how many rows to plant of each type")
        verbs.add_parser("reference", help="write the list of rules for docs/reference")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except Fault as wrong:
            raise CommandError(str(wrong)) from None
        except OSError as wrong:
            raise CommandError(f"{wrong.filename}: {wrong.strerror}") from None

    def _flatten(self, options: dict[str, Any]) -> None:
        begun, total = time.monotonic(), 0
        if options["anew"]:
            total = following.rebuild(
                database.connection(), lambda name, done: self._tell(f"{name} {done:,}")
            )
        while count := following.follow(tasks.arrived):
            total += count
            self._tell(f"{total:,} versions")
        seconds = time.monotonic() - begun
        self.stdout.write(
            f"\r{total:,} versions made flat in {seconds:.1f} s ({total / max(seconds, 0.001):,.0f}/s)"
        )

    def _tell(self, words: str) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{words}   ", ending="")

    def _run(self, options: dict[str, Any]) -> None:
        connection, now, begun = database.connection(), clock.now(), time.monotonic()
        viewing.follow(connection)
        held = rulebook.in_force(connection)
        missing = [id_ for id_ in options["rule"] if id_ not in held]
        if missing:
            raise CommandError(f"There is no rule {missing[0]} in force.")
        some = {id_: held[id_] for id_ in options["rule"]} or None
        done = running.run(now=now, rules=some, tell=self._tell)
        after = loop.settle(connection, now)
        self.stdout.write(
            f"\r{done.rules} rules, {done.checked:,} answers, {done.failed:,} bad in {time.monotonic() - begun:.1f} s;"
            f" findings: {done.opened:,} new, {done.fixed:,} fixed;"
            f" problems: {after['opened']} opened, {after['cured']} cured, {after['relapsed']} fell back"
        )

    def _load(self, options: dict[str, Any]) -> None:
        path = Path(options["file"])
        text = path.read_text(encoding="utf-8-sig")
        found = rules.read_csv(text) if path.suffix.lower() == ".csv" else rules.read_toml(text)
        for rule in found:
            self._try(rule)
        if options["check"]:
            self.stdout.write(f"{len(found)} rules are in order")
            return
        connection = database.connection()
        with connection.transaction():
            done = rulebook.load(
                connection, found, actor=SYSTEM, now=clock.now(), replace=options["replace"], words=path.name
            )
        self.stdout.write(", ".join(f"{count} {name}" for name, count in done.items()))

    def _try(self, rule: rules.Rule) -> None:
        """What the database refuses is said before anything is kept."""
        try:
            running.dry(rule, now=clock.now())
        except psycopg.Error as wrong:
            raise CommandError(f"{rule.id}: {wrong.diag.message_primary or wrong}") from None

    def _rules(self, _: dict[str, Any]) -> None:
        self.stdout.write(rules.write_csv(rulebook.in_force(database.connection()).values()), ending="")

    def _declare(self, options: dict[str, Any]) -> None:
        connection = database.connection()
        with connection.transaction():
            done = actions.declare(connection, _counts(Path(options["file"])), actor=SYSTEM, now=clock.now())
        self.stdout.write(f"{done:,} declared counts kept")

    def _month(self, options: dict[str, Any]) -> None:
        now = clock.now()
        try:
            month = date.fromisoformat(f"{options['month']}-01") if options["month"] else loop.last_month(now)
        except ValueError:
            raise CommandError(f"{options['month']} is no month such as 2026-10.") from None
        kept = loop.keep_month(database.connection(), month, now)
        self.stdout.write(f"{month:%Y-%m}: {kept} institutions")

    def _evaluate(self, options: dict[str, Any]) -> None:
        given = [Path(name) for name in options["files"]] or _made(options["residents"], options["seed"])
        paths = sorted(path for path in given if not path.name.startswith("truth"))
        truth = sorted({one for path in given for one in path.parent.glob("truth*")})
        found = trial.evaluate(
            _lines(paths), now=clock.now(), each=options["each"], wrong=trial.faulty(_lines(truth))
        )
        self.stdout.write(trial.table(found))
        if not found.holds:
            raise CommandError("The rules do not find what they should.")

    def _reference(self, _: dict[str, Any]) -> None:
        self.stdout.write(_reference(), ending="")


def _counts(path: Path) -> Iterator[tuple[str, str, date, int]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                yield row["institution"], row["dataset"], date.fromisoformat(row["day"]), int(row["count"])
            except (KeyError, TypeError, ValueError) as wrong:
                raise CommandError(
                    f"{path}, line {line}: institution, dataset, day (2026-11-26) and count are wanted: {wrong}"
                ) from None


def _lines(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        yield from (line for line in trial.unpacked(path.read_bytes()).splitlines() if line.strip())


def _made(residents: int, seed: int) -> list[Path]:
    """Bundles of a made-up region, with their truth, in a folder of their own."""
    folder = Path(tempfile.mkdtemp(prefix="xinglin-quality-"))
    call_command("synth", residents=residents, seed=seed, out=str(folder), verbosity=0)
    return list(folder.iterdir())


def _reference() -> str:
    lines = [
        "# Quality rules",
        "",
        "Written by `xinglin quality reference`; do not edit.",
        "",
        "## Types of checks",
        "",
    ]
    lines += ["| type | asks | parameters |", "| --- | --- | --- |"]
    for kind in checks.TYPES.values():
        params = ", ".join(f"`{name}` ({words})" for name, words in kind.params.items()) or "—"
        lines.append(f"| `{kind.name}` | {kind.says} | {params} |")
    lines += ["", "## Rules that are shipped", ""]
    lines += [
        "| id | rule | 规则 | dimension | check | severity | weight | standard | source | confidence |",
        "| --- " * 10 + "|",
    ]
    for rule in rulebook.shipped().values():
        lines.append(
            f"| {rule.id} | {rule.title} | {rule.title_zh} | {rule.dimension} | `{rule.table}` · `{rule.check}`"
            f" | {rule.severity} | {rule.weight:g} | {rule.standard or '—'} | {rule.source} | {rule.confidence} |"
        )
    return "\n".join(lines) + "\n"
