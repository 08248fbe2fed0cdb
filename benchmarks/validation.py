"""How fast resources are checked: ``python benchmarks/validation.py [FOLDER OF *.json.gz BUNDLES]``.

Prints resources per second for ``validation.check`` and for bare ``orjson.loads`` of the same bytes in the same
run, and their ratio, for all resources and for each of the common types. Takes less than ten seconds.
"""

from __future__ import annotations

import gzip
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.fhir import json
from xinglin.fhir.validation import check

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEFAULT = Path(__file__).parents[1] / ".." / "shared" / "data" / "synthea"
ROUNDS = 5


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    bodies: dict[str, list[bytes]] = defaultdict(list)
    for path in sorted(folder.glob("*.gz")):
        for entry in orjson.loads(gzip.decompress(path.read_bytes()))["entry"]:
            bodies[entry["resource"]["resourceType"]].append(orjson.dumps(entry["resource"]))
    print(
        f"{'':24}{'count':>7}{'bytes':>8}{'check/s':>10}{'us each':>9}{'parse/s':>10}{'check : orjson.loads':>22}"
    )
    report("all", [body for group in bodies.values() for body in group])
    for name, group in sorted(bodies.items(), key=lambda item: -len(item[1]))[:8]:
        report(name, group)


def report(name: str, bodies: Sequence[bytes]) -> None:
    resources = [orjson.loads(body) for body in bodies]
    assert not any(check(resource) for resource in resources)  # also builds the gates
    checking, loading, parsing = best(check, resources), best(orjson.loads, bodies), best(json.parse, bodies)
    size = sum(map(len, bodies)) // len(bodies)
    print(
        f"{name:24}{len(bodies):7}{size:8}{1 / checking:10,.0f}{checking * 1e6:9.1f}"
        f"{1 / parsing:10,.0f}{checking / loading:22.2f}"
    )


def best(function: Callable[[Any], Any], values: Sequence[Any]) -> float:
    """Seconds for each value, in the quickest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for value in values:
            function(value)
        times.append(time.perf_counter() - begin)
    return min(times) / len(values)


if __name__ == "__main__":
    main()
