"""Who has the whole database and no keys learns nobody's number, phone or address from it."""

from __future__ import annotations

import base64
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import zstandard

from xinglin.config import demonstration
from xinglin.record import access, database, packing
from xinglin.synth.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESIDENTS = 40
NUMBERS = re.compile(r"\d{17}[\dX]|1\d{10}")
SHORTEST = 6  # characters of an address that are nobody else's


@pytest.fixture(scope="module")
def region(_record_database: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A region in the database: what the demonstration has, smaller."""
    from tests.conftest import empty_the_record

    folder = tmp_path_factory.mktemp("region")
    demonstration.prepare(folder, Plan(RESIDENTS, 7, until=date(2026, 6, 1)), lambda _: None)
    access.flush()
    yield folder
    with database.connect() as connection:
        connection.execute("TRUNCATE healthcard_card, healthcard_event, healthcard_use, healthcard_binding")
    empty_the_record()


@pytest.fixture(scope="module")
def known(region: Path) -> dict[str, list[str]]:
    """What a thief would look for: of everybody who is a Patient or treats them."""
    found: dict[str, set[str]] = {"number": set(), "phone": set(), "address": set()}
    for path in sorted((region / "region").glob("*.ndjson*")):
        if path.name.startswith("truth"):
            continue
        for resource in _lines(path):
            if resource["resourceType"] in ("Patient", "RelatedPerson", "Person", "Practitioner"):
                _gather(resource, found)
    assert all(len(values) > RESIDENTS / 2 for values in found.values())
    return {kind: sorted(values) for kind, values in found.items()}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    data = path.read_bytes()
    if path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    elif path.suffix == ".gz":
        import gzip

        data = gzip.decompress(data)
    for line in data.splitlines():
        one = orjson.loads(line)
        yield from (e["resource"] for e in one["entry"]) if one["resourceType"] == "Bundle" else [one]


def _gather(resource: dict[str, Any], found: dict[str, set[str]]) -> None:
    for identifier in resource.get("identifier", ()):
        if NUMBERS.fullmatch(identifier.get("value", "")) and len(identifier["value"]) == 18:
            found["number"].add(identifier["value"])
    telecoms = resource.get("telecom", []) + [
        t for c in resource.get("contact", ()) for t in c.get("telecom", ())
    ]
    found["phone"] |= {t["value"] for t in telecoms if NUMBERS.fullmatch(t.get("value", ""))}
    for address in resource.get("address", ()):
        found["address"] |= {line for line in address.get("line", ()) if len(line) >= SHORTEST}
        found["address"] |= {address["text"]} if len(address.get("text", "")) >= SHORTEST else set()


@pytest.fixture(scope="module")
def stolen(region: Path) -> dict[str, tuple[bytes, bytes]]:
    """Every table as text and as bytes."""
    with database.connect() as connection:
        tables = connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm')"
            " AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        return {
            name: (_dump(connection, name, "text"), _dump(connection, name, "binary")) for (name,) in tables
        }


def _dump(connection: database.Connection, table: str, how: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT {how})") as copy:
        return b"".join(bytes(block) for block in copy)


def _forms(value: str) -> list[bytes]:
    """A value as it may be written: plain, in hexadecimal, in base64 wherever it begins, escaped as JSON."""
    plain = value.encode()
    written = [plain, plain.hex().encode(), orjson.dumps(value)[1:-1], value.encode("unicode_escape")]
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + plain)
        written.append(whole[(0, 2, 3)[offset] : len(whole) // 4 * 4 - 4])
    return [form for form in dict.fromkeys(written) if len(form) >= SHORTEST]


def _frames(data: bytes) -> Iterator[bytes]:
    """What is compressed in a dump, with the dictionary that is in the source code."""
    opener = zstandard.ZstdDecompressor(dict_data=packing._dictionary(1))
    for begun in re.finditer(rb"\x28\xb5\x2f\xfd", data):
        try:
            yield opener.decompressobj().decompress(data[begun.start() : begun.start() + (1 << 20)])
        except zstandard.ZstdError:
            continue


def test_no_number_phone_or_address_is_in_any_table(
    stolen: dict[str, tuple[bytes, bytes]], known: dict[str, list[str]]
) -> None:
    told: dict[str, set[str]] = {}
    for table, dumps in stolen.items():
        everything = b"\n".join([*dumps, *_frames(dumps[1])])
        for kind, values in known.items():
            if any(form in everything for value in values for form in _forms(value)):
                told.setdefault(table, set()).add(kind)

    assert told == {}
