"""What lies in the tables is sealed: read by who has the keys, sealed anew while others write, refused without keys."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from tests import make
from xinglin.crypto.algorithms import Algorithm
from xinglin.crypto.folder import KeysUnusable
from xinglin.crypto.sealing import SealBroken
from xinglin.fhir.index import keys
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import access, database, jobs, parameters, reindex, resealing, sealing
from xinglin.record.queries import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.door import Door

NUMBER = "11010519491231002X"  # the example of GB 11643
PHONE = "13800138000"
PEOPLE = 200


@pytest.fixture
def own_keys(tmp_path: Path, door: Door, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of keys for one test, and a database that knows no others."""
    monkeypatch.setattr(sealing, "GRACE_SECONDS", 0.0)
    sealing.settle()
    access.flush()  # else its thread may note a key that is no longer, or not yet, the one to be known
    before = _marks()
    _given(tmp_path / "keys", monkeypatch)
    _known([])
    yield tmp_path / "keys"
    access.flush()
    monkeypatch.undo()
    _known(before)


def _given(folder: Path, monkeypatch: pytest.MonkeyPatch, seal: str = "aes") -> None:
    from dataclasses import replace

    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, keys=str(folder), seal=seal))
    _forget()


def _forget() -> None:
    sealing.forget()
    parameters.forget()


def _marks() -> list[tuple[Any, ...]]:
    return database.connection().execute("SELECT name, version, mark FROM record_seal").fetchall()


