"""The rules of signing in as data: see ``data/sign-in-1.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "sign-in-1.toml"


@dataclass(frozen=True, slots=True)
class SignInRules:
    """So many failures within ``lock`` close an account or an address; ``idle`` and ``longest`` are of a session."""

    failures: int
    address_failures: int
    lock: timedelta
    idle: timedelta
    longest: timedelta
    length: int
    kinds: int
    history: int


@cache
def sign_in_rules() -> SignInRules:
    table = tomllib.loads(_FILE.read_text())
    lock, session, password = table["lock"], table["session"], table["password"]
    return SignInRules(
        lock["failures"],
        lock["address_failures"],
        timedelta(minutes=lock["minutes"]),
        timedelta(minutes=session["idle_minutes"]),
        timedelta(hours=session["hours"]),
        password["length"],
        password["kinds"],
        password["history"],
    )
