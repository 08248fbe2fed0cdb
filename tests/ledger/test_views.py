"""The pages and the files, by who asks."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest

from tests import make
from tests.ledger.make import NOW, ORIGIN
from xinglin.kernel.actor import Actor
from xinglin.ledger import actions, keeping, proofs, queries, standing, tiles, tree, verification
from xinglin.record import access, database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from tests.ledger.make import Log

    Browser = Callable[[str | None], Client]

PAGES = ["", "entries/", "entries/3/", "entries/3/certificate/", "own/", "verify/"]
FILES = [
    "log/checkpoint", "log/policy", "log/tile/0/000.p/10", "log/tile/entries/000.p/3", "log/proof/inclusion?index=3",
    "log/proof/inclusion?index=3&form=text", "log/proof/consistency?from=3&to=10",
]  # fmt: skip


@pytest.mark.parametrize("role", ["", "doctor", "administrator"])
def test_everybody_who_is_signed_in_sees_the_pages(log: Log, browser: Browser, role: str) -> None:
    log.grow(10)

    assert [browser(role).get(f"/ledger/{page}").status_code for page in PAGES] == [200] * len(PAGES)


def test_who_is_not_signed_in_sees_the_files_and_verifies_and_nothing_else(
    log: Log, browser: Browser
) -> None:
    log.grow(10)

    found = {page: browser(None).get(f"/ledger/{page}").status_code for page in PAGES + FILES}

    assert found == {
        page: 200 if page in FILES or page == "verify/" else 302 for page in PAGES + FILES
    }  # fmt: skip


@pytest.mark.parametrize("role", ["", "doctor", "nurse"])
def test_audits_and_alarms_are_for_operators(log: Log, browser: Browser, role: str) -> None:
    actions.raise_alarm(log.connection, kind="split", subject="w", detail="d", now=NOW)
    client = browser(role)

    found = [
        client.get("/ledger/audits/").status_code,
        client.post("/ledger/audits/ask/").status_code,
        client.post("/ledger/alarms/1/settle/", {"words": "x"}).status_code,
    ]

    assert found == [403, 403, 403]
    assert standing.audits(log.connection, 5) == []
    assert len(standing.alarms(log.connection)) == 1
    log.drain()
    assert queries.search(log.connection, queries.Wanted(source="ledger")) == []


def test_an_empty_log_says_what_to_do(log: Log, browser: Browser) -> None:
    client = browser("administrator")

    assert "打开一份档案" in client.get("/ledger/").content.decode()
    assert "尚无条目" in client.get("/ledger/entries/").content.decode()
    assert client.get("/ledger/log/checkpoint").status_code == 404
    assert client.get("/ledger/entries/0/").status_code == 404


# -- the files of tlog-tiles


def test_tiles_and_bundles_are_for_ever_and_heads_for_a_second(log: Log, browser: Browser) -> None:
    log.grow(300)
    client = browser(None)

    tile = client.get("/ledger/log/tile/0/001.p/44")
    full = client.get("/ledger/log/tile/entries/000")
    head = client.get("/ledger/log/checkpoint")

    leaves = [row.leaf for row in queries.rows(log.connection, 0, 300)]
    assert tile.content == b"".join(map(tree.leaf_hash, leaves[256:]))
    assert tiles.unbundle(full.content) == leaves[:256]
    assert [r["Content-Type"] for r in (tile, full, head)] == [
        "application/octet-stream", "application/octet-stream", "text/plain; charset=utf-8",
    ]  # fmt: skip
    assert ["immutable" in r["Cache-Control"] for r in (tile, full, head)] == [True, True, False]
    assert head["Cache-Control"] == "max-age=1"
    assert head.content.decode() == log.head.whole
    assert {r["Access-Control-Allow-Origin"] for r in (tile, full, head)} == {"*"}
    packed = client.get("/ledger/log/tile/entries/000", headers={"Accept-Encoding": "gzip, br"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == full.content


@pytest.mark.parametrize(
    "path",
    ["tile/0/001.p/45", "tile/0/001", "tile/1/000.p/2", "tile/2/000.p/1", "tile/entries/002", "tile/0/1", "tile/0/000/",
     "tile/0/000.p/256", "tile/64/000", "tile/x/000", "other"],
)  # fmt: skip
def test_tiles_that_are_not_there_are_not_served(log: Log, browser: Browser, path: str) -> None:
    log.grow(300)

    assert browser(None).get(f"/ledger/log/{path}").status_code == 404


def test_a_partial_tile_is_served_for_every_size_the_log_had(log: Log, browser: Browser) -> None:
    log.grow(5)
    log.grow(3)

    found = [browser(None).get(f"/ledger/log/tile/0/000.p/{width}").content for width in range(1, 9)]

    assert found == [found[7][: 32 * width] for width in range(1, 9)]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("inclusion?index=10", 404, "10"),
        ("inclusion?index=-1", 400, "index"),
        ("inclusion", 400, "index"),
        ("inclusion?index=1&size=9", 404, "9"),
        ("consistency?from=5&to=4", 400, "10"),
        ("consistency?from=0&to=11", 400, "10"),
        ("consistency?from=a&to=1", 400, "from"),
        ("inclusion?index=99999999999999999999", 400, "index"),
    ],
)
def test_a_proof_that_cannot_be_made_says_why(
    log: Log, browser: Browser, query: str, status: int, said: str
) -> None:
    log.grow(10)

    answer = browser(None).get(f"/ledger/log/proof/{query}")

    assert answer.status_code == status
    assert said in answer.content.decode()


def test_an_older_size_can_be_asked_for(log: Log, browser: Browser) -> None:
    log.grow(5)
    log.grow(5)

    held = browser(None).get("/ledger/log/proof/inclusion?index=2&size=5").json()

    assert held["size"] == 5
    assert held["checkpoint"].split("\n")[1] == "5"


# -- proofs and events


def person(browser: Browser, role: str) -> tuple[Client, Actor]:
    from xinglin.accounts.models import Account
    from xinglin.accounts.queries import actor_of

    client = browser(role)
    return client, actor_of(Account.objects.get(username=role))


def test_a_reader_sees_and_proves_what_they_did_and_not_what_others_did(log: Log, browser: Browser) -> None:
    client, doctor = person(browser, "doctor")
    open_as(doctor).update(make.patient("欧阳", "明月", id="p1"))
    open_as(doctor).read("Patient", "p1")
    open_as(Actor(id="account/x", name="x", roles=frozenset({"client"}))).read("Patient", "p1")
    log.drain()
    mine, other = (queries.index_of(log.connection, "access", place) for place in (1, 2))

    text = client.get(f"/ledger/entries/{mine}/proof?event=1").content.decode()
    refused = client.get(f"/ledger/entries/{other}/proof?event=1")
    shown = client.post(f"/ledger/entries/{mine}/event/", headers={"HX-Request": "true"}).content.decode()

    report = verification.verify(text, log.policy)
    assert report.holds
    assert report.event is not None
    assert doctor.id in report.event
    assert refused.status_code == 403
    assert doctor.id in shown
    access.flush()
    noted = database.connection().execute(
        "SELECT outcome, query FROM record_access WHERE action = 'ledger' ORDER BY place"
    )
    assert noted.fetchall() == [
        ("permit", f"ledger/{mine}"),
        ("deny", f"ledger/{other}"),
        ("permit", f"ledger/{mine}"),
    ]


def test_an_operator_sees_every_event_unless_the_row_was_changed_or_erased(
    log: Log, browser: Browser
) -> None:
    client, operator = person(browser, "administrator")
    log.enter(3, who="张三")
    log.drain()
    assert "张三" in client.post("/ledger/entries/0/event/").content.decode()

    log.tamper("UPDATE ledger_entry SET event = '{\"n\":9}' WHERE index = 1")
    actions.erase(log.connection, index=2, reason="测试", actor=operator, now=NOW)

    assert client.post("/ledger/entries/1/event/").status_code == 409
    assert client.post("/ledger/entries/2/event/").status_code == 410
    page = client.get("/ledger/entries/2/").content.decode()
    assert "已清除" in page
    assert proofs.parse(client.get("/ledger/entries/2/proof").content.decode()).opening is None


def test_what_an_event_says_is_text_and_nothing_else(log: Log, browser: Browser) -> None:
    log.enter(1, who="<script>alert(1)</script>")
    log.drain()

    page = browser("steward").post("/ledger/entries/0/event/").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_proof_without_the_event_is_for_everybody_and_tells_nothing(log: Log, browser: Browser) -> None:
    log.enter(3, who="张三")
    log.drain()

    answer = browser("").get("/ledger/entries/1/proof")

    assert verification.verify(answer.content.decode(), log.policy).holds
    assert proofs.parse(answer.content.decode()).opening is None
    assert answer["Content-Disposition"] == 'attachment; filename="entry-1.tlog-proof"'


def test_own_accesses_are_listed_with_their_entries(log: Log, browser: Browser) -> None:
    client, doctor = person(browser, "doctor")
    open_as(doctor).update(make.patient(id="p1"))
    open_as(doctor).read("Patient", "p1")
    open_as(Actor(id="account/x", name="x", roles=frozenset({"client"}))).read("Patient", "p1")
    log.drain()
    open_as(doctor).read("Patient", "p1")

    page = client.get("/ledger/own/").content.decode()

    assert page.count("读取资源") == 2
    assert re.findall(r'data-own="(\d+)"', page) == [str(queries.index_of(log.connection, "access", 1))]


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 7), ("?kind=test.event", 4), ("?kind=test.", 4), ("?kind=access.read", 2), ("?source=record", 1),
     ("?kind=none", 0), ("?since=2026-03-01&until=2026-03-01", 4), ("?until=2020-01-01", 0), ("?before=2", 2),
     ("?since=nonsense", 7)],
)  # fmt: skip
def test_entries_are_found_by_kind_source_and_day(log: Log, browser: Browser, query: str, count: int) -> None:
    door = open_as(Actor(id="x", name="x", roles=frozenset({"client"})))
    log.grow(4)
    door.update(make.patient(id="p1"))
    door.read("Patient", "p1")
    door.read("Patient", "p1")
    log.drain()

    page = browser("").get(f"/ledger/entries/{query}").content.decode()

    assert len(re.findall(r'<a href="/ledger/entries/\d+/">', page)) == count


def test_long_lists_have_pages(log: Log, browser: Browser) -> None:
    log.grow(120)
    client = browser("")
    seen: list[int] = []
    address = "/ledger/entries/"
    while address:
        page = client.get(address).content.decode()
        seen += [int(index) for index in re.findall(r'<a href="/ledger/entries/(\d+)/">', page)]
        following = re.search(r'<a href="(\?[^"]*before=\d+)">', page)
        address = f"/ledger/entries/{following[1].replace('&amp;', '&')}" if following else ""

    assert seen == list(range(119, -1, -1))


def test_the_certificate_holds_what_is_needed_to_verify(log: Log, browser: Browser) -> None:
    log.grow(9)

    page = browser("").get("/ledger/entries/4/certificate/").content.decode()

    plain = page.replace(" ", "")
    proof = queries.prove(log.connection, queries.entry(log.connection, 4), log.head)
    assert all(value.hex() in plain for value in [*proof.hashes, log.head.root])
    assert log.head.whole.strip() in page.replace("&#x27;", "'").replace("&quot;", '"')
    assert "<svg" in page
    assert "/ledger/verify/?index=4" in page


# -- audits and alarms


def test_an_audit_that_is_asked_for_names_the_row_and_raises_an_alarm_that_is_settled_in_the_log(
    log: Log, browser: Browser
) -> None:
    client = browser("steward")
    doctor = open_as(Actor(id="account/x", name="x", roles=frozenset({"doctor", "client"})))
    doctor.update(make.patient(id="p1"))
    doctor.read("Patient", "p1")
    log.drain()
    log.tamper("UPDATE record_access SET actor = 'nobody' WHERE place = 1")

    assert client.post("/ledger/audits/ask/").status_code == 302
    assert client.post("/ledger/audits/ask/").status_code == 302
    (waiting,) = standing.audits(log.connection, 5)
    assert "等待存证进程" in client.get("/ledger/audits/").content.decode()
    keeping.run_audit(log.connection, log.home, waiting.number)

    page = client.get("/ledger/audits/").content.decode()
    assert "数据行被篡改" in page
    assert "access/1" in page
    assert "稽核发现改动" in client.get("/ledger/").content.decode()
    (alarm,) = standing.alarms(log.connection)
    assert client.post(f"/ledger/alarms/{alarm.number}/settle/", {"words": " "}).status_code == 400
    assert len(standing.alarms(log.connection)) == 1
    assert (
        client.post(f"/ledger/alarms/{alarm.number}/settle/", {"words": "误操作,已恢复"}).status_code == 302
    )
    assert standing.alarms(log.connection) == []
    log.drain()
    assert "ledger.settle" in {row.entry.kind for row in queries.rows(log.connection, 0, log.size)}


def test_a_clean_audit_says_so(log: Log, browser: Browser) -> None:
    client, operator = person(browser, "steward")
    log.grow(5)
    number = actions.ask_audit(log.connection, actor=operator, now=NOW)
    keeping.run_audit(log.connection, log.home, number)

    assert "未发现改动" in client.get("/ledger/audits/").content.decode()
    assert standing.alarms(log.connection) == []


def test_a_log_that_nobody_keeps_says_so(log: Log, browser: Browser) -> None:
    log.enter(1)

    assert "xinglin ledger run" in browser("").get("/ledger/").content.decode()


def test_the_state_loads_itself_anew_as_a_fragment(log: Log, browser: Browser) -> None:
    log.grow(2)

    page = browser("").get("/ledger/", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in page
    assert ORIGIN in page
