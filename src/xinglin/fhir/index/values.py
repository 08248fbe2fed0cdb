"""What single values are filed as: for each FHIR type a maker, given the path and called with values.

Values that recur (codes, units, references, moments) have a ``Memo``; the others append to the lists of
tokens, ranges and strings. ``systems`` says whether a system alone is to be found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from math import inf
from typing import Any, TypeAlias, TypeVar

from xinglin.fhir import dates, references
from xinglin.fhir.index import keys, phones
from xinglin.kernel.errors import Fault
from xinglin.kernel.ids import self_number

K = TypeVar("K")
V = TypeVar("V")

Tokens: TypeAlias = list[int]
RangeRow: TypeAlias = tuple[int, int, float, float]
StringRow: TypeAlias = tuple[int, str]
Filer: TypeAlias = Callable[[dict[str, Any], Tokens, list[RangeRow], list[StringRow]], None]
NameKeys: TypeAlias = Callable[[str], Iterable[str]]
Span: TypeAlias = tuple[tuple[RangeRow, ...], float | None]  # the rows of a moment or period; when it begins

CURRENCIES = "urn:iso:std:iso:4217"
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class Memo(dict[K, V]):
    """A dict that makes what it lacks; when it holds ``limit`` values it starts afresh."""

    __slots__ = ("_limit", "_make")

    def __init__(self, make: Callable[[K], V], limit: int = 1024) -> None:
        super().__init__()
        self._make = make
        self._limit = limit

    def __missing__(self, key: K) -> V:
        value = self._make(key)
        if len(self) >= self._limit:
            self.clear()
        self[key] = value
        return value


def _systematic(path: str, system: str | None, code: str | None, *, systems: bool) -> tuple[int, ...]:
    found = [keys.token_hash(path, system or "", code), keys.code_hash(path, code)] if code else []
    if systems and system:
        found.append(keys.system_hash(path, system))
    return tuple(found)


def _text_rows(path: str, text: str | None) -> tuple[StringRow, ...]:
    normal = keys.normalise(text) if text else ""
    return ((keys.key(path), keys.filed(path, normal)),) if normal else ()


# -- tokens: https://hl7.org/fhir/R4/search.html#token


def codings(
    path: str, *, systems: bool = True
) -> Memo[tuple[str | None, str | None, str | None], tuple[tuple[int, ...], tuple[StringRow, ...]]]:
    """(system, code, display) → tokens, rows of the display's text."""
    text_path = f"{path}:text"
    return Memo(lambda c: (_systematic(path, c[0], c[1], systems=systems), _text_rows(text_path, c[2])))


def codes(path: str) -> Memo[Any, int]:
    """A primitive value → its token; booleans and numbers as they are written in JSON."""
    return Memo(lambda value: keys.code_hash(path, primitive(value)))


def primitive(value: Any) -> str:
    """The text of a primitive value: ``true``, ``5.40``, or the string itself."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(getattr(value, "text", value))


def texts(path: str) -> Memo[str, tuple[StringRow, ...]]:
    """The text of a CodeableConcept → its row."""
    return Memo(partial(_text_rows, f"{path}:text"))


def identifiers(path: str, *, systems: bool = True) -> Filer:
    text_path = f"{path}:text"

    def file(value: dict[str, Any], tokens: Tokens, _: list[RangeRow], strings: list[StringRow]) -> None:
        number = value.get("value")
        tokens += _systematic(path, value.get("system"), number, systems=systems)
        if (type_ := value.get("type")) is None or not systems:
            return
        strings += _text_rows(text_path, type_.get("text"))
        if number:
            for c in type_.get("coding", ()):
                tokens.append(keys.of_type_hash(path, c.get("system") or "", c.get("code") or "", number))

    return file


def contact_points(path: str) -> Filer:
    tailed = path.endswith("(system = 'phone')")

    def file(value: dict[str, Any], tokens: Tokens, _: list[RangeRow], __: list[StringRow]) -> None:
        number = value.get("value")
        tokens += _systematic(path, value.get("system"), number, systems=False)
        if tailed and (tail := phones.tail(str(number or ""))):
            tokens.append(keys.token_hash(path, phones.SYSTEM, tail))

    return file


# -- references and URIs: https://hl7.org/fhir/R4/search.html#reference


def literals(path: str, restricted: frozenset[str]) -> Memo[str, tuple[tuple[int, ...], int]]:
    """``Reference.reference`` → tokens, and the patient's number if it is a patient of this store."""

    def make(text: str) -> tuple[tuple[int, ...], int]:
        tokens: list[int] = []
        local = references.parse(text)
        number = self_number(local.type, local.id) if local else 0
        if local:
            tokens.append(number ^ keys.seed(path))
        elif text and not text.startswith("#"):
            tokens.append(keys.uri_hash(path, text))
        if (type_ := references.target_type(text)) in restricted:
            tokens.append(keys.presence_hash(path, type_ or ""))
        return tuple(tokens), number if local and local.type == "Patient" else 0

    return Memo(make)


