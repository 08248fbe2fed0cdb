from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from tests.record.search import world as region
from tests.record.search.finding import Finder

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world(_record_database: None) -> Iterator[Finder]:
    """The region of ``world``, stored once for a module whose tests only read it."""
    finder = Finder()
    finder.store(*copy.deepcopy(region.RESOURCES))
    yield finder
    finder.clear()


@pytest.fixture
def finder(_record_database: None) -> Iterator[Finder]:
    """An empty record to store in and search."""
    finder = Finder()
    yield finder
    finder.clear()
