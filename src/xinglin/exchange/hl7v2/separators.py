"""The characters that split a message, and the sequences that stand for them (and for a few other things) in a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, partial

NULL = '""'  # in a field: the value is to be deleted, whereas an empty field says nothing
_KNOWN = (
    r"F|S|T|R|E|P|H|N|X(?:[0-9A-Fa-f]{2})+"
    r"|\.(?:br|fi|nf|ce|sp[+]?\d{0,2}|sk[+]?\d{0,2}|in[+-]?\d{0,2}|ti[+-]?\d{0,2})"
)
_LINES = {".br": "\n", ".ce": "\n", ".sp": "\n"}


@dataclass(frozen=True, slots=True)
class Separators:
    """As MSH-1 and MSH-2 say. One that the message has not is a control character, which no text has;
    ``escape`` and ``truncation`` are empty then.
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""

    @property
    def encoding(self) -> str:
        """MSH-2."""
        marks = (self.component, self.repetition, self.escape, self.subcomponent, self.truncation)
        return "".join(mark for mark in marks if mark > " ")


USUAL = Separators()


def read(raw: str, separators: Separators = USUAL, charset: str = "utf-8") -> str:
    r"""The text that ``raw`` stands for. What only looks like a sequence, as in ``C:\temp``, is left as it is.

    ``charset`` is the codec of the bytes in ``\X…\``.
    """
    escape = separators.escape
    if not escape or escape not in raw:
        return raw
    return _sequences(escape).sub(partial(_meant, separators, charset), raw)


@lru_cache(maxsize=32)
def _sequences(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(f"{mark}({_KNOWN}){mark}")


def _meant(separators: Separators, charset: str, found: re.Match[str]) -> str:
    sequence = found[1]
    if sequence[0] == "X":
        return (
            bytes.fromhex(sequence[1:]).decode(charset, "replace").replace("\r\n", "\n").replace("\r", "\n")
        )
    if sequence[0] == ".":
        times = int(sequence[3:] or 1) if sequence.startswith(".sp") else 1
        return _LINES.get(sequence[:3], "") * times
    return _standing_for(separators).get(sequence, "")


@lru_cache(maxsize=32)
def _standing_for(separators: Separators) -> dict[str, str]:
    r"""``\H\`` and ``\N\`` (highlighting) stand for nothing."""
    return {
        "F": separators.field,
        "S": separators.component,
        "T": separators.subcomponent,
        "R": separators.repetition,
        "E": separators.escape,
        "P": separators.truncation,
    }


def write(text: str, separators: Separators = USUAL) -> str:
    r"""``text`` as it may stand in a field: ``read`` gives it back. Line breaks become ``\.br\``.

    Where a message has no escape character, what would split it is written as a blank.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_written(separators))


@lru_cache(maxsize=32)
def _written(separators: Separators) -> dict[int, str]:
    mark = separators.escape
    table = {number: f"{mark}X{number:02X}{mark}" for number in range(32)}
    table[10] = f"{mark}.br{mark}"
    table[9] = "\t"
    table.update(
        (ord(char), f"{mark}{name}{mark}") for name, char in _standing_for(separators).items() if char
    )
    return table if mark else dict.fromkeys(table, " ")
