"""Registers without records."""

from __future__ import annotations

from collections import Counter
from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command

from xinglin.synth import Plan, identifiers, output, registers
from xinglin.synth.plan import LARGEST

PLAN = Plan(3000, seed=3, years=8)


@pytest.fixture(scope="module")
def dirty() -> list[registers.Registration]:
    return [r for block in range(PLAN.blocks) for r in registers.of_block(PLAN, block, registers.dirty())]


def test_every_patient_has_an_id_of_its_own_and_most_residents_several(dirty):
    counts = Counter(Counter(r.person for r in dirty).values())

    assert len({r.patient["id"] for r in dirty}) == len(dirty)
    assert sum(n for times, n in counts.items() if times > 1) / sum(counts.values()) > 0.6


@pytest.mark.parametrize("kind", sorted(registers.dirty().rates))
def test_errors_are_about_as_frequent_as_declared(kind, dirty):
    named = [r for r in dirty if "no_id_yet" not in r.errors]
    found = sum(kind in r.errors for r in named)

    declared = registers.dirty().rates[kind] * len(named)
    assert 0.15 * declared < found < 1.25 * declared + 10


def test_a_double_shares_surname_birth_phone_and_address(dirty):
    clean = {r.person: r.patient for r in dirty if not r.errors}
    doubles = [(clean[p - LARGEST], clean[p]) for p in clean if p >= LARGEST and p - LARGEST in clean]

    assert len(doubles) >= 1
    for one, other in doubles:
        assert one["birthDate"] == other["birthDate"]
        assert one["telecom"] == other["telecom"]
        assert one["address"] == other["address"]
        names = one["name"][0]["text"], other["name"][0]["text"]
        assert names[0][0] == names[1][0]
        assert names[0] != names[1]
        numbers = [
            i["value"] for p in (one, other) for i in p["identifier"] if i["system"] == identifiers.ID_SYSTEM
        ]
        assert len(set(numbers)) == 2


def test_twins_never_have_one_name():
    everybody = [r for block in range(PLAN.blocks) for r in registers.of_block(PLAN, block, registers.tidy())]
    twins = {r.person: r.patient for r in everybody if r.kind == "twin" and not r.errors}
    pairs = [(twins[p], twins[p + 1]) for p in twins if p + 1 in twins]

    assert pairs
    same = [p for p in pairs if p[0]["name"][0]["text"] == p[1]["name"][0]["text"]]
    assert [
        p for p in same if "·" not in p[0]["name"][0]["text"] and p[0]["birthDate"] == p[1]["birthDate"]
    ] == []


def test_files_are_the_same_whatever_the_processes(tmp_path):
    plan = Plan(3100, seed=3, years=8)
    for processes in (1, 2):
        done = output.write_registers(
            plan, str(tmp_path / f"{processes}.ndjson"), dirty=True, processes=processes
        )

    assert (tmp_path / "1.ndjson").read_bytes() == (tmp_path / "2.ndjson").read_bytes()
    patients = (tmp_path / "1.ndjson").read_bytes().splitlines()
    truth = (tmp_path / "1.truth.ndjson").read_bytes().splitlines()
    assert len(patients) == len(truth) == done.resources
    assert orjson.loads(patients[0])["id"] == orjson.loads(truth[0])["patient"]


def test_the_command_writes_registrations(tmp_path):
    err = StringIO()
    call_command(
        "synth", "--registrations", "--dirty", "--residents", "60", "--out", str(tmp_path / "r"), stderr=err
    )

    assert sorted(p.name for p in (tmp_path / "r").iterdir()) == ["registrations.ndjson.gz", "truth.ndjson"]
    assert "resources in 0 bundles" in err.getvalue()


def test_dirt_is_for_registers(tmp_path):
    with pytest.raises(CommandError, match="say --registrations too"):
        call_command("synth", "--dirty", "--out", str(tmp_path / "r"))

    assert list(tmp_path.iterdir()) == []
