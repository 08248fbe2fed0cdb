"""Matching inside the write path, with a million persons (or ten) in the index.

Usage: python benchmarks/identity_index.py [--persons 1000000] [--arrivals 4000] [--write docs/benchmarks.md]

Registers of a badly kept region (``xinglin.synth.registers``) are loaded by COPY of prepared rows, every fiftieth
resident's last registration is held back and then written as a new Patient, and as many people come who were never
seen. Measured are: the matcher alone (lock, candidates, scores, decision, rows, commit), the whole creation of a
Patient with it and without it, and, as the reference, a bare look-up of the same rows by their keys.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import struct
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_KEY = struct.Struct(">h iq iq ih ih")
_HEAD = struct.Struct(">h iq iq iq ih ih ih i? i")
_HELD_BACK = 50
_GROUP = 16  # Patients in one transaction, as with 16 clients that create at once


def _start(url: str) -> None:
    os.environ["DATABASE_URL"] = url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
    import gc

    import django

    django.setup()
    gc.collect()  # as the servers do: see xinglin.config.wsgi
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _blocks(persons: int) -> tuple[Any, int]:
    from xinglin.synth.plan import Plan

    plan = Plan(residents=min(persons + persons // 50 + 2000, 10_000_000), seed=7)
    return plan, plan.blocks


def load_blocks(url: str, persons: int, blocks: list[int]) -> tuple[int, int]:
    """Write the registrations of some blocks as rows of the index; Patients and keys."""
    _start(url)
    import psycopg

    from xinglin.identity import blocking, traits
    from xinglin.identity.arrivals import source
    from xinglin.kernel.ids import SHARDS, make_id
    from xinglin.record.rows import tokens
    from xinglin.synth import registers

    plan, _ = _blocks(persons)
    register = registers.dirty()
    count = keys_count = 0
    with psycopg.connect(url, autocommit=True) as connection:
        for first in range(0, len(blocks), 20):
            patients, key_rows = [_HEADER], [_HEADER]
            for block in blocks[first : first + 20]:
                for n, (one, held) in enumerate(_with_held_back(registers.of_block(plan, block, register))):
                    if held or one.person % 10_000_000 >= persons:
                        continue
                    number = ((block << 20 | n) << 12) + 1
                    shard, person = number % SHARDS, (one.person + 1) << 8
                    known = traits.from_patient(one.patient)
                    packed, keys = traits.pack(known), blocking.keys(known)
                    id_ = make_id(number, shard).encode()
                    patients.append(
                        b"".join(
                            (
                                _HEAD.pack(
                                    10, 8, number, 8, person, 8, source(known.scope), 2, shard, 2, person % SHARDS,
                                    2, 0, 1, True, len(id_),
                                ),
                                id_, tokens(keys), struct.pack(">i", len(packed)), packed,
                            )
                        )
                    )  # fmt: skip
                    key_rows += [_KEY.pack(4, 8, key, 8, number, 2, key % SHARDS, 2, shard) for key in keys]
                    count += 1
                    keys_count += len(keys)
            with connection.transaction(), connection.cursor() as cursor:
                connection.execute("SET LOCAL synchronous_commit TO off")
                for statement, rows in (
                    (
                        "identity_patient (number, person, source, shard, home, held, active, id, keys, traits)",
                        patients,
                    ),
                    ("identity_key (key, patient, shard, home)", key_rows),
                ):
                    with cursor.copy(f"COPY {statement} FROM STDIN (FORMAT binary)") as copy:
                        copy.write(b"".join(rows) + b"\xff\xff")
    return count, keys_count


def _with_held_back(registrations: Any) -> Any:
    """Each registration, and whether it is the one to be held back of its resident."""
    before = None
    for one in registrations:
        if before is not None:
            last = one.person != before.person
            yield before, last and before.person % _HELD_BACK == 0
        before = one
    if before is not None:
        yield before, before.person % _HELD_BACK == 0


def prepare(url: str, persons: int, processes: int) -> tuple[int, int]:
    import psycopg

    _, blocks = _blocks(persons)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (
            "DROP INDEX identity_key_key", "DROP INDEX identity_patient_person",
            "ALTER TABLE identity_patient DROP CONSTRAINT identity_patient_pkey",
        ):  # fmt: skip
            connection.execute(statement)
        parts = [list(range(n, blocks, processes)) for n in range(processes)]
        with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            done = list(pool.map(load_blocks, [url] * processes, [persons] * processes, parts))
        connection.execute("SET maintenance_work_mem TO '512MB'")
        for statement in (
            "ALTER TABLE identity_patient ADD PRIMARY KEY (number, shard)",
            "CREATE INDEX identity_patient_person ON identity_patient (person, number)",
            "CREATE INDEX identity_key_key ON identity_key (key) INCLUDE (patient, home)",
            "VACUUM ANALYZE identity_patient", "VACUUM ANALYZE identity_key",
        ):  # fmt: skip
            connection.execute(statement)
    return sum(count for count, _ in done), sum(keys for _, keys in done)


def arriving(persons: int, count: int, seed: int) -> list[tuple[dict[str, Any], int]]:
    """Patients to be written, and who they are: half of them known, half never seen."""
    from xinglin.synth import registers

    plan, blocks = _blocks(persons)
    register, dice = registers.dirty(), Random(seed)
    known: list[tuple[dict[str, Any], int]] = []
    new: list[tuple[dict[str, Any], int]] = []
    order = list(range(blocks))
    dice.shuffle(order)
    for block in [*order, *range(blocks - 1, -1, -1)]:
        if len(known) >= count // 2 and len(new) >= count // 2:
            break
        for one, held in _with_held_back(registers.of_block(plan, block, register)):
            patient = {name: value for name, value in one.patient.items() if name not in ("id", "meta")}
            patient["managingOrganization"] = {"display": str(one.patient.get("managingOrganization"))}
            if one.person % 10_000_000 >= persons:
                new.append((patient, one.person))
            elif held and len(known) < count // 2:
                known.append((patient, one.person))
    chosen = known[: count // 2] + new[: count // 2]
    dice.shuffle(chosen)
    return chosen


def cpu_of(pid: int) -> float:
    """Seconds of processor that a process has used; what a busy machine cannot distort."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentiles(times: list[float]) -> str:
    times = sorted(times)
    at = {name: times[min(int(len(times) * share), len(times) - 1)] * 1000 for name, share in
          (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))}  # fmt: skip
    return ", ".join(f"{name} {value:.2f} ms" for name, value in at.items())


