"""Shared documents read from XML: ``trees`` is careful, ``headers`` and ``bodies`` read it by ``pieces``."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from xinglin.exchange.cda.documents import (
    V3,
    Document,
)
from xinglin.exchange.cda.reading.headers import HEADER
from xinglin.exchange.cda.reading.pieces import N
from xinglin.exchange.cda.reading.trees import DEEPEST, LONGEST, MOST, tree
from xinglin.kernel.errors import invalid

__all__ = ["DEEPEST", "LONGEST", "MOST", "read", "read_tree", "tree"]


def read(body: bytes, charset: str = "") -> Document:
    """The document that the bytes are."""
    return read_tree(tree(body, charset))


def read_tree(root: Any) -> Document:
    """The document below a ClinicalDocument element."""
    if root.tag != N + "ClinicalDocument":
        raise invalid(
            gettext_noop("This is no shared document: the root should be ClinicalDocument in %(space)s."),
            code="structure", expression="/" + str(root.tag).rpartition("}")[2], space=V3,
        )  # fmt: skip
    document = Document(node=root, confidentiality="", language="", realm="")
    for child in root:
        reader = HEADER.get(child.tag)
        if reader is not None:
            reader(document, child)
    return document
