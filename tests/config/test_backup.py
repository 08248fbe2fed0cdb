"""Backup under load, the machine lost, restored to a chosen second."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
import pytest

from xinglin.config import embedded
from xinglin.config.backup import drill, repository, restoring
from xinglin.config.backup.repository import Base, Reach, Repository
from xinglin.crypto.streams import Unreadable
from xinglin.kernel.errors import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = bytes(range(32))
NOW = datetime(2026, 5, 1, tzinfo=UTC)
_ACKNOWLEDGED = re.compile(r"^(\d+\.\d{6}) (\w{15})$", re.MULTILINE)
_WRITER = Path(__file__).parent / "writer.py"


def base(label: str, *, lsn: str = "0/2000028", stop: str = "0/3000000", day: int = 1) -> Base:
    moment = datetime(2026, 5, day, tzinfo=UTC)
    return Base(label, moment, moment, lsn, stop, 1, 180000, 10)


@pytest.fixture
def empty(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "backup", KEY, NOW)


def test_what_is_put_comes_back_and_cannot_be_read_without_the_key(empty: Repository) -> None:
    empty.put("wal/a", [b"a resident's ", b"record"])

    assert b"".join(empty.get("wal/a")) == b"a resident's record"
    assert b"resident" not in (empty.path / "wal" / "a").read_bytes()


def test_an_altered_file_is_noticed(empty: Repository) -> None:
    empty.put("wal/a", [b"text"])
    path = empty.path / "wal" / "a"
    path.write_bytes(path.read_bytes()[:-1] + b"!")

    with pytest.raises(Unreadable):
        list(empty.get("wal/a"))


def test_another_key_is_refused_at_once(empty: Repository) -> None:
    with pytest.raises(Fault, match="another key"):
        Repository.open(empty.path, bytes(32))


def test_a_directory_with_something_in_it_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()

    with pytest.raises(Fault) as caught:
        Repository.create(tmp_path, KEY, NOW)

    assert caught.value.kind is Kind.CONFLICT
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    made = repository.make_key(tmp_path / "keys" / "backup.key")

    assert repository.read_key(tmp_path / "keys" / "backup.key") == made
    assert (tmp_path / "keys" / "backup.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Fault, match="already"):
        repository.make_key(tmp_path / "keys" / "backup.key")
    assert repository.read_key(tmp_path / "keys" / "backup.key") == made


def test_the_base_for_a_moment_is_the_last_that_was_whole_before_it(empty: Repository) -> None:
    empty.note_base(base("one", day=1))
    empty.note_base(base("two", day=5, stop="0/5000000"))
    empty.note_base(base("three", day=9, stop="0/9000000"))
    empty.note_reach(Reach(datetime(2026, 5, 8, tzinfo=UTC), datetime(2026, 5, 8, tzinfo=UTC), "0/6000000"))

    assert empty.usable(datetime(2026, 5, 4, tzinfo=UTC)).label == "one"
    assert empty.usable(datetime(2026, 5, 7, tzinfo=UTC)).label == "two"
    assert empty.usable().label == "two"  # the log does not reach the end of the third yet


@pytest.mark.parametrize("day", [9, 30])
def test_a_moment_out_of_reach_is_refused_with_what_is_in_reach(empty: Repository, day: int) -> None:
    empty.note_base(base("one", day=2))
    empty.note_reach(Reach(datetime(2026, 5, 8, tzinfo=UTC), datetime(2026, 5, 8, tzinfo=UTC), "0/6000000"))

    with pytest.raises(Fault, match=r"from 2026-05-02T.* to 2026-05-08T"):
        empty.usable(datetime(2026, 5, day, tzinfo=UTC))


def test_a_missing_segment_is_named(empty: Repository) -> None:
    empty.note_base(base("one"))
    empty.note_reach(Reach(NOW, NOW, "0/5000100"))
    for name in ("02", "04", "05.partial"):
        empty.put(f"wal/0000000100000000000000{name}", [b""])

    assert empty.gaps() == ["000000010000000000000003"]


def test_pruning_keeps_what_the_kept_bases_need(empty: Repository) -> None:
    for day, label in enumerate(("one", "two", "three"), 1):
        empty.put(f"base/{label}.tar", [b""])
        empty.note_base(base(label, lsn=f"0/{day}000028", day=day))
        empty.put(f"wal/{repository.segment_of(f'0/{day}000028', 1)}", [b""])

    assert empty.prune(2) == (1, 1)
    assert [one.label for one in empty.bases()] == ["two", "three"]
    assert not (empty.path / "base" / "one.tar").exists()
    assert empty.segments() == ["000000010000000000000002", "000000010000000000000003"]


# -- the whole way


@pytest.fixture
def home() -> Iterator[Path]:
    """A platform's home where the server's own account can get at it; its server is ended afterwards."""
    made = Path(tempfile.mkdtemp(prefix="xinglin-test-"))
    made.chmod(0o755)
    yield made
    for name in ("first", "second", "third", "fourth"):
        embedded.stop(made / name)
    shutil.rmtree(made, ignore_errors=True)


def environment(home: Path, url: str) -> dict[str, str]:
    return {
        **os.environ, "XINGLIN_HOME": str(home), "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "xinglin.config.settings",
    }  # fmt: skip


@contextmanager
def running(command: list[str], env: dict[str, str], told: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is killed in the end, whatever happens; what it says goes to ``told``."""
    with told.open("wb") as file:
        process = subprocess.Popen(command, env=env, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def lose(home: Path) -> None:
    """End every process of the home's server at once, and remove its files."""
    leader = psutil.Process(int((home / "postgresql" / "postmaster.pid").read_text().split()[0]))
    processes = [leader, *leader.children(recursive=True)]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)
    shutil.rmtree(home)


