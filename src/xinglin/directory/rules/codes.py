"""The codes by which institutions, people and things are known, and what makes each right.

The schemes are data (``data/schemes.csv``): form, check, source, confidence. What is certain of a scheme refuses a
value; what is only likely raises a doubt, and the value is taken.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext_noop

from xinglin.directory.rules import divisions, tables
from xinglin.directory.rules.problems import Problem, Wrong
from xinglin.kernel import checkdigits

if TYPE_CHECKING:
    from collections.abc import Callable

_LENGTH = re.compile(r"\{([0-9]+)(?:,([0-9]+))?\}")
_INSTITUTION_OID = "urn:oid:2.16.156.10011.1.5"
_BY_LENGTH = {18: "uscc", 9: "orgcode", 22: "ws218"}


HIDDEN_SCHEMES = ("identity", "doctor_qualification")
"""Schemes whose codes are, or have in them, an identity number: the directory's tables hold keyed hashes of them."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way of numbering. ``within``: the number means something only inside the institution that gave it."""

    key: str
    holder: str
    name: str
    english: str
    system: str
    pattern: re.Pattern[str]
    check: str
    within: bool
    source: str
    effective: str
    confidence: str

    @property
    def label(self) -> str:
        return self.name if str(get_language()).startswith("zh") else self.english

    @property
    def certain(self) -> bool:
        """Whether a value of another form is refused."""
        return self.confidence.startswith(("confirmed", "length confirmed"))


@cache
def schemes() -> dict[str, Scheme]:
    """All schemes by their key."""
    found = {}
    for row in tables.rows("schemes"):
        values = {**row, "pattern": re.compile(row["pattern"]), "within": row["within"] == "yes"}
        found[row["key"]] = Scheme(**values)  # type: ignore[arg-type]  # the file's columns are the fields
    return found


@cache
def _by_system() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for scheme in schemes().values():
        found.setdefault(scheme.system, []).append(scheme.key)
    return found


def scheme_of(system: str, value: str) -> str | None:
    """The key of the scheme of a FHIR identifier; None for one that the directory does not know."""
    known = _by_system().get(system)
    if known is None:
        return None
    if system == _INSTITUTION_OID:  # one name for three numbers, which differ in length
        return _BY_LENGTH.get(len(value))
    return known[0]


def tidy(text: str) -> str:
    """Full-width characters, small letters, blanks and hyphens that people type, as the code has them."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()


@lru_cache(maxsize=1 << 13)
def normal(key: str, text: str) -> str:
    """``text`` as the scheme writes it; nothing is checked."""
    value = tidy(text)
    return value.replace("-", "") if key in {"orgcode", "ws218", "uscc"} else value


def read(key: str, text: str) -> tuple[str, tuple[Problem, ...]]:
    """The value as the scheme writes it, and doubts about it. Raises ``Wrong``, saying what would be right."""
    scheme = schemes()[key]
    if scheme.check == "division":
        return divisions.full(tidy(text)), ()
    value = normal(key, text)
    if not scheme.pattern.fullmatch(value):
        problem = _misshapen(scheme, value)
        if scheme.certain:
            raise Wrong(problem.message, **problem.params)
        return value, (Problem(problem.message, problem.params, doubt=True),)
    doubts = _CHECKS[scheme.check](value) if scheme.check else ()
    return value, tuple(doubts)


def is_sound(key: str, value: str) -> bool:
    """Whether nothing is wrong with a value, and there are no doubts."""
    try:
        return not read(key, value)[1]
    except Wrong:
        return False


@dataclass(frozen=True, slots=True)
class _Label:
    """A scheme's name, in the language of the reader at the moment of reading."""

    scheme: Scheme

    def __str__(self) -> str:
        return self.scheme.label


def _misshapen(scheme: Scheme, value: str) -> Problem:
    least, most = _lengths(scheme)
    name = _Label(scheme)
    if not least <= len(value) <= most:
        wanted = str(most) if least == most else f"{least}–{most}"
        message = gettext_noop("%(name)s has %(wanted)s characters; this has %(count)s.")
        return Problem(message, {"name": name, "wanted": wanted, "count": len(value)})
    single = scheme.pattern.pattern
    for place, character in enumerate(value, 1):
        if not re.fullmatch(
            f"(?:{single})", value[: place - 1] + _stand_in(single, value, place) + value[place:]
        ):
            continue
        message = gettext_noop("Character %(place)s, “%(character)s”, cannot stand there in %(name)s.")
        return Problem(message, {"place": place, "character": character, "name": name})
    message = gettext_noop("%(value)s does not have the form of %(name)s (%(pattern)s).")
    return Problem(message, {"value": value, "name": name, "pattern": single})


def _stand_in(pattern: str, value: str, place: int) -> str:
    """A character with which the value would have the right form, if only the one at ``place`` is wrong."""
    for character in "0AHDNPXYJ.":
        if re.fullmatch(pattern, value[: place - 1] + character + value[place:]):
            return character
    return value[place - 1]


def _lengths(scheme: Scheme) -> tuple[int, int]:
    """The least and the greatest number of characters of a scheme's pattern."""
    pattern = scheme.pattern.pattern
    least = most = 0
    for part in re.finditer(r"(?:\[[^\]]*\]|\.|[A-Z0-9])(\{[0-9]+(?:,[0-9]+)?\})?", pattern):
        repeated = _LENGTH.fullmatch(part[1]) if part[1] else None
        least += int(repeated[1]) if repeated else 1
        most += int(repeated[2] or repeated[1]) if repeated else 1
    return least, most


def _last(value: str, right: str) -> tuple[Problem, ...]:
    if value[-1] == right:
        return ()
    raise Wrong(
        gettext_noop(
            "The last character is a check: it should be %(right)s, not %(given)s. It or another is mistyped."
        ),
        right=right, given=value[-1],
    )  # fmt: skip


def _social_credit(value: str) -> tuple[Problem, ...]:
    return _last(value, checkdigits.social_credit(value[:17]))


def _organization(value: str) -> tuple[Problem, ...]:
    return _last(value, checkdigits.organization(value[:8]))


def _resident(value: str) -> tuple[Problem, ...]:
    return _last(value, checkdigits.resident(value[:17]))


def _ws218(value: str) -> tuple[Problem, ...]:
    """Nine of organization code, six of division, two of economy, four of class, one of management: likely, no more."""
    doubts = []
    if not value.startswith("PDY") and value[8] != checkdigits.organization(value[:8]):
        message = gettext_noop(
            "Characters 1 to 9 are usually an organization code, whose check character would be %(right)s."
        )
        doubts.append(Problem(message, {"right": checkdigits.organization(value[:8])}, doubt=True))
    if not value[9:15].isdigit():
        message = gettext_noop("Characters 10 to 15 are usually a division code; %(part)s is none.")
        doubts.append(Problem(message, {"part": value[9:15]}, doubt=True))
    if value[17:21] not in tables.table("institution_kinds"):
        message = gettext_noop(
            "Characters 18 to 21 are usually a class of institution; %(part)s is not in the table."
        )
        doubts.append(Problem(message, {"part": value[17:21]}, doubt=True))
    return tuple(doubts)


_CHECKS: dict[str, Callable[[str], tuple[Problem, ...]]] = {
    "social_credit": _social_credit,
    "organization": _organization,
    "resident": _resident,
    "ws218": _ws218,
}


def masked(value: str) -> str:
    """An identity number as others may see it: its first six and last two characters."""
    return f"{value[:6]}{'*' * max(len(value) - 8, 1)}{value[-2:]}" if len(value) > 8 else "*" * len(value)
