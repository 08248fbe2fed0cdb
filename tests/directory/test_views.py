"""The directory's pages, as browsers without script see them."""

from __future__ import annotations

import html
import re
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.directory.conftest import rows
from tests.directory.make import credit

HEAD = "统一社会信用代码,机构名称,机构类别,行政区划代码\n"


def text_of(response) -> str:
    """What a page says, without its markup."""
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


@pytest.fixture
def at_region(town, reader):
    return reader


@pytest.fixture
def at_desk(town, editor):
    return editor


@pytest.mark.parametrize(
    "path",
    [
        "/directory/",
        "/directory/?on=2020-01-01&at=459802000000",
        "/directory/?at=Organization/xc-h01",
        "/directory/tree/?of=459800000000",
        "/directory/tree/?of=Organization/xc-h01",
        "/directory/find/?q=rmyy",
        "/directory/institutions/xc-h01/",
        *(
            f"/directory/institutions/xc-h01/{part}/"
            for part in (
                "departments",
                "people",
                "services",
                "places",
                "beds",
                "equipment",
                "branches",
                "history",
            )
        ),
        "/directory/departments/xc-h01-d00/",
        "/directory/departments/xc-h01-d00/people/",
        "/directory/practitioners/xc-h01-p00/",
        "/directory/practitioners/xc-h01-p00/history/",
        "/directory/divisions/459802001001/",
        "/directory/divisions/4598/?on=2020-01-01",
        "/directory/options/?group=institution&parent=rmyy",
    ],
)
def test_every_page_answers_a_reader(at_region, path):
    assert at_region.get(path).status_code == 200


def test_institution_is_found_by_initials_from_the_middle_of_its_name(at_region):
    answer = at_region.get("/directory/find/", {"q": "dyrmyy"}, headers={"HX-Request": "true"})

    assert re.findall(r"<b>(.*?)</b>", answer.content.decode()) == ["杏川市第一人民医院"]


def test_practitioner_is_found_by_pinyin_and_code(at_region):
    name, id_ = rows("SELECT name, id FROM directory_entry WHERE kind = 'practitioner' ORDER BY id LIMIT 1")[
        0
    ]

    found = at_region.get("/directory/find/", {"q": name, "kind": "practitioner"}).content.decode()
    coded = at_region.get("/directory/find/", {"q": f"{id_.replace('-p', '0')}"}).content.decode()

    assert f"/directory/practitioners/{id_}/" in found
    assert "xl-empty" in coded or id_ in coded


def test_unknown_things_are_answered_with_what_to_do(at_region):
    answer = at_region.get("/directory/institutions/nowhere/")

    assert answer.status_code == 404
    assert "目录中没有这个条目" in text_of(answer)


def test_a_reader_sees_no_way_to_edit_and_is_refused(at_region):
    assert "编辑" not in text_of(at_region.get("/directory/institutions/xc-h01/"))
    for path in (
        "/directory/institutions/xc-h01/edit/",
        "/directory/import/",
        "/directory/institutions/new/",
    ):
        assert at_region.get(path).status_code == 403
    refused = at_region.post("/directory/institutions/xc-h01/edit/", {"name": "改名"})
    assert refused.status_code == 403
    assert rows("SELECT name FROM directory_entry WHERE id = 'xc-h01' AND kind = 'institution'") == [
        ("杏川市第一人民医院",)
    ]


def test_somebody_without_any_role_may_read(town, db, client):
    from xinglin.accounts.models import Account

    client.force_login(Account.objects.create_user("nobody", display_name="无", roles=[]))

    assert client.get("/directory/institutions/xc-h01/").status_code == 200
    assert client.get("/directory/practitioners/xc-h01-p00/").status_code == 200


def test_somebody_who_is_not_signed_in_is_sent_to_sign_in(town, client):
    assert client.get("/directory/").status_code == 302


