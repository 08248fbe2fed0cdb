"""What a resident takes along: the summary as a PDF and as a FHIR document, in words that say what each is for."""

from __future__ import annotations

import io
import json
import re

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.residents import make
from tests.residents.entering import client_of, plain


@pytest.fixture
def client(region, outbox):
    return client_of(make.wang())


def pages(answer) -> list:
    return [page.get_object() for page in PdfFileReader(io.BytesIO(answer.content)).root["/Pages"]["/Kids"]]


def read(answer) -> str:
    """The words of a PDF as ReportLab draws them: strings of UCS-2 in the CID font's encoding."""
    drawn = b"".join(page["/Contents"].data for page in pages(answer))
    strings = re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", drawn, re.DOTALL)
    return "".join(_ESCAPE.sub(_meant, one).decode("utf-16-be") for one in strings)


_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _meant(escape: re.Match[bytes]) -> bytes:
    said = escape[1]
    return bytes([int(said, 8)]) if said.isdigit() else _NAMED.get(said, said)


def test_the_summary_is_a_pdf_on_a4_with_what_matters(client):
    answer = client.get("/my/record/a/summary/paper/")

    assert answer["Content-Type"] == "application/pdf"
    assert "attachment" in answer["Content-Disposition"]
    assert [round(float(side)) for side in list(pages(answer)[0]["/MediaBox"])] == [0, 0, 595, 842]
    said = read(answer)
    for words in ("国际患者摘要", "王桂兰", "过敏与不良反应", "当前用药", "当前健康问题"):
        assert words in said, words


def test_the_pdf_says_it_in_english_beside_the_chinese(client):
    assert "International Patient Summary" in read(client.get("/my/record/a/summary/paper/"))


def test_the_summary_is_a_fhir_document_too(client):
    document = json.loads(client.get("/my/record/a/summary/document/").content)

    assert (document["type"], document["entry"][0]["resource"]["resourceType"]) == ("document", "Composition")


def test_files_of_another_record_are_not_given(client):
    for what in ("summary/paper/", "summary/document/"):
        assert client.get(f"/my/record/lin/{what}").status_code == 404


def test_no_file_is_left_at_a_kiosk(client):
    session = client.session
    session["kiosk"] = True
    session.save()

    assert client.get("/my/record/a/summary/paper/").status_code == 403


def test_the_first_page_says_what_each_file_is_for(client):
    page = plain(client.get("/my/"))

    assert "下载摘要（PDF）" in page
    assert "不是给人看的" in page
    assert "下载文件（FHIR）" not in page


def test_the_account_names_device_and_verifier_in_words(client):
    page = plain(client.get("/my/account/"))

    assert "由窗口工作人员 覃美玲 核验" in page
    assert "Mozilla" not in page
    assert "Xinglin" not in page


def test_who_signed_up_by_phone_was_verified_by_the_platform(region, outbox):
    from xinglin.kernel import clock
    from xinglin.record import database
    from xinglin.residents import actions

    made = actions.sign_up(
        database.connection(), phone=make.LIN_PHONE, name="林志强", document=make.LIN, now=clock.now()
    )

    assert "注册时由平台自动核验" in plain(client_of(made).get("/my/account/"))


def test_the_way_back_from_large_type_stands_where_it_was_chosen(client):
    def button() -> str:
        bar = client.get("/my/").content.decode().partition("</header>")[0]
        return bar.partition('action="/my/size/"')[2].partition("</form>")[0]

    assert 'value="large"' in button()
    assert client.post("/my/size/", {"size": "large", "next": "/my/"}).url == "/my/"
    assert 'value="normal"' in button()


def test_a_share_lasts_an_hour_if_wanted(client):
    page = plain(client.get("/my/shares/"))

    for words in ("5 分钟", "30 分钟", "1 小时", "2 小时", "1 天"):
        assert words in page