def _known(marks: list[tuple[Any, ...]]) -> None:
    with database.connect() as connection, connection.transaction(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE record_seal")  # nobody notes a key before this is over
        cursor.executemany("INSERT INTO record_seal VALUES (%s, %s, %s)", marks)
    _forget()


def patient(**more: Any) -> dict[str, Any]:
    return make.patient(
        identifier=[{"system": "urn:oid:2.16.156.10011.1.3", "value": NUMBER}],
        telecom=[{"system": "phone", "value": PHONE}],
        name=[{"text": "李建国"}],
        address=[{"line": ["解放路 17 号"], "city": "苏州市"}],
        **more,
    )


def bodies() -> list[bytes]:
    rows = database.connection().execute(
        "SELECT body FROM record_resource UNION ALL SELECT body FROM record_history WHERE body IS NOT NULL",
        binary=True,
    )
    return [bytes(body) for (body,) in rows]


def versions() -> set[int]:
    """The keys with which bodies are sealed; 0: without."""
    return {int.from_bytes(body[1:3]) if body[0] == sealing.MARK else 0 for body in bodies()}


def found(door: Door, *asked: tuple[str, str]) -> list[str]:
    return sorted(entry.stored.id for entry in door.search("Patient", list(asked)).entries)


# -- what is found


SEARCHES = [
    ("identifier", NUMBER),
    ("identifier", f"urn:oid:2.16.156.10011.1.3|{NUMBER}"),
    ("phone", PHONE),
    ("telecom", f"phone|{PHONE}"),
    ("name", "李"),
    ("name", "李建国"),
    ("name", "lijianguo"),
    ("name", "ljg"),
    ("name:exact", "李建国"),
    ("name:contains", "建国"),
    ("address", "解放路"),
    ("address:contains", "路 17"),
    ("address-city", "苏州"),
]


@pytest.mark.parametrize("seal", ["off", "aes", "sm4"])
def test_many_values_sealed_at_once_are_as_those_sealed_one_by_one(
    seal: str, own_keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _given(own_keys, monkeypatch, seal)
    values = [b"", b"one", b"another"]

    many, single = sealing.seal_all(values), [sealing.seal(value) for value in values]

    assert [sealing.open_sealed(value) for value in many] == values
    assert [value[:3] for value in many] == [value[:3] for value in single]


@pytest.mark.parametrize("seal", ["off", "aes", "sm4"])
def test_who_has_the_keys_finds_the_same(
    seal: str, own_keys: Path, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    _given(own_keys, monkeypatch, seal)
    door.update(patient(id="a"))
    door.update(make.patient(id="b", name=[{"text": "王芳"}]))

    assert [asked for asked in SEARCHES if found(door, asked) != ["a"]] == []
    assert versions() == ({0} if seal == "off" else {1})
    assert {sealing.open_sealed(body)[:4] for body in bodies()} == {b"\x28\xb5\x2f\xfd"}


def test_names_are_sorted_as_they_are_read(door: Door) -> None:
    for id_, name in (("a", "Young"), ("b", "adams"), ("c", "Miller")):
        door.update(make.patient(id=id_, name=[{"family": name}]))

    page = door.search("Patient", [("_sort", "family"), ("_count", "2")])

    assert [entry.stored.id for entry in page.entries] == ["b", "c"]
    assert page.next is not None


def test_one_character_within_what_is_sealed_is_refused_and_says_why(door: Door) -> None:
    with pytest.raises(Fault) as caught:
        door.search("Patient", [("name:contains", "建")])

    assert caught.value.kind is Kind.UNSUPPORTED
    assert "at least 2 characters" in str(caught.value)


def test_who_tries_all_numbers_finds_no_hash_of_them(door: Door) -> None:
    door.update(patient(id="a"))

    row = database.connection().execute("SELECT tokens FROM record_resource").fetchone()
    assert row is not None
    tried = {
        keys._unkeyed(path, f"{kind}\0{value}")
        for path in ("Patient.identifier", "Patient.telecom", "Patient.name", "Patient.address")
        for kind in ("c", "x", "t\0urn:oid:2.16.156.10011.1.3", "t\0phone")
        for value in (NUMBER, PHONE, "李建国", "解放路 17 号")
    }
    assert tried & set(row[0]) == set()
    strings = database.connection().execute("SELECT value FROM record_string").fetchall()
    assert [text for (text,) in strings if not text.isascii() or "~" not in text] == []


# -- sealed anew


def _rotated() -> int:
    version = sealing.folder().rotate(sealing.BODIES).current.version
    sealing.forget()
    return version


def test_what_was_not_sealed_is_read_and_sealed_later(
    own_keys: Path, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    _given(own_keys, monkeypatch, "off")
    door.update(patient(id="a"))
    _given(own_keys, monkeypatch, "aes")
    door.update(make.patient(id="b"))

    assert (versions(), found(door, ("identifier", NUMBER))) == ({0, 1}, ["a"])
    done = jobs.work(resealing.ask(SYSTEM).id)

    assert (done.state, done.result) == ("done", {"seen": 4, "sealed": 2})  # and the traits of both
    assert (versions(), found(door, ("identifier", NUMBER))) == ({1}, ["a"])


def test_a_database_without_keyed_hashes_gets_them(
    own_keys: Path, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    _given(own_keys, monkeypatch, "off")
    door.update(patient(id="a"))
    _given(own_keys, monkeypatch, "aes")
    before = database.connection().execute("SELECT tokens FROM record_resource").fetchall()

    sealing.choose_search_key(sealing.folder().ring(sealing.SEARCH).current)
    parameters.forget()
    jobs.work(reindex.ask(SYSTEM, everything=True).id)

    assert database.connection().execute("SELECT tokens FROM record_resource").fetchall() != before
    assert [found(door, asked) for asked in SEARCHES] == [["a"]] * len(SEARCHES)


def test_a_new_key_seals_everything_anew_and_a_second_time_nothing(own_keys: Path, door: Door) -> None:
    for n in range(3):
        door.update(patient(id="a", active=n % 2 == 0))
    door.delete("Patient", "a")
    door.update(patient(id="b"))
    version = _rotated()

    done = jobs.work(resealing.ask(SYSTEM).id)
    again = jobs.work(resealing.ask(SYSTEM).id)

    assert (version, versions()) == (2, {2})
    assert done.result is not None
    assert again.result is not None
    assert (done.result["sealed"] >= 4, again.result["sealed"]) == (True, 0)
    assert found(door, ("phone", PHONE)) == ["b"]
    assert len(door.history("Patient", "a", Span())) == 4


def test_the_other_algorithm_takes_over_with_a_key_of_its_own(
    own_keys: Path, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.update(patient(id="a"))
    _given(own_keys, monkeypatch, "sm4")
    door.update(patient(id="b"))

    ring = sealing.folder().ring(sealing.BODIES)
    assert [key.algorithm for key in ring.keys] == [Algorithm.AES_256_GCM, Algorithm.SM4_GCM]
    assert (versions(), found(door, ("phone", PHONE))) == ({1, 2}, ["a", "b"])


def test_while_it_is_sealed_anew_others_read_and_write_and_a_killed_process_loses_nothing(
    own_keys: Path, door: Door
) -> None:
    for n in range(PEOPLE):
        door.update(patient(id=f"p{n}"))
    _rotated()
    wrong: list[str] = []
    written: dict[str, int] = {}
    stop = threading.Event()

    def others() -> None:
        n = 0
        while not stop.is_set():
            id_ = f"p{n % PEOPLE}"
            try:
                door.update(patient(id=id_, birthDate=f"19{n % 90 + 10}-01-01"))
                written[id_] = n % 90 + 10
                if f'"19{written[id_]}-01-01"'.encode() not in door.read("Patient", id_).text:
                    wrong.append(id_)
            except Exception as error:  # noqa: BLE001 -- all of them are wrong here
                wrong.append(repr(error))
            n += 7
        database.close()

    thread = threading.Thread(target=others)
    thread.start()
    job = resealing.ask(SYSTEM)
    for _ in range(2):  # killed when it has begun, and begun anew
        _begun_and_killed(job.id, own_keys)
    done = jobs.work(job.id)
    stop.set()
    thread.join()

    assert (done.state, wrong) == ("done", [])
    assert versions() == {2}
    assert len(found(door, ("identifier", NUMBER), ("_count", "1000"))) == PEOPLE
    for id_, year in written.items():
        assert f'"19{year}-01-01"'.encode() in door.read("Patient", id_).text


def _apart(job: str, folder: Path) -> subprocess.Popen[bytes]:
    code = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        f"settings.DATABASES['default']['NAME'] = {settings.DATABASES['default']['NAME']!r}\n"
        "from xinglin.record import jobs, resealing, sealing\n"
        "sealing.GRACE_SECONDS = 0.0; resealing._ROWS = 20\n"
        f"jobs.work({job!r})\n"
    )
    return subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "XINGLIN_KEYS": str(folder)})


def _begun_and_killed(job: str, folder: Path) -> None:
    before = jobs.find(job).progress.get("seen", 0)
    process = _apart(job, folder)
    end = time.monotonic() + 60
    while (
        jobs.find(job).progress.get("seen", 0) == before and process.poll() is None and time.monotonic() < end
    ):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


# -- without the keys


def test_without_the_folder_a_process_does_not_start_and_makes_no_new_keys(
    own_keys: Path, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.update(patient(id="a"))
    _given(tmp_path / "elsewhere", monkeypatch)

    with pytest.raises(KeysUnusable, match=r"of record, which is not in .*elsewhere"):
        door.search("Patient", [("identifier", NUMBER)])
    with pytest.raises(KeysUnusable):
        door.update(patient(id="b"))
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["record", "record-search"])
def test_another_key_of_the_same_number_is_not_taken(
    name: str, own_keys: Path, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.update(patient(id="a"))
    other = tmp_path / "other"
    before = _marks()
    shutil.copytree(own_keys, other)
    (other / f"{name}.json").unlink()
    _given(other, monkeypatch)
    purpose = next(p for p in sealing.PURPOSES if p.name == name)
    sealing.folder().ring(purpose)

    with pytest.raises(KeysUnusable, match=rf"key 1 .* of {name}, which is not in"):
        sealing.settle()
    assert _marks() == before


def test_what_was_altered_or_sealed_with_a_lost_key_is_refused_and_not_empty(
    own_keys: Path, door: Door
) -> None:
    door.update(patient(id="a"))
    body = bodies()[0]

    for wrong in (body[:-1] + bytes([body[-1] ^ 1]), bytes((sealing.MARK, 0, 9)) + body[3:]):
        with pytest.raises(SealBroken):
            sealing.open_sealed(wrong)


def test_two_machines_whose_folders_were_rotated_apart_are_told_so(
    own_keys: Path, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.update(patient(id="a"))
    shutil.copytree(own_keys, tmp_path / "second")
    _rotated()
    door.update(patient(id="b"))
    _given(tmp_path / "second", monkeypatch)

    with pytest.raises(KeysUnusable, match=r"key 2 .* of record, which is not in .*second"):
        sealing.settle()
    sealing.folder().rotate(sealing.BODIES)
    _forget()
    with pytest.raises(KeysUnusable, match=r"key 2 .* of record"):
        door.update(patient(id="c"))
    assert versions() == {1, 2}
