"""Two or more persons side by side, as people see them when they decide: values, differences, weights. Pure.

A *column* is a person with all their Patients, or one Patient where a person's own are in question. Every other column
is compared with the first. Numbers are masked so that what differs is still seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from xinglin.identity import characters, golden, rules, scoring

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.identity.frequencies import Frequencies
    from xinglin.identity.scoring import Score
    from xinglin.identity.traits import Traits
    from xinglin.identity.weights import Weights

FIELDS = (
    "document", "name", "birth", "sex", "phone", "address", "mother", "contact", "ethnicity", "record", "deceased",
)  # fmt: skip
_MASKED = frozenset({"document", "phone", "record"})
_MOTHERS = frozenset({"MTH", "NMTH", "GESTM", "MTHR"})
_SCALE = 25.0  # bits that fill half a bar
_ENDS = 20.0  # bits that the gauge of the sum shows at least, to both sides
_ETHNICITY = "ethnicity"


@dataclass(frozen=True, slots=True)
class Source:
    """One Patient: who sent it and when, the resource and its traits."""

    patient: str
    institution: str
    day: str
    resource: dict[str, Any]
    traits: Traits


@dataclass(frozen=True, slots=True)
class Column:
    """``key``: the person's id, or the Patient's."""

    key: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a value; ``kind``: empty, ``differs``, ``sound``, ``shape``, ``accent``."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Said:
    """A value with the institutions that say it."""

    text: str
    spans: tuple[Span, ...]
    by: tuple[str, ...]
    masked: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """What a field adds: ``level`` of agreement, ``bits``, and the bar as percent of a half."""

    level: str
    bits: float
    comparable: bool

    @property
    def width(self) -> float:
        return min(abs(self.bits) / _SCALE, 1) * 50

    @property
    def left(self) -> float:
        return 50 - self.width if self.bits < 0 else 50.0

    @property
    def mark(self) -> str:
        """``agrees``, ``partly``, ``differs`` or ``missing``: the mark beside the values."""
        if not self.comparable:
            return "missing"
        if self.level in {"same", "exact"}:
            return "agrees"
        return "partly" if self.bits > 0 else "differs"


@dataclass(frozen=True, slots=True)
class Row:
    """One field: what each column says, and what each column but the first weighs."""

    field: str
    cells: tuple[tuple[Said, ...], ...]
    bars: tuple[Bar | None, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """What all fields say of a column, and the thresholds, as places on a gauge in percent."""

    bits: float
    prior: float
    against: str
    rule: str
    zone: str
    at: float
    review_at: float
    join_at: float


@dataclass(frozen=True, slots=True)
class Comparison:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    sums: tuple[Sum | None, ...]  # one a column; None for the first and where nothing can be compared


def compare(columns: Sequence[Column], weights: Weights, common: Frequencies | None = None) -> Comparison:
    """Lay the columns beside each other."""
    scores = [None, *(_score(columns[0], other, weights, common) for other in columns[1:])]
    said = {field: [_values(field, column) for column in columns] for field in FIELDS}
    rows = tuple(
        Row(field, _marked(field, said[field]), tuple(_bar(field, score) for score in scores))
        for field in FIELDS
        if any(said[field])
    )
    sums = tuple(_sum(score, weights) if score else None for score in scores)
    return Comparison(tuple(columns), rows, sums)


def _score(a: Column, b: Column, weights: Weights, common: Frequencies | None) -> Score | None:
    scores = [scoring.score(x.traits, y.traits, weights, common) for x in a.sources for y in b.sources]
    return rules.combine(scores) if scores else None


def _bar(field: str, score: Score | None) -> Bar | None:
    if score is None:
        return None
    for weight in score.fields:
        if weight.name == field:
            return Bar(weight.level, weight.bits, weight.comparable)
    return None


def _sum(score: Score, weights: Weights) -> Sum:
    zones = weights.zones
    low, high = min(-_ENDS, score.bits), max(_ENDS, score.bits, zones.join + 5)

    def place(bits: float) -> float:
        return 100 * (bits - low) / (high - low)

    prior = next(weight.bits for weight in score.fields if weight.name == "prior")
    zone = "join" if score.bits >= zones.join else "review" if score.bits >= zones.review else "new"
    return Sum(
        score.bits, prior, score.against, score.rule.value, zone, place(score.bits), place(zones.review),
        place(zones.join),
    )  # fmt: skip


# -- values


def _values(field: str, column: Column) -> list[tuple[str, tuple[str, ...]]]:
    """What the column's Patients say, each value once, what most say first."""
    said: dict[str, dict[str, None]] = {}
    for source in column.sources:
        for text in _read(field, source):
            if text:
                said.setdefault(text, {})[source.institution] = None
    return sorted(((text, tuple(by)) for text, by in said.items()), key=lambda pair: -len(pair[1]))


