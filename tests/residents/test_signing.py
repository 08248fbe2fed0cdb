"""Signing in by phone and card, opening an account, limits, and that nothing tells who is known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.test import Client
from django.utils.translation import gettext

from tests.healthcard import make as cards
from tests.residents import make
from xinglin.accounts.models import Account, Hindrance, SignedIn
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.residents import actions, codes, gateway


def ask(client: Client, phone: str, **more):
    return client.post("/my/sign-in/", {"phone": phone}, **more)


def sign_up(client: Client, name: str = "王桂兰", document: str = make.WANG):
    return client.post("/my/sign-up/", {"name": name, "document": document, "agreed": "on"})


def pass_time(**more: float) -> None:
    """Let the pause between two codes be over."""
    database.connection().execute(
        "UPDATE residents_code SET sent = sent - %s", [timedelta(**(more or {"minutes": 2}))]
    )


def test_somebody_new_signs_up_with_phone_name_and_number(client, region, outbox):
    assert ask(client, "+86 154 1234 5678").url == "/my/code/"
    answer = client.post("/my/code/", {"code": outbox.code()})
    assert answer.url == "/my/sign-up/"

    answer = sign_up(client)

    assert answer.url == "/my/"
    made = make.registration_of("王桂兰", make.WANG)
    assert made is not None
    assert (made.patient, made.level.value) == ("a", "phone")
    account = Account.objects.get(pk=made.account)
    assert account.roles == ["resident"]
    assert not account.has_usable_password()
    assert "王桂兰" in client.get("/my/").content.decode()
    assert make.WANG_PHONE not in str(make.rows("registration"))


def test_who_has_an_account_signs_in_with_the_code_alone(client, region, outbox):
    made = make.wang()
    ask(client, make.WANG_PHONE)
    before = client.session.session_key

    answer = client.post("/my/code/", {"code": outbox.code()})

    assert answer.url == "/my/"
    assert client.session.session_key != before
    assert SignedIn.objects.filter(account=made.account, ended=None).count() == 1


def test_the_health_card_sends_the_code_to_the_phone_of_its_holder(client, region, outbox):
    made = make.wang()
    card = cards.issue(made.person, now=clock.now())

    answer = client.post("/my/sign-in/?by=card", {"card": card.number})
    assert answer.url == "/my/code/"
    assert [text["phone"] for text in outbox.texts()] == [make.WANG_PHONE]

    assert client.post("/my/code/", {"code": outbox.code()}).url == "/my/"


def test_an_unknown_card_is_answered_as_a_known_one_and_nothing_is_sent(client, region, outbox):
    made = make.wang()
    card = cards.issue(made.person, now=clock.now())
    known = Client().post("/my/sign-in/?by=card", {"card": card.number})

    unknown = client.post("/my/sign-in/?by=card", {"card": "f" * 64})

    assert (unknown.status_code, unknown.url) == (known.status_code, known.url)
    assert len(outbox.texts()) == 1
    assert len(make.rows("code")) == 2


def test_asking_tells_nothing_about_a_phone(region, outbox):
    make.wang()
    answers = []
    for phone in (make.WANG_PHONE, "15400000001"):
        client = Client()
        sent = ask(client, phone)
        page = client.get("/my/code/")
        wrong = client.post("/my/code/", {"code": "x"})
        answers.append([sent.status_code, sent.url, len(page.content), wrong.status_code, len(wrong.content)])

    assert answers[0] == answers[1]
    assert [text["phone"] for text in outbox.texts()] == [make.WANG_PHONE, "15400000001"]


def test_codes_are_kept_as_digests(client, region, outbox):
    ask(client, make.WANG_PHONE)

    kept = str(make.rows("code"))

    assert outbox.code() not in kept.replace("-", "")
    assert make.WANG_PHONE not in kept
    assert make.WANG_PHONE not in str(dict(client.session))


def test_five_wrong_codes_void_the_code_and_lock_the_phone(client, region, outbox):
    make.wang()
    ask(client, make.WANG_PHONE)
    right = outbox.code()
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        assert client.post("/my/code/", {"code": wrong}).status_code == 422

    answer = client.post("/my/code/", {"code": right})

    assert answer.status_code == 422
    assert "_auth_user_id" not in client.session
    assert Hindrance.objects.exclude(locked=None).count() == 1
    pass_time()
    assert ask(Client(), make.WANG_PHONE).status_code == 422  # locked for everybody who asks


def test_a_code_is_right_once(client, region, outbox):
    make.wang()
    ask(client, make.WANG_PHONE)
    other = Client()
    other.cookies = client.cookies.copy()
    client.post("/my/code/", {"code": outbox.code()})

    connection = database.connection()
    number, target = connection.execute("SELECT id, target FROM residents_code").fetchone()

    assert not codes.check(connection, number=number, target=target, given=outbox.code(), now=clock.now())


def test_a_code_is_nothing_in_another_browser(region, outbox):
    make.wang()
    ask(Client(), make.WANG_PHONE)

    answer = Client().post("/my/code/", {"code": outbox.code()})

    assert answer.url == "/my/sign-in/"


def test_a_code_expires(client, region, outbox):
    make.wang()
    ask(client, make.WANG_PHONE)
    database.connection().execute("UPDATE residents_code SET expires = now() - interval '1 second'")

    assert client.post("/my/code/", {"code": outbox.code()}).status_code == 422


def test_there_is_a_pause_between_codes_and_a_most_of_them(client, region, outbox):
    assert ask(client, make.WANG_PHONE).status_code == 302
    assert ask(client, make.WANG_PHONE).status_code == 422
    pass_time()
    assert ask(client, make.WANG_PHONE).status_code == 302
    pass_time()
    assert ask(client, make.WANG_PHONE).status_code == 302
    pass_time()

    assert ask(client, make.WANG_PHONE).status_code == 422
    assert len(outbox.texts()) == 3


def test_one_address_cannot_ask_for_many_phones(client, region, outbox):
    sent = [ask(Client(), f"154000000{n:02d}").status_code for n in range(21)]

    assert sent == [302] * 20 + [422]


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("王桂兰", make.LIN),
        ("王桂芳", make.WANG),
        ("林志强", make.LIN),  # right, but the phone is Wang's
        ("林小宝", make.BOY),  # a child
        ("无此人", make.number("1970-01-01")),
        ("王桂兰", "123"),
    ],
    ids=["other number", "other name", "other phone", "child", "nobody", "no number"],
)
def test_every_no_at_sign_up_is_the_same(client, region, outbox, name, document):
    ask(client, make.WANG_PHONE)
    client.post("/my/code/", {"code": outbox.code()})

    answer = sign_up(client, name, document)

    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors() == [gettext(actions.UNMATCHED)]
    assert make.rows("registration") == []
    assert Account.objects.filter(roles=["resident"]).count() == 0


def test_whoever_has_an_account_gets_no_second(client, region, outbox):
    make.registered("王桂兰", make.WANG, "15400000005")
    with pytest.raises(Exception, match="cannot be opened"):
        actions.sign_up(region, phone=make.WANG_PHONE, name="王桂兰", document=make.WANG, now=clock.now())

    assert len(make.rows("registration")) == 1


def test_no_sign_up_without_a_proven_phone(client, region):
    assert sign_up(client).url == "/my/sign-in/"
    assert make.rows("registration") == []


def test_a_residents_session_ends_sooner_than_others(client, region, outbox):
    make.wang()
    ask(client, make.WANG_PHONE)
    client.post("/my/code/", {"code": outbox.code()})
    session = client.session
    assert session["signon_limits"] == [600, 7200]
    session["signon"] = [session["signon"][0], clock.now().timestamp() - 601]
    session.save()

    answer = client.get("/my/")

    assert answer.url == "/my/sign-in/?next=%2Fmy%2F"
    assert "_auth_user_id" not in client.session


def test_signing_out_goes_back_to_the_residents_sign_in(client, region, outbox):
    make.wang()
    ask(client, make.WANG_PHONE)
    client.post("/my/code/", {"code": outbox.code()})

    assert client.post("/my/sign-out/").url == "/my/sign-in/"
    assert client.get("/my/").status_code == 302


def test_the_way_on_stays_on_the_residents_pages(client, region, outbox):
    make.wang()
    client.get("/my/sign-in/?next=https://example.org/")
    ask(client, make.WANG_PHONE)

    assert client.post("/my/code/", {"code": outbox.code()}).url == "/my/"


def test_after_a_long_time_name_and_number_are_asked_again(client, region, outbox):
    made = make.wang()
    region.execute("UPDATE residents_registration SET verified = verified - interval '91 days'")
    ask(client, make.WANG_PHONE)
    assert client.post("/my/code/", {"code": outbox.code()}).url == "/my/sign-up/"

    assert sign_up(client, "林志强", make.LIN).status_code == 422
    assert "_auth_user_id" not in client.session
    assert sign_up(client).url == "/my/"

    assert client.session["_auth_user_id"] == str(made.account)
    assert len(make.rows("registration")) == 1


def test_what_is_no_card_number_is_said(client, region, outbox):
    assert client.post("/my/sign-in/?by=card", {"card": "1234"}).status_code == 422
    assert make.rows("code") == []


def test_a_gateway_is_posted_to_with_its_token_and_a_redirect_is_not_followed(settings, region):
    asked = []

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(
                (
                    self.path,
                    self.headers["Authorization"],
                    json.loads(self.rfile.read(int(self.headers["Content-Length"]))),
                )
            )
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Gateway)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.SETTINGS = replace(
        settings.SETTINGS, sms=f"http://127.0.0.1:{server.server_port}/send", sms_token="s3cret"
    )

    gateway.send("15400000001", "123456", now=clock.now())
    gateway._threads().submit(int).result()
    gateway._threads().shutdown(wait=True)
    gateway._threads.cache_clear()
    server.shutdown()
    server.server_close()

    assert asked == [("/send", "Bearer s3cret", {"phone": "15400000001", "text": "123456"})]


def test_a_mothers_phone_does_not_open_the_account_of_her_daughter(client, region, outbox):
    born = "2011-03-04"
    make.person("girl", "王小燕", born, make.number(born), make.WANG_PHONE)
    ask(client, make.WANG_PHONE)
    client.post("/my/code/", {"code": outbox.code()})

    assert sign_up(client, "王小燕", make.number(born)).status_code == 422
    assert make.rows("registration") == []

    make.person("girl", "王小燕", born, make.number(born), "15400000008")
    pass_time()
    own = Client()
    ask(own, "15400000008")
    own.post("/my/code/", {"code": outbox.code()})
    assert sign_up(own, "王小燕", make.number(born)).url == "/my/"
