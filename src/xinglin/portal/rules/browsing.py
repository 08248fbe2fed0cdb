"""What the record browser asks and marks: the figures of ``data/browser-1.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Single:
    """A fact of which there can be only one, by the codes of its Observations."""

    name: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """A customary window of a modality, in the unit of its values."""

    modality: str
    name: str
    centre: float
    width: float


@dataclass(frozen=True, slots=True)
class Electrocardiograms:
    """Codes of Observations, SOP classes of waveforms, the leads by their codes, and the order of the twelve."""

    codes: tuple[str, ...]
    waveforms: tuple[str, ...]
    leads: dict[str, str]

    @property
    def order(self) -> tuple[str, ...]:
        return tuple(self.leads.values())


@dataclass(frozen=True, slots=True)
class Counted:
    """A number of the first page: a search of the record that counts."""

    name: str
    type: str
    search: tuple[tuple[str, str], ...]

    def asked(self, institution: str, since: str) -> list[tuple[str, str]]:
        """The search for an institution's id, from a day on."""
        return [(name, value.format(institution=institution, since=since)) for name, value in self.search]


@dataclass(frozen=True, slots=True)
class Figures:
    """``gap`` parts two visits to a record, ``loading`` the looks of a page being opened from earlier ones; ``lines``
    of the log are looked through for it; ``days`` may be chosen instead; ``most`` entries of a kind are listed.
    ``words`` say what else means the same, ``""`` what is no answer. ``very_strong`` and ``strong`` are
    probabilities from which evidence is called so.
    """

    gap: timedelta
    loading: timedelta
    lines: int
    days: tuple[int, ...]
    most: int
    singles: tuple[Single, ...]
    words: dict[str, str]
    windows: tuple[Window, ...]
    ecg: Electrocardiograms
    public: tuple[Counted, ...]
    very_strong: float
    strong: float


@cache
def figures() -> Figures:
    """The figures in force."""
    said = tomllib.loads(resources.files("xinglin.portal").joinpath("data/browser-1.toml").read_text())
    return Figures(
        timedelta(minutes=said["visit"]["gap_minutes"]),
        timedelta(seconds=said["visit"]["loading_seconds"]),
        said["visit"]["lines"],
        tuple(said["changes"]["days"]),
        said["changes"]["most"],
        tuple(Single(one["name"], tuple(one["codes"])) for one in said["single"]),
        {words.casefold(): meant for words, meant in said["words"].items()},
        tuple(Window(**one) for one in said["window"]),
        Electrocardiograms(
            tuple(said["ecg"]["codes"]), tuple(said["ecg"]["waveforms"]), dict(said["ecg"]["leads"])
        ),
        tuple(
            Counted(one["name"], one["type"], tuple((name, value) for name, value in one["search"]))
            for one in said["public"]
        ),
        said["certainty"]["very_strong"],
        said["certainty"]["strong"],
    )
