"""Names of syndromes and mechanisms taken apart into the characters that mean something. Pure.

肝郁气滞 is 肝, 郁, 气, 滞: places and natures are mostly single characters, and standards, schools and doctors put
them together in ways of their own. Some characters say what another says, as 衰 says 虚.
"""

from __future__ import annotations

import math
import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


@cache
def elements() -> dict[str, Any]:
    """``elements-1.toml``: filler, aliases, and the elements with their characters."""
    return tomllib.loads((DATA / "elements-1.toml").read_text("utf-8"))


@lru_cache(maxsize=16384)
def letters(name: str) -> frozenset[str]:
    """The characters of a name that mean something, with those that they stand for."""
    known = elements()["names"]
    bare = re.sub("证$", "", name)
    found = {sign for sign in bare if sign not in known["filler"] and "\u4e00" <= sign <= "\u9fff"}
    for said, meant in known["aliases"]:
        if said in name:
            found.add(meant)
    return frozenset(found)


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """How much two names share: 0 to 1 (cosine)."""
    return len(one & other) / math.sqrt(len(one) * len(other)) if one and other else 0.0
