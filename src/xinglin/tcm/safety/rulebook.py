"""The rules of safety, read from tables and sorted by the herbs that they are about."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinglin.tcm.safety.names import Herb, Names, base_of
from xinglin.tcm.safety.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).with_name("data")
ORAL = ("decoction", "powder", "pill", "wine")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule says, how grave it is, and where it comes from; ``extra`` is what its kind adds."""

    id: str
    kind: str
    level: Level
    zh: str = ""
    en: str = ""
    basis: str = ""
    confidence: str = ""
    final: bool = False
    extra: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of a herb in a day, in grams, by some routes; above ``stop`` it is stopped."""

    herb: str
    routes: frozenset[str]
    most: float
    stop: float | None


@dataclass(slots=True)
class About:
    """Everything that rules say of one herb. ``left`` and ``right`` have a bit for each pair rule it stands in."""

    left: int = 0
    right: int = 0
    states: dict[str, list[Rule]] = field(default_factory=dict)
    routes: dict[str, list[Rule]] = field(default_factory=dict)
    prepare: list[Rule] = field(default_factory=list)
    banned: list[Rule] = field(default_factory=list)
    western: dict[str, list[Rule]] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)
    usual: float | None = None  # the pharmacopoeia's most in a day, for herbs without a limit


@dataclass(frozen=True, slots=True)
class Patent:
    """A patent medicine: its herbs that rules know, Western medicines in it, what its label says of pregnancy."""

    name: str
    herbs: tuple[Herb, ...]
    western: tuple[str, ...]
    pregnancy: str
    alcohol: bool
    injection: bool
    basis: str
    confidence: str


@dataclass(slots=True)
class Rulebook:
    """All of it; made once, never changed but by ``names.add``."""

    version: str
    names: Names
    about: dict[str, About]
    pairs: list[Rule]
    single: dict[str, Rule]  # rules of which there is one, by id
    people: dict[str, Any]
    drugs: dict[str, tuple[str, ...]]
    patents: dict[str, Patent]
    kindred: list[tuple[tuple[str, ...], frozenset[str]]]
    counted: int = 0

    def patent(self, name: str) -> Patent | None:
        """The patent medicine whose name ``name`` begins with."""
        found = [known for known in self.patents if name.startswith(known)]
        return self.patents[max(found, key=len)] if found else None

    def drug_classes(self, name: str) -> list[str]:
        lowered = name.casefold()
        return [kind for kind, parts in self.drugs.items() if any(part in lowered for part in parts)]


def table(file: str) -> Iterator[list[str]]:
    """The rows of a tab-separated file of ``data``, without comments and heading."""
    lines = [line for line in (DATA / file).read_text().splitlines() if line and not line.startswith("#")]
    width = len(lines[0].split("\t"))
    for line in lines[1:]:
        cells = line.split("\t")
        yield cells + [""] * (width - len(cells))


def _toml(file: str) -> dict[str, Any]:
    with (DATA / file).open("rb") as source:
        return tomllib.load(source)


_OWN = {"id", "kind", "level", "zh", "en", "basis", "confidence", "final"}


def rule(entry: dict[str, Any], kind: str, level: str | None = None) -> Rule:
    """A rule of a table's entry; a rule that nothing stands behind may only note."""
    own = {key: value for key, value in entry.items() if key in _OWN}
    made = Rule(
        **{**own, "kind": own.get("kind", kind), "level": Level(level or own.get("level", "note"))},
        extra={key: value for key, value in entry.items() if key not in _OWN},
    )
    if made.level is not Level.NOTE and not (made.basis and made.confidence):
        message = f"rule {made.id} may not hinder: it has no basis"
        raise ValueError(message)
    return made


def _names() -> tuple[Names, dict[str, tuple[float, float]]]:
    usual = {name: (float(least), float(most)) for name, least, most in table("doses.tsv")}
    rows = [
        (Herb(name, base, frozenset(marks.split())), others.split())
        for name, base, marks, others in table("herbs.tsv")
    ]
    known = {name: herb for herb, others in rows for name in (herb.name, *others)}
    plain = {name: Herb(name, "") for name in usual if name not in known}
    none: list[str] = []
    forms = [(Herb(name, base_of(name, known | plain)), none) for name in plain]
    return Names([*rows, *forms]), usual


