"""Which herb a prescription means: names, other names, and the words of processing around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BEFORE = (
    "蜜炙", "酒炙", "醋炙", "盐炙", "姜炙", "麸炒", "清炒", "土炒", "米炒", "砂烫", "水飞", "炙", "制", "炒", "生",
    "醋", "酒", "盐", "姜", "法", "蜜", "煅", "焦", "燀", "烫", "炮", "煨", "蒸", "熟", "鲜", "净", "麸", "煮", "飞",
)  # fmt: skip
_RAW = {"生", "鲜", "净"}
_AFTER = ("配方颗粒", "免煎颗粒", "饮片", "颗粒", "片", "段", "丝", "块", "末", "粉", "炭")
_BRACKETS = re.compile(r"^(.+?)[(（\[](.+?)[)）\]]$")


@dataclass(frozen=True, slots=True)
class Herb:
    """A herb, or a processed form of the herb ``base``; ``marks`` are its toxicity and what law says of it."""

    name: str
    base: str
    marks: frozenset[str] = frozenset()

    @property
    def root(self) -> str:
        """The herb itself, whatever was done to it."""
        return self.base or self.name


_NOT_ASKED = Herb("", "")


class Names:
    """All herbs by all their names."""

    def __init__(self, herbs: Iterable[tuple[Herb, Iterable[str]]]) -> None:
        self._herbs: dict[str, Herb] = {}
        for herb, others in herbs:
            for name in (herb.name, *others):
                if name in self._herbs:
                    message = f"the name {name} is given twice"
                    raise ValueError(message)
                self._herbs[name] = herb
        self._memory: dict[tuple[str, str], Herb | None] = {}

    def __getitem__(self, name: str) -> Herb:
        return self._herbs[name]

    def add(self, others: Mapping[str, str]) -> None:
        """Let more names mean known herbs; a name that is known, or means nothing known, changes nothing."""
        for name, meant in others.items():
            if meant in self._herbs:
                self._herbs.setdefault(name, self._herbs[meant])
        self._memory.clear()

    def herbs(self) -> list[Herb]:
        """Every herb once."""
        return list({herb.name: herb for herb in self._herbs.values()}.values())

    def resolve(self, name: str, processing: str = "") -> Herb | None:
        """The herb of that name; None where no rule knows it."""
        asked = (name, processing)
        found = self._memory.get(asked, _NOT_ASKED)
        if found is _NOT_ASKED:
            if len(self._memory) > _REMEMBERED:
                self._memory.clear()
            found = self._memory[asked] = self._resolve(name.strip(), processing.strip())
        return found

    def _resolve(self, name: str, processing: str) -> Herb | None:
        bracketed = _BRACKETS.match(name)
        if bracketed and name not in self._herbs:
            name, processing = bracketed[1].strip(), processing or bracketed[2].strip()
        if processing:
            found = self._processed(name, processing)
            if found is not None:
                return found
        return self._herbs.get(name) or self._stripped(name)

    def _processed(self, name: str, processing: str) -> Herb | None:
        found = self._herbs.get(processing + name)
        if found is not None:
            return found
        known = self._herbs.get(name)
        if known is not None and any(word in processing for word in _BEFORE):
            return self._form(known, processing)
        return known

    def _stripped(self, name: str) -> Herb | None:
        """What is left of the name without words of processing and of cutting."""
        for word in _BEFORE:
            if name.startswith(word) and name[len(word) :] in self._herbs:
                return self._form(self._herbs[name[len(word) :]], word)
        for word in _AFTER:
            if name.endswith(word) and len(name) > len(word) + 1:
                found = self._herbs.get(name[: -len(word)]) or self._stripped(name[: -len(word)])
                if found is not None:
                    return found
        return None

    def _form(self, herb: Herb, word: str) -> Herb:
        """The processed form that is known, where something was done to the herb."""
        if word in _RAW:
            return self._herbs.get(f"生{herb.name}", herb)
        return self._herbs.get(f"制{herb.name}", herb)


_REMEMBERED = 20_000


def base_of(name: str, known: Mapping[str, Herb]) -> str:
    """The herb of which ``name`` is a form, by the words of processing in it; empty where there is none."""
    for word in _BEFORE:
        if name.startswith(word) and name[len(word) :] in known:
            return known[name[len(word) :]].root
    for word in _AFTER:
        if name.endswith(word) and name[: -len(word)] in known:
            return known[name[: -len(word)]].root
    return ""
