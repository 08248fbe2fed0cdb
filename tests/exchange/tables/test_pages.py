"""Uploading as people see it: what is wrong cell by cell, and nothing is written before they say so."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from tests.exchange.tables.make import LABORATORY, as_csv, result
from xinglin.record import database, jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.test import Client

    from xinglin.exchange.doors import Sender

    Browser = Callable[..., Client]


@pytest.fixture
def steward(sender: Sender, browser: Browser) -> Iterator[Client]:
    client = browser("steward")
    client.cookies["django_language"] = "en"
    yield client
    database.connection().execute("DELETE FROM exchange_tables_headings")


def uploaded(client: Client, content: bytes, set_: str = "") -> str:
    """Upload a file; the address of its job, which has ended."""
    file = SimpleUploadedFile("lab.csv", content)
    answer = client.post("/exchange/tables/", {"sender": "h01", "set": set_, "file": file})
    assert answer.status_code == 302, answer.content.decode()
    return ended(str(answer["Location"]))


def ended(address: str) -> str:
    for _ in range(200):
        if not jobs.find(address.split("/")[3]).unfinished:
            return address
        time.sleep(0.05)
    raise AssertionError(jobs.find(address.split("/")[3]))


def stored() -> int:
    row = database.connection().execute("SELECT count(*) FROM exchange_message").fetchone()
    return int(row[0]) if row else 0


def test_a_file_is_looked_at_and_then_loaded(steward: Client) -> None:
    address = uploaded(steward, as_csv([result(1), result(2)], encoding="gb18030"))
    page = steward.get(address).content.decode()
    assert "Every row is right" in page
    assert stored() == 0

    loaded = ended(str(steward.post(f"{address}load/")["Location"]))

    assert "Loaded." in steward.get(loaded).content.decode()
    assert stored() == 1


def test_wrong_cells_are_told_with_row_column_and_what_would_be_right(steward: Client) -> None:
    bad = result(2)
    bad[2], bad[6] = "7", "soon"
    address = uploaded(steward, as_csv([result(1), bad]))

    page = steward.get(address).content.decode()

    assert "1 row is wrong. Nothing has been written." in page
    assert "Right would be: 0 未知的性别" in page
    assert '<td class="xl-mono">C</td>' in page
    assert steward.post(f"{address}load/").status_code == 409
    assert stored() == 0

    loaded = ended(str(steward.post(f"{address}load/", {"good_only": "yes"})["Location"]))
    assert "1 wrong row was left out." in steward.get(loaded).content.decode()
    assert stored() == 1


def test_the_marked_workbook_has_the_wrong_rows_and_says_why(steward: Client) -> None:
    bad = result(2)
    bad[2] = "7"
    address = uploaded(steward, as_csv([result(1), bad]))

    book = load_workbook(io.BytesIO(steward.get(f"{address}marked.xlsx?rows=bad").content))

    rows = list(book.worksheets[0].iter_rows())
    assert [row[0].value for row in rows[1:]] == [3]
    cell = next(cell for cell in rows[1] if cell.value == "7")
    assert cell.fill.fgColor.rgb == "00F8CBAD"
    assert "no code of the table" in str(cell.comment.text if cell.comment else "")


def test_other_headings_are_said_once_and_known_from_then_on(steward: Client) -> None:
    names = [*LABORATORY]
    names[9] = "值"
    content = as_csv([result(1)], names)
    address = uploaded(steward, content, "WS445.4.2")
    assert address.endswith("/columns/")
    page = steward.get(address).content.decode()
    assert "检验定量结果" in page

    chosen = {
        f"column-{at}": name for at, name in enumerate([*LABORATORY[:9], "检验定量结果", LABORATORY[10]])
    }
    again = ended(str(steward.post(address, chosen)["Location"]))

    assert "Every row is right" in steward.get(again).content.decode()
    assert not uploaded(steward, content, "WS445.4.2").endswith("/columns/")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "The headings are those of no data set."),
        (b"\xd0\xcf\x11\xe0old", "This is an old Excel file"),
    ],
)
def test_a_file_that_cannot_be_one_is_refused(steward: Client, content: bytes, said: str) -> None:
    file = SimpleUploadedFile("x.csv", content)

    answer = steward.post("/exchange/tables/", {"sender": "h01", "file": file})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert stored() == 0


def test_what_was_uploaded_lies_sealed(steward: Client) -> None:
    from django.conf import settings

    address = uploaded(steward, as_csv([result(1)]))

    folder = jobs.find(address.split("/")[3]).request["folder"]
    kept = (settings.SETTINGS.home / "exchange" / "tables" / folder / "file").read_bytes()
    assert "测试1".encode() not in kept
    assert "P00001" not in str(jobs.find(address.split("/")[3]).result)


def test_every_blank_can_be_fetched(steward: Client) -> None:
    for form in ("xlsx", "csv"):
        assert steward.get(f"/exchange/tables/blanks/laboratory.{form}").status_code == 200


@pytest.mark.parametrize(("role", "status"), [("doctor", 403), ("operator", 403), (None, 302)])
def test_who_may_not_mend_does_not_see_the_tables(browser: Browser, role: str | None, status: int) -> None:
    assert browser(role).get("/exchange/tables/").status_code == status


def test_how_certain_a_set_is_stands_in_the_reader_s_language(steward: Client) -> None:
    english = steward.get("/exchange/tables/").content.decode()
    steward.cookies["django_language"] = "zh-hans"
    chinese = steward.get("/exchange/tables/").content.decode()

    assert "<td>likely" in english
    assert "<td>较可信" in chinese
    assert "<td>likely" not in chinese
