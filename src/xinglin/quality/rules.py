"""What a rule is: data, read from TOML, CSV or the editor, and refused with what would be right. Pure.

A rule asks one question of the rows of one flat table. ``check`` names the kind of question (``checks``), ``where``
says which rows it is asked of, ``params`` are its numbers. Whoever reads a set of rules calls ``read_toml`` or
``read_csv``.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import Fault, Issue, Kind
from xinglin.quality import checks
from xinglin.quality.columns import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Dimension(StrEnum):
    """The six sides of quality, in the order in which they are shown."""

    CONFORMANCE = "conformance"  # 规范性
    ACCURACY = "accuracy"  # 准确性
    COMPLETENESS = "completeness"  # 完整性
    TIMELINESS = "timeliness"  # 及时性
    LINKAGE = "linkage"  # 关联性
    USEFULNESS = "usefulness"  # 实用性


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


CONFIDENCES = ("confirmed", "likely", "expert", "estimated", "invented")
_ID = re.compile(r"[A-Z][A-Z0-9]{1,7}(?:-[A-Z0-9]{1,8}){0,3}")
_MOST_RULES = 2_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``threshold`` is the share of failing rows from which it is a problem of the institution."""

    id: str
    title: str
    title_zh: str
    dimension: Dimension
    table: str
    check: str
    severity: Severity
    weight: float
    threshold: float
    owner: str
    standard: str
    effective: date
    source: str
    confidence: str
    params: Mapping[str, Any] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)
    arrival: bool = False
    version: int = 0

    def named(self, language: str) -> str:
        """The title as a reader of that language is shown it."""
        return (self.title_zh or self.title) if language.startswith("zh") else (self.title or self.title_zh)

    def as_data(self) -> dict[str, Any]:
        """What ``read_one`` reads."""
        data = asdict(self)
        data.pop("version")
        data["dimension"], data["severity"] = str(self.dimension), str(self.severity)
        data["effective"] = self.effective.isoformat()
        return data


_REQUIRED = ("id", "title", "dimension", "table", "check", "source", "confidence")
_KNOWN = frozenset(Rule.__dataclass_fields__) - {"version"}


def _wrong(place: str, message: str, **params: object) -> Fault:
    return Fault(Kind.INVALID, [Issue("value", message, {"place": place, **params}, place)])


def read_one(data: Mapping[str, Any], *, version: int = 0) -> Rule:
    """A rule from its data; raises ``invalid`` with the place and what would be right."""
    place = str(data.get("id") or "?")
    unknown = sorted(set(data) - _KNOWN)
    if unknown:
        raise _wrong(place, gettext_noop("%(place)s: there is no field %(name)s in a rule."), name=unknown[0])
    missing = [name for name in _REQUIRED if not str(data.get(name) or "").strip()]
    if missing:
        raise _wrong(place, gettext_noop("%(place)s: the field %(name)s is missing."), name=missing[0])
    if not _ID.fullmatch(place):
        raise _wrong(
            place,
            gettext_noop(
                "%(place)s: a rule's id is capital letters and digits with hyphens, such as AC-ID-1."
            ),
        )
    _one_of(place, "dimension", str(data["dimension"]), list(Dimension))
    _one_of(place, "severity", str(data.get("severity", "medium")), list(Severity))
    _one_of(place, "table", str(data["table"]), list(TABLES))
    _one_of(place, "confidence", str(data["confidence"]), list(CONFIDENCES))
    _one_of(place, "check", str(data["check"]), list(checks.TYPES))
    rule = Rule(
        id=place, title=str(data["title"]), title_zh=str(data.get("title_zh") or ""),
        dimension=Dimension(data["dimension"]), table=str(data["table"]), check=str(data["check"]),
        severity=Severity(data.get("severity", "medium")),
        weight=_number(place, "weight", data.get("weight", 1), 0.0, 100.0),
        threshold=_number(place, "threshold", data.get("threshold", 0.05), 0.0, 1.0),
        owner=str(data.get("owner") or "steward"), standard=str(data.get("standard") or ""),
        effective=_day(place, data.get("effective")), source=str(data["source"]),
        confidence=str(data["confidence"]), params=dict(data.get("params") or {}),
        where=dict(data.get("where") or {}), arrival=bool(data.get("arrival", False)), version=version,
    )  # fmt: skip
    checks.made(rule)  # raises for wrong parameters
    return rule


