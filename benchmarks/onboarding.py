"""Onboarding: what trying a set of samples costs, beside reading and mapping the same samples at their door.

Usage: python benchmarks/onboarding.py [--samples 500] [--home DIR]

A set is admissions, orders and results in HL7 v2, of a hundred patients; some results have a fault. The trial looks at
every resource by the standard, the region's elements and the terminology in the database, and at the set as a whole.
The ratio compares with the door's handler alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD = "MSH|^~\\&|HIS|H01|XINGLIN|REGION|20261126093000||{kind}|{kind}{n}|P|2.5.1||||||UNICODE UTF-8\r"
_PATIENT = "PID|1||P{p:04d}^^^H01^PI~110101199003070011^^^GA^NI||示^例||19900307|M\r"
_VISIT = (
    "PV1|1|I|呼吸内科^01^02^H01||||D01^李^明||||||||||||V{p:04d}|||||||||||||||||||||||||20261126080000\r"
)
_ORDER = (
    "ORC|NW|O{n:06d}||||||20261126081000|||D01^李^明\rOBR|1|O{n:06d}||24323-8^肝功能^LN|||20261126080000\r"
)
_RESULT = (
    "OBR|1|O{n:06d}|R{n:06d}|24323-8^肝功能^LN|||20261126080000|||||||||||||||20261126090000||LAB|F\r"
    "OBX|1|{type}|1742-6^丙氨酸氨基转移酶^LN||45|U/L|7-40|H|||F|||20261126080000\r"
    "OBX|2|NM|1920-8^天冬氨酸氨基转移酶^LN||30|U/L|13-35|N|||F|||20261126080000\r"
)


def texts(count: int) -> list[bytes]:
    """Messages in turn: an admission, an order, a result."""
    made = []
    for n in range(count):
        kind, body = (("ADT^A01", ""), ("ORM^O01", _ORDER), ("ORU^R01", _RESULT))[n % 3]
        whole = _HEAD + _PATIENT + _VISIT + body
        made.append(
            whole.format(kind=kind, n=n // 3, p=n // 3 % 100, type="DT" if n % 10 == 0 else "NM").encode()
        )
    return made


def begin(home: Path) -> None:
    """Django, with a database of its own that has the tables and the codes."""
    from xinglin.config import embedded

    os.environ["DATABASE_URL"] = embedded.ensure_running(home)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("terminology", "load", stdout=sys.stderr)


def best(work: Callable[[], object], rounds: int = 3) -> float:
    """The least of some rounds, in seconds."""
    taken = []
    for _ in range(rounds):
        before = time.perf_counter()
        work()
        taken.append(time.perf_counter() - before)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder)
        os.environ |= {"XINGLIN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "xinglin.config.settings"}
        begin(home)
        measure(given.samples)
        from xinglin.config import embedded

        embedded.stop(home)


def measure(count: int) -> None:
    from xinglin.exchange import reading
    from xinglin.exchange.doors import Door, Sender
    from xinglin.exchange.onboarding import checking, coding, points, samples
    from xinglin.record import database

    now = datetime(2026, 11, 26, 2, tzinfo=UTC)
    scheme = points.read(points.SHIPPED)
    sender = Sender(0, "bench", "bench", "", frozenset({Door.HL7V2}))
    codes = coding.Terminology(database.connection(), now.date())
    bench = checking.Bench(scheme, Door.HL7V2, sender, scheme.kinds(points.ANY, "hl7v2"), codes)
    found = [samples.Sample(f"{n}", body, "application/hl7-v2") for n, body in enumerate(texts(count))]
    alone = best(lambda: [reading.translated(Door.HL7V2, one.body, one.media, sender) for one in found])
    whole = best(lambda: checking.check(bench, found, now=now))
    report = checking.check(bench, found, now=now)
    print(f"{count} samples, {len(report.findings)} findings")
    print(f"the door's handler alone  {1e6 * alone / count:8.0f} µs a sample")
    print(
        f"a trial                   {1e6 * whole / count:8.0f} µs a sample, {whole:.2f} s; {whole / alone:.1f} times"
    )


if __name__ == "__main__":
    main()
