"""What is wrong with a shared document: its header by the skeleton of the standard, its body by the kind's template.

Each thing wrong is a ``Reason`` with its place and what would be right. What the standard leaves no doubt about is an
error; what a template only supposes (confidence ``unsure``) is a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.exchange.cda import kinds
from xinglin.exchange.cda.checking.bodies import check_body, match
from xinglin.exchange.cda.checking.findings import (
    Findings,
)
from xinglin.exchange.cda.checking.headers import check_beginning, check_numbers, check_people, check_person
from xinglin.exchange.doors import ERROR, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.exchange.cda.documents import Document

__all__ = ["check", "errors", "match"]


def check(document: Document) -> list[Reason]:
    """All that is wrong with the document."""
    found = Findings()
    kind = kinds.find(document.code)
    check_beginning(found, document, kind)
    check_person(found, document)
    check_people(found, document)
    if kind is None:
        return found.reasons
    check_numbers(found, document, kind)
    check_body(found, document, kind)
    return found.reasons


def errors(reasons: Iterable[Reason]) -> Iterator[Reason]:
    """Those for which a document cannot be used."""
    return (one for one in reasons if one.severity == ERROR)
