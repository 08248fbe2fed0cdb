"""Streams of the real process: what is told arrives when it is committed, at whom it concerns and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.live.conftest import PAGES, is_well
from tests.live.listening import listen, ticket
from xinglin.kernel import clock
from xinglin.live import listening, tickets
from xinglin.record import database, notices, telling

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    SignIn = Callable[..., Client]


def tell(*topics: str) -> None:
    telling.tell(database.connection(), topics)


def test_a_notice_arrives_when_it_is_committed_and_not_when_it_is_not(live: int, sign_in: SignIn) -> None:
    client = sign_in()
    given = [ticket(client, "notices", [notices.topic("account/7")]), ticket(client, "other", ["other"])]
    stream = listen(live, given, client=client)
    assert (stream.status, stream.headers["Content-Type"]) == (200, "text/event-stream")

    connection = database.connection()
    with connection.transaction(force_rollback=True):
        notices.tell(connection, to=["account/7"], kind="test", about="", message="a", now=clock.now())
    tell("other")
    assert stream.word() == "other"

    with connection.transaction():
        notices.tell(connection, to=["account/7"], kind="test", about="", message="a", now=clock.now())
        tell("other")  # on the same connection: told at the commit, together
    assert [stream.word(), stream.word()] == ["notices", "other"]
    assert all(text.isdecimal() for text in stream.ids)
    stream.close()


def test_what_concerns_another_never_arrives(live: int, sign_in: SignIn) -> None:
    client, other = sign_in("one"), sign_in("other")
    mine = listen(live, [ticket(client, "notices", ["notices/account/1"])], client=client)
    theirs = listen(live, [ticket(other, "notices", ["notices/account/2"])], client=other)

    tell("notices/account/2")
    assert theirs.word() == "notices"
    tell("notices/account/1", "nobody")
    assert mine.word() == "notices"

    client.post("/sign-out/")
    assert (mine.word(), mine.word()) == ("over", None)  # and nothing had come between


def test_a_stream_ends_when_its_session_is_ended_by_its_owner_or_somebody_else(
    live: int, sign_in: SignIn
) -> None:
    from xinglin.accounts import sessions
    from xinglin.accounts.models import Account

    client, other = sign_in("one"), sign_in("other")
    first = listen(live, [ticket(client, "notices", ["a"])], client=client)
    second = listen(live, [ticket(other, "notices", ["a"])], client=other)

    client.post("/sign-out/")
    assert (first.word(), first.word()) == ("over", None)
    account = Account.objects.get(username="other")
    sessions.end_all(account=account, actor="account/9", now=clock.now())

    assert (second.word(), second.word()) == ("over", None)
    again = listen(live, [tickets.make("notices", ["a"], session="x" * 32, now=clock.now().timestamp())])
    assert again.status == 403


def test_nobody_listens_without_a_session_and_a_ticket_of_that_session(live: int, sign_in: SignIn) -> None:
    client, other = sign_in("one"), sign_in("other")
    good = ticket(client, "notices", ["a"])

    refused = {
        "no cookie": listen(live, [good]),
        "no ticket": listen(live, [], client=client),
        "another's ticket": listen(live, [ticket(other, "notices", ["a"])], client=client),
        "one of each": listen(live, [good, ticket(other, "notices", ["a"])], client=client),
        "too old": listen(live, [ticket(client, "notices", ["a"], age=tickets.SECONDS + 1)], client=client),
        "of another time": listen(live, [ticket(client, "notices", ["a"], age=-3600)], client=client),
        "changed": listen(live, ["A" + good[1:]], client=client),
        "too many": listen(live, [good] * 9, client=client),
    }

    assert {name: answer.status for name, answer in refused.items()} == dict.fromkeys(refused, 403)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (f"http://127.0.0.1:{PAGES}", 200),
        ("http://127.0.0.1:9999", 403),
        ("http://evil.example", 403),
        (f"http://evil.example:{PAGES}", 403),
        ("null", 403),
    ],
)
def test_only_pages_of_the_platform_may_listen(live: int, sign_in: SignIn, origin: str, status: int) -> None:
    client = sign_in()

    answer = listen(live, [ticket(client, "notices", ["a"])], client=client, Origin=origin)

    shared = (
        answer.headers.get("Access-Control-Allow-Origin"), answer.headers.get("Access-Control-Allow-Credentials"),
    )  # fmt: skip
    assert answer.status == status
    assert shared == ((origin, "true") if status == 200 else (None, None))


def test_what_was_told_before_the_stream_began_or_while_it_was_cut_is_said_at_once(
    live: int, sign_in: SignIn
) -> None:
    client = sign_in()
    given = [ticket(client, "notices", ["a"])]  # the page is made
    tell("a")
    stream = listen(live, given, client=client)
    assert stream.word() == "notices"
    stream.close()

    tell("a")
    again = listen(live, given, client=client, Last_Event_ID=stream.ids[-1])
    assert again.word() == "notices"
    again.close()

    fresh = listen(live, [ticket(client, "notices", ["a"]), ticket(client, "other", ["b"])], client=client)
    tell("b")
    assert fresh.word() == "other"  # the page was made after all that


def test_streams_outlive_the_loss_of_the_database(live: int, sign_in: SignIn) -> None:
    client = sign_in()
    stream = listen(live, [ticket(client, "notices", ["a"]), ticket(client, "other", ["b"])], client=client)

    with psycopg.connect(database.target(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = %s",
            [listening.APPLICATION],
        )

    assert [stream.word(), stream.word()] == ["notices", "other"]  # either may have been missed
    assert is_well(live)
    tell("b")
    assert stream.word() == "other"
    later = listen(live, [ticket(client, "notices", ["a"])], client=client)
    assert later.status == 200
    client.post("/sign-out/")
    assert (stream.word(), later.word()) == ("over", "over")


def test_readers_who_vanish_leave_nothing_behind(live: int, sign_in: SignIn) -> None:
    client = sign_in()
    for _ in range(60):  # more than a session may have at once
        stream = listen(live, [ticket(client, "notices", ["a"])], client=client)
        if stream.status == 503:  # the last ones' ends are not noticed yet
            stream.response.read()
        stream.close()
    tell("a")

    while (last := listen(live, [ticket(client, "notices", ["a"])], client=client)).status == 503:
        last.close()

    tell("a")
    assert last.word() == "notices"
    last.close()


def test_other_paths_and_verbs_are_refused(live: int) -> None:
    import http.client

    answers = []
    for verb, path in (("POST", "/live"), ("GET", "/"), ("GET", "/livelong"), ("GET", "/live/health")):
        connection = http.client.HTTPConnection("127.0.0.1", live, timeout=60)
        connection.request(verb, path)
        answers.append(connection.getresponse().status)
        connection.close()

    assert answers == [405, 404, 404, 200]
