"""Single values as what they are found by, converted type by type in the plainest way.

Shares only ``keys`` with the extractor that it is to check.
"""

from __future__ import annotations

import re
from itertools import pairwise
from math import inf

from xinglin.fhir import dates, references
from xinglin.fhir.definitions import is_a
from xinglin.fhir.index import keys
from xinglin.kernel.errors import Fault
from xinglin.kernel.ids import self_number


def convert(kind, path, type_, value, name_keys=None):
    """(whether it is of use, tokens, ranges, strings) for one value."""
    tokens, ranges, strings = set(), set(), set()
    convert_one = {
        "token": _token, "reference": _reference, "string": _string, "date": _date, "number": _number,
        "quantity": _quantity, "uri": _uri, "special": _special,
    }[kind]  # fmt: skip
    usable = convert_one(path, type_, value, (tokens, ranges, strings), name_keys)
    return usable, tokens, ranges, strings


def _pair(path, system, code, tokens):
    if code:
        tokens |= {keys.token_hash(path, system or "", code), keys.code_hash(path, code)}
    if system:
        tokens.add(keys.system_hash(path, system))


def _row(path, text):
    return {(keys.key(path), keys.normalise(text))} if text and keys.normalise(text) else set()


def _token(path, type_, value, into, _):
    tokens, _, strings = into
    if type_ == "CodeableConcept":
        for coding in value.get("coding", []):
            _token(path, "Coding", coding, into, None)
        strings |= _row(path + ":text", value.get("text"))
    elif type_ == "Coding":
        _pair(path, value.get("system"), value.get("code"), tokens)
        strings |= _row(path + ":text", value.get("display"))
    elif type_ == "Identifier":
        _pair(path, value.get("system"), value.get("value"), tokens)
        strings |= _row(path + ":text", value.get("type", {}).get("text"))
        if "value" in value:
            tokens |= {
                keys.of_type_hash(path, coding.get("system", ""), coding.get("code", ""), value["value"])
                for coding in value.get("type", {}).get("coding", [])
            }
    elif type_ == "ContactPoint":
        if "value" in value:
            tokens.add(keys.code_hash(path, value["value"]))
            tokens.add(keys.token_hash(path, value.get("system", ""), value["value"]))
    elif isinstance(value, bool):
        tokens.add(keys.code_hash(path, "true" if value else "false"))
    elif isinstance(value, dict):
        return False
    else:
        tokens.add(keys.code_hash(path, str(value)))
    return True


def _reference(path, type_, value, into, _):
    tokens = into[0]
    if type_ == "Reference":
        text = value.get("reference", "#")
        if local := references.parse(text):
            tokens.add(self_number(local.type, local.id) ^ keys.seed(path))
        elif not text.startswith("#"):
            tokens.add(keys.uri_hash(path, text))
        if "identifier" in value:
            _token(path + ":identifier", "Identifier", value["identifier"], into, None)
    elif type_ in {"canonical", "uri"}:
        tokens |= {keys.uri_hash(path, value), keys.uri_hash(path, value.split("|")[0])}
        if local := references.parse(value.split("|")[0]):
            tokens.add(keys.reference_hash(path, local.type, local.id))
    elif isinstance(value, dict) and "resourceType" in value:
        if "id" in value:
            tokens.add(keys.reference_hash(path, value["resourceType"], value["id"]))
    else:
        return False
    return True


def _string(path, type_, value, into, name_keys):
    tokens, _, strings = into
    if type_ == "HumanName":
        given, family = " ".join(filter(None, value.get("given", []))), value.get("family", "")
        exact = [
            value.get("text"),
            family,
            *value.get("given", []),
            *value.get("prefix", []),
            *value.get("suffix", []),
        ]
        loose = [f"{given} {family}", f"{family} {given}"]
        whole = f"{family.replace(' ', '')} {given.replace(' ', '')}".strip() or value.get("text", "")
        if re.search("[\u4e00-\u9fff]", whole):
            loose += [whole, whole.replace(" ", ""), *(name_keys(whole) if name_keys else ())]
    elif type_ == "Address":
        line = value.get("line", [])
        exact = [
            value.get("text"),
            *line,
            *map(value.get, ("city", "district", "state", "postalCode", "country")),
        ]
        loose = [" ".join(filter(None, [*line, *map(value.get, ("city", "state", "postalCode", "country"))]))]
        if re.search("[\u4e00-\u9fff]", "".join(filter(None, exact))):
            loose.append("".join(filter(None, [*map(value.get, ("state", "city", "district")), *line])))
    elif isinstance(value, str):
        exact, loose = [value], []
    else:
        return False
    exact = [text for text in exact if text]
    tokens |= {keys.exact_hash(path, text) for text in exact}
    texts = {normal for text in [*exact, *loose] if (normal := keys.normalise(text))}
    for text in texts:
        tokens |= {keys.gram_hash(path, gram) for gram in zip_pairs(text[:64])}
        if len(text) > 64:
            tokens.add(keys.long_hash(path))
    strings |= {(keys.key(path), keys.filed(path, text)) for text in texts}
    return True


