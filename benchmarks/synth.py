"""How fast a region is made: ``python benchmarks/synth.py [residents]``. No server, no database.

Prints resources and megabytes a second of making them and of writing them to compressed files, and the
memory at the end: it must not grow with the number of residents.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from xinglin.synth import Plan, output
from xinglin.synth.stream import portions


def made(plan: Plan) -> tuple[int, int]:
    """Resources and bytes of the residents' bundles, thrown away as they come."""
    count = size = 0
    for portion in portions(plan):
        for bundle in portion.bundles:
            count += bundle.count(b'"request":{"method"')
            size += len(bundle)
    return count, size


def report(what: str, count: int, size: int, seconds: float) -> None:
    print(f"{what:<28}{count:>10,} resources{count / seconds:>12,.0f}/s{size / seconds / 1e6:>9,.0f} MB/s")


def main() -> None:
    plan = Plan(residents=int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
    begun = time.perf_counter()
    count, size = made(plan)
    report("made, 1 process", count, size, time.perf_counter() - begun)
    with tempfile.TemporaryDirectory() as directory:
        for processes in (1, os.cpu_count() or 1):
            begun = time.perf_counter()
            done = output.write(plan, str(Path(directory) / "region"), processes=processes)
            seconds = time.perf_counter() - begun
            report(f"written, gzip, {processes} process(es)", done.resources, done.bytes, seconds)
    print(f"largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
