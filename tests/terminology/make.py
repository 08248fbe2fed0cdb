"""Builders of code systems, value sets and maps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinglin.terminology import actions
from xinglin.terminology.values import About, Concept, ConceptMap, Designation, Property, System, ValueSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.terminology.values import Connection, Kept

ICD = "urn:test:icd"


def empty(connection: Connection) -> None:
    tables = connection.execute(
        "SELECT string_agg(relname, ', ') FROM pg_class WHERE relkind = 'r' AND relname LIKE 'terminology\\_%'"
        " AND relname <> 'terminology_stamp'"
    ).fetchone()
    assert tables is not None
    connection.execute(f"TRUNCATE {tables[0]}")
    connection.execute("UPDATE terminology_stamp SET value = value + 1")


def concept(code: str, display: str = "", *parents: str, **more: Any) -> Concept:
    return Concept(code, display, parents, **more)


def diseases() -> list[Concept]:
    """A little tree, with aliases, a property and one retired code."""
    english = Designation("Essential (primary) hypertension", "en", "display")
    return [
        concept("I10-I15", "高血压病", abstract=True),
        concept(
            "I10",
            "特发性(原发性)高血压",
            "I10-I15",
            designations=(english, Designation("高血压")),
            properties=(Property("chapter", "code", "IX"), Property("notifiable", "boolean", False)),
            definition="没有明确病因的血压升高",
        ),
        concept("I11", "高血压性心脏病", "I10-I15", properties=(Property("chapter", "code", "IX"),)),
        concept("I11.0", "高血压性心脏病伴心力衰竭", "I11"),
        concept("I11.9", "高血压性心脏病不伴心力衰竭", "I11", inactive=True),
        concept("E11", "2型糖尿病"),
    ]


def system(url: str = ICD, concepts: Iterable[Concept] | None = None, **more: Any) -> System:
    about = {k: more.pop(k) for k in list(more) if k in About.__dataclass_fields__}
    given = diseases() if concepts is None else list(concepts)
    return System(About(url, **{"version": "1", "title": "疾病", "name": "Diseases", **about}), given, **more)


def value_set(url: str, *include: dict[str, Any], exclude: Any = None, **about: Any) -> ValueSet:
    compose: dict[str, Any] = {"include": list(include)}
    if exclude:
        compose["exclude"] = exclude
    return ValueSet(About(url, **about), compose)


def keep(connection: Connection, *kept: Kept) -> None:
    for one in kept:
        with connection.transaction():
            actions.keep(connection=connection, kept=one)


def content(root: Path, kind: str, name: str, toml: str, csv: str = "") -> None:
    """A file of content."""
    folder = root / kind
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(toml, encoding="utf-8")
    if csv:
        (folder / f"{name}.csv").write_text(csv, encoding="utf-8")


__all__ = ["ConceptMap", "concept", "content", "diseases", "empty", "keep", "system", "value_set"]
