"""A folder of keys of a test's own."""

from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def begin(settings: Any, folder: Path) -> None:
    """Let the platform use another folder; with the record's own keys, with which the tests' database is written."""
    from xinglin.record import sealing

    sealing.settle()
    folder.mkdir(mode=0o700)
    for purpose in sealing.PURPOSES:
        if sealing.folder().has(purpose):
            shutil.copy2(sealing.folder().path / f"{purpose.name}.json", folder)
    settings.SETTINGS = dataclasses.replace(settings.SETTINGS, keys=str(folder))
