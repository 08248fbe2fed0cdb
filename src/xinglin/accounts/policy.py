"""The sign-on policy and the roles, as the data files have them. Pure."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_DATA = Path(__file__).parent / "data"
_VERSION = 1  # of each table; a newer file beside the older is taken by raising this
_TAIL = re.compile(r"[\W\d_]+$")


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What a password must be."""

    least: int
    most: int
    classes: int
    history: int
    days: int


@dataclass(frozen=True, slots=True)
class Locking:
    """When an account or an address is locked, and for how long."""

    account_failures: int
    address_failures: int
    minutes: int
    locked_minutes: int


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a session holds."""

    idle_minutes: int
    hours: int


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """How the second factor is asked for."""

    codes: int
    steps: int
    pending_minutes: int


@dataclass(frozen=True, slots=True)
class RoleRule:
    """What a role may do with accounts, and what it asks of who has it."""

    code: str
    powers: frozenset[str]
    over: frozenset[str]
    grants: frozenset[str]
    excludes: frozenset[str]
    regional: bool
    second_factor: bool


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / f"{name}-{_VERSION}.toml").read_text())


@cache
def password() -> PasswordPolicy:
    return PasswordPolicy(**_table("signon")["password"])


@cache
def locking() -> Locking:
    return Locking(**_table("signon")["locking"])


@cache
def session() -> SessionPolicy:
    return SessionPolicy(**_table("signon")["session"])


@cache
def second_factor() -> SecondFactor:
    return SecondFactor(**_table("signon")["second_factor"])


@cache
def roles() -> dict[str, RoleRule]:
    """The roles by their codes."""
    return {
        one["code"]: RoleRule(
            code=one["code"],
            powers=frozenset(one["powers"]),
            over=frozenset(one["over"]),
            grants=frozenset(one["grants"]),
            excludes=frozenset(one["excludes"]),
            regional=one["regional"],
            second_factor=one["second_factor"],
        )
        for one in _table("roles")["role"]
    }


def powers(held: Iterable[str]) -> frozenset[str]:
    """What somebody with these roles may do with accounts."""
    return frozenset().union(*(roles()[code].powers for code in held if code in roles()))


def over(held: Iterable[str]) -> frozenset[str]:
    """The roles of those whom somebody with these roles may manage."""
    return frozenset().union(*(roles()[code].over for code in held if code in roles()))


def grants(held: Iterable[str]) -> frozenset[str]:
    """The roles that somebody with these roles may give and take."""
    return frozenset().union(*(roles()[code].grants for code in held if code in roles()))


def needs_second_factor(held: Iterable[str]) -> bool:
    return any(roles()[code].second_factor for code in held if code in roles())


def excluded(held: Iterable[str]) -> tuple[str, str] | None:
    """Two of the roles that nobody may have together; None when all go together."""
    together = sorted(set(held))
    for code in together:
        for other in together:
            if code in roles() and other in roles()[code].excludes:
                return code, other
    return None


@cache
def common_passwords() -> frozenset[str]:
    lines = (_DATA / f"common-passwords-{_VERSION}.txt").read_text().splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def is_common(text: str) -> bool:
    """Whether a password is one of the list, whatever digits and signs follow it."""
    plain = text.lower()
    return plain in common_passwords() or _TAIL.sub("", plain) in common_passwords() | {""}


def classes_of(text: str) -> int:
    """How many of the four kinds of characters a password has."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isascii() or not c.isalnum())
    return sum(any(kind(character) for character in text) for kind in kinds)
