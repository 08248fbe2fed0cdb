"""The command line: keys, verifying offline, auditing, and the process that keeps the ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command

from tests.ledger.make import NOW, ORIGIN
from xinglin.crypto import signed_notes
from xinglin.kernel import settings as platform
from xinglin.kernel.errors import Fault
from xinglin.ledger import auditing, keeping, keys, policies, queries, sequencing
from xinglin.record import database

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.make import Log


def offline(tmp_path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The command where there is no database to be had."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("XINGLIN_", "PYTEST_", "DATABASE_URL", "DJANGO"))
    }
    return subprocess.run(
        [sys.executable, "-m", "xinglin.config.command", "ledger", "verify", *map(str, arguments)],
        env={**kept, "XINGLIN_HOME": str(tmp_path / "elsewhere")}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def proof(log: Log, tmp_path: Path) -> Path:
    """A proof of entry 3 of 9, with its event."""
    log.grow(9)
    row = queries.entry(log.connection, 3)
    file = tmp_path / "entry-3.tlog-proof"
    file.write_text(queries.prove(log.connection, row, log.head, event=row.event).text)
    return file


def test_a_proof_is_verified_without_a_database(log: Log, proof: Path, tmp_path: Path) -> None:
    trusted = tmp_path / "policy"
    trusted.write_text(policies.render(log.policy))

    done = offline(tmp_path, proof, "--policy", trusted)

    assert (done.returncode, done.stderr) == (0, "")
    assert "The proof holds." in done.stdout
    assert "✓ inclusion: The entry is number 3 of 9." in done.stdout
    assert 'event: {"n":4}' in done.stdout


def test_a_changed_proof_ends_with_an_error(log: Log, proof: Path, tmp_path: Path) -> None:
    proof.write_text(proof.read_text().replace("index 3", "index 4"))

    done = offline(tmp_path, proof, "--key", log.key.verifier.text)

    assert done.returncode == 2
    assert "✗ inclusion" in done.stdout
    assert "The proof does not hold." in done.stderr


def test_a_signed_head_and_that_one_continues_another_are_verified(log: Log, tmp_path: Path) -> None:
    log.grow(5)
    first = log.head.whole
    log.grow(6)
    files = {name: tmp_path / name for name in ("old", "new", "hashes")}
    files["old"].write_text(first)
    files["new"].write_text(log.head.whole)
    hashes = [signed_notes.encode(value) for value in queries.consistency(log.connection, 5, 11)]
    files["hashes"].write_text("\n".join(hashes))
    key = log.key.verifier.text

    assert offline(tmp_path, files["new"], "--key", key).returncode == 0
    right = offline(tmp_path, "--consistency", files["old"], files["new"], files["hashes"], "--key", key)
    files["hashes"].write_text("\n".join(reversed(hashes)))
    wrong = offline(tmp_path, "--consistency", files["old"], files["new"], files["hashes"], "--key", key)

    assert (right.returncode, "The log of 11 entries begins with the log of 5." in right.stdout) == (0, True)
    assert (wrong.returncode, "does not show" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say whom you trust"),
        (["--key", "nonsense"], "is not"),
        (["--policy", "POLICY"], "Line 1 of the policy"),
    ],
)
def test_what_is_missing_is_said(proof: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "POLICY").write_text("nonsense\n")
    given = [str(tmp_path / "POLICY") if a == "POLICY" else a for a in arguments]

    done = offline(tmp_path, proof, *given)

    assert done.returncode == 1
    assert said in done.stderr


@pytest.fixture
def home(log: Log, settings: object) -> Path:
    """A home with the log's key, as the commands see it."""
    from dataclasses import replace

    settings.SETTINGS = replace(settings.SETTINGS, home=log.home)  # type: ignore[attr-defined]
    log.write_keys()
    return log.home


