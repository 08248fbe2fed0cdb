"""The code systems, value sets and maps that come with the platform: ``content/<kind>/<name>.toml`` and ``.csv``.

They are loaded when the platform starts and skipped where nothing has changed, told by a digest of the files.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from xxhash import xxh3_128_hexdigest

from xinglin.kernel.errors import Fault, Issue, Kind, invalid
from xinglin.terminology import actions, rules, sheets
from xinglin.terminology.values import (
    CONFIDENCES,
    About,
    ConceptMap,
    PropertyType,
    System,
    ValueSet,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xinglin.terminology.values import Connection, Kept

CONTENT = Path(__file__).parent / "content"
KINDS = ("codesystems", "valuesets", "maps")
FORM = "4"  # of what is kept; another one has everything loaded anew

_ABOUT = {
    "url", "name", "title", "title_en", "version", "effective", "until", "status", "publisher", "standard", "source",
    "confidence", "licence", "language", "description",
}  # fmt: skip
_ALLOWED = {
    "codesystems": _ABOUT
    | {"oid", "hierarchy", "case_sensitive", "content", "properties", "compositional", "valueset"},
    "valuesets": _ABOUT | {"include", "exclude", "immutable"},
    "maps": _ABOUT | {"source_system", "target_system"},
}


@dataclass(frozen=True, slots=True)
class File:
    """One thing to load: its description and, if there is one, its table."""

    kind: str
    toml: Path

    @property
    def origin(self) -> str:
        return f"content:{self.kind}/{self.toml.stem}"

    @property
    def csv(self) -> Path:
        return self.toml.with_suffix(".csv")

    def digest(self) -> str:
        table = self.csv.read_bytes() if self.csv.exists() else b""
        return f"{FORM}.{xxh3_128_hexdigest(self.toml.read_bytes() + b'|' + table)}"


def files(root: Path = CONTENT) -> list[File]:
    """What there is to load, in the order in which it is loaded."""
    return [File(kind, toml) for kind in KINDS for toml in sorted((root / kind).glob("*.toml"))]


@cache
def english(name: str) -> dict[str, str]:
    """The English names of a code system that is shipped, by code, as far as it has any; ``name`` is its file's."""
    return {row["code"]: row["english"] for row in _rows(name) if row.get("english")}


