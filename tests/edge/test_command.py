"""``xinglin edge``: making, checking, looking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command

from tests.edge.conftest import DATABASE, Hospital
from xinglin.edge.answers import Answer, Fate, Told
from xinglin.edge.buffer import Buffer
from xinglin.edge.messages import Batch, Captured
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.edge.platform import Platform
    from xinglin.edge.configuration import Configuration


def test_a_machine_is_made_in_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "edge.toml"

    call_command("edge", "init", str(path))

    assert sorted(one.name for one in path.parent.iterdir()) == [
        "buffer",
        "edge.toml",
        "keys",
        "page.token",
        "sender.key",
    ]
    assert [
        one.stat().st_mode & 0o077
        for one in (path.parent / "page.token", path.parent / "keys" / "edge-buffer.json")
    ] == [0, 0]
    assert "copy it to a safe place" in capsys.readouterr().out


def test_a_check_shows_rows_and_what_would_be_sent(
    configured: Callable[..., Configuration],
    hospital: Hospital,
    capsys: pytest.CaptureFixture[str],
    platform: Platform,
) -> None:
    hospital.add(*((number, f"p{number}", "Na", "140", number) for number in range(9)))
    read = configured(DATABASE)

    call_command("edge", "check", str(read.path))

    said = capsys.readouterr().out
    assert said.count("POST /exchange/in/table (text/csv)") == 5
    assert ("id │ patient │ item │ value │ changed" in said, "4,p4,Na,140,4" in said) == (True, True)
    assert "The platform knows this sender and its key." in said
    buffer = Buffer(read.buffer, clock.now)
    assert (platform.bodies, buffer.level().waiting, buffer.mark("lab")) == ([], 0, None)
    buffer.close()


def test_a_check_says_what_is_wrong_and_where(
    configured: Callable[..., Configuration],
    hospital: Hospital,
    platform: Platform,
    capsys: pytest.CaptureFixture[str],
) -> None:
    read = configured(DATABASE.replace("FROM result", "FROM results"))
    platform.end()

    with pytest.raises(CommandError, match="Not everything is in order"):
        call_command("edge", "check", str(read.path))

    said = capsys.readouterr().out
    assert (
        f"WRONG {read.path}:{read.sources[0].line}: The database refuses the query: no such table: results"
        in said
    )
    assert "Nothing answers at the platform's address." in said


def test_a_wrong_configuration_is_told_with_its_lines(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text("[platform]\nsender = 5\n")

    with pytest.raises(CommandError, match=r"edge.toml:2: `sender` should be a text in quotes"):
        call_command("edge", "run", str(tmp_path / "edge.toml"))


def test_the_refused_are_listed_shown_and_sent_again(
    configured: Callable[..., Configuration], capsys: pytest.CaptureFixture[str]
) -> None:
    read = configured(DATABASE)
    buffer = Buffer(read.buffer, clock.now)
    buffer.put("lab", Batch([Captured("table", "text/csv", "p", b"a,b")]))
    reason = Told("error", "value", "row 2", "No number.")
    buffer.settle([(buffer.load(1), Answer(Fate.REFUSED, "q1", (reason,)))])

    call_command("edge", "refused", str(read.path))
    call_command("edge", "refused", str(read.path), "--show", "1")
    call_command("edge", "refused", str(read.path), "--resend", "all")
    call_command("edge", "status", str(read.path))

    said = capsys.readouterr().out
    assert "error value row 2: No number." in said
    assert "\na,b\n" in said
    assert "1 will be sent again." in said
    assert ("running:  no" in said, "waiting:  1" in said, "refused:  0" in said) == (True, True, True)
    buffer.close()