def test_an_audit_tells_what_it_found_and_fails_where_something_is_wrong(log: Log, home: Path) -> None:
    log.grow(4)
    said = StringIO()
    call_command("ledger", "audit", stdout=said)
    assert "Everything is as it was entered and signed." in said.getvalue()

    log.tamper("UPDATE ledger_entry SET event = '{}' WHERE index = 2")
    said = StringIO()
    with pytest.raises(CommandError, match="does not match"):
        call_command("ledger", "audit", "--json", stdout=said)

    held = json.loads(said.getvalue())
    assert held["findings"] == [
        {
            "what": "row altered",
            "subject": f"ledger/{queries.entry(log.connection, 2).entry.place}",
            "index": 2,
            "detail": "",
        }
    ]


def test_a_key_is_changed_without_a_gap(log: Log, home: Path) -> None:
    log.grow(2)
    old = log.key.verifier
    call_command("ledger", "rotate", stdout=StringIO())
    signers = keys.signers(home)
    assert [key.name for key in signers] == [ORIGIN, ORIGIN]
    assert signers[1].verifier == old
    with pytest.raises(CommandError, match="under way"):
        call_command("ledger", "rotate")

    log.enter(1)
    sequencing.turn(log.connection, signers, now=NOW)
    both = log.head.note
    assert len(signed_notes.verify(both, [old])) == len(signed_notes.verify(both, [signers[0].verifier])) == 1

    call_command("ledger", "rotate", "--finish", stdout=StringIO())
    log.enter(1)
    sequencing.turn(log.connection, keys.signers(home), now=NOW)
    assert signed_notes.verify(log.head.note, [old]) == []
    assert keys.verifiers(home) == [signers[0].verifier, old]
    assert auditing.audit(log.connection, keys.verifiers(home)).clean
    with pytest.raises(CommandError, match="only one key"):
        call_command("ledger", "rotate", "--finish")


def test_keys_are_for_us_alone(tmp_path: Path) -> None:
    (key,) = keys.signers(tmp_path, base_url="https://region.example/")

    assert key.name == "region.example/ledger/log"
    assert (tmp_path / "keys" / "ledger.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert keys.signers(tmp_path)[0].verifier == key.verifier


def test_logs_without_an_address_have_different_names() -> None:
    assert keys.origin_for("") != keys.origin_for("")


def test_an_entry_is_erased_by_command(log: Log, home: Path) -> None:
    log.grow(2)

    call_command("ledger", "erase", "1", "--reason", "保存期满", stdout=StringIO())

    log.drain()
    assert queries.entry(log.connection, 1).salt is None
    assert queries.entry(log.connection, 2).entry.kind == "ledger.erase"


def test_the_keeper_enters_what_comes_within_its_tick_and_stops_when_told(log: Log, home: Path) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def keep() -> None:
        try:
            keeping.keep(home, stop=stop)
        except BaseException as error:  # noqa: BLE001 -- a thread's failure is the test's
            failures.append(error)

    keeper = threading.Thread(target=keep)
    keeper.start()
    try:
        for round_ in range(3):
            log.enter(5)
            until = time.monotonic() + 30
            while log.size < 5 * (round_ + 1):
                assert time.monotonic() < until
                time.sleep(0.02)
    finally:
        stop.set()
        keeper.join()

    assert failures == []
    assert log.size == 15
    assert auditing.audit(log.connection, [log.key.verifier]).clean


def test_a_keeper_with_another_log_s_key_does_not_begin(log: Log, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="put back the log's key"):
        keeping.keep(tmp_path / "other", stop=threading.Event())

    assert queries.origin(database.connection()) == ORIGIN


def test_the_setting_can_leave_the_ledger_to_another_process(tmp_path: Path) -> None:
    assert platform.read({"XINGLIN_HOME": str(tmp_path)}).ledger is True
    assert platform.read({"XINGLIN_HOME": str(tmp_path), "XINGLIN_LEDGER": "false"}).ledger is False
