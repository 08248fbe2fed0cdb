"""Samples are judged by what their doors say of them, and by what they say together."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.exchange.cda import make as documents
from tests.exchange.onboarding import make
from tests.exchange.tables import make as tables
from xinglin.exchange.cda import kinds, writing
from xinglin.exchange.doors import ERROR, Door
from xinglin.exchange.onboarding.coding import Answer
from xinglin.kernel.errors import Issue
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("_record_database")


def test_good_samples_of_every_kind_are_green() -> None:
    report = make.check(make.hospital(), make.bench(kinds=make.HOSPITAL))

    assert (report.is_green, report.level, make.failing(report)) == (True, "L4A", set())
    assert [one.words for one in report.findings if one.severity == ERROR] == []
    assert all(one.is_met for one in report.covered)


def test_too_few_samples_of_a_kind_keep_a_sender_out() -> None:
    report = make.check(make.hospital(2), make.bench(kinds=make.HOSPITAL))

    assert not report.is_green
    assert make.failing(report) == {"structure.kinds"}
    assert [one.good for one in report.covered] == [2, 2, 2, 2, 2]


@pytest.mark.usefixtures("emptied")
def test_nothing_is_written() -> None:
    make.check(make.hospital(), make.bench(kinds=make.HOSPITAL))

    connection = database.connection()
    counts = [
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        for table in ("exchange_message", "record_resource")
    ]
    assert counts == [(0,), (0,)]


def _without_sex(text: str) -> str:
    return text.replace("|19900307|M", "|19900307|")


def _earlier(text: str) -> str:
    """What happened was three weeks before; the header stays."""
    header, *others = text.split("\r")
    return "\r".join([header, *(one.replace("20261126", "20261103") for one in others)])


SPOILT: list[tuple[str, Callable[[], list[str]], str, str, int]] = [
    ("unreadable", lambda: ["MSX|nothing"], "structure.readable", "MSH", 0),
    (
        "no such kind", lambda: [make.registered().replace("ADT^A28", "ZZZ^Z01")], "structure.form", "MSH-9", 1,
    ),
    (
        "no number of its own", lambda: [make.registered().replace("|REG1|", "||")], "required.form", "MSH-10", 1,
    ),
    ("a number twice", lambda: [make.resulted(), make.resulted(value="50")], "linkage.numbers", "", 0),
    (
        "another person", lambda: [make.resulted(), make.admitted().replace("|M", "|F")], "linkage.person",
        "Patient[0]", 3,
    ),
    (
        "a visit that nobody sent", lambda: [make.resulted().replace("|V0001", "|")], "linkage.encounters",
        "DiagnosticReport[1].encounter", 4,
    ),
    ("no sex", lambda: [_without_sex(make.registered())], "required.region", "Patient[0]", 3),
    (
        "late", lambda: [_earlier(make.resulted())], "timeliness.prompt", "DiagnosticReport[1]", 4,
    ),
    (
        "from the future", lambda: [make.resulted().replace("20261126090000", "20261128090000")], "timeliness.order",
        "DiagnosticReport[1]", 4,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "point", "place", "line"), [one[1:] for one in SPOILT], ids=[one[0] for one in SPOILT]
)
def test_what_is_wrong_is_found_with_its_place(
    texts: Callable[[], list[str]], point: str, place: str, line: int
) -> None:
    report = make.check([(f"{number}", text.encode()) for number, text in enumerate(texts())])

    found = make.of_point(report, point)
    assert [(one.place, one.line) for one in found][:1] == [(place, line)]
    assert point in make.failing(report)


def test_a_wrong_value_is_found_in_its_line() -> None:
    report = make.check([("a", make.resulted(value="forty").replace("|NM|", "|DT|").encode())])

    found = make.of_point(report, "codes.values")
    assert [(one.sample, one.place, one.line) for one in found] == [(0, "OBX-5", 5)]


def test_orders_are_looked_for_in_other_samples() -> None:
    hospital = make.bench(kinds=make.HOSPITAL)
    alone = make.check([("r", make.resulted().encode())], hospital)
    both = make.check([("r", make.resulted().encode()), ("o", make.ordered().encode())], hospital)

    assert "linkage.orders" in make.failing(alone)
    assert "linkage.orders" not in make.failing(both)


class _Known:
    """A terminology that knows one code of LOINC, and not the other."""

    def of(self, system: str, code: str) -> Answer:
        if system != "http://loinc.org":
            return Answer(False)
        wrong = Issue(
            "code-invalid", "There is no code %(code)s in %(system)s.", {"code": code, "system": system}
        )
        return Answer(True, None if code == "24323-8" else wrong)


def test_codes_that_the_terminology_does_not_know_are_found() -> None:
    report = make.check([("r", make.resulted().encode())], make.bench(codes=_Known()))

    mark = next(one for one in report.marks if one.point == "codes.known")
    assert (mark.looked, mark.good, mark.holds) == (2, 1, False)
    assert [one.place for one in make.of_point(report, "codes.known")] == ["Observation[2].code"]


def test_of_many_findings_of_a_point_in_a_sample_the_first_are_named() -> None:
    rows = [[*tables.result(number)[:4], "", *tables.result(number)[5:]] for number in range(1, 60)]
    report = make.check([("lab.csv", tables.as_csv(rows))], make.bench(Door.TABLE))

    assert len(make.of_point(report, "required.region")) == make.SCHEME.shown_each


# -- the other doors


def test_a_table_is_judged_cell_by_cell() -> None:
    rows = [tables.result(1), tables.result(2)]
    rows[1][2] = "7"
    report = make.check([("lab.csv", tables.as_csv(rows))], make.bench(Door.TABLE))

    found = make.of_point(report, "codes.tables")
    assert [(one.place, one.line) for one in found] == [("row 3, column 性别代码", 3)]
    assert not report.samples[0].is_green


def test_a_good_table_is_green() -> None:
    rows = [tables.result(number) for number in (1, 2, 3)]
    report = make.check([("lab.csv", tables.as_csv(rows))], make.bench(Door.TABLE, "table-laboratory"))

    assert ([one.kind for one in report.samples], report.is_green) == (["WS445.4.2"], True)


def test_a_document_is_judged_by_its_template() -> None:
    kind = kinds.kinds()["C0007"]
    good = writing.write(documents.good(kind))
    wrong = re.sub(rb"<title>[^<]*</title>", b"", good, count=1)
    files = [("good.xml", good), ("wrong.xml", wrong)]
    report = make.check(files, make.bench(Door.CDA))

    found = make.of_point(report, "required.form")
    assert [(one.sample, one.place) for one in found] == [(1, "/ClinicalDocument/title")]
    assert found[0].line > 0


def test_a_bundle_is_judged_where_it_stands() -> None:
    sent = {
        "resourceType": "Bundle", "type": "collection", "timestamp": "2026-11-26T09:30:00+08:00",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "p1", "gender": "unspecified"}},
            {"resource": {"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "x"},
                          "subject": {"reference": "Patient/p2"}}},
        ],
    }  # fmt: skip
    report = make.check([("b.json", json.dumps(sent, indent=1).encode())], make.bench(Door.FHIR))

    wrong = make.of_point(report, "structure.record")
    assert [one.place for one in wrong] == ["Bundle.entry[0].resource.gender"]
    assert json.dumps(sent, indent=1).split("\n")[wrong[0].line - 1].strip() == '"gender": "unspecified"'
    lost = make.of_point(report, "linkage.references")
    assert [one.place for one in lost] == ["Bundle.entry[1].resource.subject"]
