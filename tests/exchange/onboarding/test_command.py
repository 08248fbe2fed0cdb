"""``xinglin conformance``, as vendors run it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from tests.exchange.onboarding import make
from tests.exchange.tables import make as tables
from xinglin.kernel import clock

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("_record_database")


@pytest.fixture(autouse=True)
def _at_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def run(*words: Any) -> tuple[int, str]:
    """Exit status and output."""
    out = io.StringIO()
    try:
        call_command("conformance", *map(str, words), stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, body in make.hospital():
        (tmp_path / name).write_bytes(body)
    return tmp_path


def test_green_samples_end_with_nought(folder: Path) -> None:
    status, said = run("--door", "hl7v2", "--kinds", make.HOSPITAL, folder)

    assert status == 0
    assert said.endswith(", level Level 4, grade A: GREEN\n")


def test_a_wrong_sample_is_named_with_its_line(folder: Path) -> None:
    wrong = folder / "wrong.hl7"
    wrong.write_text(make.resulted(9).replace("ORU^R01", "ZZZ^Z01"))

    status, said = run("--door", "hl7v2", folder)

    assert status == 1
    assert "wrong.hl7:1 MSH-9: error: " in said
    assert said.endswith("NOT GREEN\n")


def test_the_report_for_programs(folder: Path) -> None:
    status, said = run("--door", "hl7v2", "--json", folder / "resulted-1.hl7")

    report = json.loads(said)
    assert (status, report["green"], report["door"], report["level"]) == (0, True, "hl7v2", "L4A")
    assert [(one["kind"], one["control"], one["green"]) for one in report["samples"]] == [
        ("ORU^R01", "RES1", True)
    ]
    assert {one["point"] for one in report["marks"]} == {one.key for one in make.SCHEME.points_of("hl7v2")}


def test_tables_have_their_plural(tmp_path: Path) -> None:
    file = tmp_path / "lab.csv"
    file.write_bytes(tables.as_csv([tables.result(1)]))

    assert run("--door", "tables", file)[0] == run("--door", "table", file)[0] == 0


def test_a_report_in_chinese(folder: Path) -> None:
    _, said = run("--door", "hl7v2", "--language", "zh", folder)

    assert "样例可以读取" in said


@pytest.mark.parametrize("words", [("--kinds", "nothing"), ("--kinds", "cda-hospital")])
def test_kinds_that_are_not_there_are_said(folder: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="set of kinds"):
        run("--door", "hl7v2", *words, folder)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        run("--door", "hl7v2", tmp_path / "nothing.hl7")


def test_an_empty_file_is_no_sample(tmp_path: Path) -> None:
    (tmp_path / "empty.hl7").write_bytes(b"\n")

    with pytest.raises(CommandError, match="no sample"):
        run("--door", "hl7v2", tmp_path)