def ids_in(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {id_ for (id_,) in connection.execute("SELECT id FROM record_resource")}


@pytest.mark.crash
def test_a_lost_machine_is_restored_to_a_chosen_second_and_to_the_last(home: Path) -> None:
    url = embedded.ensure_running(home / "first")
    env = environment(home / "first", url)

    def xinglin(*words: str, **more: Any) -> None:
        subprocess.run(
            [sys.executable, "-m", "xinglin.config.command", *words], env=env, check=True,
            stdout=subprocess.DEVNULL, **more,
        )  # fmt: skip

    xinglin("migrate", "--verbosity", "0")
    key = home / "kept.key"
    xinglin("backup", "init", str(home / "backup"), "--key", str(key))
    (home / "first" / "secret_key").write_text("kept with the database")
    follow = ["-m", "xinglin.config.command", "backup", "run", str(home / "backup"), "--key", str(key)]
    opened = Repository.open(home / "backup", repository.read_key(key))
    with (
        running([sys.executable, *follow], env, home / "told") as following,
        running([sys.executable, str(_WRITER)], env, home / "acknowledged"),
    ):
        chosen = wait_until_reached(opened, following, 3)
        wait_until_reached(opened, following, 5)
        lose(home / "first")
    acknowledged = _ACKNOWLEDGED.findall((home / "acknowledged").read_text())
    reach = opened.reach()
    assert reach is not None
    before = {id_ for moment, id_ in acknowledged if float(moment) < chosen.timestamp()}
    in_time = {id_ for moment, id_ in acknowledged if float(moment) < reach.until.timestamp()}

    at_chosen = ids_in(restoring.restore(opened, home / "second", at=chosen, tell=str))
    at_last = ids_in(restoring.restore(opened, home / "third", tell=str))

    assert len(before) > 100
    assert before - at_chosen == set()
    late = {id_ for moment, id_ in acknowledged if float(moment) > chosen.timestamp() + 1}
    assert late
    assert at_chosen & late == set()
    assert in_time - at_last == set()
    assert (home / "third" / "secret_key").read_text() == "kept with the database"
    assert drill.hold(opened, str).resources == len(at_last)
    with pytest.raises(Fault, match="holds a database already"):
        restoring.restore(opened, home / "third", tell=str)
    for segment in (home / "backup" / "wal").iterdir():
        segment.write_bytes(segment.read_bytes()[:-1] + b"!")
    with pytest.raises(Unreadable):
        restoring.restore(opened, home / "fourth", tell=str)
    assert not (home / "fourth" / "postgresql" / "postmaster.pid").exists()


def wait_until_reached(opened: Repository, following: subprocess.Popen[bytes], seconds: float) -> datetime:
    """The moment so many seconds after the first base was whole, when the backup reaches to it."""
    while True:
        assert following.poll() is None, (opened.path.parent / "told").read_text()
        bases, reach = opened.bases(), opened.reach()
        if bases and reach:
            chosen = bases[0].stopped + timedelta(seconds=seconds)
            if reach.until >= chosen:
                return chosen
        time.sleep(0.1)
