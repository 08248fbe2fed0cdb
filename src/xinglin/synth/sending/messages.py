"""What an institution sends of an outing, in its own language: messages in their order, as right or wrong as it is.

Late ones tell of days before, some are sent twice, some in the wrong order; how many, its station says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from xinglin.exchange.doors import Door
from xinglin.synth.sending import bundles, mistakes, outings, papers, pipes, sheets

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.synth.plan import Plan
    from xinglin.synth.sending.drafts import Draft
    from xinglin.synth.sending.outings import Outing
    from xinglin.synth.sending.stations import Station

_LATEST = 9  # days
_QUIET = 12
"""So many outings are without mistakes at first: a demonstration shows what should be before what is."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is sent. ``number`` is the outing's, ``part`` its place among the ``parts`` sent of it."""

    number: int
    part: int
    parts: int
    station: Station
    draft: Draft
    mistake: str  # "" for none
    late: bool
    again: bool  # the same once more

    @property
    def key(self) -> tuple[int, int]:
        return self.number, self.part


def messages(plan: Plan, number: int, moment: datetime) -> list[Message]:
    """The messages of the outing of that number, sent at that moment."""
    outing = outings.outing(plan, number, moment)
    dice = Random(f"{plan.seed}/fate/{number}")  # noqa: S311 -- repeatable, not secret
    careful = number < _QUIET
    late = not careful and dice.random() < outing.station.late
    if late:
        days = timedelta(days=1 + dice.randrange(_LATEST))
        outing = outings.outing(plan, number, moment - days)
    drafts = made(plan, outing)
    sent = [(draft, "", False) for draft in drafts]
    if not careful:
        sent = _mishandled(drafts, outing.station, dice)
    return [
        Message(number, part, len(sent), outing.station, *one[:2], late, one[2])
        for part, one in enumerate(sent)
    ]


def made(plan: Plan, outing: Outing) -> list[Draft]:
    """The messages of an outing as they would be right."""
    if outing.station.door is Door.TABLE:
        told = [outing, *outings.companions(plan, outing)]
        return sheets.make(told, outing.station.encoding)
    return _MAKERS[outing.station.door](outing)


_MAKERS = {Door.HL7V2: pipes.make, Door.CDA: papers.make, Door.FHIR: bundles.make}


def _mishandled(drafts: list[Draft], station: Station, dice: Random) -> list[tuple[Draft, str, bool]]:
    sent = []
    for draft in drafts:
        name = ""
        if dice.random() < station.wrong:
            draft, name = mistakes.plant(draft, station, dice)  # noqa: PLW2901 -- it is this one that is sent
        sent.append((draft, name, False))
        if dice.random() < station.repeated:
            sent.append((draft, name, True))
    if len(sent) > 1 and dice.random() < station.disordered:
        sent.reverse()
    return sent
