"""A front machine in a folder of its own, and a platform to send to."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.edge.platform import Platform
from xinglin.edge import answers, configuration
from xinglin.edge.buffer import Buffer
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.edge.configuration import Configuration

DATABASE = """
[[source]]
name = "lab"
kind = "database"
door = "table"
connect = { database = "DATABASE" }
query = "SELECT id, patient, item, value, changed FROM result WHERE changed >= :since ORDER BY changed, id"
watermark = "changed"
start = 0
overlap = 0
patient = "patient"
every = 1
"""


@pytest.fixture
def platform() -> Iterator[Platform]:
    made = Platform().begin()
    yield made
    made.released.set()
    made.end()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are drawn as always, and are short."""
    whole = answers.pause
    monkeypatch.setattr(answers, "pause", lambda failures, **given: whole(failures, **given) / 1000)


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    return Hospital(tmp_path / "his.sqlite")


class Hospital:
    """An institution's database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self.open() as connection:
            connection.execute(
                "CREATE TABLE result (id INTEGER PRIMARY KEY, patient TEXT, item TEXT, value TEXT, changed INTEGER)"
            )
        connection.close()

    def open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30)

    def add(self, *rows: tuple) -> None:
        connection = self.open()
        with connection:
            connection.executemany("INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?)", rows)
        connection.close()


@pytest.fixture
def configured(tmp_path: Path, platform: Platform) -> Callable[..., Configuration]:
    """Write a configuration with these sources and read it; its key is made."""

    def made(sources: str, *, platform_more: str = "timeout = 1", buffer_more: str = "") -> Configuration:
        (tmp_path / "sender.key").write_text("right")
        (tmp_path / "page.token").write_text("open-sesame")
        path = tmp_path / "edge.toml"
        path.write_text(
            f"""
[platform]
address = "{platform.address}"
sender = "h01"
key_file = "sender.key"
connections = 3
{platform_more}

[buffer]
folder = "buffer"
keys = "keys"
spare = "0 B"
{buffer_more}

[page]
port = 0
token_file = "page.token"
{sources.replace("DATABASE", str(tmp_path / "his.sqlite"))}
"""
        )
        read = configuration.read(path)
        Buffer(read.buffer, clock.now, make=True).close()
        return read

    return made


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something that happens in another thread or process."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)
