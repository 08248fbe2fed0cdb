"""Rings as files."""

from __future__ import annotations

import json
import threading

import pytest

from tests.crypto.make import NOW
from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.folder import KeyFolder, KeysUnusable
from xinglin.crypto.keys import Purpose

SIGNING = Purpose("signing", Use.SIGN, Algorithm.ED25519, "for tests")
SEALING = Purpose("sealing", Use.SEAL, Algorithm.SM4_GCM, "for tests")


@pytest.fixture
def folder(tmp_path):
    return KeyFolder(tmp_path / "keys", lambda: NOW)


def test_ring_is_made_at_first_and_kept(folder):
    made = folder.ring(SIGNING)

    assert KeyFolder(folder.path, lambda: NOW).ring(SIGNING).keys == made.keys
    assert [(k.version, k.algorithm, k.made) for k in made.keys] == [(1, Algorithm.ED25519, NOW)]


def test_files_are_for_their_owner_alone(folder):
    folder.ring(SIGNING)
    folder.rotate(SIGNING)

    modes = {path.name: path.stat().st_mode & 0o777 for path in [folder.path, *folder.path.iterdir()]}
    assert modes == {"keys": 0o700, "signing.json": 0o600, ".lock": 0o600}


def test_file_that_others_can_read_is_refused(folder):
    folder.ring(SIGNING)
    (folder.path / "signing.json").chmod(0o644)

    with pytest.raises(KeysUnusable, match="chmod 600"):
        KeyFolder(folder.path, lambda: NOW).ring(SIGNING)


def test_rotation_is_seen_by_who_has_read_before(folder):
    other = KeyFolder(folder.path, lambda: NOW)
    other.ring(SIGNING)

    folder.rotate(SIGNING, Algorithm.SM2)

    assert [k.algorithm for k in other.ring(SIGNING).keys] == [Algorithm.ED25519, Algorithm.SM2]
    assert other.ring(SIGNING).current.version == 2


def test_many_at_once_make_one_ring(tmp_path):
    found = []
    barrier = threading.Barrier(8)

    def first() -> None:
        own = KeyFolder(tmp_path / "keys", lambda: NOW)
        barrier.wait()
        found.append(own.ring(SIGNING).current.secret)

    threads = [threading.Thread(target=first) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1


def test_revoked_key_is_none_and_stays_on_file(folder):
    folder.rotate(SIGNING)

    ring = folder.revoke(SIGNING, 1)

    assert ring.key(1) is None
    assert [(k.version, k.revoked) for k in ring.keys] == [(1, NOW), (2, None)]


@pytest.mark.parametrize(
    ("purpose", "version", "said"),
    [(SIGNING, 1, "rotate first"), (SIGNING, 7, "no key 7"), (SEALING, 1, "stay readable")],
)
def test_what_cannot_be_revoked_is_told_and_nothing_changes(folder, purpose, version, said):
    before = folder.ring(purpose)

    with pytest.raises(ValueError, match=said):
        folder.revoke(purpose, version)

    assert folder.ring(purpose) == before


def test_algorithm_of_another_use_is_refused_and_nothing_changes(folder):
    before = folder.ring(SEALING)

    with pytest.raises(ValueError, match="aes-256-gcm, sm4-gcm"):
        folder.rotate(SEALING, Algorithm.ED25519)

    assert folder.ring(SEALING) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda said: {**said, "format": 2},
        lambda said: {**said, "purpose": "other"},
        lambda said: {**said, "keys": []},
        lambda said: {**said, "keys": said["keys"] * 2},
        lambda said: {**said, "keys": [{**said["keys"][0], "algorithm": "none"}]},
        lambda said: {**said, "keys": [{**said["keys"][0], "algorithm": "sm4-gcm"}]},
        lambda said: {**said, "keys": [{**said["keys"][0], "secret": "?"}]},
        lambda said: [],
    ],
)
def test_damaged_file_is_told_not_replaced(folder, change):
    folder.ring(SIGNING)
    file = folder.path / "signing.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    damaged = file.read_text()

    with pytest.raises(KeysUnusable, match=r"signing\.json"):
        KeyFolder(folder.path, lambda: NOW).ring(SIGNING)

    assert file.read_text() == damaged


def test_key_does_not_show_its_secret(folder):
    key = folder.ring(SIGNING).current

    assert repr(key) == "Key(version=1, algorithm='ed25519', made=2026-03-01)"
