"""What is shipped as data, or laid beside it by the operator in ``<home>/recognition``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from xinglin.recognition import catalogue
from xinglin.recognition.values import Catalogue, Measures, Tier

DATA = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a result is not recognised; with ``text`` words of one's own are demanded."""

    code: str
    zh: str
    en: str
    text: bool = False

    def said(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


def _toml(name: str) -> dict[str, Any]:
    own = Path(settings.SETTINGS.home) / "recognition" / f"{name}.toml"
    place = own if own.exists() else DATA / f"{name}-1.toml"
    with place.open("rb") as source:
        return tomllib.load(source)


@cache
def rights() -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """The roles by right, and the rights that are the region's."""
    found = _toml("rights")
    regional: dict[str, list[str]] = found["region"]
    own = {name: roles for name, roles in found.items() if isinstance(roles, list)}
    return {name: frozenset(roles) for name, roles in (own | regional).items()}, frozenset(regional)


@cache
def reasons() -> dict[str, Reason]:
    """The reasons for declining, by code, in the order of the law."""
    return {one["code"]: Reason(**one) for one in _toml("reasons")["reason"]}


@cache
def measures() -> Measures:
    """By what results are judged."""
    found = _toml("finding")
    return Measures(
        version=found["version"], look_back_days=found["look_back_days"], final=frozenset(found["final"]),
        preliminary=frozenset(found["preliminary"]), critical=frozenset(found["critical"]),
        changed=frozenset(found["changed"]), events=frozenset(found["events"]),
        tiers={level: Tier(tier) for tier, levels in found["tiers"].items() for level in levels},
    )  # fmt: skip


@cache
def shipped() -> Catalogue:
    """The catalogue that is shipped."""
    return catalogue.read((DATA / "catalogue-1.tsv").read_text(encoding="utf-8"))


@cache
def demo() -> dict[str, Any]:
    """What a demonstration begins with."""
    return _toml("demo")
