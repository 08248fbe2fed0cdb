"""A configuration is read, and what is wrong is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from xinglin.edge import configuration
from xinglin.edge.configuration import DatabaseSource, FolderSource, RelaySource, Unusable

HEAD = """[platform]
address = "https://health.example/"
sender = "h01"
key_file = "sender.key"
[buffer]
folder = "buffer"
keys = "keys"
limit = "1.5 GB"
"""
LAB = """[[source]]
name = "lab"
kind = "database"
query = "SELECT * FROM t WHERE changed >= :since ORDER BY changed"
watermark = "changed"
start = 2026-01-01T00:00:00
at = ["02:00", 13:30:00]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "sender.key").write_text("k")
    return tmp_path / "edge.toml"


def wrong(file: Path, text: str) -> list[tuple[int, str]]:
    file.write_text(text)
    with pytest.raises(Unusable) as told:
        configuration.read(file)
    return list(told.value.wrong)


def test_a_right_file_is_read(file: Path, tmp_path: Path) -> None:
    file.write_text(
        HEAD + LAB + f'[[source]]\nname = "files"\nkind = "folder"\ndoor = "cda"\nfolder = "{tmp_path}"\n'
        '[[source]]\nname = "relay"\nkind = "relay"\nport = 2600\n'
    )

    read = configuration.read(file)

    assert read.platform.address == "https://health.example"
    assert read.buffer.limit == int(1.5 * 2**30)
    assert [type(source) for source in read.sources] == [DatabaseSource, FolderSource, RelaySource]
    lab = read.source("lab")
    assert lab.overlap == 300
    assert [each.isoformat() for each in lab.schedule.at] == ["02:00:00", "13:30:00"]
    assert read.source("files").media == "application/xml"


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("sender = ", "sendr = "), 3, "[platform] has no `sendr`. Is `sender` meant?"),
        (('"https://health.example/"', '"health.example"'), 2, "should be the platform's address"),
        (('"sender.key"', '"absent.key"'), 4, "there is none at"),
        (('"1.5 GB"', '"much"'), 8, 'should be a size such as "20 GB"'),
        (('keys = "keys"', 'keys = "buffer/keys"'), 7, "should not lie in `folder`"),
        (('kind = "database"', 'kind = "databas"'), 11, "Is 'database' meant?"),
        (("WHERE changed >= :since ", ""), 12, "WHERE changed >= :since ORDER BY changed"),
        (("ORDER BY changed", ""), 12, "should be in order"),
        (('watermark = "changed"\n', ""), 9, "A database needs `watermark"),
        (('["02:00", 13:30:00]', '["26:00"]'), 15, "'26:00' is none"),
        (("start = 2026-01-01T00:00:00", "start = true"), 14, "A watermark needs `start`"),
        (('watermark = "changed"', "watermark = 5"), 13, "`watermark` should be a text in quotes"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    file: Path, change: tuple[str, str], line: int, words: str
) -> None:
    found = wrong(file, (HEAD + LAB).replace(*change))

    assert [number for number, said in found if words in said] == [line]


def test_everything_that_is_wrong_is_told_at_once(file: Path) -> None:
    found = wrong(file, (HEAD + LAB).replace("h01", "H 1").replace("1.5 GB", "x").replace('"lab"', '"la b"'))

    assert [line for line, _ in found] == [3, 8, 10]


def test_broken_syntax_is_told_with_its_line(file: Path) -> None:
    ((line, words),) = wrong(file, HEAD + "x = = 1\n")

    assert (line, words.startswith("This is no TOML, column 5")) == (9, True)


def test_two_sources_of_one_name_are_refused(file: Path) -> None:
    assert wrong(file, HEAD + LAB + LAB) == [
        (17, "There are two sources called 'lab': each needs a name of its own.")
    ]


def test_a_file_without_sources_is_refused(file: Path) -> None:
    assert wrong(file, HEAD) == [(1, "The file needs at least one [[source]] (with two brackets).")]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="There is no such file"):
        configuration.read(tmp_path / "absent.toml")


def test_the_sample_has_only_keys_that_are_known(file: Path) -> None:
    sample = Path(configuration.__file__).parents[1] / "data" / "sample.toml"
    file.with_name("page.token").write_text("t")

    found = wrong(file, sample.read_text("utf-8"))

    assert [said for _, said in found] == [
        f"`password_file` should name a file; there is none at {file.parent / 'lis.password'}."
    ]
