"""What a holder shows: a signed token of a minute, or the printed number. And how it is drawn.

The shown code is a token for the audience ``card``, whose subject is the card's id and, where a carer shows it, the
id of the binding that lets them. The printed code is the card's
number and ``:1``, the form in which electronic health cards are printed in China (64 hexadecimal digits and 1 for a
static code); it says nothing of its holder and proves nothing, so the counter compares a document.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import segno
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from xinglin.crypto import tokens
from xinglin.healthcard import keys

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.crypto.tokens import Token

AUDIENCE = "card"
_NUMBER = re.compile(r"([0-9A-F]{64})(?::([01]))?")
_ID_BYTES = 8


class Way(StrEnum):
    """How a card was presented."""

    SHOWN = "shown"  # the code of a minute
    PRINTED = "printed"  # the number, scanned or typed
    NONE = "none"  # neither: it could not be read


@dataclass(frozen=True, slots=True)
class Presented:
    """What was read: a token, or a number in lower case; both None for anything else."""

    way: Way
    token: str | None = None
    number: str | None = None


def number_of(person: str, kind: str, card: int) -> str:
    """The number of a new card: 64 hexadecimal digits, HMAC-SM3 over person, kind and the card's own id.

    Two cards of a person have nothing in common that an outsider could see; without the key nobody can tell
    a number from a random one.
    """
    return keys.ring(keys.NUMBER).current.keyed(f"{person}\0{kind}\0{card}".encode()).hex()


def shown(card: int, *, now: datetime, binding: int | None = None) -> str:
    """A fresh code for the holder to show, or for the carer of a binding."""
    subject = card.to_bytes(_ID_BYTES, "big")
    return tokens.issue(
        keys.ring(keys.CODE),
        subject if binding is None else subject + binding.to_bytes(_ID_BYTES, "big"),
        audience=AUDIENCE,
        now=now,
        seconds=settings.SETTINGS.card_seconds,
    )


def printed(number: str) -> str:
    """The code to be printed."""
    return f"{number.upper()}:1"


def presented(text: str) -> Presented:
    """What was scanned or typed. Full-width characters, blanks and small letters come from keyboards, not from us."""
    clean = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if clean.startswith(tokens.PREFIX):
        return Presented(Way.SHOWN, token=clean)
    form = _NUMBER.fullmatch(clean)
    if form is not None:
        return Presented(Way.PRINTED, number=form[1].lower())
    return Presented(Way.NONE)


def read(token: str, *, now: datetime) -> Token:
    """The token if it holds at ``now``; raises ``TokenRefused``."""
    return tokens.read(keys.ring(keys.CODE), token, audience=AUDIENCE, now=now)


def subject_of(token: Token) -> tuple[int, int | None]:
    """The card that a token is about, and the binding by which it is shown; 0, which no card has, for another form."""
    said = token.subject
    if len(said) not in (_ID_BYTES, 2 * _ID_BYTES):
        return 0, None
    rest = said[_ID_BYTES:]
    return int.from_bytes(said[:_ID_BYTES], "big"), int.from_bytes(rest, "big") if rest else None


def drawing(text: str) -> SafeString:
    """The QR code as inline SVG, black on white in every theme, without a size of its own."""
    code = segno.make_qr(text, error="m", boost_error=False)
    drawn = code.svg_inline(
        omitsize=True, dark="#000", light="#fff", border=3, svgclass="xl-qr", lineclass=None
    )
    return mark_safe(drawn)  # noqa: S308 -- segno's drawing of a text of ours