def _one_of(place: str, name: str, value: str, allowed: list[str]) -> None:
    if value not in allowed:
        raise _wrong(
            place, gettext_noop("%(place)s: %(name)s is %(value)s, but must be one of %(allowed)s."),
            name=name, value=value, allowed=", ".join(allowed),
        )  # fmt: skip


def _number(place: str, name: str, value: Any, low: float, high: float) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = high + 1
    if not low <= found <= high:
        raise _wrong(
            place, gettext_noop("%(place)s: %(name)s is %(value)s, but must lie from %(low)s to %(high)s."),
            name=name, value=value, low=low, high=high,
        )  # fmt: skip
    return found


def _day(place: str, value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value or "2026-01-01"))
    except ValueError:
        raise _wrong(
            place, gettext_noop("%(place)s: %(name)s is %(value)s, but must be a day such as 2026-11-26."),
            name="effective", value=value,
        ) from None  # fmt: skip


def read_toml(text: str) -> tuple[Rule, ...]:
    """A file of rules: common fields under ``[defaults]``, then ``[[rule]]`` after ``[[rule]]``."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise _wrong("TOML", gettext_noop("%(place)s: %(why)s"), why=str(wrong)) from None
    common = table.get("defaults") or {}
    found = table.get("rule")
    if not isinstance(found, list) or not found:
        raise _wrong("TOML", gettext_noop("%(place)s: the file holds no [[rule]]."))
    return _together({**common, **one} for one in found)


def read_csv(text: str) -> tuple[Rule, ...]:
    """A table of rules; the columns ``params`` and ``where`` hold JSON."""
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    read = []
    for line, row in enumerate(rows, start=2):
        data: dict[str, Any] = {key: value for key, value in row.items() if key and value not in (None, "")}
        for name in ("params", "where"):
            try:
                data[name] = json.loads(data.get(name) or "{}")
            except json.JSONDecodeError as wrong:
                raise _wrong(
                    f"CSV {line}", gettext_noop("%(place)s: %(name)s is no JSON, from character %(at)s on: %(why)s"),
                    name=name, at=wrong.colno, why=wrong.msg,
                ) from None  # fmt: skip
        data["arrival"] = str(data.get("arrival", "")).lower() in ("1", "true", "yes")
        read.append(data)
    return _together(read)


def _together(rows: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    found = tuple(read_one(row) for row in rows)
    seen: set[str] = set()
    for rule in found:
        if rule.id in seen:
            raise _wrong(rule.id, gettext_noop("%(place)s: this id stands in the file twice."))
        seen.add(rule.id)
    if len(found) > _MOST_RULES:
        raise _wrong(
            "rules", gettext_noop("%(place)s: a set holds at most %(most)s rules."), most=_MOST_RULES
        )
    return found


CSV_FIELDS = (
    "id", "title", "title_zh", "dimension", "table", "check", "params", "where", "severity", "weight", "threshold",
    "owner", "arrival", "standard", "effective", "source", "confidence",
)  # fmt: skip


def write_csv(rules: Iterable[Rule]) -> str:
    """What ``read_csv`` reads."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_FIELDS)
    writer.writeheader()
    for rule in rules:
        data = rule.as_data()
        for name in ("params", "where"):
            data[name] = json.dumps(data[name], ensure_ascii=False) if data[name] else ""
        writer.writerow(data)
    return text.getvalue()
