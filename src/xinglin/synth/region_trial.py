"""``xinglin identity evaluate region``: a badly kept region of a million registrations through the matcher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.identity import traits
from xinglin.identity.commands import Subcommand, evaluating
from xinglin.identity.evaluation.trial import Known
from xinglin.synth import registers
from xinglin.synth.plan import Plan
from xinglin.synth.stream import spread

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterator

_RECORDS_PER_RESIDENT = 2.3
_BLOCKS = 20  # made at a time by a process


@dataclass(frozen=True, slots=True)
class _Make:
    """The work of one process: some blocks of residents, as day and record."""

    plan: Plan
    dirty: bool

    def __call__(self, first: int) -> list[tuple[str, Known]]:
        register = registers.dirty() if self.dirty else registers.tidy()
        made = []
        for block in range(first, min(first + _BLOCKS, self.plan.blocks)):
            for found in registers.of_block(self.plan, block, register):
                kinds = (*found.errors, found.kind) if found.kind else tuple(found.errors)
                packed = traits.pack(traits.from_patient(found.patient))
                made.append(
                    (found.patient["meta"]["lastUpdated"], Known(packed, found.person, kinds or ("clean",)))
                )
        return made


def arriving(plan: Plan, *, dirty: bool, processes: int = 1) -> Iterator[Known]:
    """All registrations of the region by the day on which they were made."""
    make = _Make(plan, dirty)
    firsts = range(0, plan.blocks, _BLOCKS)
    records = [record for made in spread(make, firsts, processes) for record in made]
    records.sort(key=lambda record: record[0])
    records.reverse()
    while records:
        yield records.pop()[1]


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--records", type=int, default=1_000_000, help="registrations, about (1,000,000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--tidy", action="store_true", help="with the errors of the demo region, not of a bad one"
    )
    parser.add_argument("--processes", type=int, default=1, help="processes that make the region (1)")
    evaluating.common_arguments(parser)


def _run(options: dict[str, Any], write: Callable[[str], None]) -> None:
    plan = Plan(max(1, round(options["records"] / _RECORDS_PER_RESIDENT)), options["seed"], years=8)
    dirty = not options["tidy"]
    records = arriving(plan, dirty=dirty, processes=options["processes"])
    rates = registers.dirty().version if dirty else ""
    evaluating.report(records, options, write, data="region", seed=options["seed"], rates=rates)


REGION = Subcommand(
    "evaluate region", "a synthetic region of about a million badly kept registrations", _arguments, _run
)
