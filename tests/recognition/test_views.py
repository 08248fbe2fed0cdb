"""The pages: who may open which, an order from check to decision, a dispute, the catalogue and marks."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.recognition import make
from xinglin.accounts.models import Account
from xinglin.kernel import clock
from xinglin.recognition import catalogue, counting, queries, reference, standings, versions
from xinglin.recognition.counting import Wanted

PLACES = {"h1": "第一人民医院", "h2": "城东人民医院", "": ""}
ALL = Wanted(date(2020, 1, 1), date(2099, 1, 1))


@pytest.fixture
def sign_in(db, connection):
    """A function that signs somebody of a role in, at an institution or for the region."""

    def signing_in(role: str, institution: str = "") -> Client:
        account, _ = Account.objects.get_or_create(
            username=f"{role}-{institution}",
            defaults={
                "display_name": f"{role} 某", "roles": [] if role == "none" else [role],
                "institution_id": institution, "institution_name": PLACES[institution],
            },
        )  # fmt: skip
        client = Client()
        client.force_login(account)
        return client

    return signing_in


@pytest.fixture
def glucose(connection):
    """One glucose of the second hospital, three days old today, marked."""
    make.store(make.observation("o1", 3, now=clock.now()))
    make.marked(connection, since=(clock.now() - timedelta(days=300)).date())
    return connection


def text(answer) -> str:
    """What a page says, without its marks."""
    body = re.sub(r"(?s)<(script|style).*?</\1>", " ", answer.content.decode())
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


PAGES = {
    "": "dr", "of/p1/": "dn", "board/": "dsr", "decisions/": "dsr", "disputes/": "dsr", "catalogue/": "dnsr",
    "catalogue/file/": "dnsr", "catalogue/versions/": "dnsr", "catalogue/upload/": "r", "institutions/": "dnsr",
}  # fmt: skip
READERS = {
    "d": ("doctor", "h1"), "n": ("nurse", "h1"), "s": ("steward", "h1"), "r": ("steward", ""), "x": ("none", ""),
    "a": ("auditor", ""),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
def test_everybody_opens_what_they_may_and_nothing_else(sign_in, reader) -> None:
    client = sign_in(*READERS[reader])
    opened = {page: client.get(f"/recognition/{page}").status_code for page in PAGES}
    start = {"d": 200, "s": 302, "r": 302}.get(reader, 403)

    assert opened == {
        page: (start if not page else 200 if reader in may else 403) for page, may in PAGES.items()
    }


def test_who_is_not_signed_in_is_sent_to_sign_in(sign_in) -> None:
    for page in PAGES:
        answer = Client().get(f"/recognition/{page}")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/")


def test_an_order_is_checked_and_a_result_recognised(sign_in, glucose) -> None:
    client = sign_in("doctor", "h1")
    found = text(client.get("/recognition/", {"q": "王桂兰"}))
    page = client.get("/recognition/of/p1/", {"items": ["glucose", "hba1c"], "order": "v-1"})
    given = {"order": "v-1", "item": "glucose", "result": "Observation/o1", "items": ["glucose", "hba1c"]}
    answer = client.post("/recognition/of/p1/decide/", {**given, "verdict": "recognised"}, follow=True)

    assert "2 家机构" in found
    assert "6.8 mmol/L" in text(page)
    assert "没有已知的既往结果" in text(page)
    assert answer.redirect_chain[0][0] == "/recognition/of/p1/?order=v-1&items=glucose&items=hba1c"
    assert "结果已互认" in text(answer)
    (kept,) = counting.rows(glucose, ALL)
    assert (kept.verdict, kept.doctor_name, kept.fen, kept.institution) == (
        "recognised",
        "doctor 某",
        600,
        "h1",
    )


def test_declining_without_a_reason_is_refused_and_said(sign_in, glucose) -> None:
    client = sign_in("doctor", "h1")
    given = {"order": "v-1", "item": "glucose", "result": "Observation/o1", "verdict": "declined"}

    refused = client.post("/recognition/of/p1/decide/", given, follow=True)
    kept = counting.rows(glucose, ALL)
    client.post("/recognition/of/p1/decide/", {**given, "reason": "fast"})

    assert "请选择理由之一" in text(refused)
    assert kept == []
    assert [(one.verdict, one.reason) for one in counting.rows(glucose, ALL)] == [("declined", "fast")]


def test_a_nurse_sees_what_is_valid_and_may_not_decide(sign_in, glucose) -> None:
    client = sign_in("nurse", "h1")
    page = client.get("/recognition/of/p1/", {"items": "glucose"})
    answer = client.post(
        "/recognition/of/p1/decide/",
        {"order": "v", "item": "glucose", "result": "Observation/o1", "verdict": "recognised"},
    )

    assert "6.8 mmol/L" in text(page)
    assert 'value="recognised"' not in page.content.decode()
    assert answer.status_code == 403
    assert counting.rows(glucose, ALL) == []


def test_every_item_is_looked_for_by_its_pinyin_and_initials(sign_in) -> None:
    page = sign_in("doctor", "h1").get("/recognition/of/p1/").content.decode()
    keys = dict(re.findall(r'data-keys="([^"]*)"><input type="checkbox" name="items" value="([^"]*)"', page))
    found = {code: set(said.split()) for said, code in keys.items()}

    assert {"tanghuaxuehongdanbai", "thxhdb", "糖化血红蛋白"} <= found["hba1c"]
    assert {"xiongbuctpingsao", "xbctps"} <= found["chest-ct"]


def test_an_institution_sees_its_own_decisions_and_those_on_its_results_alone(sign_in, glucose) -> None:
    make.store(make.observation("c1", 2, now=clock.now(), performer=[{"reference": "Organization/h1"}]))
    make.marked(glucose, institution="h1", since=date(2026, 1, 1))
    now = clock.now()
    make.decided(glucose, now=now)
    make.decided(glucose, now=now, actor=make.OTHER, reference="Observation/c1", item="glucose", ordering="b")

    mine = sign_in("doctor", "h1").get("/recognition/decisions/", {"institution": "h2"})
    on_mine = sign_in("doctor", "h1").get("/recognition/decisions/", {"source": "h1"})
    region = sign_in("steward").get("/recognition/decisions/")

    assert (text(mine).count("黄志远"), text(mine).count("覃芳")) == (1, 0)
    assert (text(on_mine).count("黄志远"), text(on_mine).count("覃芳")) == (0, 1)
    assert (text(region).count("黄志远"), text(region).count("覃芳")) == (1, 1)
    assert "/recognition/of/p1/" in mine.content.decode()
    assert "/recognition/of/p1/" not in region.content.decode()


def test_every_figure_of_the_board_leads_to_as_many_rows(sign_in, glucose) -> None:
    now = clock.now()
    make.decided(glucose, now=now)
    make.decided(glucose, now=now, ordering="b", verdict=queries.Verdict.DECLINED, reason="fast")
    client = sign_in("steward")
    page = client.get("/recognition/board/")
    links = set(re.findall(r'href="(/recognition/decisions/\?[^"]*)"', page.content.decode()))

    rows = {
        len(re.findall(r"<tr><td", client.get(html.unescape(link)).content.decode()))
        for link in links if "own=1" not in link and f"since={now:%Y-%m}" in link
    }  # fmt: skip
    assert "50.0 %" in text(page)
    assert len(links) > 8
    assert rows == {2}


@pytest.mark.parametrize(
    "address", ["board/?by=institution&form=csv", "board/?by=month&form=csv", "decisions/?form=csv"]
)
def test_figures_and_rows_are_taken_away_as_files_without_whose_they_are(sign_in, glucose, address) -> None:
    make.decided(glucose, now=clock.now())
    answer = sign_in("steward").get(f"/recognition/{address}")
    lines = answer.content.decode().splitlines()

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "6.0" in lines[-1]
    assert "p1" not in answer.content.decode().split(",")


def test_a_dispute_goes_through_three_hands(sign_in, glucose) -> None:
    made = make.decided(glucose, now=clock.now(), verdict=queries.Verdict.DECLINED, reason="fast")
    address = f"/recognition/disputes/{made.shard}/{made.id}/"
    hands = [(("doctor", "h2"), "object"), (("doctor", "h1"), "answer"), (("steward", ""), "overturn")]

    for reader, verb in hands:
        client = sign_in(*reader)
        assert f'value="{verb}"' in client.get(address).content.decode()
        client.post(address, {"verb": verb, "words": f"理由{verb}"})

    page = sign_in("steward").get(address)
    assert text(page).count("理由") >= 3
    assert queries.dispute(glucose, made.id, made.shard).state == "overturned"
    assert "城东人民医院" in text(sign_in("steward").get("/recognition/disputes/?state=overturned"))


def test_a_decision_of_others_is_not_told_to_a_third(sign_in, glucose) -> None:
    made = make.decided(glucose, now=clock.now(), verdict=queries.Verdict.DECLINED, reason="fast")
    client = sign_in("doctor", "h1")
    Account.objects.filter(username="doctor-h1").update(institution_id="c1")

    answer = client.get(f"/recognition/disputes/{made.shard}/{made.id}/")
    posted = client.post(f"/recognition/disputes/{made.shard}/{made.id}/", {"verb": "object", "words": "x"})

    assert (answer.status_code, posted.status_code) == (404, 404)


# -- the catalogue


def changed() -> str:
    shipped = reference.shipped()
    items = {
        code: replace(item, days=2) if code == "glucose" else item for code, item in shipped.items.items()
    }
    return catalogue.write(replace(shipped, version="2", items=items))


def test_a_trial_says_what_would_change_and_changes_nothing(sign_in, connection) -> None:
    sent = SimpleUploadedFile("c.tsv", changed().encode("utf-8-sig"))
    answer = sign_in("steward").post("/recognition/catalogue/upload/", {"file": sent})

    assert "days: 30 → 2" in text(answer)
    assert versions.in_force(connection, date(2099, 1, 1)).number == 0


def test_a_tried_catalogue_is_put_in_force_compared_and_put_back(sign_in, connection) -> None:
    client = sign_in("steward")
    client.post("/recognition/catalogue/upload/", {"text": changed(), "words": "缩短", "put": "1"})
    compared = text(client.get("/recognition/catalogue/versions/", {"old": "0", "new": "1"}))
    client.post("/recognition/catalogue/versions/", {"number": "0"})

    assert "days: 30 → 2" in compared
    assert [one.words for one in versions.every(connection, date(2099, 1, 1))] == ["↶ 0", "缩短", ""]
    assert versions.in_force(connection, date(2099, 1, 1)).items == reference.shipped().items


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (changed().replace("\t2\t", "\t0\t").encode(), "第 7 行"),
        (b"\xff\xfe", "请选择"),
        (b"", "请选择"),
        (b"a\0b", "请选择"),
    ],
)
def test_a_wrong_file_is_refused_with_the_line_and_nothing_changes(sign_in, connection, body, said) -> None:
    sent = SimpleUploadedFile("c.tsv", body)
    answer = sign_in("steward").post("/recognition/catalogue/upload/", {"file": sent, "put": "1"})

    assert answer.status_code == 422
    assert said in text(answer)
    assert versions.in_force(connection, date(2099, 1, 1)).number == 0


def test_what_is_taken_away_can_be_uploaded_again(sign_in, connection) -> None:
    client = sign_in("steward")
    taken = client.get("/recognition/catalogue/file/").content

    answer = client.post("/recognition/catalogue/upload/", {"file": SimpleUploadedFile("c.tsv", taken)})

    assert "两者相同" in text(answer)


# -- marks and tiers


def test_the_region_gives_and_ends_marks_and_sets_tiers(sign_in, connection) -> None:
    client = sign_in("steward")
    mark = {"act": "give", "institution": "h2", "items": "laboratory", "scope": "city", "since": "2026-01-01"}
    client.post("/recognition/institutions/", mark)
    (held,) = standings.held(connection)
    client.post("/recognition/institutions/", {"act": "end", "number": held.mark.id, "words": "质评不合格"})
    client.post(
        "/recognition/institutions/", {"act": "tier", "institution": "c1", "tier": "primary", "words": "评定"}
    )
    page = text(client.get("/recognition/institutions/"))

    assert "质评不合格" in page
    assert standings.held(connection)[0].ended is not None
    assert [(one.institution, one.tier) for one in standings.tier_lines(connection)] == [("c1", "primary")]


@pytest.mark.parametrize(
    "sent",
    [
        {"act": "give", "institution": "h2", "items": "laboratory", "scope": "city", "since": "2026-01-01"},
        {"act": "end", "number": "1", "words": "x"},
        {"act": "tier", "institution": "h2", "tier": "primary", "words": "x"},
    ],
)
def test_an_institution_changes_no_marks(sign_in, connection, sent) -> None:
    number = make.marked(connection)
    sent = {**sent, "number": str(number)} if sent["act"] == "end" else sent

    assert sign_in("steward", "h1").post("/recognition/institutions/", sent).status_code == 403
    assert [one.ended for one in standings.held(connection)] == [None]
    assert standings.tier_lines(connection) == []
