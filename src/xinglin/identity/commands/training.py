"""``xinglin identity train``: learn the weights from Patients, write them to a file, compare links with Splink's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinglin.identity import traits, weights
from xinglin.identity.commands import Subcommand
from xinglin.identity.evaluation import files
from xinglin.identity.training import audit, columns, model, weights_file
from xinglin.kernel import clock, errors

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable

_FEW = 1000


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--patients", type=Path, nargs="+", required=True, help="NDJSON files of Patients")
    parser.add_argument(
        "--base",
        type=Path,
        default=weights.DATA / f"weights-{weights.CURRENT}.toml",
        help="weights to start from",
    )
    parser.add_argument("--out", type=Path, help="the weights file to write")
    parser.add_argument("--name", default="", help="the version that the file gets (the day)")
    parser.add_argument("--most", type=int, default=1_000_000, help="Patients read at most (1,000,000)")
    parser.add_argument(
        "--pairs",
        type=float,
        default=5e6,
        help="random pairs from which the shares of strangers are taken (5e6)",
    )
    parser.add_argument(
        "--audit", action="store_true", help="compare our links with Splink's on the same Patients"
    )


def _run(options: dict[str, Any], write: Callable[[str], None]) -> None:
    ids: list[str] = []
    read = []
    for patient in files.patients(options["patients"]):
        ids.append(str(patient.get("id", "")))
        read.append(traits.from_patient(patient))
        if len(read) >= options["most"]:
            break
    if len(read) < _FEW:
        raise errors.invalid(
            "%(found)s Patients are too few to learn from; %(least)s are needed.",
            code="value", found=len(read), least=_FEW,
        )  # fmt: skip
    write(f"{len(read):,} Patients read")
    linker = model.linker(columns.table(read))
    learned = model.learn(linker, len(read), pairs=options["pairs"])
    today = clock.now().date()
    text = weights_file.revised(
        options["base"].read_text(encoding="utf-8"),
        learned,
        version=options["name"] or f"{today}",
        today=today,
    )
    used = weights.parse(text)
    for field, shares in learned.m.items():
        write(f"  {field}: " + ", ".join(f"{name} {share:.4f}" for name, share in shares.items()))
    if options["out"]:
        options["out"].write_text(text, encoding="utf-8")
        write(f"{options['out']} written")
    if options["audit"]:
        found = audit.compare(linker, read, used)
        write(f"links of both {found.both:,}, only ours {found.ours:,}, only Splink's {found.theirs:,}")
        for title, pairs in (("only ours", found.only_ours), ("only Splink's", found.only_theirs)):
            write(f"{title}:")
            for a, b in pairs:
                write(f"  Patient/{ids[a]} Patient/{ids[b]}")


TRAIN = Subcommand("train", "learn the weights with Splink, without labels", _arguments, _run)
