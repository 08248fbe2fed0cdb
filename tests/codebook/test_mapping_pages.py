"""What the pages of the workbench show and do."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.codebook import mapping_make as make
from xinglin.codebook.mapping import queries
from xinglin.record import database

FRAGMENT = {"HX-Request": "true"}


def text(answer) -> str:
    said = re.sub(r"<script.*?</script>|<[^>]*>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(said).split())


@pytest.fixture
def mapper(workbench, db, client):
    """A browser in which a steward is signed in."""
    return sign_in(client, "steward")


def sign_in(client, role: str):
    from xinglin.accounts.models import Account

    client.force_login(Account.objects.create_user(role, display_name="陆文清", roles=[role]))
    return client


@pytest.fixture
def book(workbench):
    return make.book(workbench)


def path(book, what: str = "") -> str:
    return f"/codes/mapping/{book.id}/{what}"


@pytest.mark.parametrize(
    "what", ["", "bulk/", "publish/", "history/", "export.csv", "export.json", "search/?typed=alt&line=1"]
)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_are_there_in_both_languages(mapper, book, what, language):
    mapper.cookies["django_language"] = language

    assert mapper.get(path(book, what)).status_code == 200


@pytest.mark.parametrize("address", ["/codes/mapping/", "/codes/mapping/new/"])
def test_first_pages_are_there_without_any_book(mapper, address):
    assert mapper.get(address).status_code == 200


def test_pages_need_signing_in(book, db, client):
    assert client.get(path(book)).status_code == 302


@pytest.mark.parametrize("what", ["", "bulk/", "publish/", "history/", "export.csv"])
def test_a_doctor_sees_none_of_it(book, db, client, what):
    assert sign_in(client, "doctor").get(path(book, what)).status_code == 403


def test_a_doctor_decides_nothing(book, db, client):
    answer = sign_in(client, "doctor").post(path(book, "decide/"), {"line": "1", "choice": "none"})

    assert answer.status_code == 403
    assert queries.line(database.connection(), book.id, 1).state == "open"


def test_desk_shows_the_line_sent_most_with_its_candidates_and_reasons(mapper, book):
    shown = text(mapper.get(path(book)))

    assert "谷丙转氨酶测定" in shown
    assert "丙氨酸氨基转移酶 1742-6" in shown
    assert "谷丙转氨酶" in shown
    assert shown.index("谷丙转氨酶测定") < shown.index("白细胞总数WBC")


def test_decision_leads_to_the_next_line(mapper, book):
    answer = mapper.post(
        path(book, "decide/"), {"line": "1", "choice": "code:1742-6", "shown": "open"}, headers=FRAGMENT
    )

    assert answer.status_code == 200
    line = queries.line(database.connection(), book.id, 1)
    assert (line.state, line.target, line.display) == ("mapped", "1742-6", "丙氨酸氨基转移酶")
    assert re.search(r'id="xl-map-line"[^>]*>白细胞总数WBC<', answer.content.decode())


def test_decision_without_htmx_leads_to_the_page_again(mapper, book):
    answer = mapper.post(path(book, "decide/"), {"line": "1", "choice": "later", "shown": "open"})

    assert answer.status_code == 302
    assert answer["Location"].startswith(path(book) + "?")
    assert queries.line(database.connection(), book.id, 1).state == "later"


@pytest.mark.parametrize(
    "given",
    [
        {"choice": "code:99999-9"},
        {"choice": "code:"},
        {"choice": "whatever"},
        {"choice": "code:1742-6", "equivalence": "narrower"},
        {"choice": "code:1742-6", "equivalence": "unheard-of"},
    ],
)
def test_wrong_decision_is_refused_and_changes_nothing(mapper, book, given):
    answer = mapper.post(path(book, "decide/"), {"line": "1", **given}, headers=FRAGMENT)

    assert answer.status_code in (400, 404)
    assert queries.line(database.connection(), book.id, 1).state == "open"


def test_undo_takes_back_what_was_done_last(mapper, book):
    mapper.post(path(book, "decide/"), {"line": "1", "choice": "none"})

    answer = mapper.post(path(book, "undo/"), {}, headers=FRAGMENT)

    assert "已撤销：1" in text(answer)
    assert queries.line(database.connection(), book.id, 1).state == "open"


def test_undo_of_nothing_says_so(mapper, book):
    assert "没有可撤销的操作" in text(mapper.post(path(book, "undo/"), {}, headers=FRAGMENT))


@pytest.mark.parametrize("typed", ["gbzam", "谷丙", "1742", "ALT"])
def test_another_code_is_found_by_pinyin_characters_and_code(mapper, book, typed):
    answer = mapper.get(path(book, f"search/?line=4&typed={quote(typed)}"))

    assert 'value="code:1742-6"' in answer.content.decode()


def test_bulk_shows_what_it_would_confirm_and_confirms_what_is_ticked(mapper, book):
    shown = mapper.get(path(book, "bulk/?least=0.70")).content.decode()
    ticked = re.findall(r'name="line" value="(\d+)" checked', shown)
    assert len(ticked) >= 2

    mapper.post(path(book, "bulk/"), {"line": ticked[:1], "least": "0.70"})

    mapped = [
        str(one.id) for one in queries.every_line(database.connection(), book.id) if one.state == "mapped"
    ]
    assert mapped == ticked[:1]


def test_publishing_shows_the_difference_first(mapper, book):
    assert "还没有决定任何一行" in text(mapper.get(path(book, "publish/")))
    mapper.post(path(book, "decide/"), {"line": "1", "choice": "code:1742-6"})

    assert "谷丙转氨酶测定" in text(mapper.get(path(book, "publish/")))
    answer = mapper.post(path(book, "publish/"), follow=True)

    assert "第 1 版已生效" in text(answer)
    assert queries.book(database.connection(), book.id).version == 1


def test_export_is_a_concept_map_of_what_is_decided(mapper, book):
    mapper.post(path(book, "decide/"), {"line": "1", "choice": "code:1742-6"})

    made = json.loads(mapper.get(path(book, "export.json")).content)

    assert made["resourceType"] == "ConceptMap"
    assert [one["code"] for one in made["group"][0]["element"]] == ["L001"]


def test_table_of_all_lines_does_not_begin_formulas(mapper, workbench):
    from xinglin.codebook.mapping.reading import Local

    book = make.book(workbench, lines=[Local("=1+1", "@SUM(A1)", "", 1)])

    body = mapper.get(path(book, "export.csv")).content.decode("utf-8-sig")

    assert "'=1+1" in body
    assert "'@SUM(A1)" in body


def upload(body: bytes, **more):
    file = SimpleUploadedFile("lab.csv", body)
    return {"institution": "县医院", "kind": "test", "file": file, **more}


def test_file_becomes_a_ranked_book(mapper):
    answer = mapper.post("/codes/mapping/new/", upload("编码,名称,单位\nA1,谷丙转氨酶,U/L\n".encode()))

    assert answer.status_code == 302
    ((book, coverage),) = queries.books(database.connection())
    assert (book.institution, book.target, coverage.codes) == ("县医院", make.LOINC, 1)
    assert queries.line(database.connection(), book.id, 1).candidates[0].code == "1742-6"


def test_file_with_wrong_lines_loads_nothing_unless_they_are_to_be_left_out(mapper):
    body = "编码,名称\nA1,血糖\n,无\n".encode()

    refused = mapper.post("/codes/mapping/new/", upload(body))

    assert refused.status_code == 422
    assert "lab.csv:3 [编码]" in text(refused)
    assert queries.books(database.connection()) == []
    assert mapper.post("/codes/mapping/new/", upload(body, only_good="on")).status_code == 302
    assert queries.books(database.connection())[0][1].codes == 1


def test_file_is_only_tried_where_that_is_asked(mapper):
    answer = mapper.post("/codes/mapping/new/", upload("编码,名称\nA1,血糖\n".encode(), **{"try": "1"}))

    assert "1 行无误" in text(answer)
    assert queries.books(database.connection()) == []


def test_form_says_what_is_missing(mapper):
    answer = mapper.post("/codes/mapping/new/", {"kind": "other"})

    assert answer.status_code == 422
    assert "请说明这些编码要对照到什么" in text(answer)


def test_list_shows_how_far_each_book_is(mapper, book):
    mapper.post(path(book, "decide/"), {"line": "1", "choice": "code:1742-6"})

    shown = text(mapper.get("/codes/mapping/"))

    assert "市人民医院 · 检验" in shown
    assert "37.4 %" in shown
    assert "25.0 %" in shown


def test_book_that_was_never_published_can_be_deleted(mapper, book):
    mapper.post(path(book, "delete/"))

    assert queries.books(database.connection()) == []


def test_unknown_book_is_not_found(mapper):
    assert mapper.get("/codes/mapping/9999/").status_code == 404