def matching(
    url: str, patients: list[tuple[dict[str, Any], int]], *, close: bool = True
) -> tuple[list[float], list[float], list[tuple[int, int | None]]]:
    """Match and commit each; the times of matching and with the commit, and the person that was found."""
    _start(url)
    from xinglin.identity import arrivals, settling
    from xinglin.record import database
    from xinglin.record.drafts import numbers

    connection = database.connection()
    inside, whole, found = [], [], []
    for patient, person in patients:
        number = numbers.take(1)[0]
        shard = number % 1024
        from xinglin.kernel.ids import make_id

        begun = time.perf_counter()
        with connection.transaction():
            connection.execute("SELECT 1")
            first = time.perf_counter()
            one = arrivals.read((number, shard), make_id(number, shard), "benchmark", patient, None)
            settled = settling.settle(connection, [one])
            inside.append(time.perf_counter() - first)
        whole.append(time.perf_counter() - begun)
        found.append((person, settled[0].person.number if settled[0].kind.value == "joined" else None))
    if close:
        database.close()
    return inside, whole, found


def grouped(url: str, patients: list[tuple[dict[str, Any], int]]) -> int:
    """Match and commit them in groups, as creates that come at once share a transaction; how many."""
    _start(url)
    from xinglin.identity import arrivals, settling
    from xinglin.kernel.ids import make_id
    from xinglin.record import database
    from xinglin.record.drafts import numbers

    connection = database.connection()
    for first in range(0, len(patients), _GROUP):
        with connection.transaction():
            come = []
            for patient, _ in patients[first : first + _GROUP]:
                number = numbers.take(1)[0]
                shard = number % 1024
                come.append(
                    arrivals.read((number, shard), make_id(number, shard), "benchmark", patient, None)
                )
            settling.settle(connection, come)
    database.close()
    return len(patients)


def creating(patients: list[tuple[dict[str, Any], int]], *, follow: bool) -> list[float]:
    """Whole creations through the record's door, one at a time."""
    from xinglin.identity import handlers
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record import followers
    from xinglin.record.door import open_as

    followers.follow("identity", ["Patient"] if follow else [], handlers.link_patients)
    door = open_as(SYSTEM)
    times = []
    for patient, _ in patients:
        begun = time.perf_counter()
        door.create(dict(patient))
        times.append(time.perf_counter() - begun)
    return times


