"""In which characters a message is written: what it says, what is usual at its sender, and what its bytes show.

Senders whose software speaks GBK often declare UTF-8, or nothing. So the declaration is believed only as long as the
bytes bear it out, and a contradiction is reported.
"""

from __future__ import annotations

import codecs
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, WARNING, Reason

CHINESE = "gb18030"  # reads GB 2312 and GBK too
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WIDE = (("MSH".encode("utf-16-le"), "utf-16-le"), ("MSH".encode("utf-16-be"), "utf-16-be"))
_FOLDED = re.compile(r"[\s\-/_.]+")


class Unreadable(ValueError):  # noqa: N818 -- the bytes are
    """The bytes are no text in any charset that is possible here: ``offset`` is where that shows."""

    def __init__(self, reason: Reason, offset: int) -> None:
        super().__init__(reason.words)
        self.reason = reason
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message as text, the codec that read it, and what is odd about it."""

    text: str
    codec: str
    reasons: tuple[Reason, ...] = ()


@cache
def _table() -> dict[str, str]:
    text = (Path(__file__).parent / "data" / "charsets.toml").read_text(encoding="utf-8")
    return {_FOLDED.sub("", name).upper(): codec for name, codec in tomllib.loads(text)["charsets"].items()}


def codec_of(name: str) -> str | None:
    """The codec for what MSH-18 or a sender's entry says; None for a name that is not known."""
    return _table().get(_FOLDED.sub("", name).upper())


def decode(body: bytes, said: str, usual: str = "") -> Decoded:
    """Read ``body``. ``said`` is MSH-18; ``usual`` the sender's entry, which counts where the message says nothing
    or what it says cannot be.

    Raises ``Unreadable``.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return _tried(body[len(mark) :], (codec,), said)
    for start, codec in _WIDE:
        if body.startswith(start):
            return _tried(body, (codec,), said)
    declared = codec_of(said) if said else None
    reasons: tuple[Reason, ...] = ()
    if said and declared is None:
        text = gettext_noop("The charset %(charset)s is not known; the message was read by its bytes.")
        reasons = (Reason(WARNING, "not-supported", "MSH-18", text, {"charset": said}),)
    if body.isascii():
        codec = "ascii" if declared is None or declared == "utf-16" else declared
        return Decoded(body.decode("ascii"), codec, reasons)
    found = _tried(body, _candidates(body, declared, codec_of(usual) if usual else None), said)
    if declared is not None and found.codec != declared:
        text = gettext_noop("The message says that it is written in %(said)s, but its bytes are %(real)s.")
        params = {"said": said, "real": _shown(found.codec)}
        reasons = (Reason(WARNING, "value", "MSH-18", text, params),)
    return Decoded(found.text, found.codec, reasons)


def _candidates(body: bytes, declared: str | None, usual: str | None) -> tuple[str, ...]:
    """The codecs to try, the likeliest first. A charset of single bytes reads anything and so proves nothing."""
    if declared != "utf-8" and _is_plainly_utf8(body):
        return ("utf-8",)
    of_bytes = (declared or "").startswith(("iso8859", "cp125"))
    wanted = (usual, declared) if of_bytes else (declared, usual)
    likely = [codec for codec in wanted if codec is not None and codec not in {"ascii", "utf-16"}]
    return tuple(dict.fromkeys([*likely, "utf-8", CHINESE]))


def _is_plainly_utf8(body: bytes) -> bool:
    """Whether the bytes are UTF-8 and mostly Chinese in it: text of GBK hardly ever looks like that."""
    try:
        others = [char for char in body.decode("utf-8") if char > "\x7f"]
    except UnicodeDecodeError:
        return False
    return sum(char >= "\u2e80" for char in others) * 2 > len(others)


def _tried(body: bytes, codecs_: tuple[str, ...], said: str) -> Decoded:
    first: UnicodeDecodeError | None = None
    for codec in codecs_:
        try:
            return Decoded(body.decode(codec), codec)
        except UnicodeDecodeError as error:
            first = first or error
    assert first is not None
    text = gettext_noop(
        "These bytes are no text in %(charset)s: %(bytes)s. Was the message cut off inside a character?"
    )
    shown = body[first.start : first.start + 4].hex(" ").upper()
    params = {"charset": said or _shown(first.encoding), "bytes": shown}
    raise Unreadable(Reason(ERROR, "structure", "", text, params), first.start)


def _shown(codec: str) -> str:
    return {"gb18030": "GB 18030-2000", "utf-8": "UNICODE UTF-8"}.get(codec, codec)


def encode(text: str, codec: str) -> bytes:
    """``text`` in the charset of the message that it answers; what that cannot write becomes a question mark."""
    return text.encode("utf-8" if codec == "ascii" and not text.isascii() else codec, "replace")
