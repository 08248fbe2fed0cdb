"""The answer to a message, by chapter 2 of the standard.

In the *original* mode one answer says what became of the message: AA it is in the record, AE it could not be used (the
ERR segments say where and why), AR it was refused and is not kept. In the *enhanced* mode, which a sender asks for
by MSH-15 or MSH-16, a commit accept (CA, CE, CR) says whether the message is in custody, and an application
acknowledgement says the rest; each is sent only if the sender wants it.
"""

from __future__ import annotations

import re
import secrets
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, Reason
from xinglin.exchange.hl7v2 import charsets, separators
from xinglin.exchange.hl7v2.messages import Segment
from xinglin.exchange.receipts import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MEDIA = "application/hl7-v2"
APPLICATION = "XINGLIN"
MOST_ERRORS = 20
_PLACE = re.compile(
    r"(?:[A-Z0-9_\[\]]+/)*(?P<segment>[A-Z][A-Z0-9]{2})(?:\[(?P<sequence>\d+)\])?"
    r"(?:-(?P<field>\d+)(?:\[(?P<repetition>\d+)\])?(?:\.(?P<component>\d+)(?:\.(?P<subcomponent>\d+))?)?)?"
)


class Outcome(StrEnum):
    """What became of a message."""

    STORED = "stored"
    KEPT = "kept"  # in custody, not worked yet
    UNUSABLE = "unusable"  # in custody, in quarantine
    REFUSED = "refused"  # not kept
    BUSY = "busy"  # not kept; it may be sent again


APPLICATION_CODES = {
    Outcome.STORED: "AA",
    Outcome.KEPT: "AA",
    Outcome.UNUSABLE: "AE",
    Outcome.REFUSED: "AR",
    Outcome.BUSY: "AR",
}
OUTCOMES = {
    State.RECEIVED: Outcome.KEPT,
    State.STORED: Outcome.STORED,
    State.QUARANTINED: Outcome.UNUSABLE,
    State.DISCARDED: Outcome.UNUSABLE,
}
_ACCEPT = {Outcome.REFUSED: "CR", Outcome.BUSY: "CE"}


@dataclass(frozen=True, slots=True)
class Wish:
    """Which answers a sender wants: conditions of HL7 table 0155, AL, NE, ER or SU; both empty in the original mode."""

    accept: str = ""
    application: str = ""

    @property
    def is_enhanced(self) -> bool:
        return bool(self.accept or self.application)

    def codes(self, outcome: Outcome) -> tuple[str, ...]:
        """The acknowledgement codes to answer with, in their order."""
        if not self.is_enhanced:
            return (APPLICATION_CODES[outcome],)
        is_kept = outcome not in _ACCEPT
        answers = [_ACCEPT.get(outcome, "CA")] if _wanted(self.accept, good=is_kept) else []
        if is_kept and outcome != Outcome.KEPT and _wanted(self.application, good=outcome == Outcome.STORED):
            answers.append(APPLICATION_CODES[outcome])
        return tuple(answers)


def _wanted(condition: str, *, good: bool) -> bool:
    """An empty condition beside one that is given means never."""
    return condition in {"AL", "SU" if good else "ER"}


