"""What differentiation offers to ``xinglin tcm``: choosing for the cases of TCMEval-SDT."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from xinglin.kernel.errors import Fault
from xinglin.tcm import verbs
from xinglin.tcm.differentiation import evaluating
from xinglin.tcm.differentiation.weights import weights

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from django.core.management.base import OutputWrapper


def begin() -> None:
    """Offer the verb."""
    verbs.offer(
        verbs.Verb(
            "evaluate", "choose mechanisms and syndromes for cases, and measure the choice", _evaluate, _ask
        )
    )


def _ask(parser: ArgumentParser) -> None:
    parser.add_argument("--cases", type=Path, required=True, help="cases as TCMEval-SDT writes them (JSON)")
    parser.add_argument(
        "--gold", type=Path, help="what is right, as id@signs@mechanisms@syndromes@…; scores are printed"
    )


def _evaluate(out: OutputWrapper, options: dict[str, Any]) -> None:
    try:
        given = evaluating.cases(options["cases"].read_text("utf-8-sig"))
        right = evaluating.gold(options["gold"].read_text("utf-8-sig")) if options["gold"] else {}
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(str(error)) from None
    except Fault as fault:
        raise CommandError(str(fault)) from None
    if not options["gold"]:
        out.write(json.dumps(evaluating.answers(given, weights()), ensure_ascii=False, indent=1))
        return
    judged = sum(case.id in right for case in given)
    if not judged:
        raise CommandError("None of the cases is in the file of what is right.")
    out.write(f"{judged} cases; right / (all that is right + wrongly chosen), mean")
    out.write(f"{'':16}{'pathogenesis':>14}{'syndrome':>12}")
    for name, (mechanisms, syndromes) in evaluating.scores(given, right, weights()).items():
        out.write(f"{name:16}{mechanisms:14.3f}{syndromes:12.3f}")
