"""One real PostgreSQL for the whole test run, a database of its own for every worker."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

_HOME = Path(os.environ.get("XINGLIN_TEST_HOME") or tempfile.gettempdir()) / "xinglin-tests"


def _begin() -> None:
    os.environ["XINGLIN_HOME"] = str(_HOME)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
    if "DATABASE_URL" not in os.environ:
        from xinglin.config import embedded

        os.environ["DATABASE_URL"] = embedded.ensure_running(_HOME)


_begin()  # before pytest-django reads the settings


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The sample data beside the repository; tests that need them are skipped where they are absent."""
    path = Path(__file__).parents[2] / "shared" / "data"
    if not path.is_dir():
        pytest.skip("the sample data are not beside the repository")
    return path
