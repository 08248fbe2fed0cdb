"""What is known of medicines, limits, examinations, diseases and programmes: tables of ``data``, compiled. Pure."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinglin.reminders.values import Both

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of medicines, or one substance: the beginnings of its ATC codes."""

    id: str
    name: Both
    prefixes: tuple[str, ...]
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Two kinds of medicines that harm together; ``level`` is ``never`` or ``major``."""

    a: Kind
    b: Kind
    level: str
    effect: Both
    advice: Both
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Renal:
    """What a medicine needs where the kidneys filter less than ``below`` mL/min/1.73 m²; ``most`` in mg a day."""

    kind: Kind
    below: float
    action: str
    most: float | None
    words: Both
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Aged:
    """A medicine for full years ``since`` ≤ age < ``until``; above ``most`` mg a day, or always."""

    kind: Kind
    since: int
    until: int
    action: str
    most: float | None
    words: Both
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Limit:
    """Between which values a result is let pass, in ``unit`` (UCUM); ``days`` as the table says."""

    code: str
    name: Both
    unit: str
    low: float | None
    high: float | None
    days: int

    def passes(self, value: float) -> bool:
        return not (
            (self.low is not None and value < self.low) or (self.high is not None and value > self.high)
        )


@dataclass(frozen=True, slots=True)
class Allergen:
    """A group of allergens: its medicines, and those that may cross-react."""

    id: str
    name: Both
    prefixes: tuple[str, ...]
    cross: tuple[str, ...]
    cross_words: Both


@dataclass(frozen=True, slots=True)
class Notifiable:
    disease_class: str
    hours: int
    name: Both
    icd10: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mutual:
    """An examination whose result holds for ``days``."""

    id: str
    name: Both
    days: int


@dataclass(slots=True)
class Knowledge:
    """All of it; made once and never changed."""

    names: dict[str, Both]  # by ATC code
    kinds: dict[str, Kind]
    pairs: list[Pair]
    renal: list[Renal]
    aged: list[Aged]
    allergens: dict[str, Allergen]
    limits: dict[str, dict[str, list[Limit]]]  # kind, LOINC
    notifiable: list[Notifiable]
    mutual: dict[str, Mutual]
    programmes: dict[str, Any]
    terms: dict[str, Any]
    reasons: dict[str, Any]
    allergy_codes: dict[tuple[str, str], str] = field(default_factory=dict)  # by system and code
    no_allergy: frozenset[str] = frozenset()
    results: frozenset[str] = frozenset()  # LOINC codes of results that any rule asks for

    def called(self, code: str, otherwise: str = "") -> Both:
        """A substance by its ATC code, or by the name that was written."""
        return self.names.get(code) or Both(otherwise or code, otherwise or code)


def toml(file: str) -> dict[str, Any]:
    """A file of ``data``."""
    with (DATA / file).open("rb") as source:
        return tomllib.load(source)


def table(file: str) -> Iterator[dict[str, str]]:
    """The rows of a tab-separated file of ``data`` under its headings, without comments."""
    lines = [line for line in (DATA / file).read_text().splitlines() if line and not line.startswith("#")]
    heads = lines[0].split("\t")
    for line in lines[1:]:
        cells = line.split("\t")
        if len(cells) != len(heads):
            message = f"{file}: {len(cells)} cells instead of {len(heads)} in: {line}"
            raise ValueError(message)
        yield dict(zip(heads, cells, strict=True))


def _number(text: str) -> float | None:
    return float(text) if text else None


def _both(row: dict[str, Any], name: str = "") -> Both:
    return Both(row[f"{name}zh"], row[f"{name}en"])


class _Kinds:
    """Kinds by the id of a class or by an ATC code; the same one each time."""

    def __init__(self, names: dict[str, Both]) -> None:
        self._names = names
        self.known = {
            id_: Kind(id_, _both(row), tuple(row["atc"]), row.get("duplicate", False))
            for id_, row in toml("classes.toml").items()
            if isinstance(row, dict)
        }

    def named(self, text: str) -> Kind:
        found = self.known.get(text)
        if found is None:
            if not re.fullmatch(r"[A-Z]\d\d([A-Z]([A-Z](\d\d)?)?)?", text):
                message = f"{text} is neither a class nor an ATC code"
                raise ValueError(message)
            found = self.known[text] = Kind(text, self._names.get(text, Both(text, text)), (text,))
        return found


@cache
def shipped() -> Knowledge:
    """What is shipped."""
    names = {row["atc"]: Both(row["zh"].split("|")[0], row["en"].split("|")[0]) for row in table("drugs.tsv")}
    kinds = _Kinds(names)
    limits: dict[str, dict[str, list[Limit]]] = {"critical": {}, "abnormal": {}}
    for row in table("limits.tsv"):
        limit = Limit(
            row["loinc"], _both(row), row["unit"], _number(row["low"]), _number(row["high"]), int(row["days"])
        )
        limits[row["kind"]].setdefault(limit.code, []).append(limit)
    allergens, examinations, terms = toml("allergens.toml"), toml("examinations.toml"), toml("terms.toml")
    asked = {*limits["critical"], *limits["abnormal"], *terms["filtration"]["codes"]}
    return Knowledge(
        names=names,
        pairs=[
            Pair(
                kinds.named(row["a"]), kinds.named(row["b"]), row["level"], _both(row), _both(row, "advice_"),
                row["source"], row["confidence"],
            )
            for row in table("interactions.tsv")
        ],
        renal=[
            Renal(
                kinds.named(row["atc"]), float(row["below"]), row["action"], _number(row["most"]), _both(row),
                row["source"], row["confidence"],
            )
            for row in table("renal.tsv")
        ],
        aged=[
            Aged(
                kinds.named(row["atc"]), int(row["from"] or 0), int(row["to"] or 200), row["action"],
                _number(row["most"]), _both(row), row["source"], row["confidence"],
            )
            for row in table("ages.tsv")
        ],
        kinds=kinds.known,
        allergens={id_: _allergen(id_, row) for id_, row in allergens["group"].items()},
        allergy_codes=_allergy_codes(allergens, terms["systems"]["snomed"]),
        no_allergy=frozenset(allergens["none_codes"]),
        limits=limits,
        notifiable=[
            Notifiable(row["class"], int(row["hours"]), _both(row), tuple(row["icd10"].split(",")))
            for row in table("notifiable.tsv")
        ],
        mutual={id_: Mutual(id_, _both(row), row["days"]) for id_, row in examinations["kind"].items()},
        programmes=toml("programmes.toml"),
        terms=terms,
        reasons=toml("reasons.toml"),
        results=frozenset({*asked, *terms["filtration"]["creatinine"]}),
    )  # fmt: skip


def _allergy_codes(allergens: dict[str, Any], snomed: list[str]) -> dict[tuple[str, str], str]:
    """Groups by system and code; a code of 过敏源 often comes without its system."""
    found: dict[tuple[str, str], str] = {}
    for id_, row in allergens["group"].items():
        found |= {(system, code): id_ for code in row["codes"] for system in (allergens["system"], "")}
        found |= {(system, code): id_ for code in row.get("snomed", ()) for system in snomed}
    return found


def _allergen(id_: str, row: dict[str, Any]) -> Allergen:
    words = Both(row.get("cross_zh", ""), row.get("cross_en", ""))
    return Allergen(id_, _both(row), tuple(row["atc"]), tuple(row.get("cross", ())), words)


class _Words:
    """Finds words of several meanings in a text; of words that overlap the longest counts."""

    def __init__(self, meanings: dict[str, str]) -> None:
        self._meanings = {word.casefold(): meaning for word, meaning in meanings.items()}
        longest = sorted(self._meanings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest)))

    def within(self, text: str) -> tuple[str, ...]:
        found = (self._meanings[word] for word in self._pattern.findall(text.casefold()))
        return tuple(dict.fromkeys(found))


@cache
def _substances() -> _Words:
    rows = list(table("drugs.tsv"))
    return _Words(
        {name: row["atc"] for row in rows for name in (*row["zh"].split("|"), *row["en"].split("|"))}
    )


@cache
def _allergen_words() -> _Words:
    groups = toml("allergens.toml")["group"]
    return _Words({word: id_ for id_, row in groups.items() for word in row["words"]})


@cache
def _denials() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, toml("allergens.toml")["none_words"])), re.IGNORECASE)


@cache
def _examinations() -> tuple[_Words, dict[str, str]]:
    kinds = toml("examinations.toml")["kind"]
    words = _Words({word: id_ for id_, row in kinds.items() for word in row["words"]})
    return words, {code: id_ for id_, row in kinds.items() for code in row["loinc"]}


@lru_cache(maxsize=4096)
def substances_in(text: str) -> tuple[str, ...]:
    """The ATC codes of the substances that a medicine's name says."""
    return _substances().within(text)


@lru_cache(maxsize=4096)
def allergens_in(text: str) -> tuple[str, ...]:
    """The groups of allergens that a text says; none where it denies."""
    return () if _denials().search(text) else _allergen_words().within(text)


@lru_cache(maxsize=4096)
def examinations_in(text: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds of examination that a name or its codes say."""
    words, known = _examinations()
    by_code = tuple(dict.fromkeys(known[code] for code in codes if code in known))
    return by_code or words.within(text)
