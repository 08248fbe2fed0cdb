"""Train the dictionary with which the record compresses resources.

Usage: train_dictionary.py NUMBER OUT FILE…   (FILE: NDJSON of resources or bundles, or one JSON resource; .gz or plain)

A dictionary is never changed once rows were written with it: train the next one under a new number.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import zstandard

from xinglin.record import packing

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIZE = 48 * 1024
_LONGEST = 16 * 1024


def _resources(path: Path) -> Iterator[dict[str, Any]]:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    lines = raw.splitlines() if path.name.removesuffix(".gz").endswith(".ndjson") else [raw]
    for line in lines:
        resource = orjson.loads(line)
        if resource["resourceType"] == "Bundle":
            yield from (entry["resource"] for entry in resource.get("entry", ()) if "resource" in entry)
        else:
            yield resource


def main() -> None:
    number, out, *files = sys.argv[1:]
    samples = [packing.members(r)[:_LONGEST] for name in files for r in _resources(Path(name))]
    trained = zstandard.train_dictionary(_SIZE, samples, dict_id=int(number))
    Path(out).write_bytes(trained.as_bytes())
    print(f"{len(samples)} samples, {len(trained.as_bytes())} bytes")


if __name__ == "__main__":
    main()
