"""Pages with tickets: who gets which, where their streams are, and what the browser is allowed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.live.listening import key_of
from xinglin.accounts import sessions
from xinglin.kernel import clock
from xinglin.kernel import settings as platform
from xinglin.live import tickets
from xinglin.record import telling

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    SignIn = Callable[..., Client]


@pytest.fixture
def given(settings: Any) -> Callable[..., None]:
    """A function that changes the platform's settings for a test; streams are on."""

    def change(**changes: Any) -> None:
        settings.SETTINGS = replace(settings.SETTINGS, **changes)

    change(live=True, port=8080)
    return change


def directives(answer: Any) -> list[str]:
    """What the content security policy of an answer says, one by one; they come in any order."""
    return [one.strip() for one in answer["Content-Security-Policy"].split(";")]


def offered(answer: Any) -> dict[str, tuple[str, str]]:
    """Kind to (where from, ticket) on a page."""
    pattern = (
        r'<xl-live data-for="(\w+)" data-ticket="([^"]+)" data-from="([^"]+)" data-renew="/ui/live/" hidden>'
    )
    return {kind: (where, ticket) for kind, ticket, where in re.findall(pattern, answer.content.decode())}


def heard(client: Client, ticket: str) -> set[str]:
    return set(tickets.read(ticket, session=key_of(client), now=clock.now().timestamp()).topics)


def test_a_page_has_a_ticket_for_the_bell_of_its_own_reader(given: Any, sign_in: SignIn) -> None:
    client = sign_in("one", "doctor")

    answer = client.get("/directory/")

    where, ticket = offered(answer)["notices"]
    number = answer.wsgi_request.user.pk
    assert where == "http://testserver:8081/live"
    assert heard(client, ticket) == {
        telling.digest(f"notices/account/{number}"), telling.digest("notices/role/doctor@"),
    }  # fmt: skip
    assert "connect-src 'self' http://testserver:8081" in directives(answer)


@pytest.mark.parametrize(
    ("changes", "where", "allowed"),
    [
        ({"base_url": "https://health.example"}, "/live", "connect-src 'self'"),
        ({"live_url": "/live"}, "/live", "connect-src 'self'"),
        (
            {"live_url": "https://live.example/live"},
            "https://live.example/live",
            "connect-src 'self' https://live.example",
        ),
        ({"live_port": 9000}, "http://testserver:9000/live", "connect-src 'self' http://testserver:9000"),
    ],
)
def test_streams_are_where_the_operator_says(
    given: Any, sign_in: SignIn, changes: dict[str, Any], where: str, allowed: str
) -> None:
    given(**changes)

    answer = sign_in().get("/directory/")

    assert offered(answer)["notices"][0] == where
    assert allowed in directives(answer)


def test_no_page_has_a_ticket_where_streams_are_off_or_nobody_is_signed_in(
    given: Any, sign_in: SignIn
) -> None:
    client = sign_in()
    given(live=False)
    off = client.get("/directory/")
    given(live=True)
    client.post("/sign-out/")
    nobody = client.get("/sign-in/")

    assert (offered(off), offered(nobody)) == ({}, {})
    assert "connect-src 'self'" in directives(off)
    assert client.get("/ui/live/?for=notices").status_code == 401


def test_a_session_that_opens_less_than_its_account_hears_nothing(given: Any, sign_in: SignIn) -> None:
    client = sign_in()
    assert set(client.get("/ui/live/?for=notices").json()) == {"notices"}
    session = client.session
    session[sessions.WITHIN] = ["/ui/"]
    session.save()

    assert client.get("/ui/live/?for=notices").json() == {}


def test_tickets_are_renewed_for_what_the_reader_may_hear_now(given: Any, sign_in: SignIn) -> None:
    client = sign_in("one", "steward")
    asked = "/ui/live/?for=notices&for=messages&for=readers&for=nothing"
    assert set(client.get(asked).json()) == {"notices", "messages"}

    from xinglin.accounts.models import Account

    Account.objects.filter(username="one").update(roles=["doctor"])

    made = client.get(asked).json()
    assert set(made) == {"notices"}
    assert telling.digest("notices/role/steward@") not in heard(client, made["notices"])
    assert client.get(asked)["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_who_sees_all_messages_hears_of_all_and_an_institutions_own_of_theirs(
    given: Any, sign_in: SignIn
) -> None:
    from tests.exchange.make import STEWARD, empty
    from xinglin.accounts.models import Account
    from xinglin.exchange import senders
    from xinglin.exchange.senders import Details
    from xinglin.record import database

    empty()
    details = Details("人民医院", organization="hospital")
    senders.register(database.connection(), code="h01", details=details, actor=STEWARD, now=clock.now())
    number = senders.by_code(database.connection(), "h01").sender.id
    region, local, doctor = sign_in("one", "steward"), sign_in("two", "steward"), sign_in("three", "doctor")
    Account.objects.filter(username="two").update(institution_id="hospital")

    tickets_of = [client.get("/ui/live/?for=messages").json() for client in (region, local, doctor)]

    assert heard(region, tickets_of[0]["messages"]) == {telling.digest("messages")}
    assert heard(local, tickets_of[1]["messages"]) == {telling.digest(f"messages/{number}")}
    assert tickets_of[2] == {}
    empty()


def test_the_defaults_are_on_and_the_next_port(tmp_path: Any) -> None:
    read = platform.read({"XINGLIN_HOME": str(tmp_path)})

    assert (read.live, read.live_port, read.live_url) == (True, 0, "")
