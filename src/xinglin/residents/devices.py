"""The device behind a session in words, from what the browser says of itself (``data/devices-1.toml``). Pure."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"
_VERSION = 1


@cache
def table() -> dict[str, Any]:
    """The whole table, with its source and confidence."""
    return tomllib.loads((_DATA / f"devices-{_VERSION}.toml").read_text())


def named(agent: str, language: str) -> str:
    """``Chrome on a computer with Windows``, as far as it is known; ``language`` is ``zh`` or ``en``."""
    system, browser = _first("system", agent, language), _first("browser", agent, language)
    if system and browser:
        said: str = table()["said"][language] % {"system": system, "browser": browser}
        return said
    return system or browser or str(table()["unknown"][language])


def _first(kind: str, agent: str, language: str) -> str:
    return next((str(one[language]) for one in table()[kind] if one["holds"] in agent), "")
