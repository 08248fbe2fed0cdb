"""The package's tables: reasons, relations, evidence, and what a counter is told. Data files with source and date."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_DATA = Path(__file__).parent / "data"
_VERSION = 1  # of each table; a newer file beside the older is taken by raising this


@dataclass(frozen=True, slots=True)
class Term:
    """A code and its words."""

    code: str
    zh: str
    en: str

    def words(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Relation(Term):
    """How a carer is related to the holder; ``ages`` of the holder, ``evidence`` any one of which is needed."""

    ages: tuple[int, int]
    consent: str  # ``holder`` or ``none``
    evidence: tuple[str, ...]


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / f"{name}-{_VERSION}.toml").read_text())


@cache
def reasons(act: str) -> dict[str, Term]:
    """The reasons for which a card may be frozen, given back (``unfreeze``), replaced or cancelled."""
    return {
        r["code"]: Term(r["code"], r["zh"], r["en"]) for r in _table("reasons")["reason"] if act in r["for"]
    }


@cache
def reason(code: str) -> Term:
    """A reason by its code; a code of no table speaks for itself."""
    known = {r["code"]: Term(r["code"], r["zh"], r["en"]) for r in _table("reasons")["reason"]}
    return known.get(code, Term(code, code, code))


@cache
def relations() -> dict[str, Relation]:
    return {
        r["code"]: Relation(
            r["code"], r["zh"], r["en"], (r["ages"][0], r["ages"][1]), r["consent"], tuple(r["evidence"])
        )
        for r in _table("relations")["relation"]
    }


@cache
def evidence() -> dict[str, Term]:
    return {e["code"]: Term(e["code"], e["zh"], e["en"]) for e in _table("relations")["evidence"]}


def disclosed(roles: Iterable[str]) -> frozenset[str]:
    """The fields that somebody with these roles is told of a card's holder."""
    told = _table("disclosure")["roles"]
    return frozenset(field for role in roles for field in told.get(role, ()))


@cache
def operations() -> dict[str, Term]:
    """What a counter needs a card for."""
    return {o["code"]: Term(o["code"], o["zh"], o["en"]) for o in _table("operations")["operation"]}
