"""The application alone, spoken to as a server speaks to it: readers who take nothing, and sessions that run out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.live.conftest import PAGES
from tests.live.listening import key_of, ticket
from xinglin.kernel import clock
from xinglin.live import admission, application, tickets
from xinglin.live.application import Application

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.test import Client

    SignIn = Callable[..., Client]


class Browser:
    """One request; ``takes`` says whether what is sent is ever taken."""

    def __init__(self, client: Client, given: str, *, takes: bool = True) -> None:
        self.scope = {
            "type": "http", "method": "GET", "path": "/live", "query_string": f"ticket={given}".encode(),
            "headers": [(b"cookie", f"sessionid={key_of(client)}".encode())],
        }  # fmt: skip
        self.takes, self.sent = takes, []  # type: ignore[var-annotated]
        self.left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        if not self.takes and message["type"] == "http.response.body":
            await asyncio.Event().wait()

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()


@pytest.fixture
def live() -> Iterator[Application]:
    """The application, as if it heard of everything."""
    from django.db import connections

    made = Application(pages=PAGES)
    made.hub.begin(clock.now().timestamp() - 2 * tickets.SECONDS)
    yield made
    made._threads.submit(connections.close_all).result()  # one question at a time: there was one thread
    made._threads.shutdown()


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 -- the hub tells nobody
        await asyncio.sleep(0.01)


def test_a_reader_who_takes_nothing_is_let_go(
    monkeypatch: pytest.MonkeyPatch, sign_in: SignIn, live: Application
) -> None:
    monkeypatch.setattr(application, "_PATIENCE", 0.05)
    client = sign_in()
    given = ticket(client, "notices", ["a"])

    async def listen() -> int:
        browser = Browser(client, given, takes=False)
        await asyncio.wait_for(live(browser.scope, browser.receive, browser.send), 60)
        return len(browser.sent)

    assert asyncio.run(listen()) == 2  # the head, and what was not taken
    assert live.hub.count == 0


def test_a_reader_who_leaves_is_forgotten(sign_in: SignIn, live: Application) -> None:
    client = sign_in()
    given = ticket(client, "notices", ["a"])

    async def listen() -> int:
        browser = Browser(client, given)
        stream = asyncio.ensure_future(live(browser.scope, browser.receive, browser.send))
        await _until(lambda: live.hub.count == 1)
        browser.left.set()
        await asyncio.wait_for(stream, 60)
        return live.hub.count

    assert asyncio.run(listen()) == 0


def test_a_stream_ends_with_its_ticket_and_asks_for_another(
    monkeypatch: pytest.MonkeyPatch, sign_in: SignIn, live: Application
) -> None:
    client = sign_in()
    monkeypatch.setattr(application, "HEARTBEAT", 0.01)
    given = ticket(client, "notices", ["a"], age=tickets.SECONDS - 1)

    async def listen() -> str:
        browser = Browser(client, given)
        await asyncio.wait_for(live(browser.scope, browser.receive, browser.send), 60)
        return browser.text

    text = asyncio.run(listen())
    assert text.startswith("retry: ")
    assert ": \n\n" in text  # the line was kept awake meanwhile
    assert text.endswith("data: changed\n\n")
    assert [line for line in text.splitlines() if line.startswith("event: ")][-1] == "event: renew"


def test_more_streams_than_a_session_may_have_are_refused(
    monkeypatch: pytest.MonkeyPatch, sign_in: SignIn, live: Application
) -> None:
    monkeypatch.setattr(application, "MOST_OF_SESSION", 0)
    client = sign_in()
    given = ticket(client, "notices", ["a"])

    async def listen() -> Any:
        browser = Browser(client, given)
        await live(browser.scope, browser.receive, browser.send)
        return browser.sent[0]["status"]

    assert asyncio.run(listen()) == 503


@pytest.mark.parametrize("ending", ["idle", "hours", "expired", "must", "within", "disabled", "gone"])
def test_sessions_that_hold_no_more_are_found(sign_in: SignIn, ending: str) -> None:
    from datetime import timedelta

    from django.contrib.sessions.models import Session

    from xinglin.accounts import sessions
    from xinglin.accounts.models import Account

    client, other = sign_in("one"), sign_in("other")
    keys, now = {key_of(client), key_of(other)}, clock.now()
    assert admission.ended(keys, now=now) == set()

    session, long_ago = client.session, now.timestamp() - 2 * 24 * 3600
    if ending == "gone":
        session.delete()
    elif ending == "disabled":
        Account.objects.filter(username="one").update(is_active=False)
    elif ending == "expired":
        Session.objects.filter(pk=session.session_key).update(expire_date=now - timedelta(seconds=1))
    else:
        changed = {
            "idle": (sessions.MARK, [now.timestamp() - 60, now.timestamp() - 23 * 3600]),
            "hours": (sessions.MARK, [long_ago, now.timestamp()]),
            "must": (sessions.MUST, "password"),
            "within": (sessions.WITHIN, ["/residents/a/"]),
        }[ending]
        session[changed[0]] = changed[1]
        session.save()

    assert admission.ended(keys, now=now) == keys - {key_of(other)}


def test_asking_whether_a_session_holds_is_no_use_of_it_and_neither_is_what_a_page_asks_by_itself(
    sign_in: SignIn,
) -> None:
    from xinglin.accounts import sessions
    from xinglin.accounts.models import SignedIn

    client = sign_in()
    session = client.session
    before = [clock.now().timestamp() - 300] * 2
    session[sessions.MARK] = before
    session.save()
    seen = SignedIn.objects.get(key=session.session_key).seen

    sessions.standing([key_of(client)], now=clock.now())
    assert client.get("/ui/unread/", headers={"Xl-Aside": "1"}).status_code == 200
    assert client.session[sessions.MARK] == before
    assert SignedIn.objects.get(key=session.session_key).seen == seen

    client.get("/ui/unread/")
    assert client.session[sessions.MARK][1] > before[1]
