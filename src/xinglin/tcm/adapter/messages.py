"""The message set by data: which messages there are, what each has to hold, and what an answer says. Pure.

A message is held as a tree: members are texts, trees, or lists of trees, as XML and JSON both give them.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DATA = Path(__file__).parent / "data"
HEADER = "Header"
_TIME = re.compile(r"\d{4}-?\d{2}-?\d{2}(?:[T ]?\d{2}:?\d{2}(?::?\d{2})?)?")
_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}")
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?")
_FORMS = {
    "time": (_TIME, gettext_noop("Write a moment as YYYYMMDDhhmmss; “%(value)s” is none.")),
    "date": (_DATE, gettext_noop("Write a day as YYYYMMDD; “%(value)s” is none.")),
    "number": (_NUMBER, gettext_noop("“%(value)s” is no number.")),
}


@dataclass(frozen=True, slots=True)
class Field:
    """An element of a message. ``kind`` is text, date, time, number or list; a list has ``fields`` of its own."""

    name: str
    text: str
    text_en: str
    confidence: str
    required: bool = False
    kind: str = "text"
    most: int = 0  # characters; 0 for any number
    codes: tuple[str, ...] = ()
    inside: str = ""  # the element around each entry of a list, where there is one
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Type:
    """A type of message. ``direction`` is in (clinic to platform) or both."""

    type: str
    payload: str
    direction: str
    name: str
    name_en: str
    confidence: str
    fields: tuple[Field, ...]
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says."""

    code: str
    text: str
    text_en: str


@dataclass(frozen=True, slots=True)
class MessageSet:
    """All of a version."""

    version: str
    types: Mapping[str, Type]
    answers: Mapping[str, Said]
    patients: tuple[str, ...]

    def said(self, code: str) -> Said:
        """What is answered for a reason's code, ``stored`` or ``received``."""
        return self.answers.get(code) or self.answers[""]


@cache
def shipped() -> MessageSet:
    """The message set of this version."""
    return read((DATA / "messages-1.toml").read_text("utf-8"))


def read(text: str) -> MessageSet:
    """A message set from its file; ``ValueError`` or ``TypeError`` where it is wrong."""
    said = tomllib.loads(text)
    types = {one["type"]: _type(one) for one in said["message"]}
    answers = {code: Said(**given) for code, given in said["answers"].items()}
    return MessageSet(str(said["version"]), types, answers, tuple(said["patients"]))


def _type(given: dict[str, Any]) -> Type:
    return Type(**{**given, "fields": tuple(_field(one) for one in given["fields"])})


def _field(given: dict[str, Any]) -> Field:
    inner = tuple(_field(one) for one in given.get("fields", ()))
    return Field(**{**given, "codes": tuple(given.get("codes", ())), "fields": inner})


def entries(tree: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The trees under a member, however many there are."""
    found = tree.get(name)
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def text_of(tree: Mapping[str, Any], name: str) -> str:
    """The text of a member; empty where there is none."""
    found = tree.get(name)
    return found.strip() if isinstance(found, str) else ""


def check(of: Type, tree: Mapping[str, Any]) -> list[Reason]:
    """What is wrong with a message of a type, with the place of each."""
    payloads = entries(tree, of.payload)
    if not payloads:
        said = gettext_noop("The message has no element %(name)s.")
        return [Reason(ERROR, "required", of.payload, said, {"name": of.payload})]
    if len(payloads) > 1 and not of.repeats:
        said = gettext_noop("There is more than one %(name)s; send each in a message of its own.")
        return [Reason(ERROR, "structure", of.payload, said, {"name": of.payload})]
    found: list[Reason] = []
    for number, payload in enumerate(payloads, 1):
        place = f"{of.payload}[{number}]" if of.repeats else of.payload
        found += _wrong(of.fields, payload, place)
    return found


def _wrong(fields: tuple[Field, ...], tree: Mapping[str, Any], place: str) -> Iterator[Reason]:
    for field in fields:
        at = f"{place}/{field.name}"
        if field.kind == "list":
            yield from _wrong_list(field, tree, at)
        elif field.name in tree and not isinstance(tree[field.name], str):
            said = gettext_noop("Here stands one text, and nothing inside of it.")
            yield Reason(ERROR, "structure", at, said)
        else:
            yield from _wrong_text(field, text_of(tree, field.name), at)


def _wrong_list(field: Field, tree: Mapping[str, Any], at: str) -> Iterator[Reason]:
    found = entries(tree, field.name)
    if field.inside:
        found = [one for outer in found for one in entries(outer, field.inside)]
    if field.required and not found:
        yield _missing(field, at)
    for number, one in enumerate(found, 1):
        yield from _wrong(
            field.fields, one, f"{at}/{field.inside}[{number}]" if field.inside else f"{at}[{number}]"
        )


def _wrong_text(field: Field, value: str, at: str) -> Iterator[Reason]:
    if not value:
        if field.required:
            yield _missing(field, at)
        return
    if field.codes and value not in field.codes:
        said = gettext_noop("“%(value)s” is none of the codes %(known)s.")
        yield Reason(ERROR, "code-invalid", at, said, {"value": value[:40], "known": ", ".join(field.codes)})
    pattern, said = _FORMS.get(field.kind, (None, ""))
    if pattern is not None and not pattern.fullmatch(value):
        yield Reason(ERROR, "value", at, said, {"value": value[:40]})
    if field.most and len(value) > field.most:
        said = gettext_noop("The text has %(size)d characters; at most %(most)d are taken.")
        yield Reason(ERROR, "value", at, said, {"size": len(value), "most": field.most})


def _missing(field: Field, at: str) -> Reason:
    said = gettext_noop("%(name)s (%(text)s) is missing.")
    return Reason(ERROR, "required", at, said, {"name": field.name, "text": field.text})
