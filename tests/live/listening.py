"""The other end of a stream, over a real connection."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from xinglin.kernel import clock
from xinglin.live import tickets

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import Message

    from django.test import Client

PATIENCE = 60.0  # seconds for a word that has to come, on a busy machine


_opened: list[Answer] = []


@dataclass
class Answer:
    """An open stream, or a refusal."""

    status: int
    headers: Message
    response: http.client.HTTPResponse
    connection: http.client.HTTPConnection
    ids: list[str] = field(default_factory=list)

    def word(self) -> str | None:
        """The next event's name; None at the stream's end."""
        name = None
        while line := self.response.readline():
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
            elif text.startswith("id: "):
                self.ids.append(text.removeprefix("id: "))
            elif text == "" and name is not None:
                return name
        return None

    def close(self) -> None:
        self.connection.close()
        self.response.close()


def key_of(client: Client) -> str:
    key = client.session.session_key
    assert key is not None
    return key


def ticket(client: Client, kind: str, topics: Iterable[str], *, age: float = 0.0) -> str:
    return tickets.make(kind, topics, session=key_of(client), now=clock.now().timestamp() - age)


def listen(
    port: int, given: Iterable[str], *, client: Client | None = None, **headers: str
) -> Answer:  # fmt: skip
    """Ask for a stream; headers are named with underscores."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if client is not None:
        sent["Cookie"] = f"sessionid={key_of(client)}"
    connection.request("GET", "/live?" + urlencode([("ticket", one) for one in given]), headers=sent)
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response, connection)
    _opened.append(answer)
    return answer


def close_all() -> None:
    """What a test has left open."""
    while _opened:
        _opened.pop().close()
