"""The region as a stream: the directory, then block after block of residents, with the truth beside it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from random import Random
from typing import TYPE_CHECKING, Generic, TypeVar

from xinglin.synth import (
    acute,
    allergies,
    childhood,
    chronic,
    directory,
    health,
    households,
    motherhood,
    showcase,
    traditional,
)
from xinglin.synth.life import Life
from xinglin.synth.plan import Plan
from xinglin.synth.post import Portion, Post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xinglin.synth.households import Person

Parcel = TypeVar("Parcel")
_AHEAD = 3  # blocks made ahead by each process: memory stays bounded when the reader is slow


def portion(plan: Plan, block: int) -> Portion:
    """All that is sent about the residents of one block."""
    until = plan.until.toordinal()
    people = households.block(plan.seed, block, until)
    births: dict[int, list[Person]] = {}
    for person in people:
        if person.mother is not None:
            births.setdefault(person.mother.index, []).append(person)
    post = Post(plan)
    for person in people:
        if person.index < plan.residents:
            dice = Random(f"{plan.seed}/{person.index}")  # noqa: S311 -- repeatable, not secret
            state = health.draw(person, dice, until)
            life = Life(person, state, dice, start=plan.start, until=until, settled=person.index)
            live(life, births.get(person.index, []))
            post.send(life)
    return post.portion()


def live(life: Life, children: list[Person]) -> None:
    """Everything that happens to a resident within the window, in order of time."""
    allergies.draw(life.health, life.dice)
    acute.befall(life)
    chronic.look_after(life)
    childhood.grow_up(life)
    motherhood.bear(life, children)
    traditional.turn_to_tradition(life)
    life.run()


def portions(plan: Plan, processes: int = 1) -> Iterator[Portion]:
    """The showcase, then the blocks in order, whatever the number of processes."""
    return parcels(plan, _as_it_is, processes)


def parcels(plan: Plan, pack: Callable[[Portion], Parcel], processes: int = 1) -> Iterator[Parcel]:
    """Each portion, packed where it was made. With several processes ``pack`` has to be picklable."""
    yield pack(showcase.portion(plan)[0])
    yield from spread(_Make(plan, pack), range(plan.blocks), processes)


def spread(make: Callable[[int], Parcel], blocks: Iterable[int], processes: int = 1) -> Iterator[Parcel]:
    """What ``make`` makes of each block, in order; by several processes ``make`` has to be picklable."""
    if processes <= 1:
        yield from map(make, blocks)
        return
    waiting: deque[Future[Parcel]] = deque()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for block in blocks:
            waiting.append(pool.submit(make, block))
            if len(waiting) > processes * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _as_it_is(made: Portion) -> Portion:
    return made


@dataclass(frozen=True, slots=True)
class _Make(Generic[Parcel]):
    """The work of one process: make a block and pack it."""

    plan: Plan
    pack: Callable[[Portion], Parcel]

    def __call__(self, block: int) -> Parcel:
        return self.pack(portion(self.plan, block))


def region(*, residents: int = 1000, seed: int = 1, years: int = 5, processes: int = 1) -> Iterator[bytes]:
    """The whole region as transaction bundles (JSON), the directory first.

    Every reference of a bundle is to a resource in it or in one before it.
    """
    plan = Plan(residents, seed, years)
    yield from directory.transactions(residents)
    for made in portions(plan, processes):
        yield from made.bundles
