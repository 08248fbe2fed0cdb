"""JSON Pointers: reading them and following them. https://www.rfc-editor.org/rfc/rfc6901"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xinglin.fhir.patch.trees import described
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

_WRONG_ESCAPE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")


def parse(text: str) -> list[str]:
    """The tokens of a pointer; ``[]`` for the whole document."""
    if text == "":
        return []
    if not text.startswith("/"):
        raise invalid(
            "%(pointer)s is not a JSON Pointer: it should be empty or begin with '/'.",
            code="value",
            pointer=repr(text[:80]),
        )
    if _WRONG_ESCAPE.search(text):
        raise invalid(
            "%(pointer)s is not a JSON Pointer: '~' should be followed by 0 (for '~') or 1 (for '/').",
            code="value",
            pointer=repr(text[:80]),
        )
    return [token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:]]


def expression(resource: Any, tokens: Sequence[str]) -> str:
    """The FHIRPath that names the same: ``/name/0/given`` of a Patient is ``Patient.name[0].given``."""
    start = resource.get("resourceType") if isinstance(resource, dict) else None
    parts = [start if isinstance(start, str) else "Resource"]
    parts += [f"[{token}]" if _INDEX.fullmatch(token) else f".{token}" for token in tokens]
    return "".join(parts)


def child(parent: Any, token: str, where: str) -> Any:
    """What ``token`` names in ``parent``; ``where`` is the FHIRPath of the parent, for the message."""
    if isinstance(parent, dict):
        if token in parent:
            return parent[token]
        raise invalid(
            "%(where)s has no member %(token)s: it is %(there)s.",
            code="not-found",
            expression=where,
            where=where,
            token=repr(token),
            there=described(parent),
        )
    if isinstance(parent, list):
        return parent[index(parent, token, where, below=len(parent))]
    raise invalid(
        "%(where)s has nothing below it: it is %(there)s.",
        code="not-found",
        expression=where,
        where=where,
        there=described(parent),
    )


def index(parent: list[Any], token: str, where: str, *, below: int) -> int:
    """The position that ``token`` names in an array, less than ``below``."""
    if not _INDEX.fullmatch(token):
        raise invalid(
            "%(token)s is no position in %(where)s: it is %(there)s, so a whole number should stand here.",
            code="value",
            expression=where,
            where=where,
            token=repr(token),
            there=described(parent),
        )
    position = int(token)
    if position >= below:
        raise invalid(
            "%(where)s has no position %(token)s: it is %(there)s.",
            code="not-found",
            expression=where,
            where=where,
            token=token,
            there=described(parent),
        )
    return position


def follow(document: Any, tokens: Sequence[str]) -> Any:
    """The value that the pointer names; a fault names the deepest place reached and what is there instead."""
    value = document
    for depth, token in enumerate(tokens):
        value = child(value, token, expression(document, tokens[:depth]))
    return value
