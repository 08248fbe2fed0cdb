"""How well the workbench ranks: names of tests, diagnoses and drugs as institutions word them, beside a baseline.

``python benchmarks/mapping.py [--misses]``. The names are of three sets. ``mapping_terms.csv`` is written by hand: its
*seen* names were looked at while the ranking was made, its *fresh* ones were written afterwards and nothing was
changed for them. The third are the spellings of the synthetic region, whose code is sometimes a matter of taste.
Names that are in the content letter for letter are left out of *the others*: any lookup finds them.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
os.environ.setdefault("DATABASE_URL", "postgresql:///unused")

import django

django.setup()

from xinglin.codebook.mapping.ranking import Index, Local, Term  # noqa: E402 -- after Django's settings
from xinglin.codebook.mapping.units import Units, units_of  # noqa: E402 -- after Django's settings
from xinglin.fhir.index.keys import normalise  # noqa: E402 -- after Django's settings
from xinglin.synth.tables import rows  # noqa: E402 -- after Django's settings
from xinglin.terminology import shipped  # noqa: E402 -- after Django's settings

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
SYSTEMS = {"test": "loinc", "diagnosis": "icd10-cn", "drug": "atc"}


class Asked(NamedTuple):
    kind: str
    name: str
    unit: str
    code: str


def terms_of(name: str) -> list[Term]:
    file = next(f for f in shipped.files() if f.toml.stem == name and f.kind == "codesystems")
    found = []
    for concept in shipped.read(file).concepts:
        known = {p.code: str(p.value) for p in concept.properties}
        names = (concept.display, *(d.value for d in concept.designations))
        if not (concept.abstract or concept.inactive or known.get("manifestation") == "True"):
            found.append(
                Term(concept.code, concept.display, names, known.get("unit", ""), known.get("specimen", ""))
            )
    return found


def units() -> Units:
    file = next(f for f in shipped.files() if f.toml.stem == "ucum-common")
    found = []
    for concept in shipped.read(file).concepts:
        known = {p.code: str(p.value) for p in concept.properties}
        aliases = [d.value for d in concept.designations if d.use == "synonym"]
        found.append((concept.code, [known.get("printed", ""), *aliases], known.get("kind", "")))
    return units_of(found)


def written(kind: str) -> list[Asked]:
    """Those of ``mapping_terms.csv``, ``seen`` or ``fresh``."""
    with (HERE / "mapping_terms.csv").open(encoding="utf-8", newline="") as file:
        return [
            Asked(r["kind"], r["local"], r["unit"], r["code"])
            for r in csv.DictReader(file)
            if r["set"] == kind
        ]


def synthetic() -> list[Asked]:
    """Every spelling that an institution of the demo region may use, with the code that it stands for."""
    return [
        Asked(kind, spelling, row.get("shown_unit", ""), row[code])
        for kind, table, code, name in (
            ("test", "tests", "loinc", "name"),
            ("diagnosis", "diseases", "icd10", "display"),
            ("drug", "drugs", "atc", "name"),
        )
        for row in rows(table)
        for spelling in [row[name], *row["alias"].split("|")]
    ]


def verbatim(asked: Asked, terms: list[Term]) -> bool:
    wanted = normalise(asked.name)
    return any(wanted == normalise(name) for term in terms for name in term.names)


def by_similarity(terms: list[Term]) -> Callable[[Asked], list[str]]:
    """Plain string similarity over the same names: the ratio of difflib."""
    names = [(normalise(name), term.code) for term in terms for name in term.names if name]

    def ranked(asked: Asked) -> list[str]:
        matcher = difflib.SequenceMatcher(b=normalise(asked.name))
        scored = []
        for name, code in names:
            matcher.set_seq1(name)
            if matcher.real_quick_ratio() > 0.3:
                scored.append((matcher.ratio(), code))
        return list(dict.fromkeys(code for _, code in sorted(scored, reverse=True)))[:3]

    return ranked


def by_rank(index: Index) -> Callable[[Asked], list[str]]:
    return lambda asked: [one.code for one in index.candidates(Local("x", asked.name, asked.unit))]


def measure(label: str, asked: list[Asked], rank: Callable[[Asked], list[str]], *, misses: bool) -> None:
    first = third = 0
    began = time.perf_counter()
    for one in asked:
        codes = rank(one)
        first += codes[:1] == [one.code]
        third += one.code in codes[:3]
        if misses and codes[:1] != [one.code]:
            print(f"      {one.name}: wanted {one.code}, got {', '.join(codes[:3]) or 'nothing'}")
    taken = (time.perf_counter() - began) / max(1, len(asked)) * 1000
    count = len(asked)
    print(f"    {label:<24} top-1 {first / count:6.1%}   top-3 {third / count:6.1%}   {taken:6.1f} ms each")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="say what was ranked wrongly")
    misses = parser.parse_args().misses
    known = units()
    sets = {"seen": written("seen"), "fresh": written("fresh"), "synthetic region": synthetic()}
    for kind, system in SYSTEMS.items():
        terms = terms_of(system)
        codes = {term.code for term in terms}
        began = time.perf_counter()
        index = Index(terms, known)
        print(f"{kind}: {system}, {len(terms):,} concepts; index made in {time.perf_counter() - began:.2f} s")
        similar = by_similarity(terms)
        for label, asked in sets.items():
            mine = [one for one in asked if one.kind == kind and one.code in codes]
            new = [one for one in mine if not verbatim(one, terms)]
            print(
                f"  {label}: {len(mine)} names, {len(mine) - len(new)} of them letter for letter in the content"
            )
            for what, some in (("all", mine), ("the others", new)):
                if some and (what == "all" or len(some) < len(mine)):
                    measure(f"{what}, workbench", some, by_rank(index), misses=misses and what == "all")
                    measure(f"{what}, similarity", some, similar, misses=False)


if __name__ == "__main__":
    main()
