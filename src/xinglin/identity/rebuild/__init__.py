"""Matching everything anew: with other weights, or what was stored while nobody matched.

First ``refreshing`` brings rows and keys up to date and links Patients that have no row. Then a *run* proposes for
every Patient, in the order in which they came, to whom it would belong (``proposing``); nothing changes by that.
``reporting`` says what would be different, and only ``applying``, asked for explicitly, does it. What people
decided is kept throughout. Each goes on where it was stopped, and needs little memory however many there are.
"""

from xinglin.identity.rebuild.applying import Applied, apply
from xinglin.identity.rebuild.proposing import propose
from xinglin.identity.rebuild.refreshing import refresh
from xinglin.identity.rebuild.reporting import Difference, difference, samples
from xinglin.identity.rebuild.runs import Run, begin, drop, find, latest

__all__ = [
    "Applied",
    "Difference",
    "Run",
    "apply",
    "begin",
    "difference",
    "drop",
    "find",
    "latest",
    "propose",
    "refresh",
    "samples",
]