class _Compiler:
    """Sorts rules by herb: a rule about a herb is about its processed forms, unless it excepts them."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.about = {herb.name: About() for herb in names.herbs()}

    def meant(self, entry: dict[str, Any], key: str = "herbs") -> list[About]:
        wanted, excepted = set(entry.get(key, ())), set(entry.get("except", ()))
        exact = set(entry.get("exact", ())) if key == "herbs" else set()
        for name in wanted | excepted | exact:
            self.names[name]  # a KeyError for a name that is not in the table
        return [
            self.about[herb.name]
            for herb in self.names.herbs()
            if herb.name in exact or (herb.name not in excepted and wanted & {herb.name, herb.base})
        ]

    def pairs(self, entries: list[dict[str, Any]]) -> list[Rule]:
        made = []
        for number, entry in enumerate(entries):
            for about in self.meant(entry, "left"):
                about.left |= 1 << number
            for about in self.meant(entry, "right"):
                about.right |= 1 << number
            made.append(rule(entry, "clash"))
        return made

    def states(self, entries: list[dict[str, Any]], levels: dict[str, dict[str, str]]) -> None:
        for entry in entries:
            made = rule(entry, entry["state"])
            if made.confidence == "house" and entry["grade"] != "cautious":
                message = f"rule {made.id} of the house may only caution"
                raise ValueError(message)
            made.extra["levels"] = {**levels[entry["grade"]], **entry.get("levels", {})}
            for about in self.meant(entry):
                about.states.setdefault(entry["state"], []).append(made)

    def handling(self, found: dict[str, Any]) -> None:
        for entry in found["route"]:
            for about in self.meant(entry):
                for route in entry["routes"]:
                    about.routes.setdefault(route, []).append(rule(entry, "route"))
        for entry in found["prepare"]:
            for about in self.meant(entry):
                about.prepare.append(rule(entry, "preparation"))
        for entry in found["banned"]:
            for about in self.meant(entry):
                about.banned.append(rule(entry, "banned"))

    def western(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            for about in self.meant(entry):
                for drug in entry["drugs"]:
                    about.western.setdefault(drug, []).append(rule(entry, "western"))

    def amounts(self, usual: dict[str, tuple[float, float]]) -> int:
        """Limits of the herb itself, else of its base; the usual amount only where there is no limit."""
        limits: dict[str, list[Limit]] = {}
        for name, routes, most, stop in table("limits.tsv"):
            means = ORAL if routes == "oral" else routes.split(",")
            made = Limit(self.names[name].name, frozenset(means), float(most), float(stop) if stop else None)
            limits.setdefault(name, []).append(made)
        for herb in self.names.herbs():
            about = self.about[herb.name]
            about.limits = limits.get(herb.name) or limits.get(herb.base, [])
            found = usual.get(herb.name) or usual.get(herb.base)
            about.usual = found[1] if found and not about.limits else None
        return sum(map(len, limits.values()))


def _patents(found: dict[str, Any], names: Names) -> dict[str, Patent]:
    made: dict[str, Patent] = {}
    for entry in found["patent"]:
        patent = Patent(
            entry["name"], tuple(names[name] for name in entry.get("herbs", ())),
            tuple(entry.get("western", ())), entry.get("pregnancy", ""), entry.get("alcohol", False),
            entry.get("injection", False), found["basis"], found["confidence"],
        )  # fmt: skip
        made |= dict.fromkeys([patent.name, *entry.get("aliases", ())], patent)
    return made


@cache
def shipped() -> Rulebook:
    """The rules that are shipped."""
    names, usual = _names()
    compiler = _Compiler(names)
    handling, people, western = _toml("handling.toml"), _toml("people.toml"), _toml("western.toml")
    pairs, patents = _toml("pairs.toml"), _toml("patents.toml")
    made = compiler.pairs(pairs["rule"])
    compiler.states(people["rule"], people["levels"])
    compiler.handling(handling)
    compiler.western(western["rule"])
    limits = compiler.amounts(usual)
    ones = ("supply", "narcotic", "amount", "overdose", "limit", "duplicate", "allergy")
    single = {key: rule(handling[key], key) for key in ones}
    single |= {key: rule(western[key], "western") for key in ("alcohol", "injection")}
    counted = sum(len(handling[key]) for key in ("route", "prepare", "banned", "kindred")) + limits
    counted += len(made) + len(people["rule"]) + len(western["rule"]) + len(patents["patent"]) + len(single)
    return Rulebook(
        version="-".join(each["version"] for each in (pairs, people, handling, western, patents)),
        names=names,
        about=compiler.about,
        pairs=made,
        single=single,
        people=people,
        drugs={key: tuple(part.casefold() for part in parts) for key, parts in western["drugs"].items()},
        patents=_patents(patents, names),
        kindred=[
            (tuple(each["names"]), frozenset(names[name].root for name in each["herbs"]))
            for each in handling["kindred"]
        ],
        counted=counted,
    )
