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
from xinglin.fhir.index import keys
from xinglin.identity import blocking
from xinglin.kernel.actor import SYSTEM
from xinglin.record import access, database, packing
from xinglin.record.door import open_as
from xinglin.synth.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESIDENTS = 40
NUMBERS = re.compile(r"\d{17}[\dX]|1\d{10}")
SHORTEST = 6  # characters of an address that are nobody else's


@pytest.fixture(scope="module")
def region(
    _record_database: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A region in the database: what the demonstration has, smaller."""
    from tests.conftest import empty_the_record
    from tests.residents.conftest import forget_residents
    from xinglin.accounts.models import Account

    folder = tmp_path_factory.mktemp("region")
    with django_db_blocker.unblock():
        demonstration.prepare(folder, Plan(RESIDENTS, 7, until=date(2026, 6, 1)), lambda _: None)
    _be_used()
    access.flush()
    yield folder
    forget_residents()
    with django_db_blocker.unblock():
        Account.objects.filter(roles__contains=["resident"]).delete()
    empty_the_record()


def _be_used() -> None:
    """Somebody searches and changes, and a practitioner comes who is known by the number."""
    door = open_as(SYSTEM)
    found = door.search("Patient", [("_count", "5")]).entries[0].stored
    resource = found.resource
    for name, elements in (("identifier", "identifier"), ("phone", "telecom")):
        for element in resource.get(elements, ()):
            door.search("Patient", [(name, element["value"])])
    door.search("Patient", [("address:contains", resource["address"][0]["text"])])
    door.update({**resource, "active": False})
    door.update(PRACTITIONER)


PRACTITIONER = {
    "resourceType": "Practitioner",
    "id": "known-by-number",
    "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": "11010519491231002X"}],
    "qualification": [
        {
            "identifier": [
                {
                    "system": "urn:xinglin:identifier:doctor-qualification",
                    "value": "20231111011010519491231002X",
                }
            ],
            "code": {
                "coding": [{"system": "urn:xinglin:codes:registration", "code": "doctor_qualification"}]
            },
        }
    ],
}


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
    _gather(PRACTITIONER, found)
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


def _read(dumps: tuple[bytes, bytes], known: dict[str, list[str]]) -> set[str]:
    """Of which kinds something is found in two dumps of a table."""
    everything = b"\n".join([*dumps, *_frames(dumps[1])])
    return {
        kind
        for kind, values in known.items()
        if any(form in everything for value in values for form in _forms(value))
    }


def test_no_number_phone_or_address_is_in_any_table(
    stolen: dict[str, tuple[bytes, bytes]], known: dict[str, list[str]]
) -> None:
    told = {table: kinds for table, dumps in stolen.items() if (kinds := _read(dumps, known))}

    assert told == {}
    assert len(stolen["record_access_rest"][0]) + len(stolen["record_resource"][0]) > 1_000_000


def test_what_is_not_sealed_would_be_found(known: dict[str, list[str]]) -> None:
    values = {kind: some[0] for kind, some in known.items()}
    text = orjson.dumps(values)

    packed = packing._Codecs().make_packer().compress(b"\0" + text[1:-1])

    assert _read((b"", b"PGCOPY" + packed), known) == set(known)
    assert _read((text, b""), known) == set(known)
    assert _read((base64.b64encode(b"?" + text), b""), known) == set(known)
    assert _read((text.hex().encode(), b""), known) == set(known)


def test_hashes_of_numbers_are_not_those_that_anybody_can_make(
    stolen: dict[str, tuple[bytes, bytes]], known: dict[str, list[str]]
) -> None:
    system = "urn:oid:2.16.156.10011.1.3"
    tried = {
        (keys._unkeyed("Patient.identifier", f"t\0{system}\0{value}"), blocking._unkeyed(f"d1||{value}"))
        for value in known["number"]
    } | {
        (keys._unkeyed("Patient.telecom", f"t\0phone\0{value}"), blocking._unkeyed(f"p{value}"))
        for value in known["phone"]
    }
    told = {
        table
        for table in ("record_resource", "record_history", "identity_patient", "identity_key")
        for pair in tried
        for hash_ in pair
        if hash_.to_bytes(8, signed=True) in stolen[table][1]
    }

    assert told == set()
