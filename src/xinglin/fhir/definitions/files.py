"""Reads the compiled files of ``xinglin/fhir/data``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import zstandard

_FOLDER = Path(__file__).parents[1] / "data"


def read(name: str) -> Any:
    """The content of ``data/<name>.json.zst``; a few milliseconds, so callers keep what they get."""
    return orjson.loads(zstandard.decompress((_FOLDER / f"{name}.json.zst").read_bytes()))
