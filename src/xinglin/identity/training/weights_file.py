"""What was learned, as a new weights file.

Shares among relatives and twins cannot be seen in pairs that nobody has labelled: they stay as in the file that
training started from, and so do the zones. Where Splink saw several of our levels as one, its share is parted as it was
before.
"""

from __future__ import annotations

import copy
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from xinglin.identity.training.model import Learned

_LEAST = 1e-6
_SETTLED = 0.5  # how far a share moves from what was believed to what was learned


def revised(base: str, learned: Learned, *, version: str, today: date) -> str:
    """The text of a weights file: ``base`` with the learned shares in it."""
    table: dict[str, Any] = copy.deepcopy(tomllib.loads(base))
    before = table["version"]
    table["version"] = version
    table["effective"] = today
    table["source"] = f"learned by Splink {learned.splink} from {learned.records} Patients, from {before}"
    table["confidence"] = "learned without labels"
    for field, shares in learned.m.items():
        _part(table["levels"][field], shares, "m")
    for field, shares in learned.u.items():
        _part(table["levels"][field], shares, "stranger")
    return dump(table)


def _part(levels: dict[str, dict[str, float]], shares: dict[str, float], key: str) -> None:
    for group, share in shares.items():
        names = [name for name in group.split() if key in levels.get(name, {})]
        total = sum(levels[name][key] for name in names)
        for name in names:
            believed = levels[name][key]
            seen = share * believed / total
            mixed = believed ** (1 - _SETTLED) * max(seen, _LEAST) ** _SETTLED
            levels[name][key] = float(f"{min(max(mixed, _LEAST / 100), 1.0):.4g}")


def dump(table: dict[str, Any]) -> str:
    """A weights table as TOML."""
    lines = [f"{key} = {_value(value)}" for key, value in table.items() if not isinstance(value, dict)]
    for name, part in table.items():
        if not isinstance(part, dict):
            continue
        if name != "levels":
            lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in part.items())]
            continue
        for field, levels in part.items():
            lines += ["", f"[levels.{field}]", *(f"{level} = {_value(row)}" for level, row in levels.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)
