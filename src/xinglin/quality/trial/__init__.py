"""How well the rules find what is wrong: faults of every type are planted into made-up data, and looked for.

Everything happens in a schema of its own that is rolled back; no health data are read. *Planted* rows must be found by
the rule they were planted for; a finding on a row that nobody touched is a false alarm, unless whoever made the data
knows that it is faulty.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from xinglin.kernel.ids import floor_vid
from xinglin.quality import following, rulebook, running
from xinglin.quality.columns import TABLES
from xinglin.quality.following import Incoming
from xinglin.quality.scoring import Tally
from xinglin.quality.trial import planting
from xinglin.quality.trial.scene import Scene
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from xinglin.quality.rules import Rule
    from xinglin.quality.trial.scene import Key, Pair
    from xinglin.record.database import Connection

_FIRST = 1_600_000_000_000  # milliseconds: the versions of the trial
_SIDE = ("quality_unit", "quality_word", "quality_view")


@dataclass(slots=True)
class Outcome:
    """What became of one planted rule."""

    rule: str
    check: str
    planted: int = 0
    found: int = 0
    alarms: int = 0  # on rows that nobody touched

    @property
    def share(self) -> float:
        return self.found / self.planted if self.planted else 1.0


@dataclass(slots=True)
class Evaluation:
    """All of them; ``before`` and ``after`` are the tallies of the rules without and with the faults."""

    outcomes: list[Outcome] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)  # alarms of rules that nothing was planted for
    before: list[Tally] = field(default_factory=list)
    after: list[Tally] = field(default_factory=list)
    rows: int = 0

    @property
    def planted(self) -> int:
        return sum(one.planted for one in self.outcomes)

    @property
    def found(self) -> int:
        return sum(one.found for one in self.outcomes)

    @property
    def alarms(self) -> int:
        return sum(one.alarms for one in self.outcomes) + sum(self.others.values())

    @property
    def holds(self) -> bool:
        """Of each type ninety-nine in a hundred are found, and nothing else is."""
        return all(one.share >= 0.99 and one.planted for one in self.outcomes) and self.alarms == 0


def read(lines: Iterable[bytes]) -> dict[Key, dict[str, object]]:
    """The resources of bundles, one a line, the latest of each."""
    found: dict[Key, dict[str, object]] = {}
    for line in lines:
        for entry in orjson.loads(line)["entry"]:
            resource = entry["resource"]
            found[resource["resourceType"], resource["id"]] = resource
    return found


def unpacked(data: bytes) -> bytes:
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def faulty(truth: Iterable[bytes]) -> frozenset[Key]:
    """What the maker of a region knows to be wrong: lines of its truth file."""
    found: set[Key] = set()
    for told in map(orjson.loads, truth):
        for sent in told["patients"]:
            references = [slip["resource"] for slip in sent["slips"]]
            for reference in [*references, sent["patient"]] if sent["errors"] else references:
                type_, _, id_ = reference.partition("/")
                found.add((type_, id_))
    return frozenset(found)


def evaluate(
    lines: Iterable[bytes], *, now: datetime, each: int = 60, wrong: frozenset[Key] = frozenset()
) -> Evaluation:
    """Plant, apply all shipped rules, compare. ``wrong`` is what the maker of the data knows to be wrong."""
    rules = rulebook.shipped()
    clean = Scene(read(lines), wrong, now)
    clean.prepare()
    result = Evaluation()
    before, result.before, _ = _applied(clean, rules, now)
    scene = clean.copied()
    planting.plant(scene, each)
    after, result.after, result.rows = _applied(scene, rules, now)
    for id_, planted in sorted(scene.planted.items()):
        one = Outcome(id_, rules[id_].check, len(planted), len(planted & after.get(id_, set())))
        result.outcomes.append(one)
    alarms = {id_: _alarms(id_, before.get(id_, set()), after.get(id_, set()), clean, scene) for id_ in rules}
    for one in result.outcomes:
        one.alarms = alarms.pop(one.rule, 0)
    result.others = {id_: count for id_, count in alarms.items() if count}
    return result


def _alarms(id_: str, before: set[Pair], after: set[Pair], clean: Scene, scene: Scene) -> int:
    """How many rows a rule finds that are right: in the clean data, and untouched in those with faults."""
    false = {pair for pair in before if not clean.knows_of(id_, pair)}
    planted = scene.planted.get(id_, set())
    return len(false | {pair for pair in after - before - planted if not scene.knows_of(id_, pair)})


def _applied(
    scene: Scene, rules: Mapping[str, Rule], now: datetime
) -> tuple[dict[str, set[Pair]], list[Tally], int]:
    """The failing rows of each rule, the tallies, and how many rows there are."""
    connection = database.connection()
    with connection.transaction(force_rollback=True):
        _build(connection)
        versions = (
            Incoming(type_, id_, floor_vid(_FIRST) + place, resource)
            for place, ((type_, id_), resource) in enumerate(scene.resources.items(), start=1)
        )
        batch = following.put(connection, (one for one in versions if one.type in following.CONCERNS))
        scene.settle(connection)
        running.evaluate(connection, list(rules.values()), now)
        failing: dict[str, set[Pair]] = {}
        for rule, self_, part in connection.execute("SELECT rule, self, part FROM failing"):
            failing.setdefault(rule, set()).add((self_, part))
        tallies = [
            Tally(*row)
            for row in connection.execute(
                "SELECT rule, sum(checked)::bigint, sum(failed)::bigint FROM counted GROUP BY 1"
            )
        ]
    return failing, tallies, batch.rows


def _build(connection: Connection) -> None:
    """Tables like the real ones, which stand before them in the path."""
    connection.execute("CREATE SCHEMA quality_trial")
    connection.execute("SET LOCAL search_path = quality_trial, public")
    for name in (*(table.sql for table in TABLES.values()), *_SIDE):
        connection.execute(f"CREATE TABLE quality_trial.{name} (LIKE public.{name} INCLUDING ALL)")
    connection.execute("CREATE TABLE quality_trial.identity_patient (number bigint)")


def table(found: Evaluation) -> str:
    """The result as a table."""
    lines = [f"{'rule':<10} {'check':<12} {'planted':>8} {'found':>8} {'share':>8} {'alarms':>7}"]
    lines += [
        f"{one.rule:<10} {one.check:<12} {one.planted:>8,} {one.found:>8,} {one.share:>8.1%} {one.alarms:>7,}"
        for one in found.outcomes
    ]
    lines += [
        f"{id_:<10} {'':<12} {'':>8} {'':>8} {'':>8} {count:>7,}" for id_, count in found.others.items()
    ]
    lines.append(
        f"{len({one.check for one in found.outcomes})} types, {found.planted:,} planted in {found.rows:,} rows,"
        f" {found.found:,} found, {found.alarms:,} false alarms"
    )
    return "\n".join(lines)
