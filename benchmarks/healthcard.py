"""How fast cards are verified at a counter: ``python benchmarks/healthcard.py [--cards 20000] [--seconds 10]``.

A fresh database of the embedded PostgreSQL holds that many residents, each with a Patient at two institutions, an
entry in the index of persons and a virtual card. Threads of one process then verify fresh codes: the signature, the
mark of the used code, the card, the person, the reading of both Patients through the record's door, and the line in
the log, committed durably. Beside it, in the same run: the bare check of the same tokens' signatures.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import threading
import time
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 4])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xinglin-cards-") as home:
        os.environ["XINGLIN_HOME"] = home
        os.environ["XINGLIN_IDENTITY"] = "false"  # the index is filled below, without matching
        os.environ["DJANGO_SETTINGS_MODULE"] = "xinglin.config.settings"
        from xinglin.config import embedded

        os.environ["DATABASE_URL"] = embedded.ensure_running(Path(home))
        try:
            _run(given)
        finally:
            embedded.stop(Path(home))


def _run(given: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    begun = time.perf_counter()
    cards = _fill(given.cards)
    print(f"{len(cards):,} cards issued with their residents in {time.perf_counter() - begun:.0f} s")
    for algorithm in ("ed25519", "hmac-sm3", "sm2"):
        alone, whole = _bare(algorithm, cards)
        print(
            f"{algorithm}: signature alone {1 / alone:,.0f}/s of CPU, whole token {1 / whole:,.0f}/s of CPU"
        )
        for threads in given.threads if algorithm != "sm2" else ():
            seen = _verify(cards, threads, given.seconds)
            print(
                f"  {threads} threads: {seen.rate:,.0f} verifications/s, p50 {seen.p50:.2f} ms, p95 {seen.p95:.2f} ms,"
                f" p99 {seen.p99:.2f} ms; CPU {seen.cpu:.2f} ms each, {seen.cpu / 1000 / alone:.1f} times the signature"
            )


class Seen(NamedTuple):
    """What was measured: a rate, percentiles and CPU of this process in milliseconds."""

    rate: float
    p50: float
    p95: float
    p99: float
    cpu: float


def _fill(count: int) -> list[int]:
    """Residents, persons and cards; the cards' ids."""
    from xinglin.healthcard import actions
    from xinglin.healthcard.actions import Issuer
    from xinglin.healthcard.rules import Kind
    from xinglin.identity import store
    from xinglin.kernel import clock
    from xinglin.kernel.actor import SYSTEM
    from xinglin.kernel.ids import make_id
    from xinglin.record import database
    from xinglin.record.door import open_as
    from xinglin.record.steps import Step, Verb

    door, connection, found = open_as(SYSTEM), database.connection(), []
    organizations = [{"resourceType": "Organization", "id": id_, "name": id_} for id_ in ("one", "two")]
    door.transaction([Step(Verb.UPDATE, "Organization", str(o["id"]), o) for o in organizations])
    for first in range(0, count, 200):
        numbers = range(first, min(first + 200, count))
        door.transaction(
            [
                Step(Verb.UPDATE, "Patient", f"{where}-{n}", _patient(where, n))
                for n in numbers
                for where in ("one", "two")
            ]
        )
        with connection.transaction():
            for n in numbers:
                number, shard = store.new_person(n % 1024)
                places = {f"{where}-{n}": store.patient_place(f"{where}-{n}") for where in ("one", "two")}
                links = [
                    store.Link(own, number, 0, at, shard, 0, True, id_, (), b"")
                    for id_, (own, at) in places.items()
                ]
                store.write(connection, links, [])
                card = actions.issue(
                    connection, person=make_id(number, shard), kind=Kind.VIRTUAL, actor=SYSTEM, now=clock.now(),
                    issuer=Issuer("one", "one"),
                )  # fmt: skip
                found.append(card.id)
    connection.execute("ANALYZE")
    return found


def _patient(where: str, n: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": f"{where}-{n}",
        "name": [{"text": f"居民{n}"}],
        "gender": "female" if n % 2 else "male",
        "birthDate": f"{1940 + n % 70}-01-15",
        "managingOrganization": {"reference": f"Organization/{where}"},
    }


def _bare(algorithm: str, cards: list[int]) -> tuple[float, float]:
    """Seconds of CPU to check one token's signature, and to read the whole token."""
    from xinglin.crypto import tokens
    from xinglin.crypto.algorithms import Algorithm
    from xinglin.crypto.signatures import LENGTHS
    from xinglin.healthcard import codes, keys
    from xinglin.kernel import clock

    ring = keys.folder().rotate(keys.CODE, Algorithm(algorithm))
    now = clock.now()
    texts = [codes.shown(card, now=now) for card in cards[: 100 if algorithm == "sm2" else 3000]]
    raws = [tokens.decode(text.removeprefix(tokens.PREFIX)) or b"" for text in texts]
    verifier, length = ring.current.verifier, LENGTHS[Algorithm(algorithm)]
    begun = time.process_time()
    for raw in raws:
        assert verifier.verify(b"xinglin-token-1\0card-code\0" + raw[:-length], raw[-length:])
    alone = (time.process_time() - begun) / len(raws)
    begun = time.process_time()
    for text in texts:
        codes.read(text, now=now)
    return alone, (time.process_time() - begun) / len(texts)


def _verify(cards: list[int], threads: int, seconds: float) -> Seen:
    """Verifications a second, and percentiles of their times."""
    from xinglin.healthcard import codes
    from xinglin.healthcard.verifying import Scan, verify
    from xinglin.kernel import clock
    from xinglin.kernel.actor import Actor
    from xinglin.record import database

    actor = Actor("account/1", "Counter", frozenset({"client"}), institution="one")
    times: list[float] = []
    until = time.perf_counter() + seconds

    def counter(seed: int) -> None:
        chosen = random.Random(seed)
        connection = database.connection()
        own = []
        while time.perf_counter() < until:
            text = codes.shown(chosen.choice(cards), now=clock.now())
            begun = time.perf_counter()
            with connection.transaction():
                verdict = verify(connection, Scan(text), actor=actor, now=clock.now())
            own.append(time.perf_counter() - begun)
            assert verdict.accepted, verdict.why
        times.extend(own)
        database.close()

    working = [threading.Thread(target=counter, args=(n,)) for n in range(threads)]
    begun, used = time.perf_counter(), time.process_time()
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    elapsed = time.perf_counter() - begun
    cut = quantiles(times, n=100)
    cpu = (time.process_time() - used) / len(times)
    return Seen(len(times) / elapsed, *(1000 * value for value in (cut[49], cut[94], cut[98], cpu)))


if __name__ == "__main__":
    main()