def form_of(client, path) -> dict[str, str]:
    """What a form would send, as it stands."""
    page = client.get(path).content.decode()
    sent = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))
    for name, inner in re.findall(r'<select[^>]* name="(\w+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        sent[name] = chosen[1] if chosen else ""
    sent.pop("csrfmiddlewaretoken", None)
    sent.pop("q", None)
    return {name: html.unescape(value) for name, value in sent.items()}


def test_an_institution_is_edited_and_brought_back(at_desk):
    path = "/directory/institutions/xc-h01/"
    form = form_of(at_desk, path + "edit/")
    assert (form["name"], form["kind"], form["level"], form["division"]) == (
        "杏川市第一人民医院", "A100", "2", "459802001001"
    )  # fmt: skip

    saved = at_desk.post(path + "edit/", {**form, "name": "杏川市人民医院", "phone": "0772-1234567"})

    assert (saved.status_code, saved["Location"]) == (302, path)
    history = text_of(at_desk.get(path + "history/"))
    assert "机构名称 杏川市第一人民医院 → 杏川市人民医院" in history
    assert "陆文清" in history

    back = at_desk.post(path + "restore/", {"type": "Organization", "resource": "xc-h01", "version": "1"})
    assert back.status_code == 302
    assert rows("SELECT name FROM directory_entry WHERE id = 'xc-h01' AND kind = 'institution'") == [
        ("杏川市第一人民医院",)
    ]


def test_saving_what_stands_changes_nothing(at_desk):
    for path in (
        "/directory/institutions/xc-h01/", "/directory/departments/xc-h01-d00/",
        "/directory/practitioners/xc-h01-p00/",
    ):  # fmt: skip
        at_desk.post(path + "edit/", form_of(at_desk, path + "edit/"), follow=True)

    assert rows("SELECT type, id FROM directory_author WHERE version > 1") == []


def test_a_wrong_form_is_answered_field_by_field_and_nothing_is_saved(at_desk):
    path = "/directory/institutions/xc-h01/edit/"
    form = form_of(at_desk, path)

    answer = at_desk.post(path, {**form, "uscc": credit(1)[:17] + "?", "name": "", "latitude": "91"})

    assert answer.status_code == 422
    said = text_of(answer)
    assert "共有 3 处不对，没有保存。" in said
    assert "此项必填。" in said
    assert "91 不在 -90 与 90 之间。" in said
    assert rows("SELECT count(*) FROM directory_author WHERE version > 1") == [(0,)]


def test_an_editor_who_was_overtaken_is_told(at_desk):
    path = "/directory/institutions/xc-h01/edit/"
    form = form_of(at_desk, path)
    at_desk.post(path, {**form, "name": "甲"})

    late = at_desk.post(path, {**form, "name": "乙"})

    assert late.status_code == 409
    assert rows("SELECT name FROM directory_entry WHERE id = 'xc-h01' AND kind = 'institution'") == [("甲",)]


def test_a_new_department_is_made(at_desk):
    form = {"institution": "xc-h01", "code": "99", "name": "老年医学科", "active": "yes"}
    saved = at_desk.post("/directory/departments/new/", form)

    assert saved["Location"] == "/directory/departments/dept-xc-h01-99/"
    assert at_desk.post("/directory/departments/new/", form).status_code == 422


def test_a_division_is_renamed_on_a_day(at_desk):
    path = "/directory/divisions/459802001000/"
    at_desk.post(path + "change/", {"change": "renamed", "day": "2025-07-01", "name": "杏林街道"})

    then, now = at_desk.get(path + "?on=2025-06-30"), at_desk.get(path + "?on=2025-07-01")

    assert "<h1>杏林街道</h1>" in now.content.decode()
    assert "<h1>杏林街道</h1>" not in then.content.decode()
    assert rows("SELECT count(*) FROM directory_division WHERE code = 459802001000") == [(2,)]


def test_a_division_is_merged_and_leads_to_what_it_became(at_desk):
    path = "/directory/divisions/459802001006/"
    bad = at_desk.post(path + "change/", {"change": "merged", "day": "2025-07-01"})
    assert bad.status_code == 422
    assert "请填写变更为哪个代码。" in text_of(bad)

    at_desk.post(path + "change/", {"change": "merged", "day": "2025-07-01", "latter": "459802001001"})

    said = text_of(at_desk.get(path))
    assert "在这一天，该代码没有含义。" in said
    assert "459802001001" in said


def test_a_file_is_checked_then_loaded(at_desk):
    content = HEAD + f"{credit(1)},新医院,A100,459802001001\n{credit(2)},又一家,Z9,459802001001\n"
    begun = at_desk.post(
        "/directory/import/",
        {"kind": "institutions", "file": SimpleUploadedFile("新机构.csv", content.encode("gbk"))},
    )
    assert begun.status_code == 302
    page = awaited(at_desk, begun["Location"])
    assert "Z9 不在代码表中" in page
    assert "有 1 行不对" in page

    refused = at_desk.post(begun["Location"] + "carry-out/")
    assert refused.status_code == 409
    loaded = at_desk.post(begun["Location"] + "carry-out/", {"good_only": "yes"})
    assert "已导入" in awaited(at_desk, loaded["Location"])

    report = b"".join(at_desk.get(loaded["Location"] + "report.csv").streaming_content).decode("utf-8-sig")
    assert report.splitlines()[1:] == ["2,,,新增,", f"3,C,机构类别,错误,{_words(report)}"]
    assert rows(
        "SELECT name FROM directory_entry WHERE name IN ('新医院', '又一家') AND kind = 'institution'"
    ) == [("新医院",)]


def _words(report: str) -> str:
    return report.splitlines()[2].split(",", 4)[4]


def awaited(client, path) -> str:
    for _ in range(100):
        page = text_of(client.get(path))
        if "正在" not in page:
            return page
        time.sleep(0.1)
    raise AssertionError(page)


def test_a_file_that_is_none_is_refused(at_desk):
    answer = at_desk.post(
        "/directory/import/", {"kind": "institutions", "file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")}
    )

    assert answer.status_code == 422
    assert "没有“机构”的表头" in text_of(answer)


def test_exports_can_be_imported_again(at_desk, tmp_path):
    from tests.directory.make import fates, imported

    for kind in ("divisions", "institutions", "departments", "practitioners"):
        for form in ("csv", "xlsx"):
            answer = at_desk.get(f"/directory/{kind}/export.{form}")
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            path = tmp_path / f"{kind}.{form}"
            path.write_bytes(body)
            assert (kind, form, list(fates(imported(kind, path, dry=True)))) == (kind, form, ["unchanged"])


def test_a_code_of_something_else_cannot_be_taken(at_desk):
    other = rows("SELECT value FROM directory_code WHERE id = 'xc-c000' AND scheme = 'uscc'")[0][0]
    path = "/directory/institutions/xc-h01/edit/"

    answer = at_desk.post(path, {**form_of(at_desk, path), "uscc": other})

    assert answer.status_code == 422
    assert "这是杏林区东门街道社区卫生服务中心的代码。" in text_of(answer)
