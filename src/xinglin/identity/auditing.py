"""How good the matcher's links are: a random sample of them put to people, and what people said."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from xinglin.identity import store
from xinglin.identity.actions import open_review
from xinglin.identity.events import Kind as Happened
from xinglin.identity.stewardship import Kind

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_Z = 1.96  # 95 %
MOST = 200
_SPARE = 50  # events looked through for every link wanted


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of ``judged`` links that the matcher made ``right`` were right; ``waiting`` have not been looked at."""

    judged: int
    right: int
    waiting: int

    @property
    def share(self) -> float | None:
        return self.right / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between what bounds the share of all links lies, at 95 % (Wilson)."""
        return wilson(self.right, self.judged) if self.judged else None


def wilson(right: int, judged: int) -> tuple[float, float]:
    """The 95 % score interval of a share: Wilson 1927; keeps to 0 … 1 and is honest near the ends."""
    share, z2 = right / judged, _Z * _Z
    middle = (share + z2 / (2 * judged)) / (1 + z2 / judged)
    half = _Z * sqrt(share * (1 - share) / judged + z2 / (4 * judged * judged)) / (1 + z2 / judged)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def accuracy(connection: Connection) -> Accuracy:
    """What people have said of the samples so far."""
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'done' AND verdict = 'fine'),"
        " count(*) FILTER (WHERE state IN ('open', 'decided')) FROM identity_review WHERE kind = 'audit'"
    ).fetchone()
    assert row is not None
    return Accuracy(*row)


def draw(connection: Connection, *, count: int, actor: Actor, dice: random.Random | None = None) -> int:
    """Put up to ``count`` links of the matcher's, drawn at random, into the queue; tell how many.

    Every link has the same chance: a share of all events is looked through, and more of them if that was too few. A
    link that has been taken back since, or is in the queue already, is left out.
    """
    chance = dice or random.SystemRandom()
    percent = _percent_for(connection, count)
    while True:
        found = _sampled(connection, percent, chance.randrange(2**31))
        chance.shuffle(found)
        opened = 0
        for one in found:
            if opened < count:
                opened += _open(connection, one, actor)
        if opened or percent >= 100:
            return opened
        percent = min(100.0, 10 * percent)


def _percent_for(connection: Connection, count: int) -> float:
    """How much of the events to look through for ``count`` links that can be asked of, with plenty to spare."""
    row = connection.execute(
        "SELECT greatest(sum(reltuples), 1) FROM pg_class"
        " WHERE oid IN (SELECT relid FROM pg_partition_tree('identity_event'::regclass) WHERE isleaf"
        " UNION SELECT 'identity_event'::regclass)"
    ).fetchone()
    assert row is not None
    return min(100.0, 100.0 * (_SPARE * count + _SPARE) / float(row[0]))


def _sampled(connection: Connection, percent: float, seed: int) -> list[tuple[str, float | None]]:
    """The Patients that the matcher joined in a random share of the events, each once, with their evidence."""
    return [
        (patient, bits)
        for patient, bits in connection.execute(
            "SELECT patient, max(bits) FROM identity_event TABLESAMPLE BERNOULLI (%s) REPEATABLE (%s)"
            " WHERE kind = %s AND weights IS NOT NULL GROUP BY patient ORDER BY patient",
            [percent, seed, Happened.JOINED.value],
        ).fetchall()
    ]


def _open(connection: Connection, found: tuple[str, float | None], actor: Actor) -> int:
    patient, bits = found
    link = store.link(connection, patient)
    if link is None or len(store.members(connection, [link.person])) < 2:
        return 0
    asked = connection.execute(
        "SELECT 1 FROM identity_review WHERE kind = 'audit' AND persons @> %s::text[] AND patient = %s",
        [[link.person_id], patient],
    ).fetchone()
    if asked:
        return 0
    made = open_review(
        connection, kind=Kind.AUDIT, persons=[link.person_id], patient=patient, actor=actor,
        detail={} if bits is None else {"joined": round(bits, 2)},
    )  # fmt: skip
    return int(made.patient == patient)
