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
class Launches:
    """Launches of the record browser by institutions' systems: what is asked for, and by which numbers residents are
    known; ``claim`` is that which has the account's name, where doctors are matched by it.
    """

    scopes: tuple[str, ...]
    claim: str
    purpose: str
    numbers: frozenset[str]


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
    launches: Launches
    opening: timedelta


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
        launches=Launches(
            tuple(given["launches"]["scopes"]),
            given["launches"]["claim"],
            given["launches"]["purpose"],
            frozenset(given["launches"]["numbers"]),
        ),
        **seconds,
    )
