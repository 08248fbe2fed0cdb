"""Others' implementations of the formats read what we write: aics-tlog (log, proofs, cosignatures) and aics-witness.

Both are on PyPI, Apache-2.0. They ask for Python 3.12 and work on 3.11 too; ``./run`` installs them all the same.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import aics_tlog as aics
import pytest

from tests.ledger.make import NOW, ORIGIN
from xinglin.crypto import signed_notes
from xinglin.ledger import cosigning, policies, queries, tiles
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from django.test import Client

    from tests.ledger.make import Log

WITNESS = signed_notes.make_key("witness.example", signed_notes.COSIGNER)


class Served:
    """Reads tiles from the addresses that we serve, as aics-tlog's readers do."""

    def __init__(self, browser: Client) -> None:
        self.browser = browser

    def read_tile(self, level: int, index: int, width: int | None) -> bytes | None:
        return self._fetch(aics.tiles.tile_path(level, index, width))

    def read_entry_bundle(self, index: int, width: int | None) -> bytes | None:
        return self._fetch(aics.tiles.entry_bundle_path(index, width))

    def _fetch(self, path: str) -> bytes | None:
        response = self.browser.get(f"/ledger/log/{path}")
        return response.content if response.status_code == 200 else None


@pytest.fixture
def cosigned(log: Log) -> Log:
    """A log of 70 000 entries, whose tree has three levels of tiles, cosigned by a witness of ours."""
    log.grow(70_000)
    line = f"witness w {WITNESS.verifier.text}\nquorum w\n"
    log.policy = policies.parse(line)
    log.policy.logs = [log.key.verifier]
    log.write_keys()
    (log.home / "keys" / "ledger.policy").write_text(line)
    signature = signed_notes.cosign(log.head.note.text, WITNESS, moment=int(time.time()))
    log.connection.execute(
        "INSERT INTO ledger_cosignature (size, witness, moment, line) VALUES (%s, %s, %s, %s)",
        [log.size, WITNESS.name, NOW, signature.line.rstrip()],
    )
    return log


def test_our_log_is_verified_from_our_addresses_by_another_implementation(
    cosigned: Log, browser: Callable[[str | None], Client]
) -> None:
    client = browser(None)
    note = aics.parse_note(client.get("/ledger/log/checkpoint").content.decode())
    log_key = aics.parse_vkey(cosigned.key.verifier.text)
    witness = aics.parse_vkey(WITNESS.verifier.text)

    result = aics.verify_checkpoint(note, log_key, [witness], quorum=1, expected_origin=ORIGIN)

    assert (result.ok, result.error, result.size) == (True, None, 70_000)
    reader = Served(client)
    assert aics.tree_root_from_tiles(reader, 70_000) == result.root
    report = aics.audit_tiles(reader, 70_000, result.root, entries=False)
    assert report is not None

    for index in (0, 255, 65_535, 65_536, 69_999):
        held = client.get(f"/ledger/log/proof/inclusion?index={index}").json()
        proof = [aics.note.b64_decode(line) for line in held["proof"]]
        leaf = aics.leaf_hash(held["entry"].encode())
        assert proof == aics.inclusion_proof_from_tiles(reader, index, 70_000)
        assert aics.verify_inclusion(leaf, index, 70_000, proof, result.root)
        assert aics.read_entry(reader, index, 70_000).decode() == held["entry"]
    for old in (256, 65_536, 65_537, 69_999):
        held = client.get(f"/ledger/log/proof/consistency?from={old}&to=70000").json()
        proof = [aics.note.b64_decode(line) for line in held["proof"]]
        assert proof == aics.consistency_proof_from_tiles(reader, old, 70_000)
        assert aics.verify_consistency(
            old, 70_000, aics.tree_root_from_tiles(reader, old, 70_000), result.root, proof
        )


@pytest.mark.parametrize("old", [1, 255, 256, 257, 511, 699])
def test_our_consistency_proofs_are_those_of_another_implementation(log: Log, old: int) -> None:
    log.grow(old)
    first = log.head.root
    log.grow(700 - old)
    new = log.size
    leaves = [row.leaf for row in queries.rows(log.connection, 0, new)]
    other = aics.MerkleTree(leaves)

    proof = queries.consistency(log.connection, old, new)

    assert proof == other.consistency_proof(old, new)
    assert (other.root(old), other.root()) == (first, log.head.root)
    assert aics.verify_consistency(old, new, first, log.head.root, proof)


def test_tiles_and_bundles_are_those_of_another_implementation(log: Log) -> None:
    log.grow(700)
    leaves = [row.leaf for row in queries.rows(log.connection, 0, 700)]
    theirs = aics.tiles.materialise_tiles(leaves)

    ours = {}
    for path in theirs:
        place = tiles.parse(path)
        assert place is not None
        ours[path] = queries.static(log.connection, place)

    assert ours == theirs


@pytest.fixture
def their_witness(tmp_path: Path, log: Log) -> Iterator[str]:
    """A process of aics-witness that watches our log; its address."""
    pytest.importorskip("aics_witness")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = [sys.executable, "-m", "aics_witness"]
    config = tmp_path / "witness.json"
    key = subprocess.run(
        [*run, "init", "--config", config, "--name", "theirs.example", "--listen", f"127.0.0.1:{port}"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    held = json.loads(config.read_text())
    held["logs"] = [{"origin": ORIGIN, "vkeys": [log.key.verifier.text]}]
    config.write_text(json.dumps(held))
    process = subprocess.Popen(
        [*run, "serve", "--config", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"witness theirs {key} http://127.0.0.1:{port}"
    process.kill()
    process.wait()


@pytest.mark.clients
def test_another_s_witness_cosigns_our_log_over_http(log: Log, their_witness: str) -> None:
    log.policy = policies.parse(f"{their_witness}\nquorum theirs\n")
    log.policy.logs = [log.key.verifier]

    for size in (3, 250, 7):
        log.grow(size)
        assert cosigning.ask_all(log.connection, log.policy, now=NOW) == 1, cosigning.standings(
            log.connection
        )
        assert log.head.enough

    assert database.connection() is log.connection
