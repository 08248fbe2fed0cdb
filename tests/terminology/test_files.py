"""Large tables with few bad lines: each is told, the good ones are kept only when asked for."""

from __future__ import annotations

from xinglin.terminology import files

ABOUT = files.Description(url="urn:test:large", version="1")
BAD = {7: "A1,重复,", 100: ",无码,", 2000: "X1,孤儿,NIX", 2001: "X2,孤儿之子,X1"}


def table(lines: int) -> bytes:
    rows = [BAD.get(n, f"A{n},第{n}项,{'A1' if n > 1 else ''}") for n in range(1, lines + 1)]
    return "\n".join(["code,display,parent", *rows]).encode()


def test_every_bad_line_is_told_with_its_place() -> None:
    reading = files.read("large.csv", table(5000), ABOUT)

    assert sorted(issue.text for issue in reading.issues) == [
        "large.csv:101 [code]: The code is missing.",
        "large.csv:2001: The code X1 has the parent NIX, which is no code of this system.",
        "large.csv:8: The code A1 is there twice; before it was large.csv:2: “第1项”.",
    ]
    assert not reading.usable


def test_the_good_lines_are_read_without_what_hangs_on_the_bad() -> None:
    reading = files.read("large.csv", table(5000), ABOUT, leave_out=True)

    assert (reading.usable, reading.lines, reading.left_out) == (True, 5000, 4)
    assert reading.issues == []


def test_a_table_in_the_encoding_of_the_country_is_read() -> None:
    reading = files.read("x.csv", "code,display\nA,高血压\n".encode("gb18030"), ABOUT)

    assert [one.display for one in reading.kept.concepts] == ["高血压"]  # type: ignore[union-attr]
