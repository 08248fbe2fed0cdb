"""What an institution's resources must have beyond FHIR R4: FHIRPath constraints, read from data.

A profile is a TOML file ``<key>.toml``: those of a region stand in ``<home>/exchange/profiles``, what we ship in
``data/profiles``. A sender names its profile by the key. Packages may add checks of their own with ``offer``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, WARNING, Reason
from xinglin.fhir import path
from xinglin.kernel.errors import Fault

_DATA = Path(__file__).parent / "data" / "profiles"
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SEVERITIES = (ERROR, WARNING)

Check = Callable[[dict[str, Any]], Iterable[tuple[str, str, str, str]]]
"""Severity, code, FHIRPath and words of each finding in a resource."""

_offered: dict[str, list[Check]] = {}


@dataclass(frozen=True, slots=True)
class Constraint:
    """What must hold of resources of a type."""

    type: str  # "" of all
    holds: path.Program
    severity: str
    code: str
    place: str  # the element that is meant
    words: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A version of what an institution has agreed to send."""

    key: str
    version: str
    source: str
    confidence: str
    constraints: tuple[Constraint, ...]


class Unusable(ValueError):  # noqa: N818 -- as the file's reader is told
    """A file that cannot be used; says where and why."""


def offer(key: str, check: Check) -> None:
    """Have ``check`` look at every resource that a sender with this profile sends."""
    _offered.setdefault(key, []).append(check)


def findings(key: str, resource: dict[str, Any], place: str) -> list[Reason]:
    """What a resource lacks of its sender's profile; nothing where the sender has none."""
    if not key:
        return []
    try:
        profile = named(key, settings.SETTINGS.home)
    except Unusable as wrong:
        return [
            Reason(
                ERROR,
                "exception",
                "",
                gettext_noop("The profile cannot be used: %(why)s"),
                {"why": str(wrong)},
            )
        ]
    found = [] if profile is None else [r for c in profile.constraints for r in _missed(c, resource, place)]
    for check in _offered.get(key, ()):
        found += [Reason(s, code, _below(place, at), words) for s, code, at, words in check(resource)]
    return found


def _missed(constraint: Constraint, resource: dict[str, Any], place: str) -> list[Reason]:
    if constraint.type and constraint.type != resource.get("resourceType"):
        return []
    try:
        held = constraint.holds(resource)
    except Fault:
        held = [False]
    if held and all(value is True for value in held):
        return []
    said = gettext_noop("The institution's profile asks for more: %(words)s")
    return [
        Reason(
            constraint.severity,
            constraint.code,
            _below(place, constraint.place),
            said,
            {"words": constraint.words},
        )
    ]


def _below(place: str, path_: str) -> str:
    """``Observation.code`` where the resource stands in an entry: ``Bundle.entry[3].resource.code``."""
    if not place.startswith("Bundle"):
        return path_ or place
    _, _, rest = path_.partition(".")
    return f"{place}.{rest}" if rest else place


def named(key: str, home: Path) -> Profile | None:
    """The profile of that key; None where there is none. Raises ``Unusable``."""
    if not _KEY.fullmatch(key):
        return None
    for file in (home / "exchange" / "profiles" / f"{key}.toml", _DATA / f"{key}.toml"):
        try:
            stamp = file.stat().st_mtime_ns
        except OSError:
            continue
        return _read(file, stamp)
    return None


def keys(home: Path) -> list[str]:
    """The keys of all profiles that there are."""
    folders = (home / "exchange" / "profiles", _DATA)
    return sorted({file.stem for folder in folders for file in folder.glob("*.toml")} | set(_offered))


@lru_cache(maxsize=64)
def _read(file: Path, _stamp: int) -> Profile:
    try:
        said = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise Unusable(f"{file.name}: {wrong}") from None
    return Profile(
        file.stem, str(said.get("version", "")), str(said.get("source", "")), str(said.get("confidence", "")),
        tuple(_constraint(file, number, row) for number, row in enumerate(said.get("constraint", ()), 1)),
    )  # fmt: skip


def _constraint(file: Path, number: int, row: dict[str, Any]) -> Constraint:
    severity = row.get("severity", ERROR)
    if severity not in _SEVERITIES or not isinstance(row.get("holds"), str):
        raise Unusable(
            f"{file.name}: constraint {number} needs holds (FHIRPath) and severity error or warning."
        )
    try:
        holds = path.compile_expression(row["holds"])
    except Fault as wrong:
        raise Unusable(f"{file.name}: constraint {number}: {wrong}") from None
    return Constraint(
        row.get("type", ""), holds, severity, row.get("code", "required"), row.get("place", ""),
        row.get("words", row["holds"]),
    )  # fmt: skip
