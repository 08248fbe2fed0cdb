"""``multipart/related`` (RFC 2387) read as it comes, and written: parts of any length are never held whole."""

from __future__ import annotations

import secrets
from email.message import Message
from typing import TYPE_CHECKING, Protocol

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CHUNK = 1 << 18
_LONGEST_HEAD = 16 * 1024


class Source(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes: ...


def parameters(text: str) -> tuple[str, dict[str, str]]:
    """A media type in small letters, and its parameters."""
    message = Message()
    message["Content-Type"] = text
    found = message.get_params(failobj=[], unquote=True)
    return (found[0][0].lower() if found else ""), {name.lower(): value for name, value in found[1:]}


def limited(source: Source, length: int) -> Source:
    """The first ``length`` bytes of a source."""
    return _Limited(source, length)


class _Limited:
    def __init__(self, source: Source, length: int) -> None:
        self._source, self._left = source, length

    def read(self, size: int, /) -> bytes:
        piece = self._source.read(min(size, self._left)) if self._left else b""
        self._left -= len(piece)
        return piece


class Reader:
    """Parts one after the other: ``next_head``, then ``copy`` its content somewhere, and so on.

    Raises ``invalid`` where what comes is no multipart with this boundary, or ends too early.
    """

    def __init__(self, source: Source, boundary: str) -> None:
        if not 1 <= len(boundary) <= 70:
            raise invalid(
                gettext_noop("The header Content-Type needs the parameter boundary: 1 to 70 signs.")
            )
        self._source = source
        self._mark = b"\r\n--" + boundary.encode("latin-1")
        self._held = bytearray(b"\r\n")  # so that the first boundary looks like the others
        self._ended = False
        self._begun = False

    def next_head(self) -> dict[str, str] | None:
        """The headers of the next part, names in small letters; None after the last."""
        if not self._begun:
            self.copy(lambda _: None)  # what stands before the first boundary means nothing
            self._begun = True
        while len(self._held) < 2 and self._fill():
            pass
        if self._held[:2] == b"--":
            return None
        while b"\r\n\r\n" not in self._held:
            if len(self._held) > _LONGEST_HEAD:
                raise invalid(
                    gettext_noop("The headers of a part are longer than %(most)d bytes."), most=_LONGEST_HEAD
                )
            if not self._fill():
                raise _too_early()
        line_end = self._held.index(b"\r\n")
        if self._held[:line_end].strip():
            raise invalid(gettext_noop("Something stands behind a boundary."), code="structure")
        head, _, rest = bytes(self._held[line_end:]).partition(b"\r\n\r\n")
        self._held = bytearray(rest)
        return _headers(head)

    def copy(self, write: Callable[[bytes], object]) -> None:
        """Give the content of the part to ``write``, to the next boundary."""
        mark = self._mark
        while True:
            found = self._held.find(mark)
            if found >= 0:
                if found:
                    write(bytes(self._held[:found]))
                del self._held[: found + len(mark)]
                return
            safe = len(self._held) - len(mark) + 1
            if safe > 0:
                write(bytes(self._held[:safe]))
                del self._held[:safe]
            if not self._fill():
                raise _too_early()

    def _fill(self) -> bool:
        piece = b"" if self._ended else self._source.read(_CHUNK)
        self._ended = not piece
        self._held += piece
        return bool(piece)


def _headers(text: bytes) -> dict[str, str]:
    found = {}
    for line in text.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            found[name.strip().lower()] = value.strip()
    return found


def _too_early() -> Exception:
    return invalid(
        gettext_noop("The body ends before its last boundary: something was lost on the way."),
        code="incomplete",
    )


def boundary() -> str:
    """A new one."""
    return secrets.token_hex(16)


def written(parts: Iterable[tuple[list[tuple[str, str]], Iterable[bytes]]], mark: str) -> Iterator[bytes]:
    """The body with these parts: headers and content each."""
    for headers, content in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        yield f"--{mark}\r\n{lines}\r\n".encode("latin-1")
        yield from content
        yield b"\r\n"
    yield f"--{mark}--\r\n".encode("latin-1")
