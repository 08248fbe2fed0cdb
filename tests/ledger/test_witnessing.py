"""Witnesses: the rule, and real processes over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.ledger.make import NOW, ORIGIN
from xinglin.crypto import signed_notes
from xinglin.ledger import (
    checkpoints,
    cosigning,
    files,
    policies,
    queries,
    standing,
    tiles,
    tree,
    verification,
    witnessing,
)
from xinglin.ledger.witnessing import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.ledger.make import Log

LOG = signed_notes.make_key(ORIGIN, signed_notes.LOG)
LEAVES = [tree.leaf_hash(str(n).encode()) for n in range(20)]


def head(size: int, leaves: list[bytes] = LEAVES, origin: str = ORIGIN) -> checkpoints.Checkpoint:
    return checkpoints.Checkpoint(origin, size, tree.root_of(leaves[:size]))


def body(
    old: int,
    new: int,
    *,
    key: signed_notes.SigningKey = LOG,
    leaves: list[bytes] = LEAVES,
    proof: list[bytes] | None = None,
) -> bytes:
    held = tiles.Edge().add(leaves)
    node = tiles.nodes(lambda level, number: held[level, number])
    if proof is None:
        proof = tree.consistency(node, old, new) if old <= new else []
    text = head(new, leaves, key.name).text
    lines = "".join(f"{signed_notes.encode(value)}\n" for value in proof)
    return f"old {old}\n{lines}\n{signed_notes.Note(text, (signed_notes.sign(text, key),)).whole}".encode()


@pytest.fixture
def witness(tmp_path: Path) -> witnessing.Witness:
    """A witness that watches ``LOG`` and has seen nothing."""
    witnessing.init(tmp_path, "witness.example")
    files.write(tmp_path / "logs", LOG.verifier.text + "\n")
    return witnessing.Witness(tmp_path)


def seen(witness: witnessing.Witness) -> Seen | None:
    return witness.seen().get(ORIGIN)


def test_a_log_that_grows_is_cosigned_each_time(witness: witnessing.Witness) -> None:
    for old, new in [(0, 5), (5, 5), (5, 6), (6, 20)]:
        answer = witness.add_checkpoint(body(old, new), moment=1_700_000_000 + new)

        assert answer.status == 200
        signature = signed_notes.parse_signature(answer.body.removesuffix("\n"))
        moment = signed_notes.check(head(new).text, witness.key.verifier, signature.blob)
        assert moment == 1_700_000_000 + new
        assert seen(witness) == Seen(new, head(new).root)
        assert witnessing.Witness(witness.home).seen() == witness.seen()


OTHER = [*LEAVES[:3], tree.leaf_hash(b"changed"), *LEAVES[4:]]
STRANGER = signed_notes.make_key("elsewhere.example", signed_notes.LOG)
THIEF = signed_notes.make_key(ORIGIN, signed_notes.LOG)


@pytest.mark.parametrize(
    ("request_", "status", "said"),
    [
        (body(5, 10, key=STRANGER), 404, None),
        (body(5, 10, key=THIEF), 403, None),
        (body(11, 10, proof=[]), 400, None),
        (body(0, 10), 409, "5\n"),
        (body(4, 10), 409, "5\n"),
        (body(5, 5, leaves=OTHER), 409, "5\n"),
        (body(5, 10, leaves=OTHER), 422, None),
        (body(5, 10, proof=[]), 422, None),
        (b"old 05\n\n" + body(5, 10).partition(b"\n\n")[2], 400, None),
        (b"old \xc2\xb2\n\n" + body(5, 10).partition(b"\n\n")[2], 400, None),
        (b"nonsense", 400, None),
        (b"\xff\xfe", 400, None),
        (body(5, 10, proof=[bytes(32)] * 64), 400, None),
    ],
)
def test_what_does_not_continue_the_log_is_refused_and_nothing_is_remembered(
    witness: witnessing.Witness, request_: bytes, status: int, said: str | None
) -> None:
    witness.add_checkpoint(body(0, 5), moment=1)

    answer = witness.add_checkpoint(request_, moment=2)

    assert answer.status == status
    assert said is None or (answer.body, answer.kind) == (said, "text/x.tlog.size")
    assert "—" not in answer.body
    assert seen(witness) == Seen(5, head(5).root)


def test_of_two_requests_at_once_one_wins_and_none_rolls_back(witness: witnessing.Witness) -> None:
    witness.add_checkpoint(body(0, 1), moment=1)
    statuses = []

    def ask(new: int) -> None:
        statuses.append(witness.add_checkpoint(body(1, new), moment=2).status)

    threads = [threading.Thread(target=ask, args=(new,)) for new in range(2, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200] + [409] * 9


def test_a_witness_keeps_its_key_when_it_is_made_again(tmp_path: Path) -> None:
    key = witnessing.init(tmp_path, "witness.example")

    assert witnessing.init(tmp_path, "another.example").verifier == key.verifier
    assert (tmp_path / "witness.key").stat().st_mode & 0o777 == 0o600


# -- real processes


@dataclass
class Running:
    """A witness process."""

    name: str
    home: Path
    url: str
    process: subprocess.Popen[str]

    @property
    def line(self) -> str:
        return f"witness {self.name} {witnessing.read_key(self.home).verifier.text} {self.url}\n"


def start(home: Path, name: str, key: signed_notes.VerifierKey) -> Running:
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "PYTEST_", "DATABASE_URL"))
    }
    environment["XINGLIN_HOME"] = str(home / "unused")
    xinglin = [sys.executable, "-m", "xinglin.config.command", "witness"]
    subprocess.run(
        [*xinglin, "init", name, "--dir", home], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    with (home / "logs").open("a") as logs:
        logs.write(f"{key.text}\n")
    process = subprocess.Popen(
        [*xinglin, "serve", "--dir", home, "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    return Running(name, home, said.partition(": ")[2].strip().rstrip("/"), process)


@pytest.fixture
def witnesses(log: Log, tmp_path: Path) -> Iterator[list[Running]]:
    """Two witness processes that watch the log; the log's policy needs both."""
    made = [start(tmp_path / f"w{n}", f"witness-{n}.example", log.key.verifier) for n in (1, 2)]
    lines = (
        "".join(one.line for one in made)
        + "group both all witness-1.example witness-2.example\nquorum both\n"
    )
    log.policy = policies.parse(lines)
    log.policy.logs = [log.key.verifier]
    yield made
    for one in made:
        one.process.kill()
        one.process.wait()
        assert one.process.stdout is not None
        one.process.stdout.close()