def canonicals(path: str) -> Memo[str, tuple[int, ...]]:
    """A canonical or other URI that refers to something → tokens."""

    def make(text: str) -> tuple[int, ...]:
        url, bar, _ = text.partition("|")
        tokens = [keys.uri_hash(path, text)]
        if bar:
            tokens.append(keys.uri_hash(path, url))
        if local := references.parse(url):
            tokens.append(keys.reference_hash(path, local.type, local.id))
        return tuple(tokens)

    return Memo(make)


def uris(path: str) -> Memo[str, tuple[int, ...]]:
    """A value of a uri parameter → tokens."""

    def make(text: str) -> tuple[int, ...]:
        url = text.partition("|")[0]
        same = (keys.uri_hash(path, uri) for uri in dict.fromkeys((text, url)))
        return (*same, *(keys.below_hash(path, ancestor) for ancestor in keys.ancestors(url)))

    return Memo(make)


def inline_resources(path: str) -> Filer:
    """A whole resource in the place of a reference, as the first of a document or message."""

    def file(value: dict[str, Any], tokens: Tokens, _: list[RangeRow], __: list[StringRow]) -> None:
        if id_ := value.get("id"):
            tokens.append(keys.reference_hash(path, value["resourceType"], id_))

    return file


# -- ranges: https://hl7.org/fhir/R4/search.html#date, #number, #quantity


def _interval(text: str | None, missing: float) -> tuple[float, float]:
    if text is None:
        return missing, missing
    try:
        lo, hi = dates.interval(text)
    except Fault:  # the form of a date, but no day of the calendar
        return missing, missing
    return float(lo), float(hi)


def _span(key: int, lo: float, hi: float) -> Span:
    if not lo < hi or (lo == -inf and hi == inf):  # ends the wrong way round, or none
        return (), None
    return ((key, 0, lo, hi),), lo if lo > -inf else hi


def moments(path: str) -> Memo[str, Span]:
    """A date, dateTime or instant."""
    key = keys.key(path)
    return Memo(lambda text: _span(key, *_interval(text, inf)))


def periods(path: str) -> Memo[tuple[str | None, str | None], Span]:
    """(start, end) of a Period; an end that is missing is open."""
    key = keys.key(path)
    return Memo(lambda ends: _span(key, _interval(ends[0], -inf)[0], _interval(ends[1], inf)[1]))


def timings(path: str) -> Callable[[dict[str, Any]], Span]:
    """A Timing: from the first to the last of its events and bounds."""
    key = keys.key(path)

    def make(value: dict[str, Any]) -> Span:
        spans = [_interval(event, inf) for event in value.get("event", ()) if event is not None]
        bounds = value.get("repeat", {}).get("boundsPeriod")
        if bounds is not None:
            spans.append((_interval(bounds.get("start"), -inf)[0], _interval(bounds.get("end"), inf)[1]))
        spans = [(lo, hi) for lo, hi in spans if lo < inf and not (lo == -inf and hi == inf)]
        if not spans:
            return (), None
        return _span(key, min(lo for lo, _ in spans), max(hi for _, hi in spans))

    return make


