"""Institutions as senders: which door, which way, which charset, how careful. By ``data/senders.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from xinglin.exchange.doors import Door
from xinglin.synth import directory, institutions
from xinglin.synth.tables import rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.synth.institutions import Institution

MLLP, HTTP, FOLDER = "mllp", "http", "folder"


@dataclass(frozen=True, slots=True)
class Station:
    """An institution as a sender. ``late``, ``wrong``, ``repeated`` and ``disordered`` are shares."""

    institution: Institution
    door: Door
    way: str  # mllp, http or folder
    charset: str  # "" for what its door always writes
    late: float
    wrong: float
    repeated: float
    disordered: float

    @property
    def code(self) -> str:
        """The sender's code on the platform, and the institution's own."""
        return self.institution.code

    @property
    def facility(self) -> str:
        """MSH-4."""
        return self.code.upper()

    @property
    def encoding(self) -> str:
        """The codec it writes with."""
        return "gb18030" if self.charset.startswith("gb") else "utf-8"


@cache
def station(institution: Institution) -> Station:
    """The first row of the table whose pattern the institution's code fits."""
    row = next(r for r in rows("senders") if fnmatchcase(institution.code, r["institutions"]))
    shares = {name: float(row[name]) for name in ("late", "wrong", "repeated", "disordered")}
    return Station(institution, Door(row["door"]), row["way"], row["charset"], **shares)


def everywhere(residents: int) -> list[Station]:
    """The senders of a region of that many residents."""
    return [station(one) for one in institutions.everywhere(residents)]


@cache
def staff(institution: Institution) -> Mapping[str, str]:
    """The names of those who work there, by their Practitioners' ids."""
    return {
        one["id"]: one["name"][0]["text"]
        for one in directory.of_institution(institution)
        if one["resourceType"] == "Practitioner"
    }
