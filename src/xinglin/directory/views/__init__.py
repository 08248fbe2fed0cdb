"""The directory's pages: ``tree`` and search, ``things``, ``divisions``, ``editing``, ``imports``."""

from xinglin.directory.views.divisions import change_division, division
from xinglin.directory.views.editing import edit, options, restore
from xinglin.directory.views.imports import (
    carry_out,
    export,
    imports,
    one_import,
    provinces,
    report,
    template,
)
from xinglin.directory.views.things import thing
from xinglin.directory.views.tree import branches, find, home

__all__ = [
    "branches",
    "carry_out",
    "change_division",
    "division",
    "edit",
    "export",
    "find",
    "home",
    "imports",
    "one_import",
    "options",
    "provinces",
    "report",
    "restore",
    "template",
    "thing",
]
