from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.make import STEWARD, bundle, line, observation, patient
from xinglin.exchange import backlog, doors, face, processing, senders
from xinglin.kernel import clock
from xinglin.record import database

if TYPE_CHECKING:
    from tests.exchange.make import Lines
    from xinglin.exchange.doors import Sender
    from xinglin.exchange.receipts import Delivery, Receipt


@pytest.fixture
def key(sender: Sender) -> str:
    return senders.renew_key(database.connection(), code="h01", actor=STEWARD, now=clock.now())


def _post(
    path: str, body: bytes, key: str = "", *, method: str = "POST", **headers: str
) -> tuple[int, Any, dict[str, str]]:
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_TYPE": "application/fhir+json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **{name: value for name, value in headers.items() if value is not None},
    }
    if key:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    began: list[Any] = []
    answer = b"".join(face.application(environ, lambda *given: began.extend(given)))
    told = dict(began[1])
    return (
        int(began[0][:3]),
        json.loads(answer) if told["Content-Type"] == "application/json" else answer,
        told,
    )


def _kept() -> int:
    row = database.connection().execute("SELECT count(*) FROM exchange_message").fetchone()
    assert row is not None
    return int(row[0])


def test_a_message_is_answered_with_its_receipt(key: str) -> None:
    status, told, _ = _post("/exchange/in/fhir", bundle(patient(), control="c1"), key)
    again = _post("/exchange/in/fhir", bundle(patient(), control="c1"), key)

    assert status == 200
    assert told == {"receipt": told["receipt"], "state": "stored", "repeated": False, "reasons": []}
    assert again[:2] == (200, {**told, "repeated": True})


def test_who_prefers_not_to_wait_gets_a_receipt_at_once(key: str) -> None:
    status, told, _ = _post(
        "/exchange/in/fhir", bundle(patient(), control="c1"), key, HTTP_PREFER="respond-async"
    )

    assert (status, told["state"]) == (202, "received")
    assert processing.work() == 1


def test_what_went_to_quarantine_says_why_in_the_senders_language(key: str) -> None:
    wrong = bundle(observation(status="perhaps"), control="c1")

    status, told, _ = _post("/exchange/in/fhir", wrong, key)
    chinese = _post("/exchange/in/fhir", wrong, key, HTTP_ACCEPT_LANGUAGE="zh-CN,zh;q=0.9")[1]

    assert (status, told["state"], told["reasons"][0]["place"]) == (
        422,
        "quarantined",
        "Observation[0].status",
    )
    assert chinese["reasons"][0]["text"] != told["reasons"][0]["text"]
    assert _kept() == 1


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/exchange/in/fhir", bundle(patient()), {"key": "xls_wrong"}, 401),
        ("/exchange/in/fhir", bundle(patient()), {"key": ""}, 401),
        ("/exchange/in/hl7v3", bundle(patient()), {}, 404),
        ("/exchange/in/fhir", b"", {}, 400),
        ("/exchange/in/fhir", b"x" * 2000, {}, 413),
        ("/exchange/in/fhir", b"{}", {"CONTENT_LENGTH": "many"}, 400),
        ("/exchange/in/fhir", b"{}", {"CONTENT_LENGTH": "3"}, 400),
        ("/exchange/in/fhir", b"{}", {"HTTP_CONTENT_ENCODING": "br"}, 415),
        ("/exchange/in/fhir", b"{}", {"HTTP_CONTENT_ENCODING": "gzip"}, 400),
        ("/exchange/in/fhir", gzip.compress(bytes(5000), mtime=0), {"HTTP_CONTENT_ENCODING": "gzip"}, 413),
        (
            "/exchange/in/fhir",
            gzip.compress(b"{}" * 40, mtime=0)[:-9],
            {"HTTP_CONTENT_ENCODING": "gzip"},
            400,
        ),
        ("/exchange/in/fhir", b"", {"method": "GET"}, 405),
    ],
)
def test_what_is_refused_is_not_kept(
    key: str, settings: Any, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    from dataclasses import replace

    settings.SETTINGS = replace(settings.SETTINGS, max_body=1000)
    given = {"key": key, **headers}

    answered, told, _ = _post(path, body, given.pop("key"), **given)

    assert (answered, told["state"], len(told["reasons"])) == (status, "refused", 1)
    assert _kept() == 0


def test_what_comes_packed_or_in_pieces_is_kept_unpacked(key: str) -> None:
    packed = _post(
        "/exchange/in/fhir", gzip.compress(bundle(patient(), control="c1")), key, HTTP_CONTENT_ENCODING="gzip"
    )
    pieces = _post(
        "/exchange/in/fhir",
        bundle(patient(), control="c1"),
        key,
        CONTENT_LENGTH="",
        HTTP_TRANSFER_ENCODING="chunked",
    )

    assert (packed[0], pieces[0]) == (200, 200)
    assert pieces[1] == {**packed[1], "repeated": True}


def test_a_full_backlog_asks_to_come_again(key: str, settings: Any) -> None:
    from dataclasses import replace

    settings.SETTINGS = replace(settings.SETTINGS, backlog=0)
    backlog.look_again()

    status, told, headers = _post("/exchange/in/fhir", bundle(patient()), key, HTTP_PREFER="respond-async")

    assert (status, told["state"], headers["Retry-After"]) == (503, "refused", "2")
    assert _kept() == 0


def test_a_door_may_answer_in_its_own_language(key: str, lines: Lines) -> None:
    class Answering(type(lines)):  # type: ignore[misc]
        def answer(self, delivery: Delivery, receipt: Receipt, accept: str) -> tuple[bytes, str] | None:
            return (b"ACK|" + receipt.state.encode(), "application/x-line") if "x-line" in accept else None

    doors.offer(doors.Door.TABLE, Answering())

    told = _post(
        "/exchange/in/table", line("visit", "v1", "p1", "张三"), key, HTTP_ACCEPT="application/x-line"
    )
    plain = _post("/exchange/in/table", line("visit", "v2", "p1", "张三"), key)

    assert told[:2] == (200, b"ACK|stored")
    assert plain[1]["state"] == "stored"
