"""Shares: limits, PINs, what is shown, that every opening is noted, that a stranger gets nothing."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.test import Client

from tests.healthcard import make as cards
from tests.residents import make
from tests.residents.entering import client_of, plain, text
from xinglin.accounts.events import Origin
from xinglin.kernel import clock
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import access, database, notices
from xinglin.residents import pins, shares
from xinglin.residents.shares import Outcome, Scope, Wish

ACTOR = Actor("account/5", "王桂兰", frozenset({"resident"}))
WISH = Wish(Scope.SUMMARY, 30, 1)
FROM = Origin("192.0.2.7", "Browser")


def made(connection, wish: Wish = WISH, now=None) -> pins.Made:
    return shares.share(connection, patient="a", wish=wish, actor=ACTOR, now=now or clock.now())


def attempt(connection, one: pins.Made, pin: str = "", **later: float) -> Outcome:
    now = clock.now() + timedelta(**later)
    return shares.attempt(connection, token=one.token, pin=pin or one.pin, now=now, origin=FROM)[0]


def wrong(pin: str) -> str:
    return f"{(int(pin) + 1) % 10_000:04d}"


def test_once_means_once(region) -> None:
    one = made(region)

    assert attempt(region, one) is Outcome.OPENED
    assert attempt(region, one) is Outcome.CLOSED
    assert make.rows("share", "used, failures") == [(1, 0)]


def test_it_ends_with_its_time(region) -> None:
    one = made(region, Wish(Scope.SUMMARY, 5, 0))

    assert attempt(region, one, minutes=4) is Outcome.OPENED
    assert attempt(region, one, minutes=4.5) is Outcome.OPENED
    assert attempt(region, one, minutes=5.1) is Outcome.CLOSED


def test_wrong_pins_make_it_void_and_the_resident_is_told(region) -> None:
    one = made(region)
    for _ in range(5):
        assert attempt(region, one, wrong(one.pin)) is Outcome.WRONG_PIN

    assert attempt(region, one) is Outcome.CLOSED
    told = notices.found(region, "x", [notices.of_patient("a")])
    assert [notice.message for notice in told] == [shares.WRONG]


def test_an_unknown_token_opens_nothing(region) -> None:
    one = made(region)

    outcome, found = shares.attempt(region, token=one.token + "x", pin=one.pin, now=clock.now(), origin=FROM)

    assert (outcome, found) == (Outcome.CLOSED, None)
    assert make.rows("opening") == []


def test_the_table_has_neither_token_nor_pin(region) -> None:
    one = made(region)

    ((kept, pin),) = make.rows("share", "token, pin")
    assert re.fullmatch(r"[0-9a-f]{64}", kept)
    assert one.token not in kept
    assert one.pin != pin


def test_ended_is_ended_at_once_and_by_nobody_else(region) -> None:
    one = made(region)
    with pytest.raises(Fault) as caught:
        shares.revoke(region, number=one.id, patients=["lin"], now=clock.now())
    assert caught.value.kind is Kind.NOT_FOUND

    shares.revoke(region, number=one.id, patients=["b", "a"], now=clock.now())

    assert attempt(region, one) is Outcome.CLOSED


@pytest.mark.parametrize("wish", [Wish(Scope.ALL, 31, 1), Wish(Scope.ALL, 30, 2)])
def test_nothing_else_than_what_is_offered_is_made(region, wish) -> None:
    with pytest.raises(Fault) as caught:
        made(region, wish)

    assert caught.value.kind is Kind.INVALID
    assert make.rows("share") == []


def test_there_is_a_limit_at_once(region) -> None:
    for _ in range(5):
        made(region)

    with pytest.raises(Fault) as caught:
        made(region)

    assert caught.value.kind is Kind.CONFLICT
    assert len(make.rows("share")) == 5


def test_two_at_the_same_moment_open_it_once(region) -> None:
    one, found = made(region), []

    def opening() -> None:
        with database.connect() as connection, connection.transaction():
            found.append(attempt(connection, one))

    threads = [threading.Thread(target=opening) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [Outcome.CLOSED, Outcome.OPENED]


def shared(client: Client, **more: str) -> tuple[str, str]:
    """Share by the page: the address's path and the PIN."""
    answer = client.post("/my/shares/", {"scope": "summary", "minutes": "30", "uses": "1", **more})
    page = text(client.get(answer.url))
    path = re.search(r'value="http://[^/]+(/my/s/[^"]+)"', page)
    pin = re.search(r'xl-my-number">(\d{4})<', page)
    assert path is not None
    assert pin is not None
    return path[1], pin[1]


