"""How fast resources are turned into index entries, beside the parsing of the same bytes.

    python benchmarks/extraction.py [FOLDER]

FOLDER holds Synthea bundles (``*.json.gz``); the region's shared data by default. Takes under ten seconds.
"""

from __future__ import annotations

import gzip
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.fhir.index import extractor
from xinglin.terminology.pinyin import name_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DATA = Path(__file__).parents[2] / "shared" / "data" / "synthea"
FILES = 12
ROUNDS = 5


def resources(folder: Path) -> list[dict[str, Any]]:
    """The resources of the first bundles, with references made local as the store would have them."""
    found = []
    for path in sorted(folder.glob("*.json.gz"))[:FILES]:
        bundle = orjson.loads(gzip.decompress(path.read_bytes()))
        text = orjson.dumps(bundle)
        for entry in bundle["entry"]:
            resource = entry["resource"]
            local = f"{resource['resourceType']}/{resource['id']}"
            text = text.replace(f'"{entry["fullUrl"]}"'.encode(), f'"{local}"'.encode())
        found += [entry["resource"] for entry in orjson.loads(text)["entry"]]
    return found


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def report(title: str, chosen: Sequence[dict[str, Any]]) -> None:
    bodies = [orjson.dumps(resource) for resource in chosen]
    pairs = [(extractor(r["resourceType"], name_keys=name_keys), r) for r in chosen]
    entries = [extract(resource) for extract, resource in pairs]
    extraction = best(lambda: [extract(resource) for extract, resource in pairs])
    parsing = best(lambda: [orjson.loads(body) for body in bodies])
    number = len(chosen)
    print(f"{title}: {number:,} resources of {sum(map(len, bodies)) / number:,.0f} bytes")
    print(f"  extraction  {number / extraction:>10,.0f}/s  {extraction / number * 1e6:6.1f} µs each")
    print(f"  orjson      {number / parsing:>10,.0f}/s  {parsing / number * 1e6:6.1f} µs each")
    print(f"  ratio       {extraction / parsing:>10.2f}")
    for kind in ("tokens", "ranges", "strings"):
        print(f"  {kind:<8}    {sum(len(getattr(e, kind)) for e in entries) / number:>10.1f} each")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    found = resources(folder)
    if not found:
        raise SystemExit(f"No bundles in {folder}.")
    start = time.perf_counter()
    for resource_type in sorted({resource["resourceType"] for resource in found}):
        extractor(resource_type, name_keys=name_keys)
    print(f"extractors compiled in {(time.perf_counter() - start) * 1e3:.0f} ms")
    report("Observation", [r for r in found if r["resourceType"] == "Observation"])
    report("all", found)


if __name__ == "__main__":
    main()
