"""What a search asks (PS3.18 8.3.4, PS3.4 C.2.2.2): attributes by name or tag, each with a value to match. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from xinglin.exchange.dicom import facts as said
from xinglin.exchange.dicom import keys
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.exchange.dicom.facts import Facts

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_RANGED = ("DA", "TM", "DT")
_NUMBERS = ("IS", "DS", "US", "SS", "UL", "SL", "FL", "FD")
_WILD = ("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT")


@dataclass(frozen=True, slots=True)
class Asked:
    """An attribute, perhaps within sequences, and what it should be."""

    path: tuple[str, ...]
    vr: str
    value: str

    @property
    def tag(self) -> str:
        return self.path[0]

    @property
    def values(self) -> tuple[str, ...]:
        """Of a UID several may be asked for."""
        return (
            tuple(part for part in re.split(r"[,\\]", self.value) if part)
            if self.vr == "UI"
            else (self.value,)
        )

    def fits(self, facts: Facts) -> bool:
        """Whether the attributes are as asked; an empty value asks nothing."""
        if not self.value:
            return True
        return any(self._fits(found) for found in _reached(facts, self.path))

    def _fits(self, found: Any) -> bool:
        if self.vr == "PN":
            written = found.values() if isinstance(found, dict) else [str(found)]
            return any(
                _pattern(keys.folded(self.value)).fullmatch(keys.folded(str(name))) for name in written
            )
        if self.vr == "UI":
            return str(found) in self.values
        if self.vr in _RANGED:
            return _in_range(str(found), self.value, self.vr)
        if self.vr in _NUMBERS:
            return _equal_numbers(str(found), self.value)
        if self.vr in _WILD:
            return _pattern(self.value).fullmatch(str(found).strip()) is not None
        return str(found) == self.value


def asked(name: str, value: str) -> Asked:
    """A parameter of a search; raises ``invalid`` for what is no attribute."""
    path = tuple(tag_of(part) for part in name.split("."))
    vr = "CS" if path == ("00080061",) else dictionary_VR(int(path[-1], 16)).split(" ")[0]
    if vr in _RANGED and value and not re.fullmatch(r"[0-9.:+\-]+", value):
        raise invalid(gettext_noop("%(name)s is a date or time, or two with a hyphen; %(value)s is not."), code="value",
                      name=name, value=repr(value[:80]))  # fmt: skip
    return Asked(path, vr, value)


@lru_cache(maxsize=4096)
def tag_of(name: str) -> str:
    """The tag, in eight figures, that a keyword or a tag names."""
    tag = int(name, 16) if _TAG.fullmatch(name) else tag_for_keyword(name)
    if tag is None or not (keyword_for_tag(tag) or tag >> 16 & 1):
        raise invalid(
            gettext_noop("%(name)s is no attribute of DICOM."), code="not-supported", name=repr(name[:64])
        )
    return f"{tag:08X}"


def all_fit(asked_for: Iterable[Asked], facts: Facts) -> bool:
    """Whether everything is as asked."""
    return all(one.fits(facts) for one in asked_for)


def _reached(facts: Facts, path: Sequence[str]) -> Iterable[Any]:
    found = said.values(facts, path[0])
    if len(path) == 1:
        return found
    return [value for item in found if isinstance(item, dict) for value in _reached(item, path[1:])]


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    """``*`` is any signs, ``?`` is one."""
    return re.compile("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in text), re.DOTALL)


def _in_range(found: str, wanted: str, vr: str) -> bool:
    plain = found if vr == "DT" else found.replace(":", "").replace(".", "", 0 if vr == "TM" else -1)
    if "-" not in wanted or (vr == "DT" and re.fullmatch(r"\d+-\d{4}", wanted)):
        return plain.startswith(wanted) if vr != "DA" else plain == wanted
    first, _, last = wanted.partition("-")
    return (not first or plain >= first) and (not last or plain[: len(last)] <= last)


def _equal_numbers(found: str, wanted: str) -> bool:
    try:
        return float(found) == float(wanted)
    except ValueError:
        return False