@cache
def english_by_name(name: str) -> dict[str, str]:
    """The English names of a code system that is shipped, by its Chinese names and their aliases."""
    found: dict[str, str] = {}
    for row in _rows(name):
        if row.get("english"):
            names = (row["display"], *(row.get("aliases") or "").split("|"))
            found |= {each: row["english"] for each in names if each and each not in found}
    return found


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (CONTENT / "codesystems" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def load(connection: Connection, root: Path = CONTENT, *, again: bool = False) -> list[str]:
    """Load what has changed and drop what is no longer there; the origins that were touched.

    Each file is its own transaction. Raises the fault of the first file that cannot be loaded.
    """
    rows = connection.execute(
        "SELECT origin, digest FROM terminology_digest WHERE starts_with(origin, 'content:')"
    )
    known: dict[str, str] = dict(rows.fetchall())
    touched = []
    for file in files(root):
        digest = file.digest()
        if known.pop(file.origin, None) == digest and not again:
            continue
        kept = read(file)
        with connection.transaction():
            connection.execute("LOCK TABLE terminology_digest IN SHARE ROW EXCLUSIVE MODE")
            actions.drop(connection=connection, origin=file.origin)
            actions.keep(connection=connection, kept=kept)
            actions.remember_digest(connection=connection, origin=file.origin, digest=digest)
        touched.append(file.origin)
    for origin in known:
        with connection.transaction():
            actions.drop(connection=connection, origin=origin)
        touched.append(origin)
    return touched


def read(file: File) -> Kept:
    """The content of a file; raises ``invalid`` with every issue, by line and column."""
    try:
        said = tomllib.loads(file.toml.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise invalid(
            gettext_noop("%(name)s is no TOML: %(reason)s."), name=file.toml.name, reason=str(error)
        ) from None
    issues = list(_description_issues(file, said))
    if issues:
        raise Fault(Kind.INVALID, issues)
    made = _READERS[file.kind](file, said)
    found = actions.issues_of(made)
    if found:
        raise Fault(Kind.INVALID, rules.limited(found))
    return made


def _description_issues(file: File, said: dict[str, Any]) -> Iterator[Issue]:
    needed = ["url", "name", "title", "version", "source", "confidence"]
    needed += {"maps": ["source_system", "target_system"]}.get(file.kind, [])
    for name in needed:
        if not said.get(name):
            yield Issue(
                "required",
                gettext_noop("%(name)s lacks %(member)s."),
                {"name": file.toml.name, "member": name},
            )
    for name in said.keys() - _ALLOWED[file.kind]:
        yield Issue(
            "structure",
            gettext_noop("%(name)s has a member %(member)s, which means nothing here; there are %(known)s."),
            {"name": file.toml.name, "member": name, "known": ", ".join(sorted(_ALLOWED[file.kind]))},
        )
    for name in ("effective", "until"):
        if name in said and type(said[name]) is not date:
            yield Issue(
                "value",
                gettext_noop("%(name)s: %(member)s should be a date such as 2021-11-01, without quotes."),
                {"name": file.toml.name, "member": name},
            )
    if said.get("confidence") and said["confidence"] not in CONFIDENCES:
        yield Issue(
            "value",
            gettext_noop("%(name)s: confidence should be one of %(known)s."),
            {"name": file.toml.name, "known": ", ".join(CONFIDENCES)},
        )


def _about(file: File, said: dict[str, Any]) -> About:
    return About(
        url=said["url"],
        version=str(said["version"]),
        origin=file.origin,
        name=said["name"],
        title=said["title"],
        english=said.get("title_en", ""),
        status=said.get("status", "active"),
        effective=said.get("effective"),
        until=said.get("until"),
        publisher=said.get("publisher", ""),
        standard=said.get("standard", ""),
        source=said["source"],
        confidence=said["confidence"],
        licence=said.get("licence", ""),
        language=said.get("language", "zh"),
        rest={"description": said["description"]} if said.get("description") else {},
    )


def _system(file: File, said: dict[str, Any]) -> System:
    types = tuple(
        PropertyType(one["code"], one.get("type", "string"), one.get("description", ""))
        for one in said.get("properties", [])
    )
    oid = said.get("oid", [])
    table = _table(file, ("code", "display"))
    concepts = sheets.concepts(table, types)
    _refuse(table)
    return System(
        about=_about(file, said),
        concepts=concepts,
        oids=tuple([oid] if isinstance(oid, str) else oid),
        content=said.get("content", "complete"),
        hierarchy=said.get("hierarchy", "is-a"),
        case_sensitive=said.get("case_sensitive", True),
        compositional=said.get("compositional", False),
        properties=types,
    )


def _table(file: File, needed: Sequence[str]) -> sheets.Table:
    if not file.csv.exists():
        raise invalid(gettext_noop("There is no %(name)s beside it."), name=file.csv.name)
    return sheets.read(file.csv.name, file.csv.read_bytes(), needed)


def _refuse(table: sheets.Table) -> None:
    if table.issues:
        raise Fault(Kind.INVALID, rules.limited(table.issues))


def _value_set(file: File, said: dict[str, Any]) -> ValueSet:
    includes = [_component(part) for part in said.get("include", [])]
    if file.csv.exists() and includes:
        table = _table(file, ("code",))
        listed = [{k: r.cells[k] for k in ("code", "display") if k in r.cells} for r in table.rows]
        _refuse(table)
        includes[0]["concept"] = includes[0].get("concept", []) + listed
    excludes = [_component(part) for part in said.get("exclude", [])]
    compose: dict[str, Any] = {"include": includes}
    if excludes:
        compose["exclude"] = excludes
    if not includes:
        raise invalid(gettext_noop("%(name)s includes nothing: it needs [[include]]."), name=file.toml.name)
    return ValueSet(_about(file, said), compose)


def _component(part: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {name: str(part[name]) for name in ("system", "version") if name in part}
    if "codes" in part:
        made["concept"] = [{"code": str(code)} for code in part["codes"]]
    if "filter" in part:
        filters = part["filter"] if isinstance(part["filter"], list) else [part["filter"]]
        made["filter"] = [
            {"property": one.get("property", "concept"), "op": one["op"], "value": str(one["value"])}
            for one in filters
        ]
    if "valueset" in part:
        sets = part["valueset"]
        made["valueSet"] = [sets] if isinstance(sets, str) else list(sets)
    return made


def _map(file: File, said: dict[str, Any]) -> ConceptMap:
    table = _table(file, ("source", "target"))
    lines = sheets.mappings(table, said["source_system"], said["target_system"])
    _refuse(table)
    return ConceptMap(_about(file, said), said["source_system"], said["target_system"], lines)


_READERS: dict[str, Callable[[File, dict[str, Any]], Kept]] = {
    "codesystems": _system,
    "valuesets": _value_set,
    "maps": _map,
}
