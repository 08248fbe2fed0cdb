"""Lifetimes and who may register, as the data file has them. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Links:
    """Signed links to records: which roles may come by them, to which ends, how long a session of theirs lasts."""

    roles: frozenset[str]
    purposes: frozenset[str]
    idle: timedelta
    whole: timedelta


@dataclass(frozen=True, slots=True)
class Terms:
    """All of the file."""

    managers: frozenset[str]
    code: timedelta
    access: timedelta
    service: timedelta
    launch: timedelta
    assertion: timedelta
    skew: timedelta
    keys: timedelta
    refresh: timedelta
    upstream_scope: str
    upstream_claim: str
    links: Links


@cache
def terms() -> Terms:
    path = Path(__file__).parent / "data" / f"smart-{_VERSION}.toml"
    given = tomllib.loads(path.read_text(encoding="utf-8"))
    seconds = {name: timedelta(seconds=value) for name, value in given["seconds"].items()}
    return Terms(
        managers=frozenset(given["managers"]),
        refresh=timedelta(days=given["days"]["refresh"]),
        upstream_scope=given["upstream"]["scope"],
        upstream_claim=given["upstream"]["claim"],
        links=Links(
            frozenset(given["links"]["roles"]),
            frozenset(given["links"]["purposes"]),
            timedelta(seconds=given["links"]["idle"]),
            timedelta(seconds=given["links"]["whole"]),
        ),
        **seconds,
    )