@pytest.mark.clients
def test_two_witness_processes_cosign_what_grows_and_refuse_a_split_view(
    log: Log, witnesses: list[Running]
) -> None:
    log.grow(5)
    assert cosigning.ask_all(log.connection, log.policy, now=NOW) == 2
    assert log.head.enough

    log.grow(300)
    assert not log.head.enough
    shown = queries.published(log.connection, log.policy, now=NOW)
    assert shown is not None
    assert (shown.size, shown.enough) == (5, True)
    late = queries.published(log.connection, log.policy, now=NOW + timedelta(seconds=queries.PATIENCE + 1))
    assert late is not None
    assert (late.size, late.enough) == (305, False)
    assert cosigning.ask_all(log.connection, log.policy, now=NOW) == 2
    assert cosigning.ask_all(log.connection, log.policy, now=NOW) == 0
    proof = queries.prove(log.connection, queries.entry(log.connection, 17), log.head)
    assert verification.verify(proof.text, log.policy).holds

    # The log is shown with another history: an entry is changed, and the heads are signed again.
    forged = [tree.leaf_hash(row.leaf) for row in queries.rows(log.connection, 0, log.size)]
    forged[3] = tree.leaf_hash(b"forged")
    log.tamper("DELETE FROM ledger_checkpoint")
    edge = tiles.Edge()
    for (level, number), content in edge.add(forged).items():
        log.tamper(
            "UPDATE ledger_tile SET hashes = %s WHERE level = %s AND number = %s", content, level, number
        )
    text = checkpoints.Checkpoint(ORIGIN, 305, edge.root()).text
    whole = signed_notes.Note(text, (signed_notes.sign(text, log.key),)).whole
    log.tamper("INSERT INTO ledger_checkpoint VALUES (305, %s, %s, %s)", NOW, edge.root(), whole)
    later = NOW + timedelta(days=3000)
    assert cosigning.ask_all(log.connection, log.policy, now=later) == 0
    log.grow(3)
    assert cosigning.ask_all(log.connection, log.policy, now=later + timedelta(minutes=1)) == 0

    assert sorted((a.kind, a.subject) for a in standing.alarms(log.connection)) == [
        ("split", "witness-1.example"), ("split", "witness-2.example"),
    ]  # fmt: skip
    assert [w.seen()[ORIGIN].size for w in map(witnessing.Witness, [w.home for w in witnesses])] == [305, 305]
    assert not log.head.enough


@pytest.mark.clients
def test_a_log_restored_from_an_older_copy_is_noticed(log: Log, witnesses: list[Running]) -> None:
    log.grow(40)
    cosigning.ask_all(log.connection, log.policy, now=NOW)
    for table in ("entry", "tile", "checkpoint", "cosignature", "witness"):
        log.tamper(f"DELETE FROM ledger_{table}")
    log.tamper("UPDATE ledger_head SET size = 0")
    log.grow(10)

    assert cosigning.ask_all(log.connection, log.policy, now=NOW) == 0

    assert [a.kind for a in standing.alarms(log.connection)] == ["split", "split"]


@pytest.mark.clients
def test_a_witness_that_lost_touch_is_asked_again_from_where_it_stands(
    log: Log, witnesses: list[Running]
) -> None:
    log.grow(3)
    cosigning.ask_all(log.connection, log.policy, now=NOW)
    log.grow(7)
    log.tamper("DELETE FROM ledger_witness")

    assert cosigning.ask_all(log.connection, log.policy, now=NOW) == 2
    assert log.head.enough
    assert standing.alarms(log.connection) == []


@pytest.mark.clients
def test_a_witness_that_is_down_is_trouble_and_no_alarm(log: Log, witnesses: list[Running]) -> None:
    witnesses[0].process.kill()
    witnesses[0].process.wait()
    log.grow(3)

    assert cosigning.ask_all(log.connection, log.policy, now=NOW) == 1

    found = cosigning.standings(log.connection)
    assert [bool(found[w.name].trouble) for w in witnesses] == [True, False]
    assert standing.alarms(log.connection) == []
    assert cosigning.ask_all(log.connection, log.policy, now=NOW + timedelta(seconds=1)) == 0
    assert not log.head.enough


@pytest.mark.clients
def test_a_witness_says_who_it_is_and_nothing_else(log: Log, witnesses: list[Running]) -> None:
    found = {}
    for path in ("/", "/add-checkpoint", "/x"):
        try:
            with urllib.request.urlopen(witnesses[0].url + path) as response:
                found[path] = response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                found[path] = str(error.code)

    key = witnessing.read_key(witnesses[0].home).verifier.text
    assert found == {"/": f"{key}\n", "/add-checkpoint": "404", "/x": "404"}