def units(
    path: str,
) -> Memo[tuple[str | None, str | None, str | None], tuple[tuple[int, ...], tuple[int, ...]]]:
    """(system, code, unit) of a quantity → tokens, numbers of its units."""

    def make(parts: tuple[str | None, str | None, str | None]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        system, code, unit = parts
        tokens = (keys.token_hash(path, system, code),) if system and code else ()
        return tokens, tuple({keys.unit(name) for name in (code, unit) if name}) or (0,)

    return Memo(make)


def opened(value: float, comparator: str) -> tuple[float, float]:
    """The numbers that a quantity with a comparator can stand for."""
    return (-inf if comparator.startswith("<") else value), (inf if comparator.startswith(">") else value)


def money(path: str) -> Filer:
    key = keys.key(path)

    def file(value: dict[str, Any], tokens: Tokens, ranges: list[RangeRow], _: list[StringRow]) -> None:
        amount, currency = value.get("value"), value.get("currency")
        if amount is not None:
            if currency:
                tokens.append(keys.token_hash(path, CURRENCIES, currency))
            ranges.append((key, keys.unit(currency or ""), float(amount), float(amount)))

    return file


def between(path: str, *, plain: bool) -> Filer:
    """A Range; ``plain`` if a number is sought, without a unit."""
    key, known = keys.key(path), units(path)

    def file(value: dict[str, Any], tokens: Tokens, ranges: list[RangeRow], _: list[StringRow]) -> None:
        low, high = value.get("low", {}), value.get("high", {})
        lo, hi = low.get("value"), high.get("value")
        if lo is None and hi is None:
            return
        end = low if lo is not None else high
        found, numbers = known[end.get("system"), end.get("code"), end.get("unit")]
        if plain:
            found, numbers = (), (0,)
        tokens += found
        lo, hi = -inf if lo is None else float(lo), inf if hi is None else float(hi)
        ranges += [(key, number, lo, hi) for number in numbers]

    return file


def samples(path: str) -> Filer:
    """SampledData: from the least to the greatest of its samples.

    https://hl7.org/fhir/R4/datatypes.html#sampleddata
    """
    key, known = keys.key(path), units(path)

    def file(value: dict[str, Any], tokens: Tokens, ranges: list[RangeRow], _: list[StringRow]) -> None:
        origin = value.get("origin", {})
        factor, zero = float(value.get("factor", 1)), float(origin.get("value", 0))
        limits = {"L": value.get("lowerLimit"), "U": value.get("upperLimit")}
        raw: list[Any] = [limits.get(text, text) for text in value.get("data", "").split()]
        measured = [float(sample) * factor + zero for sample in raw if _is_number(sample)]
        if measured:
            found, numbers = known[origin.get("system"), origin.get("code"), origin.get("unit")]
            tokens += found
            ranges += [(key, number, min(measured), max(measured)) for number in numbers]

    return file


def _is_number(sample: Any) -> bool:
    """Whether a sample was measured and within limits that are known."""
    return isinstance(sample, int | float) or (isinstance(sample, str) and bool(_NUMBER.fullmatch(sample)))


def positions(path: str) -> Filer:
    lat, lon = keys.key(f"{path}:lat"), keys.key(f"{path}:lon")

    def file(value: dict[str, Any], _: Tokens, ranges: list[RangeRow], __: list[StringRow]) -> None:
        north, east = value.get("latitude"), value.get("longitude")
        if north is not None and east is not None:
            ranges.append((lat, 0, float(north), float(north)))
            ranges.append((lon, 0, float(east), float(east)))

    return file


# -- strings: https://hl7.org/fhir/R4/search.html#string


def strings(path: str) -> Memo[str, tuple[tuple[int, ...], tuple[StringRow, ...]]]:
    """A string or markdown → tokens, rows."""

    def make(text: str) -> tuple[tuple[int, ...], tuple[StringRow, ...]]:
        rows = _text_rows(path, text)
        return (keys.exact_hash(path, text), *_grams(path, [keys.normalise(text)])), rows

    return Memo(make, limit=256)


def _grams(path: str, normals: Iterable[str]) -> list[int]:
    found = {gram for normal in normals for gram in keys.grams(normal)}
    tokens = [keys.gram_hash(path, gram) for gram in found]
    if any(len(normal) > keys.GRAMMED for normal in normals):
        tokens.append(keys.long_hash(path))
    return tokens


def _compound(
    path: str, texts: tuple[list[str], Iterable[str]], sink: tuple[Tokens, list[StringRow]]
) -> None:
    """File the parts as they are, and with what is joined of them also as what is searched for without exactness."""
    tokens, rows = sink
    parts, joined = texts
    normals = {normal for text in (*parts, *joined) if (normal := keys.normalise(text))}
    key = keys.key(path)
    tokens += [keys.exact_hash(path, part) for part in parts]
    tokens += _grams(path, normals)
    rows += [(key, keys.filed(path, normal)) for normal in normals]


def _present(value: dict[str, Any], *names: str) -> list[str]:
    """The texts of some properties, single or lists, in that order."""
    found: list[str] = []
    for name in names:
        part = value.get(name)
        found += (p for p in part if p) if isinstance(part, list) else [part] if part else []
    return found


def is_han(text: str) -> bool:
    """Whether ``text`` has a Chinese character."""
    return any("\u3400" <= c <= "\u9fff" or "\U00020000" <= c <= "\U0003ffff" or c == "〇" for c in text)


def name_texts(value: dict[str, Any], name_keys: NameKeys | None) -> tuple[list[str], set[str]]:
    """Every part of a name; the whole both ways round, and for a Chinese name its readings in Latin letters."""
    parts = _present(value, "text", "family", "given", "prefix", "suffix")
    family, given = _present(value, "family"), _present(value, "given")
    joined = {" ".join(family + given), " ".join(given + family)}
    spoken = " ".join("".join(part).replace(" ", "") for part in (family, given)).strip()
    whole = spoken or " ".join(_present(value, "text"))
    if is_han(whole):
        joined |= {whole, whole.replace(" ", ""), *(name_keys(whole) if name_keys else ())}
    return parts, joined


def address_texts(value: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Every part of an address; the whole, in the order in which the country writes it."""
    parts = _present(value, "text", "line", "city", "district", "state", "postalCode", "country")
    western = _present(value, "line", "city", "state", "postalCode", "country")
    joined = [" ".join(western)]
    if any(map(is_han, parts)):
        joined.append("".join(_present(value, "state", "city", "district", "line")))
    return parts, joined


def human_names(path: str, name_keys: NameKeys | None) -> Filer:
    def file(value: dict[str, Any], tokens: Tokens, _: list[RangeRow], strings: list[StringRow]) -> None:
        _compound(path, name_texts(value, name_keys), (tokens, strings))

    return file


def addresses(path: str) -> Filer:
    def file(value: dict[str, Any], tokens: Tokens, _: list[RangeRow], strings: list[StringRow]) -> None:
        _compound(path, address_texts(value), (tokens, strings))

    return file


def comparable(value: Any, name_keys: NameKeys | None) -> Iterable[str]:
    """The normalised texts that a value of a string parameter is filed by, when it is filed as it is."""
    if isinstance(value, str):
        texts: Iterable[str] = [value]
    elif not isinstance(value, dict):
        return []
    elif value.keys() & _OF_ADDRESS:
        parts, whole = address_texts(value)
        texts = [*parts, *whole]
    else:
        parts, joined = name_texts(value, name_keys)
        texts = [*parts, *joined]
    return [normal for text in texts if (normal := keys.normalise(text))]


_OF_ADDRESS = frozenset({"line", "city", "district", "state", "postalCode", "country"})
