"""Files through the door: what is good is stored, what is bad goes alone, and nothing is stored twice."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tests.exchange.tables.make import LABORATORY, as_csv, result
from xinglin.directory.importing.rows import Table
from xinglin.exchange.doors import Door
from xinglin.exchange.mapping.dialects import Row
from xinglin.exchange.naming import id_of
from xinglin.exchange.receipts import Delivery, State
from xinglin.exchange.tables import batches, headings, intake, sets
from xinglin.exchange.tables.handler import Handler
from xinglin.exchange.tables.intake import Errand, Tally
from xinglin.kernel.errors import Fault
from xinglin.record import database, packing
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.exchange.doors import Sender

SET = sets.find("WS445.4.2")


def carried(sender: Sender, content: bytes, *, dry: bool = False, bad: str = "quarantine") -> Tally:
    table = Table(lambda: io.BytesIO(content))
    return intake.carry_out(
        Errand(SET, sender, "lab.csv", dry=dry, bad=bad), table, headings.find(SET, table)
    )


def counts() -> dict[str, int]:
    rows = database.connection().execute(
        "SELECT state, count(*) FROM exchange_message GROUP BY 1"
    )  # 1 stored, 2 quarantined
    return dict(rows.fetchall())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_stored_in_either_encoding(sender: Sender, encoding: str) -> None:
    tally = carried(sender, as_csv([result(1), result(1, "HDL", "1.2"), result(2)], encoding=encoding))

    assert (tally.rows, tally.stored, tally.bad, tally.quarantined) == (3, 3, 0, 0)
    patient = open_as(sender.actor).read("Patient", id_of("h01", "Patient", "P00001"))
    assert '"测试1"' in packing.unpack(patient.body).decode()


def test_a_bad_row_goes_alone_to_quarantine(sender: Sender) -> None:
    bad = result(2)
    bad[2] = "7"

    tally = carried(sender, as_csv([result(1), bad, result(3)]))

    assert (tally.stored, tally.bad, tally.quarantined) == (2, 1, 1)
    assert counts() == {1: 1, 2: 1}
    assert [(p.row, SET.columns[p.column].name, p.severity) for p in tally.problems] == [
        (3, "性别代码", "error")
    ]


def test_bad_rows_may_be_left_out(sender: Sender) -> None:
    bad = result(2)
    bad[9] = ""

    tally = carried(sender, as_csv([result(1), bad]), bad="leave")

    assert (tally.stored, tally.bad, tally.quarantined) == (1, 1, 0)
    assert counts() == {1: 1}


def test_a_dry_run_writes_nothing(sender: Sender) -> None:
    tally = carried(sender, as_csv([result(1), result(2)]), dry=True)

    assert (tally.rows, tally.stored, tally.resources) == (2, 0, 6)
    assert counts() == {}


def test_a_file_sent_again_changes_nothing(sender: Sender) -> None:
    content = as_csv([result(number) for number in range(1, 30)])
    carried(sender, content)
    before = database.connection().execute("SELECT count(*), max(vid) FROM record_resource").fetchone()

    carried(sender, content)

    assert (
        database.connection().execute("SELECT count(*), max(vid) FROM record_resource").fetchone() == before
    )


def test_what_later_rows_say_of_a_patient_holds(sender: Sender) -> None:
    rows = [result(number) for number in range(1, 500)]
    last = result(1, "HDL", "1.1")
    last[1] = "改名"

    carried(sender, as_csv([*rows, last]))

    patient = open_as(sender.actor).read("Patient", id_of("h01", "Patient", "P00001"))
    assert '"改名"' in packing.unpack(patient.body).decode()


def test_rows_of_one_patient_stay_together(sender: Sender) -> None:
    rows = [result(1, f"T{number}") for number in range(batches.MOST_ROWS + 50)]

    carried(sender, as_csv([*rows, *[result(number) for number in range(2, 60)]]))

    assert counts() == {1: 2}
    report = open_as(sender.actor).read("DiagnosticReport", id_of("h01", "DiagnosticReport", "BG00001"))
    assert packing.unpack(report.body).decode().count("Observation/") == batches.MOST_ROWS + 50


def test_a_batch_says_what_it_is_and_is_read_again() -> None:
    rows = [Row(2, result(1)), Row(3, result(1, "HDL"))]
    width = [row.cells + [""] * (len(SET.columns) - len(row.cells)) for row in rows]  # type: ignore[operator]

    body = batches.write(SET, [Row(n, cells) for n, cells in zip((2, 3), width, strict=True)], 'a,"b".csv')

    said = batches.about(body)
    assert said is not None
    assert (said.set_id, said.file, said.rows, said.patient) == (SET.id, 'a,"b".csv', "2-3", "P00001")
    assert [(row.number, list(row.cells)) for row in batches.read(SET, body)] == [
        (2, width[0]),
        (3, width[1]),
    ]


def test_a_file_as_it_is_goes_through_the_door(sender: Sender) -> None:
    from xinglin.exchange import processing

    body = as_csv([result(1), result(2)], encoding="gb18030")
    receipt = processing.deliver(Delivery(sender, Door.TABLE, body, "text/csv"))

    assert (receipt.state, receipt.envelope and receipt.envelope.kind) == (State.STORED, "WS445.4.2")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"a,b\n1,2\n",
        b"#xinglin-table,WS445.4.2,1,x,2,,\n",
        b"#xinglin-table,NONE,1\n#,a\n",
        b"PK\x03\x04zip",
        b"\xff",
    ],
)
def test_what_is_no_table_is_refused_and_never_raises_anything_else(sender: Sender, body: bytes) -> None:
    handler = Handler()
    try:
        handler.open(body, "text/csv", sender)
    except Fault:
        made = handler.translate(body, "text/csv", sender)
        assert not made.is_usable
        return
    assert handler.translate(body, "text/csv", sender).resources == ()


def test_a_watched_folder_takes_files_whole_and_reports(sender: Sender, tmp_path: Path) -> None:
    from xinglin.exchange import senders
    from xinglin.exchange.tables.watching import Folder

    folder = Folder(tmp_path, senders.by_code(database.connection(), "h01"))
    bad = result(2)
    bad[2] = "7"
    (tmp_path / "lab.csv").write_bytes(as_csv([result(1), bad], encoding="gb18030"))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "notes.doc").write_text("x")

    first, second = folder.look(), folder.look()

    assert first == []
    assert [(told.name, told.rows, told.stored, told.bad, bool(told.refused)) for told in second] == [
        ("lab.csv", 2, 1, 1, False),
        ("other.csv", 0, 0, 0, True),
    ]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["notes.doc"]
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == ["lab.csv", "lab.csv.report.csv"]
    assert sorted(path.name for path in (tmp_path / "refused").iterdir()) == [
        "other.csv",
        "other.csv.report.txt",
    ]
    assert "性别代码" in (tmp_path / "done" / "lab.csv.report.csv").read_text("utf-8-sig")


def test_a_file_left_by_a_watcher_that_died_is_taken_up_again(sender: Sender, tmp_path: Path) -> None:
    from xinglin.exchange import senders
    from xinglin.exchange.tables.watching import Folder

    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "lab.csv").write_bytes(as_csv([result(1)]))

    told = Folder(tmp_path, senders.by_code(database.connection(), "h01")).look()

    assert [(one.name, one.stored) for one in told] == [("lab.csv", 1)]


def test_headings_are_known_by_other_names_and_in_any_order() -> None:
    names = [LABORATORY[0], "项目代码", "结果", "报告时间", "患者姓名", "报告单号", "项目名称", "备注"]
    table = Table(
        lambda: io.BytesIO(as_csv([["P1", "TG", "1", "20261103", "张三", "BG1", "甘油三酯", "x"]], names))
    )

    head = headings.find(SET, table)

    assert headings.recognise(table) == SET
    assert (head.missing(SET), head.ignored()) == ([], ["备注"])


def test_what_an_institution_says_of_its_headings_goes_before_their_names() -> None:
    said = {"xm": "姓名", "姓名": ""}

    places = headings.match(SET, ["姓名", "XM"], said)

    assert places[SET.place("姓名")] == 1
