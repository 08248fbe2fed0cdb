"""Functions of strings.

https://hl7.org/fhirpath/N1/#string-manipulation
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from functools import lru_cache

from xinglin.fhir.path.arithmetic import joined
from xinglin.fhir.path.functions.registry import Items, collection, scalar, single
from xinglin.kernel import errors

_GROUP = re.compile(r"\$(?:(\d+)|\{(\w+)\})")


@scalar("indexOf", str, str)
def index_of(text: str, part: str) -> int:
    return text.find(part)


@scalar("lastIndexOf", str, str)
def last_index_of(text: str, part: str) -> int:
    return text.rfind(part)


@collection("substring", 1, 2)
def substring(items: Items, start: Items, length: Items | None = None) -> Items:
    """From ``start``, counted from 0; outside the string nothing; without a length to the end."""
    text, first = single(items, (str,), "substring()"), single(start, (int,), "substring()")
    count = None if length is None else single(length, (int,), "substring()")
    if text is None or first is None or not 0 <= first < len(text):
        return []
    return [text[first:] if count is None else text[first : first + max(count, 0)]]


@scalar("startsWith", str, str)
def starts_with(text: str, part: str) -> bool:
    return text.startswith(part)


@scalar("endsWith", str, str)
def ends_with(text: str, part: str) -> bool:
    return text.endswith(part)


@scalar("contains", str, str)
def contains(text: str, part: str) -> bool:
    return part in text


@scalar("upper", str)
def upper(text: str) -> str:
    return text.upper()


@scalar("lower", str)
def lower(text: str) -> str:
    return text.lower()


@scalar("length", str)
def length_(text: str) -> int:
    return len(text)


@scalar("trim", str)
def trim(text: str) -> str:
    return text.strip()


@scalar("replace", str, str, str)
def replace(text: str, old: str, new: str) -> str:
    return joined(text.split(old) if old else ("", *text, ""), new)


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(
            text.replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!"), re.DOTALL
        )
    except re.error as error:
        raise errors.invalid(
            "The regular expression %(pattern)s in FHIRPath is wrong: %(error)s",
            pattern=repr(text),
            error=str(error),
        ) from error


@scalar("matches", str, str)
def matches(text: str, pattern: str) -> bool:
    return _pattern(pattern).search(text) is not None


@scalar("matchesFull", str, str)
def matches_full(text: str, pattern: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


@scalar("replaceMatches", str, str, str)
def replace_matches(text: str, pattern: str, substitution: str) -> str:
    """Every match replaced; ``$1`` and ``${name}`` stand for groups; an empty pattern matches nothing."""
    if not pattern:
        return text
    template = _GROUP.sub(r"\\g<\1\2>", substitution.replace("\\", "\\\\"))
    try:
        return _pattern(pattern).sub(template, text)
    except (re.error, IndexError) as error:
        raise errors.invalid(
            "The substitution %(substitution)s in FHIRPath names a group that %(pattern)s does not have",
            substitution=repr(substitution),
            pattern=repr(pattern),
        ) from error


@collection("toChars")
def to_chars(items: Items) -> Items:
    return list(single(items, (str,), "toChars()") or "")


@collection("split", 1)
def split(items: Items, separator: Items) -> Items:
    text, by = single(items, (str,), "split()"), single(separator, (str,), "split()")
    if text is None or by is None:
        return []
    return list(text.split(by)) if by else list(text)


@collection("join", 0, 1)
def join(items: Items, separator: Items | None = None) -> Items:
    by = "" if separator is None else single(separator, (str,), "join()")
    texts = [single([item], (str,), "join()") for item in items]
    return [joined([text for text in texts if text is not None], by or "")] if items else []


@scalar("encode", str, str)
def encode(text: str, form: str) -> str | None:
    """``hex``, ``base64`` or ``urlbase64`` of the UTF-8 bytes; another form is nothing."""
    data = text.encode()
    if form == "hex":
        return data.hex()
    if form == "base64":
        return base64.b64encode(data).decode()
    return base64.urlsafe_b64encode(data).decode() if form == "urlbase64" else None


@scalar("decode", str, str)
def decode(text: str, form: str) -> str | None:
    """What ``encode`` was given; nothing if that cannot be."""
    try:
        if form == "hex":
            return bytes.fromhex(text).decode()
        if form == "base64":
            return base64.b64decode(text, validate=True).decode()
        return base64.urlsafe_b64decode(text).decode() if form == "urlbase64" else None
    except (binascii.Error, ValueError):
        return None


@scalar("escape", str, str)
def escape(text: str, form: str) -> str | None:
    if form == "html":
        return html.escape(text, quote=True).replace("&#x27;", "&#39;")
    return json.dumps(text, ensure_ascii=False)[1:-1] if form == "json" else None


@scalar("unescape", str, str)
def unescape(text: str, form: str) -> str | None:
    if form == "html":
        return html.unescape(text)
    if form != "json":
        return None
    try:
        return str(json.loads(f'"{_quotes_escaped(text)}"', strict=False))
    except ValueError:
        return None


def _quotes_escaped(text: str) -> str:
    """A quotation mark that stands bare is taken as itself."""
    return re.sub(r'\\.|"', lambda found: '\\"' if found[0] == '"' else found[0], text, flags=re.DOTALL)
