"""A database of the platform's own that has died is known from one that was stopped."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from xinglin.config import embedded

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "postgresql").mkdir()
    return tmp_path


def leave(home: Path, number: int) -> None:
    (home / "postgresql" / "postmaster.pid").write_text(f"{number}\n/data\n")


def ended() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_one_that_was_stopped_has_not_died(home: Path) -> None:
    assert embedded.has_died(home) is False


def test_one_whose_process_lives_has_not_died(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        leave(home, process.pid)

        assert embedded.has_died(home) is False


def test_one_that_left_its_number_and_is_no_more_has_died(home: Path) -> None:
    leave(home, ended())

    assert embedded.has_died(home) is True


def test_one_that_has_died_is_started_until_it_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[Path] = []
    runs = threading.Event()
    leave(home, ended())

    def start(place: Path) -> str:
        tries.append(place)
        if len(tries) < 2:
            raise subprocess.CalledProcessError(1, "pg_ctl")
        (home / "postgresql" / "postmaster.pid").unlink()
        runs.set()
        return ""

    monkeypatch.setattr(embedded, "_WATCH_SECONDS", 0.01)
    monkeypatch.setattr(embedded, "ensure_running", start)

    with embedded.kept_running(home):
        assert runs.wait(20)

    assert tries == [home, home]


def test_its_url_is_known(home: Path) -> None:
    own = f"postgresql://postgres@/xinglin?host={home / 'postgresql'}"

    assert (embedded.is_of(home, own), embedded.is_of(home, "postgresql://other/xinglin")) == (True, False)
