"""A large file shared out among processes: nothing is lost, doubled or told in another order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.exchange.tables.make import as_csv, result
from xinglin.exchange.tables import sharing
from xinglin.exchange.tables.intake import Problem, Tally
from xinglin.record import database

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.exchange.doors import Sender

ROWS = 2_600  # more than what one process would rather do alone


def watch(folder: Path, sender: Sender, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "xinglin.config.command", "exchange", "watch", str(folder), "--once"]
    return subprocess.Popen(
        [*command, "--sender", sender.code, *options],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "DATABASE_URL": database.target()},
    )  # fmt: skip


def file(folder: Path) -> None:
    rows = [
        result(number, item, "1.62") for number in range(ROWS // 4) for item in ("TG", "HDL", "LDL", "CHOL")
    ]
    rows[7][2] = rows[2_500][2] = "7"
    (folder / "lab.csv").write_bytes(as_csv(rows))


def stored() -> list[tuple[str, int]]:
    """Each resource with how many versions it has."""
    rows = database.connection().execute(
        """
        SELECT r.id, 1 + (SELECT count(*) FROM record_history h WHERE h.self = r.self)
        FROM record_resource r ORDER BY 1
        """
    )
    return rows.fetchall()


def test_shares_make_the_whole(sender: Sender, tmp_path: Path) -> None:
    file(tmp_path)

    process = watch(tmp_path, sender, "--processes", "3")

    told, _ = process.communicate(timeout=120)
    assert told.strip() == f"lab.csv: {ROWS:,} rows, {ROWS - 2:,} stored, 2 wrong"
    report = (tmp_path / "done" / "lab.csv.report.csv").read_text("utf-8-sig")
    assert [line.partition(",")[0] for line in report.splitlines()[-2:]] == ["9", "2502"]
    found = stored()
    assert len(found) == ROWS - 2 + 2 * (ROWS // 4)  # a patient and a report have four results
    assert all(versions == 1 for _, versions in found)


def test_a_share_whose_process_was_killed_is_loaded_with_the_file_anew(
    sender: Sender, tmp_path: Path
) -> None:
    file(tmp_path)
    with watch(tmp_path, sender, "--processes", "2") as process:
        helper = _first_child(process.pid)

        os.kill(helper, signal.SIGKILL)

        process.communicate(timeout=120)
    assert process.returncode != 0
    assert (tmp_path / "work" / "lab.csv").exists()
    told, _ = watch(tmp_path, sender, "--processes", "2").communicate(timeout=120)
    assert told.strip() == f"lab.csv: {ROWS:,} rows, {ROWS - 2:,} stored, 2 wrong"
    assert all(versions == 1 for _, versions in stored())


def _first_child(parent: int) -> int:
    """A process that the watcher has begun, as soon as there is one."""
    found = psutil.Process(parent)
    for _ in range(6_000):
        children = found.children()
        if children:
            return int(children[0].pid)
        time.sleep(0.01)
    pytest.fail("the watcher began no process")


def test_tallies_add_up_in_the_order_of_the_file() -> None:
    one = Tally(rows=3, bad=1, stored=2, problems=[Problem(9, 0, "error", "x", {})], receipts=["b"])
    one.columns[0] = 1
    other = Tally(rows=4, stored=4, doubtful=1, problems=[Problem(2, 1, "warning", "y", {})], receipts=["a"])
    other.columns[1] = 2

    whole = sharing.together([one, other])

    assert (whole.rows, whole.bad, whole.doubtful, whole.stored) == (7, 1, 1, 6)
    assert [problem.row for problem in whole.problems] == [2, 9]
    assert (whole.receipts, dict(whole.columns)) == (["a", "b"], {0: 1, 1: 2})
