"""The machine's own page: for who has the token, on this machine, in two languages."""

from __future__ import annotations

import http.client
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.edge.conftest import DATABASE, Hospital, wait_until
from tests.edge.platform import Platform
from xinglin.edge.running import Edge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.edge.configuration import Configuration


class Reader:
    """A browser, as far as it matters."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, form: dict | None = None, host: str = "") -> tuple[int, str, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {
            "Host": host or f"127.0.0.1:{self.port}",
            "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
        }
        connection.request(method, path, urlencode(form or {}) if method == "POST" else None, headers)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        text = answer.read().decode()
        connection.close()
        return answer.status, text, dict(answer.headers)

    def proof(self) -> str:
        return re.search(r'name="proof" value="(\w+)"', self.ask("GET", "/")[1])[1]


@pytest.fixture
def edge(configured: Callable[..., Configuration], hospital: Hospital, platform: Platform) -> Iterator[Edge]:
    platform.behave = lambda _, body: "refuse" if b"K," in body else "keep"
    hospital.add((1, "p1", "Na", "140", 10), (2, "p2", "K", "4", 11))
    made = Edge(configured(DATABASE))
    made.begin()
    wait_until(lambda: len(platform.bodies) == 1 and made.buffer.level().refused == 1)
    yield made
    made.end()


@pytest.fixture
def reader(edge: Edge) -> Reader:
    made = Reader(edge.page.port)
    assert made.ask("POST", "/sign-in", {"token": "open-sesame"})[0] == 303
    return made


def test_nothing_is_shown_without_the_token(edge: Edge) -> None:
    stranger = Reader(edge.page.port)

    assert "p2" not in stranger.ask("GET", "/")[1]
    assert [stranger.ask("GET", path)[0] for path in ("/state", "/refused/2")] == [401, 401]
    assert stranger.ask("POST", "/sign-in", {"token": "guess"})[0] == 403
    assert stranger.ask("POST", "/resend", {"proof": "x"})[0] == 403
    assert edge.buffer.level().refused == 1


def test_a_foreign_name_for_this_machine_is_refused(reader: Reader) -> None:
    assert reader.ask("GET", "/", host="evil.example")[0] == 403


def test_the_state_is_shown_in_both_languages(reader: Reader) -> None:
    chinese = reader.ask("GET", "/")
    reader.ask("POST", "/language", {"language": "en"})
    english = reader.ask("GET", "/")[1]

    assert ("前置机" in chinese[1], "已连接" in chinese[1], "Connected" in english) == (True, True, True)
    assert "There is no number." in english
    assert "unsafe" not in chinese[2]["Content-Security-Policy"]
    assert chinese[2]["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?! (defer )?src=)|style=|onclick", chinese[1])


def test_a_refused_message_is_looked_at_and_sent_again(
    reader: Reader, edge: Edge, platform: Platform
) -> None:
    (refusal,) = edge.buffer.refused()
    shown = reader.ask("GET", f"/refused/{refusal.place}")[1]
    assert ("PID-3" in shown, "2,p2,K,4,11" in shown) == (True, True)

    platform.behave = lambda *_: "keep"
    answer = reader.ask("POST", "/resend", {"proof": reader.proof(), "place": refusal.place})

    assert answer[0] == 303
    wait_until(lambda: len(platform.bodies) == 2)


def test_a_refused_message_is_discarded_by_who_means_it(reader: Reader, edge: Edge) -> None:
    (refusal,) = edge.buffer.refused()
    assert reader.ask("POST", "/discard", {"proof": "0" * 64, "place": refusal.place})[0] == 403
    assert edge.buffer.level().refused == 1

    reader.ask("POST", "/discard", {"proof": reader.proof(), "place": refusal.place})

    assert edge.buffer.refused() == []


def test_the_house_s_files_are_there_and_no_others(reader: Reader) -> None:
    assert reader.ask("GET", "/static/xl/tokens.css")[0] == 200
    assert [
        reader.ask("GET", path)[0] for path in ("/static/../settings.py", "/static/none.css", "/none")
    ] == [404] * 3


def test_a_new_token_ends_the_old_cookie(reader: Reader, tmp_path) -> None:
    (tmp_path / "page.token").write_text("another")

    assert reader.ask("GET", "/state")[0] == 401
