"""A steward loads a file in two steps."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.codebook.test_pages import text

LOCAL = "urn:test:local"
GOOD = "code,display,parent\nA,甲,\nA1,甲一,A\n"
BAD = "code,display,parent\nA,甲,\nA,重复,\nB,乙,Q\nC,丙,B\nD,丁,A\n"


def send(browser, name, data, **about):
    given = {
        "kind": "system",
        "url": LOCAL,
        "version": "1",
        "hierarchy": "is-a",
        "title": "院内疾病",
        **about,
    }
    data = data if isinstance(data, bytes) else data.encode()
    return browser.post("/codes/load/", {"file": SimpleUploadedFile(name, data), **given})


def kept(connection):
    return connection.execute(
        "SELECT c.code FROM terminology_concept c JOIN terminology_system s ON s.id = c.system"
        " WHERE s.url = %s ORDER BY c.place", [LOCAL],
    ).fetchall()  # fmt: skip


def test_a_file_is_tried_then_loaded_then_taken_out_again(steward, shelved):
    page = send(steward, "local.csv", GOOD)["Location"]
    tried = text(steward.get(page))
    before = kept(shelved)
    loaded = steward.post(page, follow=True)
    after = kept(shelved)
    steward.post("/codes/unload/", {"url": LOCAL, "version": "1"})

    assert "没有发现问题" in tried
    assert (before, after) == ([], [("A",), ("A1",)])
    assert "院内疾病" in text(loaded)
    assert kept(shelved) == []


def test_wrong_lines_are_told_and_left_out_only_when_asked_for(steward, shelved):
    page = send(steward, "local.csv", BAD)["Location"]

    tried = text(steward.get(page))
    refused = steward.post(page)
    nothing = kept(shelved)
    without = text(steward.get(page + "?leave_out=1"))
    steward.post(page, {"leave_out": "1"})

    assert "local.csv:3: 编码 A 重复；此前见 local.csv:2: “甲”。" in tried
    assert (refused.status_code, nothing) == (400, [])
    assert "已略去 3 行" in without
    assert kept(shelved) == [("A",), ("D",)]


def test_an_excel_file_is_read(steward, shelved):
    from openpyxl import Workbook

    book = Workbook()
    for row in (("code", "display"), (10, "数字"), ("B", "乙")):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)

    page = send(steward, "local.xlsx", out.getvalue())["Location"]
    steward.post(page)

    assert kept(shelved) == [("10",), ("B",)]


def test_a_package_is_loaded_and_what_is_wrong_in_it_left_out(steward, shelved):
    system = {"resourceType": "CodeSystem", "url": LOCAL, "status": "active", "content": "complete"}
    right = {**system, "concept": [{"code": "A", "display": "甲"}]}
    wrong = {**system, "url": "urn:wrong", "concept": [{"code": "A"}, {"code": "A"}]}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, found in (
            ("package/package.json", {"name": "test.codes", "version": "1.0.0"}),
            ("package/CodeSystem-a.json", right),
            ("package/CodeSystem-b.json", wrong),
        ):
            data = json.dumps(found).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))

    page = send(steward, "codes.tgz", out.getvalue(), url="")["Location"]
    tried = text(steward.get(page))
    before = kept(shelved)
    steward.post(page)

    assert "CodeSystem-b.json: CodeSystem.concept[1]: 编码 A 重复" in tried
    assert (before, kept(shelved)) == ([], [("A",)])


def test_a_resource_is_loaded(steward, shelved):
    resource = {"resourceType": "CodeSystem", "url": LOCAL, "status": "active", "content": "complete",
                "concept": [{"code": "A", "display": "甲"}]}  # fmt: skip

    page = send(steward, "local.json", json.dumps(resource), url="")["Location"]
    steward.post(page)

    assert kept(shelved) == [("A",)]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.csv", "name\nA\n", "x.csv:1: 缺少列 code, display"),
        ("x.csv", "", None),
        ("x.csv", b"code,display\nA,\xff\xff\n", "x.csv:2: 文件既不是 UTF-8 也不是 GB 18030"),
        ("x.csv", 'code,display\nA,"x\n', "不是 CSV"),
        ("x.json", "{", "文件不是 JSON，第 1 行"),
        ("x.json", "{}", "文件应为带 url 的 CodeSystem、ValueSet 或 ConceptMap"),
        ("x.tgz", b"\x1f\x8bxxx", "该文件不是 FHIR 包"),
        ("x.xlsx", b"PK\x03\x04xxx", "x.xlsx 不是可读取的 Excel 文件"),
    ],
)
def test_what_is_no_such_file_is_said(steward, shelved, name, data, said):
    answer = send(steward, name, data)

    if said is None:
        assert answer.status_code == 400
    else:
        assert said in text(steward.get(answer["Location"]))
    assert kept(shelved) == []


def test_days_that_overlap_are_told_before_loading(steward):
    page = send(steward, "x.csv", GOOD, url="urn:test:icd", version="3", effective="2020-01-01")["Location"]

    assert "与版本 2 同时有效" in text(steward.get(page))


def test_a_table_needs_its_address(steward):
    assert "表格本身没有地址" in text(send(steward, "x.csv", GOOD, url=""))


def test_only_stewards_load(doctor, shelved):
    assert doctor.get("/codes/load/").status_code == 403
    assert send(doctor, "local.csv", GOOD).status_code == 403
    assert doctor.post("/codes/unload/", {"url": "urn:test:icd", "version": "1"}).status_code == 403
    assert shelved.execute("SELECT count(*) FROM terminology_system").fetchone() == (2,)
