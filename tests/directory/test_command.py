"""``xinglin directory``."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.directory.conftest import rows
from tests.directory.make import table


def run(capsys, *words):
    call_command("directory", *words)
    return capsys.readouterr().out


def test_provinces_are_shipped(directory, tmp_path, capsys):
    report = str(tmp_path / "r.csv")

    out = run(capsys, "import", "divisions", "provinces", "--report", report)

    assert "          34  created" in out
    assert rows("SELECT count(*) FROM directory_division WHERE level = 1") == [(34,)]
    assert "          34  unchanged" in run(capsys, "import", "divisions", "provinces", "--report", report)


def test_a_dry_run_says_what_is_wrong_and_writes_nothing(directory, tmp_path, capsys):
    path = table(tmp_path / "d.csv", ["区划代码", "名称"], ["45", "广西"], ["4", "错"])

    with pytest.raises(SystemExit):
        run(capsys, "import", "divisions", str(path), "--dry-run", "--report", str(tmp_path / "r.csv"))

    assert rows("SELECT count(*) FROM directory_division") == [(0,)]


def test_good_lines_alone_are_written(directory, tmp_path, capsys):
    path = table(tmp_path / "d.csv", ["区划代码", "名称"], ["45", "广西"], ["4", "错"])

    with pytest.raises(SystemExit):
        run(capsys, "import", "divisions", str(path), "--good-only", "--report", str(tmp_path / "r.csv"))

    assert rows("SELECT name FROM directory_division") == [("广西",)]


def test_what_cannot_be_read_is_an_error_of_the_command(directory, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("directory", "import", "beds", str(tmp_path / "none.csv"))


def test_templates_and_exports_are_written(town, tmp_path, capsys):
    run(capsys, "template", "beds", str(tmp_path / "t.xlsx"))
    run(capsys, "export", "departments", str(tmp_path / "d.csv"), "--institution", "xc-c000")
    run(capsys, "rebuild")

    assert (tmp_path / "t.xlsx").read_bytes()[:2] == b"PK"
    assert len((tmp_path / "d.csv").read_text().splitlines()) == 1 + 6
