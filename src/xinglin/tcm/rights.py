"""Which roles have which rights, as a package's data say it. Pure."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@cache
def of(path: Path, *names: str) -> dict[str, frozenset[str]]:
    """The roles of each of these rights in a file of TOML."""
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: frozenset(said[name]) for name in names}
