"""The 73 kinds of shared document, and what each should hold: the templates of ``data/templates`` as values.

What is known of each table of codes comes from the terminology's own files, so that a door needs no database.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from xinglin.terminology import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER = Path(__file__).parent / "data" / "templates"
_REMEMBERED = 1024  # answers of a section of a template: what documents call things is up to them


@dataclass(frozen=True, slots=True)
class Element:
    """A data element in a section. ``types`` of HL7 v3 may its value have; ``code`` is empty where it is not known."""

    number: int
    code: str
    name: str
    types: tuple[str, ...]
    unit: str
    domain: str
    required: bool
    under: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a kind of document."""

    number: int
    code: str
    name: str
    required: bool
    medication: bool
    confidence: str
    elements: tuple[Element, ...]
    known: dict[tuple[str, str], Element | None] = field(default_factory=dict, compare=False, repr=False)

    def element(self, code: str, name: str) -> Element | None:
        """The element that a statement with this code and name is: by both, then by code, then by name."""
        key = (code, name)
        if key in self.known:
            return self.known[key]
        found = self._element(code, name)
        if len(self.known) < _REMEMBERED:
            self.known[key] = found
        return found

    def _element(self, code: str, name: str) -> Element | None:
        fitting = [one for one in self.elements if one.code == code] if code else []
        if len(fitting) == 1:
            return fitting[0]
        said = plain(name)
        among = fitting or [one for one in self.elements if not one.code]
        same = next((one for one in among if plain(one.name) == said), None)
        if same is not None or not fitting:
            return same
        return next((one for one in fitting if said and (said in one.name or one.name in said)), None)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of shared document. ``numbers`` are roots of which the patient must have one; ``signers`` sign it."""

    code: str
    template: str
    title: str
    standard: str
    numbers: tuple[str, ...]
    signers: tuple[str, ...]
    confidence: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of codes. ``is_whole``: there are no others, as far as the edition goes."""

    url: str
    title: str
    is_whole: bool
    codes: Mapping[str, str]


@lru_cache(maxsize=8192)
def plain(name: str) -> str:
    """A name as it is compared: without blanks, brackets of units and differences of width."""
    name = name.strip().replace("（", "(").replace("）", ")").replace(" ", "")
    return name.removesuffix("代码表").removesuffix("代码").partition("(")[0] or name


@cache
def about() -> dict[str, object]:
    """Version, source and gaps of the templates."""
    return tomllib.loads((_FOLDER / "about.toml").read_text(encoding="utf-8"))


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def kinds() -> Mapping[str, Kind]:
    """All kinds by their codes, in the order of the standards."""
    elements: dict[tuple[str, str], list[Element]] = {}
    for row in _rows("elements"):
        elements.setdefault((row["document"], row["section"]), []).append(_element(row))
    parts: dict[str, list[Part]] = {}
    for row in _rows("sections"):
        parts.setdefault(row["document"], []).append(
            Part(
                int(row["number"]), row["code"], row["name"], bool(row["required"]),
                row["statement"] == "medication", row["confidence"],
                tuple(elements.get((row["document"], row["number"]), ())),
            )
        )  # fmt: skip
    return MappingProxyType(
        {
            row["code"]: Kind(
                row["code"], row["template"], row["title"], row["standard"], _split(row["numbers"]),
                _split(row["signers"]), row["confidence"], tuple(parts[row["code"]]),
            )
            for row in _rows("documents")
        }
    )  # fmt: skip


def _element(row: dict[str, str]) -> Element:
    return Element(
        int(row["number"]), row["element"], row["name"], _split(row["type"]), row["unit"], row["domain"],
        bool(row["required"]), row["under"], row["confidence"],
    )  # fmt: skip


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def find(code: str) -> Kind | None:
    return kinds().get(code)


@cache
def _files() -> Mapping[str, tuple[shipped.File, dict[str, object]]]:
    """The terminology's code systems by their addresses and OIDs."""
    found: dict[str, tuple[shipped.File, dict[str, object]]] = {}
    for file in shipped.files():
        if file.kind != "codesystems":
            continue
        text = file.toml.read_text(encoding="utf-8")
        said = tomllib.loads(text.partition("\n[[")[0] + "\n")  # without what is said of properties
        oids = said.get("oid") or ()
        for address in (said["url"], *(oids if isinstance(oids, list) else (oids,))):
            found[str(address)] = (file, said)
    return found


@cache
def table(address: str) -> Table | None:
    """The table of codes with this address or OID; None where the terminology has none."""
    found = _files().get(address.removeprefix("urn:oid:")) or _files().get(address)
    if found is None:
        return None
    file, said = found
    with file.csv.open(encoding="utf-8-sig", newline="") as text:
        codes = {row["code"]: row["display"] for row in csv.DictReader(text) if row.get("code")}
    whole = said.get("content", "complete") == "complete"
    return Table(str(said["url"]), str(said["title"]), whole, MappingProxyType(codes))


@cache
def table_name(address: str) -> str:
    """What a table is called; empty where it is not known."""
    found = _files().get(address.removeprefix("urn:oid:")) or _files().get(address)
    return str(found[1]["title"]) if found else ""


@cache
def system_of(oid: str, domain: str = "") -> str:
    """The address that FHIR uses for a code system: of the OID that a document names, or of the element's domain."""
    if not oid:
        return domain
    if domain.startswith("urn:oid:") and oid.startswith(domain.removeprefix("urn:oid:")):
        return domain  # 2.16.156.10011.2.3.3.11.3 is ICD-10 as .11 is
    found = _files().get(oid)
    return str(found[1]["url"]) if found else f"urn:oid:{oid}"


@cache
def oid_of(address: str) -> str:
    """The OID of a code system's address; empty where it has none."""
    if address.startswith("urn:oid:"):
        return address.removeprefix("urn:oid:")
    found = _files().get(address)
    oids = found[1].get("oid") if found else None
    if isinstance(oids, list):
        return str(oids[0]) if oids else ""
    return str(oids or "")
