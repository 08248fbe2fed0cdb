"""What is advised for a type: five kinds, food, and the season. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.tcm.constitution.instruments import DATA

if TYPE_CHECKING:
    from datetime import date

KINDS = ("mood", "food", "living", "movement", "points")
"""情志调摄, 饮食调养, 起居调摄, 运动保健, 穴位保健."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What is advised for one type, in one language; ``kinds`` in the order of ``KINDS``."""

    type: str
    kinds: tuple[tuple[str, str], ...]
    eat: str
    avoid: str
    season: str
    season_name: str


@cache
def _data() -> dict[str, Any]:
    with (DATA / "guidance.toml").open("rb") as source:
        return tomllib.load(source)


def advice(type_code: str, day: date, language: str) -> Advice:
    """The advice for a type on a day, in Chinese or English."""
    found, key = _data(), "zh" if language.startswith("zh") else "en"
    own = found[type_code]
    name, season = next(
        (name, each) for name, each in found["seasons"].items() if day.month in each["months"]
    )
    kinds = tuple((kind, own[kind][key]) for kind in KINDS)
    return Advice(type_code, kinds, own["eat"][key], own["avoid"][key], season[key], name)
