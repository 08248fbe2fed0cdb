"""``xinglin dicom``, as operators use it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command

from tests.exchange.dicom import make
from tests.exchange.dicom.test_taking import send, stands
from xinglin.exchange.dicom import settling
from xinglin.kernel import clock

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("dicom", *arguments, stdout=out)
    return out.getvalue()


def test_titles_are_added_listed_and_removed(desk: Connection, sender: Sender) -> None:
    said = run("titles", "--add", "CT9", "--sender", "h01", "--address", "10.1.2.3")

    assert "CT9" in said
    assert "10.1.2.3" in said
    assert "CT9" not in run("titles", "--remove", "CT9")


@pytest.mark.parametrize(
    "arguments",
    [
        ("titles", "--add", "CT9"),
        ("titles", "--add", "CT9", "--sender", "nobody"),
        ("titles", "--add", "TOO LONG FOR A TITLE", "--sender", "h01"),
        ("titles", "--add", "CT9", "--sender", "h01", "--address", "here"),
        ("titles", "--remove", "CT9"),
        ("delete", "1.2.3", "--reason", "test"),
        ("expire", "--days", "0"),
    ],
)
def test_what_cannot_be_done_is_refused(desk: Connection, sender: Sender, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)

    assert run("titles").split()[:2] == ["MODALITY1", "h01"]


def test_what_has_come_is_told_checked_and_deleted(desk: Connection, sender: Sender, store: Path) -> None:
    send(sender, make.file(number=1), make.file(number=2))

    assert run("settle").startswith("1 ")
    assert "2 instances and 2 files" in run("check")
    assert run("reseal").startswith("0 ")
    assert run("delete", make.STUDY, "--reason", "test").startswith("2 ")
    assert stands(desk) == {"study": 0, "series": 0, "instance": 0, "former": 2, "held": 0}
    assert "0 instances and 2 files" in run("check", "--fast")


def test_a_missing_file_fails_the_check(desk: Connection, sender: Sender, store: Path) -> None:
    send(sender, make.file())
    next((store / "files").glob("*/*")).unlink()

    with pytest.raises(CommandError):
        run("check")


def test_only_old_studies_expire(desk: Connection, sender: Sender) -> None:
    send(
        sender,
        make.file(number=1, StudyDate="20010101"),
        make.file(number=2, StudyInstanceUID=f"{make.ROOT}.2"),
    )
    settling.settle(desk, clock.now())

    assert run("expire", "--days", "3650").startswith("1 ")
    assert stands(desk)["study"] == 1
