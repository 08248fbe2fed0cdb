"""A region as data: a made-up city, its institutions and residents, and years of what happened to them.

Nouns: a *place* (``places``), an *institution* (``institutions``) with its own words (``vocabulary``), a
*person* in a household (``households``), their *health*, their *life*, the *chart* that each institution
keeps of them. Each institution sends its own Patient with its own errors (``registration``, ``post``); who is
who stands only in the truth.

Verbs: ``region(residents=…, seed=…, years=…)`` yields transaction bundles, ``output.write`` puts them in
files, ``demo_residents()`` names the people every region has. Everything follows from the seed: a resident
is the same in a region of any size and with any number of processes. Start reading at ``stream``.
"""

from xinglin.synth.plan import Plan
from xinglin.synth.showcase import DemoResident, demo_residents
from xinglin.synth.stream import region

__all__ = ["DemoResident", "Plan", "demo_residents", "region"]