def looking(patients: list[tuple[dict[str, Any], int]]) -> list[float]:
    """The reference: the rows under the same keys by a bare join of the two tables."""
    from xinglin.identity import blocking, traits
    from xinglin.record import database

    connection = database.connection()
    keys = [list(blocking.keys(traits.from_patient(patient))) for patient, _ in patients]
    times = []
    for some in keys:
        begun = time.perf_counter()
        connection.execute(
            "SELECT p.person, p.traits FROM unnest(%s::bigint[]) asked(key) CROSS JOIN LATERAL"
            " (SELECT k.patient, k.home FROM identity_key k WHERE k.key = asked.key LIMIT 65) few"
            " JOIN identity_patient p ON p.number = few.patient AND p.shard = few.home",
            [some], prepare=True, binary=True,
        ).fetchall()  # fmt: skip
        times.append(time.perf_counter() - begun)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--arrivals", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=3, help="who arrives: another for a database used again")
    parser.add_argument("--home", type=Path, help="keep the loaded database here, and use it again")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="xinglin-identity-"))
    loaded = (home / "loaded").exists()
    os.environ["XINGLIN_HOME"] = str(home)
    from xinglin.config import embedded

    url = embedded.ensure_running(home)
    _start(url)
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    try:
        run(url, options, home, loaded=loaded)
    finally:
        from xinglin.record import access, database

        access.flush()
        database.close()
        embedded.stop(home)
        if options.home is None:
            shutil.rmtree(home, ignore_errors=True)


def run(url: str, options: argparse.Namespace, home: Path, *, loaded: bool) -> None:
    from xinglin.record import database

    processes = os.cpu_count() or 1
    if not loaded:
        begun = time.perf_counter()
        count, keys = prepare(url, options.persons, processes)
        print(f"loaded {count:,} Patients with {keys:,} keys in {time.perf_counter() - begun:,.0f} s")
        (home / "loaded").touch()
    for table in ("identity_patient", "identity_key"):
        size = database.connection().execute("SELECT pg_total_relation_size(%s)", [table]).fetchone()
        print(f"{table}: {size[0] / 1e6:,.0f} MB")  # type: ignore[index]
    people = arriving(options.persons, options.arrivals * 6, options.seed)
    part = options.arrivals
    looking(people[:300])
    reference = looking(people[300:part])
    print(f"bare look-up of the same rows: {percentiles(reference)}")
    matching(url, people[:300])
    backend = database.connection().info.backend_pid
    before = time.process_time(), cpu_of(backend)
    inside, whole, found = matching(url, people[300:part], close=False)
    used = time.process_time() - before[0], cpu_of(backend) - before[1]
    database.close()
    print(f"matching inside a transaction: {percentiles(inside)}")
    print(
        f"matching and commit:           {percentiles(whole)}; {len(whole) / sum(whole):,.0f}/s on one connection"
    )
    client, server = (1000 * seconds / len(whole) for seconds in used)
    print(f"processor for one: {client:.2f} ms here and {server:.2f} ms in the database, commit included")
    ratio = sorted(inside)[len(inside) // 2] / sorted(reference)[len(reference) // 2]
    print(f"matching is {ratio:.1f} times the bare look-up (p50)")
    joined = [(person, got) for person, got in found if got is not None]
    wrong = sum(got != (person + 1) << 8 for person, got in joined if person % 10_000_000 < options.persons)
    print(
        f"of {len(found):,} Patients {len(joined):,} joined a person at once, {wrong} of the known a wrong one"
    )
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        rest = people[part : part * 3]
        parts = [rest[n::processes] for n in range(processes)]
        list(pool.map(matching, [url] * processes, [one[:50] for one in parts]))
        begun = time.perf_counter()
        done = list(pool.map(matching, [url] * processes, [one[50:] for one in parts]))
        elapsed = time.perf_counter() - begun
        times = [one for _, whole, _ in done for one in whole]
        print(
            f"{processes} processes: {len(times) / elapsed:,.0f} matches/s with commit; {percentiles(times)}"
        )
        some = [people[part * 3 + n : part * 5 : processes] for n in range(processes)]
        begun = time.perf_counter()
        count = sum(pool.map(grouped, [url] * processes, some))
        elapsed = time.perf_counter() - begun
    print(
        f"{processes} processes, {_GROUP} Patients a transaction: {count / elapsed:,.0f} matches/s with commit"
    )
    fresh = people[part * 5 :]
    creating(fresh[:100], follow=False)
    without = creating(fresh[100 : len(fresh) // 2], follow=False)
    creating(fresh[:100], follow=True)
    with_it = creating(fresh[len(fresh) // 2 :], follow=True)
    print(f"creating a Patient without the index: {percentiles(without)}")
    print(f"creating a Patient with it:           {percentiles(with_it)}")


if __name__ == "__main__":
    main()
