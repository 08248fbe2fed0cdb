from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xinglin.fhir import index

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _hashes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hashes without a key, or with the one that the test asks for; whatever tests with a database have left."""
    from xinglin.record import parameters, sealing

    index.hash_with(getattr(request, "param", None))
    yield
    index.hash_with(None)
    sealing.forget()
    parameters.forget()