def _read(field: str, source: Source) -> Iterator[str]:
    resource = source.resource
    match field:
        case "name":
            yield from (golden.name_text(name) for name in resource.get("name", ()))
        case "phone":
            for telecom in resource.get("telecom", ()):
                if telecom.get("system") in {"phone", "sms"}:
                    yield str(telecom.get("value", ""))
        case "address":
            yield from (address_text(address) for address in resource.get("address", ()))
        case "document" | "record":
            for identifier in resource.get("identifier", ()):
                if (golden.document_kind(identifier) is not None) == (field == "document"):
                    yield str(identifier.get("value", ""))
        case "mother" | "contact":
            yield from _contacts(resource, mothers=field == "mother")
        case _:
            yield _plain(field, source)


def _plain(field: str, source: Source) -> str:
    resource = source.resource
    if field == "deceased":
        return str(resource.get("deceasedDateTime") or ("+" if resource.get("deceasedBoolean") else ""))
    if field == "ethnicity":
        return source.traits.ethnicity
    return str(resource.get({"birth": "birthDate", "sex": "gender"}[field], ""))


def _contacts(resource: dict[str, Any], *, mothers: bool) -> Iterator[str]:
    for contact in resource.get("contact", ()):
        codes = {c.get("code") for kind in contact.get("relationship", ()) for c in kind.get("coding", ())}
        if bool(codes & _MOTHERS) == mothers:
            yield golden.name_text(contact.get("name", {}))


def address_text(address: dict[str, Any]) -> str:
    """An address in one line."""
    if address.get("text"):
        return str(address["text"])
    parts = [address.get(k) for k in ("state", "city", "district")]
    return "".join(str(p) for p in (*parts, *address.get("line", ())) if p)


# -- differences


def _marked(field: str, said: Sequence[list[tuple[str, tuple[str, ...]]]]) -> tuple[tuple[Said, ...], ...]:
    """The values with what differs marked: against the first column; that one against the second if there are two."""
    cells = []
    for at, values in enumerate(said):
        others = said[0] if at else (said[1] if len(said) == 2 else [])
        cells.append(tuple(_said(field, text, by, [t for t, _ in others]) for text, by in values))
    return tuple(cells)


def _said(field: str, text: str, by: tuple[str, ...], others: Sequence[str]) -> Said:
    masked = field in _MASKED
    if text in others or not others or field == "record":  # other institutions' own numbers always differ
        return Said(text, (Span(_mask(text, set()) if masked else text, ""),), by, masked)
    other = max(others, key=lambda o: SequenceMatcher(None, text, o).ratio())
    matcher = SequenceMatcher(None, text, other, autojunk=False)
    if masked:
        return Said(text, tuple(_masked_spans(text, matcher)), by, masked)
    spans = []
    for kind, start, end, there, until in matcher.get_opcodes():
        if start == end:
            continue
        found = "" if kind == "equal" else "differs"
        if field in {"name", "mother", "contact"} and kind == "replace" and end - start == until - there == 1:
            found = characters.likeness(text[start], other[there]) or "differs"
        spans.append(Span(text[start:end], found))
    return Said(text, tuple(spans), by, masked)


def _masked_spans(text: str, matcher: SequenceMatcher[str]) -> Iterator[Span]:
    """A number of which its ends and what differs are seen."""
    differing = {
        at for kind, start, end, _, _ in matcher.get_opcodes() if kind != "equal" for at in range(start, end)
    }
    if len(differing) > max(len(text) // 3, 2):
        yield Span(
            _mask(text, set()), "differs"
        )  # another number: there is nothing to be learnt from its middle
        return
    shown = _mask(text, differing)
    for at, character in enumerate(shown):
        yield Span(character, "differs" if at in differing else "")


def _mask(text: str, seen: set[int]) -> str:
    """Dots for the middle, but for the places that may be ``seen``."""
    front, back = (6, 4) if len(text) >= 15 else (3, 4) if len(text) >= 10 else (2, 1)
    return "".join(
        c if at < front or at >= len(text) - back or at in seen else "•" for at, c in enumerate(text)
    )
