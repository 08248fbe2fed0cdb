from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def _hashes(request: pytest.FixtureRequest, hashes_by: Callable[[bytes | None], None]) -> None:
    """Hashes without a key, or with the one that the test asks for."""
    hashes_by(getattr(request, "param", None))
