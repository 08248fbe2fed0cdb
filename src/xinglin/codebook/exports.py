"""Code systems, value sets and maps as files: CSV in the form that can be loaded again, and FHIR JSON."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.codebook import queries
from xinglin.terminology import comparing, listing, resources, sheets
from xinglin.terminology.expansion import Expander

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.codebook.queries import Shelf
    from xinglin.terminology.queries import MapVersion, SystemVersion, ValueSetVersion

_FORMULA = ("=", "+", "-", "@", "\t")


def system_csv(place: Shelf, system: SystemVersion) -> bytes:
    listed = list(queries.concepts_of(place, system))
    names = list(dict.fromkeys(p.code for one, _ in listed for p in one.properties if p.code != "status"))
    rows = [
        [
            *_concept_cells(one, above),
            *(_several(p.value for p in one.properties if p.code == n) for n in names),
        ]
        for one, above in listed
    ]
    return _csv([*sheets.CONCEPT_COLUMNS, *names], rows)


def _concept_cells(one: Any, above: list[str]) -> list[str]:
    english = next(
        (d.value for d in one.designations if d.use == "display" and d.language.startswith("en")), ""
    )
    aliases = [d.value for d in one.designations if d.value != english]
    status = next((str(p.value) for p in one.properties if p.code == "status"), "")
    return [
        one.code,
        one.display,
        "|".join(above),
        english,
        "|".join(aliases),
        one.definition,
        status or ("inactive" if one.inactive else ""),
        str(one.more.get("confidence", "")),
        str(one.more.get("source", "")),
    ]


def _several(values: Iterable[Any]) -> str:
    return "|".join(str(v.get("code", "")) if isinstance(v, dict) else str(v) for v in values)


def system_json(place: Shelf, system: SystemVersion) -> bytes:
    listed = list(queries.concepts_of(place, system))
    parents = {one.place: above for one, above in listed}
    return _json(resources.system_resource(system, [one for one, _ in listed], parents))


def set_csv(place: Shelf, version: ValueSetVersion) -> bytes:
    members = Expander(place.connection, place.known, place.on).of_version(version)
    _, entries = listing.page(place.connection, place.known, members, listing.Window())
    return _csv(
        ["system", "version", "code", "display"],
        [[one.url, one.version, one.code, one.display_in(place.language)] for one in entries],
    )


def set_json(version: ValueSetVersion) -> bytes:
    return _json(resources.value_set_resource(version))


def map_csv(place: Shelf, version: MapVersion) -> bytes:
    rows = _lines(place, version)
    return _csv(
        ["source_system", "source", "target_system", "target", "equivalence", "comment"],
        [[a, b, c, d or "", e, (more or {}).get("comment", "")] for a, b, c, d, e, more in rows],
    )


def map_json(place: Shelf, version: MapVersion) -> bytes:
    return _json(resources.map_resource(version, _lines(place, version)))


def _lines(place: Shelf, version: MapVersion) -> list[tuple[Any, ...]]:
    return place.connection.execute(
        "SELECT source_url, source, target_url, target, equivalence, more FROM terminology_mapping"
        " WHERE map = %s ORDER BY place",
        [version.id],
    ).fetchall()


def differences_csv(place: Shelf, old: SystemVersion, new: SystemVersion) -> bytes:
    found = comparing.differences(place.connection, old, new)
    return _csv(["difference", "code", "before", "after"], [list(one) for one in found])


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) and len(cell) > 1 else cell


def _json(resource: dict[str, Any]) -> bytes:
    return orjson.dumps(resource, option=orjson.OPT_INDENT_2)