def test_a_resident_shares_and_whoever_scans_it_reads_the_summary(region, outbox) -> None:
    client, stranger = client_of(make.wang()), Client()
    path, pin = shared(client)
    assert "王桂兰" not in text(stranger.get(path))  # asking for the PIN shows and uses nothing

    assert stranger.post(path, {"pin": wrong(pin)}).status_code == 422
    answer = stranger.post(path, {"pin": pin})

    assert answer.status_code == 200
    assert "王桂兰" in text(answer)
    assert "9.1" in text(answer)
    assert "no-store" in answer["Cache-Control"]
    assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex, nofollow", "same-origin")
    assert stranger.post(path, {"pin": pin}).status_code == 404
    page = plain(client.get("/my/shares/"))
    assert "127.0.0.1" in page
    access.flush()
    assert "share/" not in plain(client.get("/my/readers/"))
    assert "被您出示的人" in plain(client.get("/my/readers/"))
    told = notices.found(region, "x", [notices.of_patient("a")])
    assert [notice.message for notice in told] == [shares.OPENED]


def test_sensitive_data_are_never_shown(region, outbox) -> None:
    hidden = {
        "resourceType": "Condition", "id": "hiv", "subject": {"reference": "Patient/a"}, "code": make.HIV,
        "clinicalStatus": {"coding": [{"code": "active",
            "system": "http://terminology.hl7.org/CodeSystem/condition-clinical"}]},
    }  # fmt: skip
    shown = {**hidden, "id": "cold", "code": {"text": "感冒"}}
    cards.store(hidden, shown)
    client = client_of(make.wang())
    assert "HIV" in text(client.get("/my/record/a/problems/"))
    for scope in ("summary", "all"):
        path, pin = shared(client, scope=scope)

        page = text(Client().post(path, {"pin": pin}))

        assert "感冒" in page
        assert "HIV" not in page
        assert "B20" not in page


def test_all_has_the_reports_too(region, outbox) -> None:
    client = client_of(make.wang())
    path, pin = shared(client, scope="all")

    page = text(Client().post(path, {"pin": pin}))

    assert "结论 r-a &lt;script&gt;" in page
    assert "结论 r-lin" not in page


def test_a_share_of_the_page_ends(region, outbox) -> None:
    client = client_of(make.wang())
    path, pin = shared(client)
    ((number,),) = make.rows("share", "id")
    assert client_of(make.lin()).post(f"/my/shares/{number}/end/").status_code == 404

    assert client.post(f"/my/shares/{number}/end/").url == "/my/shares/"

    assert Client().post(path, {"pin": pin}).status_code == 404
    assert client.get(f"/my/shares/{number}/").status_code == 404


def test_who_holds_a_mandate_shares_nothing(region, outbox) -> None:
    lin = make.lin()
    make.wang()
    held = make.given(lin, name="王桂兰", document=make.WANG, relation="child")
    client = client_of(lin)
    client.post("/my/family/switch/", {"authority": held.id})

    answer = client.post("/my/shares/", {"scope": "all", "minutes": "30", "uses": "1"})

    assert answer.status_code == 403
    assert make.rows("share") == []


def test_the_sheet_has_what_matters(region, outbox) -> None:
    client = client_of(make.wang())
    client.post("/my/measurements/weight/", {"weight": "61.5"})

    page = plain(client.get("/my/record/a/summary/"))

    assert "王桂兰" in page
    assert "空腹血糖" in page
    assert "体重 61.5 kg" in page


def test_old_shares_are_forgotten(region) -> None:
    one = made(region, now=clock.now() - timedelta(days=400))
    kept = made(region)
    attempt(region, kept)

    assert shares.forget(region, clock.now()) == 1

    assert make.rows("share", "id") == [(kept.id,)]
    assert one.id != kept.id