def zip_pairs(text):
    return [a + b for a, b in pairwise(text)] or [text]


def span_of(type_, value):
    """The half-open span of a date of any type, None if it has none; -1 for a type that is no date."""
    try:
        if type_ in {"date", "dateTime", "instant"}:
            return dates.interval(value)
        if type_ == "Period":
            lo = dates.interval(value["start"])[0] if "start" in value else -inf
            hi = dates.interval(value["end"])[1] if "end" in value else inf
            return (lo, hi) if (lo, hi) != (-inf, inf) and lo < hi else None
        if type_ == "Timing":
            spans = [dates.interval(event) for event in value.get("event", [])]
            if bounds := value.get("repeat", {}).get("boundsPeriod"):
                spans.append(span_of("Period", bounds))
            return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None
    except Fault:
        return None
    return None


def _date(path, type_, value, into, _):
    if type_ not in {"date", "dateTime", "instant", "Period", "Timing"}:
        return False
    if span := span_of(type_, value):
        into[1].add((keys.key(path), 0, float(span[0]), float(span[1])))
    return True


def _number(path, type_, value, into, _):
    if type_ == "Range":
        lo, hi = value.get("low", {}).get("value", -inf), value.get("high", {}).get("value", inf)
    elif isinstance(value, int | float):
        lo = hi = value
    else:
        return False
    if (lo, hi) != (-inf, inf):
        into[1].add((keys.key(path), 0, float(lo), float(hi)))
    return True


def _quantity(path, type_, value, into, _):
    if is_a(type_, "Quantity"):
        if "value" in value:
            lo = hi = value["value"]
            mark = value.get("comparator", "=")[0]
            _amount(path, value, -inf if mark == "<" else lo, inf if mark == ">" else hi, into)
    elif type_ == "Money":
        if "value" in value:
            coin = (
                {"code": value["currency"], "system": "urn:iso:std:iso:4217"} if "currency" in value else {}
            )
            _amount(path, coin, value["value"], value["value"], into)
    elif type_ == "Range":
        ends = [value[end] for end in ("low", "high") if "value" in value.get(end, {})]
        if ends:
            lo, hi = value.get("low", {}).get("value", -inf), value.get("high", {}).get("value", inf)
            _amount(path, ends[0], lo, hi, into)
    elif type_ == "SampledData":
        limits = {"U": value.get("upperLimit"), "L": value.get("lowerLimit"), "E": None}
        measured = [limits.get(text, text) for text in value.get("data", "").split(" ")]
        factor, zero = float(value.get("factor", 1)), float(value["origin"]["value"])
        real = [float(m) * factor + zero for m in measured if m is not None]
        _amount(path, value["origin"], min(real), max(real), into)
    else:
        return False
    return True


def _amount(path, unit, lo, hi, into):
    if "system" in unit and "code" in unit:
        into[0].add(keys.token_hash(path, unit["system"], unit["code"]))
    for name in {unit[n] for n in ("code", "unit") if n in unit} or {""}:
        into[1].add((keys.key(path), keys.unit(name), float(lo), float(hi)))


def _uri(path, type_, value, into, _):
    if not is_a(type_, "uri"):
        return False
    url = value.split("|")[0]
    into[0].update({keys.uri_hash(path, value), keys.uri_hash(path, url)})
    scheme, mark, rest = url.rstrip("/").partition("://")
    if not mark:
        into[0].add(keys.below_hash(path, url))
    segments = rest.split("/") if mark else []
    into[0].update(
        keys.below_hash(path, f"{scheme}://" + "/".join(segments[:n])) for n in range(1, len(segments) + 1)
    )
    return True


def _special(path, type_, value, into, _):
    into[1].add((keys.key(path + ":lat"), 0, float(value["latitude"]), float(value["latitude"])))
    into[1].add((keys.key(path + ":lon"), 0, float(value["longitude"]), float(value["longitude"])))
    return True
