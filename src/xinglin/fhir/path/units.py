"""Units of measure: enough of UCUM to say which quantities can be compared, and by which factor.

https://ucum.org/ucum  The tables hold the units that clinical data uses; a unit that is not among them is
comparable with itself only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

Dimensions = tuple[tuple[str, int], ...]  # (base unit, exponent), sorted, no exponent 0


@dataclass(frozen=True, slots=True)
class Unit:
    """``magnitude = (value + offset) * factor`` in base units; the offset is that of temperature scales."""

    factor: Fraction
    dimensions: Dimensions = ()
    offset: Fraction = Fraction(0)

    def times(self, other: Unit, sign: int = 1) -> Unit:
        """The product, with ``sign`` -1 the quotient."""
        exponents = dict(self.dimensions)
        for base, exponent in other.dimensions:
            exponents[base] = exponents.get(base, 0) + sign * exponent
        factor = self.factor * other.factor if sign > 0 else self.factor / other.factor
        return Unit(factor, tuple(sorted(item for item in exponents.items() if item[1])))

    def power(self, exponent: int) -> Unit:
        raised = tuple((base, own * exponent) for base, own in self.dimensions if own * exponent)
        return Unit(self.factor**exponent, raised)


ONE = Unit(Fraction(1))

_PREFIXES = {
    prefix: Fraction(10) ** power
    for prefix, power in {
        "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
        "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
    }.items()
}  # fmt: skip

_BASE = {name: Unit(Fraction(1), ((name, 1),)) for name in ("m", "s", "g", "rad", "K", "C", "cd")}

# Each unit by the value and the unit it is defined with; those that take prefixes first.
_METRIC: dict[str, tuple[str, str]] = {
    "mol": ("6.0221367e23", "1"), "eq": ("1", "mol"), "osm": ("1", "mol"), "kat": ("1", "mol/s"),
    "U": ("1", "umol/min"), "sr": ("1", "rad2"), "Hz": ("1", "/s"), "N": ("1", "kg.m/s2"),
    "Pa": ("1", "N/m2"), "J": ("1", "N.m"), "W": ("1", "J/s"), "A": ("1", "C/s"), "V": ("1", "J/C"),
    "F": ("1", "C/V"), "Ohm": ("1", "V/A"), "S": ("1", "/Ohm"), "Wb": ("1", "V.s"), "T": ("1", "Wb/m2"),
    "H": ("1", "Wb/A"), "lm": ("1", "cd.sr"), "lx": ("1", "lm/m2"), "Bq": ("1", "/s"), "Gy": ("1", "J/kg"),
    "Sv": ("1", "J/kg"), "l": ("1", "dm3"), "L": ("1", "dm3"), "ar": ("100", "m2"), "t": ("1000", "kg"),
    "bar": ("100000", "Pa"), "u": ("1.6605402e-24", "g"), "eV": ("1.60217733e-19", "J"),
    "cal": ("4.184", "J"), "By": ("8", "bit"), "m[H2O]": ("9806.65", "Pa"), "m[Hg]": ("133322", "Pa"),
    "Ci": ("37000000000", "Bq"), "P": ("0.1", "Pa.s"),
}  # fmt: skip
_OTHER: dict[str, tuple[str, str]] = {
    "min": ("60", "s"), "h": ("60", "min"), "d": ("24", "h"), "wk": ("7", "d"), "mo": ("30.4375", "d"),
    "a": ("365.25", "d"), "%": ("0.01", "1"), "[ppth]": ("0.001", "1"), "[ppm]": ("0.000001", "1"),
    "[ppb]": ("0.000000001", "1"), "[pi]": ("3.1415926535897932384626433833", "1"),
    "deg": ("0.017453292519943295769236907685", "rad"), "atm": ("101325", "Pa"), "[Cal]": ("4184", "J"),
    "[in_i]": ("2.54", "cm"), "[ft_i]": ("12", "[in_i]"), "[yd_i]": ("3", "[ft_i]"),
    "[mi_i]": ("5280", "[ft_i]"), "[in_us]": ("0.0254000508", "m"), "[gr]": ("64.79891", "mg"),
    "[lb_av]": ("7000", "[gr]"), "[oz_av]": ("0.0625", "[lb_av]"), "[dr_av]": ("0.0625", "[oz_av]"),
    "[stone_av]": ("14", "[lb_av]"), "[gal_us]": ("231", "[in_i]3"), "[qt_us]": ("0.25", "[gal_us]"),
    "[pt_us]": ("0.5", "[qt_us]"), "[foz_us]": ("0.03125", "[qt_us]"), "[cup_us]": ("0.5", "[pt_us]"),
    "[tbs_us]": ("0.5", "[foz_us]"), "[tsp_us]": ("1/3", "[tbs_us]"), "[drp]": ("0.05", "ml"),
    "[psi]": ("6894.757293168", "Pa"), "[in_i'Hg]": ("3386.3788", "Pa"), "[in_i'H2O]": ("249.08891", "Pa"),
}  # fmt: skip
# Units of a procedure rather than of nature: comparable only among themselves.
_ARBITRARY = frozenset({
    "[iU]", "[IU]", "[arb'U]", "[USP'U]", "[CFU]", "[PFU]", "[GPL'U]", "[MPL'U]", "[APL'U]", "[Lf]", "[HPF]",
    "[LPF]", "[pH]", "[TCID_50]", "[EID_50]", "[CCID_50]", "[PNU]", "[BAU]", "[AU]", "[ELU]", "[knk'U]",
    "[todd'U]", "[dye'U]", "[beth'U]", "[smgy'U]", "[ka'U]", "[anti'Xa'U]", "bit",
})  # fmt: skip
_SAME = {"[IU]": "[iU]"}
_SCALES = {
    "Cel": Unit(Fraction(1), (("K", 1),), Fraction("273.15")),
    "[degF]": Unit(Fraction(5, 9), (("K", 1),), Fraction("459.67")),
}
_TEN = re.compile(r"10[*^]")
_TOKEN = re.compile(
    r"(?P<operator>[./()])|(?P<annotation>\{[^{}]*\})"
    r"|(?P<symbol>10[*^]|(?:[A-Za-z%']|\[[^\[\]]*\])+)(?P<exponent>[+-]?\d+)?|(?P<number>\d+)"
)


@lru_cache(maxsize=2048)
def unit(code: str) -> Unit | None:
    """What a UCUM code means, ``None`` if the tables do not know it."""
    if code in _SCALES:
        return _SCALES[code]
    reader = _Reader(code)
    found = reader.term()
    return found if reader.ended else None


@lru_cache(maxsize=512)
def _atom(symbol: str) -> Unit | None:
    known = _unprefixed(symbol)
    if known is not None:
        return known
    for length in (1, 2):
        prefix, rest = symbol[:length], symbol[length:]
        if prefix in _PREFIXES and (rest in _BASE or rest in _METRIC or rest in {"[iU]", "[IU]", "bit"}):
            base = _unprefixed(rest)
            return base and Unit(_PREFIXES[prefix] * base.factor, base.dimensions)
    return None


def _unprefixed(symbol: str) -> Unit | None:
    if symbol in _BASE:
        return _BASE[symbol]
    if _TEN.fullmatch(symbol):
        return Unit(Fraction(10))
    if symbol in _ARBITRARY:
        return Unit(Fraction(1), ((_SAME.get(symbol, symbol), 1),))
    value, code = _METRIC.get(symbol) or _OTHER.get(symbol) or ("", "")
    defined = unit(code) if code else None
    return defined and Unit(Fraction(value) * defined.factor, defined.dimensions)


class _Reader:
    """Reads ``term = ["/"] component {("." | "/") component}`` of UCUM's grammar."""

    def __init__(self, code: str) -> None:
        self._tokens: list[re.Match[str]] = []
        position = 0
        while match := _TOKEN.match(code, position):
            self._tokens.append(match)
            position = match.end()
        self._whole = bool(code) and position == len(code)
        self._at = 0

    @property
    def ended(self) -> bool:
        return self._whole and self._at == len(self._tokens)

    def _operator(self, *wanted: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at]["operator"] in wanted:
            self._at += 1
            return str(self._tokens[self._at - 1]["operator"])
        return None

    def term(self) -> Unit | None:
        result: Unit | None = ONE
        operator = self._operator("/") or "."
        while operator and result is not None:
            component = self._component()
            result = component and result.times(component, -1 if operator == "/" else 1)
            operator = self._operator(".", "/") or ""
        return result

    def _component(self) -> Unit | None:
        if self._operator("("):
            inner = self.term()
            return inner if self._operator(")") else None
        if self._at == len(self._tokens) or self._tokens[self._at]["operator"]:
            return None
        token = self._tokens[self._at]
        self._at += 1
        return self._annotated(self._simple(token))

    @staticmethod
    def _simple(token: re.Match[str]) -> Unit | None:
        if token["number"]:
            return Unit(Fraction(token["number"]))
        if token["annotation"]:
            return ONE
        found = _atom(token["symbol"])
        return found and found.power(int(token["exponent"] or 1))

    def _annotated(self, found: Unit | None) -> Unit | None:
        if self._at < len(self._tokens) and self._tokens[self._at]["annotation"]:
            self._at += 1
        return found
