"""What was loaded reads back as it was: the Synthea bundles and every valid example of the standard."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples import examples
from xinglin.fhir import definitions, validation
from xinglin.fhir import json as fhir_json
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import actions, database, packing
from xinglin.record.bulk import loading, sources
from xinglin.record.bulk.loading import Options
from xinglin.record.policy import consents, directives, in_force
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("emptied")


def exact(text: bytes) -> Any:
    """The JSON value with numbers as they are written."""
    return json.loads(
        text, parse_float=lambda digits: ("number", digits), parse_int=lambda digits: ("number", digits)
    )


def own(resource: dict[str, Any]) -> dict[str, Any]:
    """Without what the record gives: id, version and time."""
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    rest = {k: v for k, v in resource.items() if k not in ("id", "meta")}
    return {**rest, "meta": meta} if meta else rest


def written() -> list[tuple[str, str, dict[str, Any]]]:
    """What was stored, in the order of the transactions and of the entries in each: (type, id, resource)."""
    connection = database.connection()
    stored = {
        (type_, vid): (id_, exact(packing.text(definitions.type_name(type_), id_, version, vid, body)))
        for type_, vid, id_, version, body in connection.execute(
            "SELECT type, vid, id, version, body FROM record_resource"
        )
    }
    changes = connection.execute("SELECT types, vids FROM record_change ORDER BY place").fetchall()
    return [
        (definitions.type_name(t), *stored[t, v])
        for types, vids in changes
        for t, v in zip(types, vids, strict=True)
    ]


def relinked(value: Any, names: dict[str, str]) -> Any:
    """The value with references to the bundle's entries as the record writes them."""
    if isinstance(value, dict):
        return {k: relinked(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [relinked(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value


def test_every_resource_of_the_synthea_bundles_reads_back_as_it_was(shared_data: Path) -> None:
    paths = sorted(shared_data.joinpath("synthea").glob("*.gz"))
    bundles = [exact(gzip.decompress(path.read_bytes())) for path in paths]

    tally = loading.load(sources.find(map(str, paths)), Options(processes=2), lambda _: None)

    assert (tally.refused, tally.unchanged) == (0, 0)
    assert tally.stored == Counter(e["resource"]["resourceType"] for b in bundles for e in b["entry"])
    stored = written()
    places = {
        json.dumps(own(resource), sort_keys=True): place for place, (_, _, resource) in enumerate(stored)
    }
    compared = 0
    for bundle in bundles:
        entries = bundle["entry"]
        place = places[json.dumps(own(entries[0]["resource"]), sort_keys=True)]
        group = stored[place : place + len(entries)]
        names = {e["fullUrl"]: f"{t}/{id_}" for e, (t, id_, _) in zip(entries, group, strict=True)}
        assert [own(r) for _, _, r in group] == [own(relinked(e["resource"], names)) for e in entries]
        compared += len(group)
    assert compared == sum(len(bundle["entry"]) for bundle in bundles) == 9121


def is_refused(consent: dict[str, Any]) -> bool:
    """Whether the record would not take the Consent, since it could not keep to it."""
    try:
        return directives.is_about_access(consent) and not directives.read(
            consent, consents.terms(in_force())
        )
    except Fault:
        return True


def test_every_valid_example_of_the_standard_reads_back_as_it_was(tmp_path: Path) -> None:
    valid: dict[tuple[str, str], Any] = {}
    bundles: list[Step] = []
    unkept = 0
    for name, text in examples():
        resource = fhir_json.parse(text)
        key = (resource["resourceType"], resource.get("id"))
        if key[0] == "Consent" and is_refused(resource):
            unkept += 1
            continue
        if key in valid or any(issue.severity in ("error", "fatal") for issue in validation.check(resource)):
            continue
        valid[key] = own(exact(text))
        if key[0] == "Bundle":
            bundles.append(Step(Verb.UPDATE, *key, resource))
        else:
            (tmp_path / name).write_bytes(text)

    tally = loading.load(sources.find([str(tmp_path)]), Options(integrity=False), lambda _: None)
    actions.perform(bundles, actor=SYSTEM, integrity=False)

    assert (tally.refused, tally.unchanged) == (0, 0)
    read = {(t, id_): own(r) for t, id_, r in written()}
    assert read.keys() == valid.keys()
    assert [key for key in valid if read[key] != valid[key]] == []
    assert (unkept, len(valid) > 5_000) == (9, True)