def wish_of(header: Segment | None) -> Wish:
    if header is None:
        return Wish()
    known = {"AL", "NE", "ER", "SU"}
    accept, application = (header.text(number).strip().upper() for number in (15, 16))
    return Wish(accept if accept in known else "", application if application in known else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says beside its code. ``control`` is its own id: twenty characters at most by older versions."""

    at: datetime
    reasons: Sequence[Reason] = ()
    receipt: str = ""
    control: str = field(default_factory=partial(secrets.token_hex, 10))


def write(header: Segment | None, code: str, answer: Answer, codec: str = "utf-8") -> bytes:
    """The answer to the message with that header (as much of it as could be read), in its charset and version."""
    if header is None:
        marks, version = separators.USUAL, (2, 5)
    else:
        marks, version = header.separators, _version(header.text(12))
    lines = [_header(header, marks, answer), _msa(header, code, answer, marks, version)]
    if code[1] != "A":
        lines.extend(_errors(code, answer.reasons, marks, version))
    return charsets.encode("".join(f"{line}\r" for line in lines), codec)


def _version(text: str) -> tuple[int, int]:
    found = re.match(r"2\.(\d)", text)
    return (2, int(found[1])) if found else (2, 5)


def _line(marks: separators.Separators, *fields: str) -> str:
    return marks.field.join(fields).rstrip(marks.field)


def _header(header: Segment | None, marks: separators.Separators, answer: Answer) -> str:
    """Sender and receiver change places; what the sender wrote there is given back as it was."""
    heard = header or Segment(["MSH"], marks, "ascii")
    raw, event = heard.raw, heard.text(9, 2)
    version = raw(12) or "2.5.1"
    kind = ["ACK"]
    if event:
        kind.append(separators.write(event, marks))
    if event and _version(version) >= (2, 4):
        kind.append("ACK")
    at = answer.at.strftime("%Y%m%d%H%M%S%z")
    fields = [
        "MSH", marks.encoding, raw(5) or APPLICATION, raw(6), raw(3), raw(4), at, "", marks.component.join(kind),
        answer.control, raw(11) or "P", version, "", "", "", "", "", raw(18),
    ]  # fmt: skip
    return _line(marks, *fields)


def _msa(
    header: Segment | None, code: str, answer: Answer, marks: separators.Separators, version: tuple[int, int]
) -> str:
    """MSA-3, the text, is what people at the sender read; it was given up in 2.4 and is not allowed since 2.7."""
    control = header.raw(10) if header is not None else ""
    if version >= (2, 7):
        return _line(marks, "MSA", code, control)
    errors = [reason for reason in answer.reasons if reason.severity == ERROR] if code[1] != "A" else []
    said = _sentence(errors[0]) if errors else answer.receipt and f"Receipt {answer.receipt}"
    return _line(marks, "MSA", code, control, separators.write(said[:250], marks))


def _sentence(reason: Reason) -> str:
    return f"{reason.place}: {reason.words}" if reason.place else reason.words


def _errors(
    code: str, reasons: Sequence[Reason], marks: separators.Separators, version: tuple[int, int]
) -> list[str]:
    """One ERR for each reason from 2.5 on; before, one with all places."""
    shown = sorted(reasons, key=lambda reason: reason.severity != ERROR)[:MOST_ERRORS]
    if code[1] == "R" and not shown:
        shown = [Reason(ERROR, "exception", "", gettext_noop("The message was refused."))]
    if version >= (2, 5):
        return [_err(reason, marks) for reason in shown]
    places = [_old_place(reason, marks) for reason in shown if reason.severity == ERROR]
    return [_line(marks, "ERR", marks.repetition.join(places))] if places else []


def _err(reason: Reason, marks: separators.Separators) -> str:
    condition = condition_of(reason)
    coded = marks.component.join([condition, _texts().get(condition, ""), "HL70357"])
    severity = "E" if reason.severity == ERROR else "W"
    said = separators.write(reason.words, marks)
    return _line(marks, "ERR", "", location(reason.place, marks), coded, severity, "", "", said, said)


def _old_place(reason: Reason, marks: separators.Separators) -> str:
    """ERR-1: segment, sequence, field, and the condition as a coded element of subcomponents."""
    condition = condition_of(reason)
    coded = marks.subcomponent.join([condition, _texts().get(condition, ""), "HL70357"])
    where = location(reason.place, marks).split(marks.component)
    return marks.component.join([*[*where, "", "", ""][:3], coded])


def location(place: str, marks: separators.Separators = separators.USUAL) -> str:
    """ERR-2: segment^sequence^field^repetition^component^subcomponent, as far as the place says; the rest is cut."""
    found = _PLACE.fullmatch(place) or _PLACE.match(place)
    if found is None:
        return ""
    parts = [found["segment"], found["sequence"] or "1", found["field"]]
    if found["field"]:
        parts += [found["repetition"] or "1", found["component"], found["subcomponent"]]
    return marks.component.join(part or "" for part in parts).rstrip(marks.component)


def condition_of(reason: Reason) -> str:
    """The code of HL7 table 0357."""
    if reason.code == "not-supported" and reason.place.startswith("MSH-"):
        return {"MSH-9.2": "201", "MSH-11": "202", "MSH-12": "203"}.get(reason.place, "200")
    return str(_table()["conditions"].get(reason.code, "207"))


@cache
def _table() -> dict[str, dict[str, str]]:
    text = (Path(__file__).parent / "data" / "acknowledgements.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _texts() -> dict[str, str]:
    return _table()["texts"]
