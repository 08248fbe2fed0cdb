"""From the text of a FHIRPath expression to its tokens.

https://hl7.org/fhirpath/N1/#lexical-elements
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
_DELIMITED = r"`(?:[^`\\]|\\.)*`"
_STRING = r"'(?:[^'\\]|\\.)*'"
_CLOCK = r"\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?"
_TOKEN = re.compile(
    rf"""
      (?P<space>      (?: \s | //[^\r\n]* | /\*.*?\*/ )+ )
    | (?P<moment>     @T{_CLOCK} | @\d{{4}}(?:-\d\d(?:-\d\d)?)?(?:T(?:{_CLOCK}(?:Z|[+-]\d\d:\d\d)?)?)? )
    | (?P<number>     \d+(?:\.\d+)? )
    | (?P<identifier> {_IDENTIFIER} )
    | (?P<delimited>  {_DELIMITED} )
    | (?P<string>     {_STRING} )
    | (?P<external>   %(?:{_IDENTIFIER}|{_DELIMITED}|{_STRING}) )
    | (?P<special>    \$(?:this|index|total)\b )
    | (?P<symbol>     <= | >= | != | !~ | /(?!\*) | [-.,()\[\]{{}}+*&|<>=~] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_UNESCAPED = {"f": "\f", "n": "\n", "r": "\r", "t": "\t"} | {char: char for char in "\\/'`\""}


class Token(NamedTuple):
    """``kind`` is a group of the pattern above, or ``end``; ``text`` as written; ``start`` counted from 0."""

    kind: str
    text: str
    start: int


def tokens(text: str) -> Iterator[Token]:
    """The tokens of ``text`` without spaces and comments, closed by one of kind ``end``."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise errors.invalid(
                "The FHIRPath expression %(text)s cannot be read at character %(position)d: "
                "%(found)s starts no token",
                text=repr(text),
                position=position + 1,
                found=repr(text[position : position + 10]),
            )
        kind = str(match.lastgroup)
        if kind != "space":
            yield Token(kind, match.group(), position)
        position = match.end()
    yield Token("end", "", position)


def unquote(token: Token) -> str:
    """What a string or delimited identifier says: without its quotes, escapes undone."""

    def plain(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        if match[2] not in _UNESCAPED:
            raise errors.invalid(
                "The FHIRPath literal %(literal)s has an unknown escape %(escape)s",
                literal=token.text,
                escape=match[0],
            )
        return _UNESCAPED[match[2]]

    return _ESCAPE.sub(plain, token.text[1:-1])
