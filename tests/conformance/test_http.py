"""What only a real connection shows: chunks, compression, sizes, and going on after a refusal."""

from __future__ import annotations

import gzip
import http.client
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.conftest import Server

pytestmark = pytest.mark.clients

PATIENT = {"resourceType": "Patient", "name": [{"family": "王"}]}
BODY = json.dumps(PATIENT).encode()


class Connection:
    """One kept-alive connection."""

    def __init__(self, server: Server, raw: http.client.HTTPConnection) -> None:
        self.raw = raw
        self.headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/fhir+json"}

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        chunked = body is not None and not isinstance(body, bytes)
        self.raw.request(method, "/fhir/" + path, body, {**self.headers, **more}, encode_chunked=chunked)
        answer = self.raw.getresponse()
        return answer, answer.read()


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    with closing(http.client.HTTPConnection(urlsplit(server.base).netloc, timeout=60)) as raw:
        yield Connection(server, raw)


def test_body_in_chunks_and_body_compressed_are_stored(connection: Connection) -> None:
    chunks = connection.ask("POST", "Patient", iter([BODY[:10], BODY[10:]]), Transfer_Encoding="chunked")
    packed = connection.ask("POST", "Patient", gzip.compress(BODY), Content_Encoding="gzip")

    assert (chunks[0].status, packed[0].status) == (201, 201)
    assert json.loads(chunks[1])["name"] == json.loads(packed[1])["name"] == PATIENT["name"]


def test_answer_comes_compressed_to_who_takes_it(connection: Connection) -> None:
    answer, body = connection.ask("GET", "metadata", Accept_Encoding="gzip")

    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(body))["resourceType"] == "CapabilityStatement"


def test_head_is_a_get_without_its_body(connection: Connection) -> None:
    made = json.loads(connection.ask("POST", "Patient", BODY)[1])

    full, body = connection.ask("GET", f"Patient/{made['id']}")
    head, nothing = connection.ask("HEAD", f"Patient/{made['id']}")

    assert (full.status, head.status, nothing) == (200, 200, b"")
    assert head.headers["Content-Length"] == str(len(body))


def test_connection_goes_on_after_refusals(connection: Connection) -> None:
    statuses = [
        connection.ask("POST", "Patient", b"{")[0].status,
        connection.ask("POST", "Patient", BODY, Content_Type="text/plain")[0].status,
        connection.ask("GET", "Patient/nobody")[0].status,
        connection.ask("DELETE", "metadata")[0].status,
        connection.ask("GET", "Patient", Authorization="Bearer wrong")[0].status,
        connection.ask("POST", "Patient", BODY)[0].status,
    ]

    assert statuses == [400, 415, 404, 405, 401, 201]


def test_both_ways_to_sign_on_are_offered(connection: Connection) -> None:
    answer, _ = connection.ask("GET", "Patient", Authorization="")

    offered = answer.headers.get_all("WWW-Authenticate")
    assert answer.status == 401
    assert [one.split()[0] for one in offered or []] == ["Bearer", "Basic"]


def test_body_above_the_limit_is_refused_before_it_is_sent(connection: Connection) -> None:
    raw = connection.raw
    raw.putrequest("POST", "/fhir/Patient")
    for name, value in {**connection.headers, "Content-Length": str(65 << 20)}.items():
        raw.putheader(name, value)
    raw.endheaders()

    answer = raw.getresponse()

    assert answer.status == 413
    assert json.loads(answer.read())["issue"][0]["code"] == "too-long"


def test_chinese_in_an_address_is_understood(connection: Connection) -> None:
    connection.ask("POST", "Patient", BODY)

    _, encoded = connection.ask("GET", "Patient?family=%E7%8E%8B")

    assert json.loads(encoded)["total"] == 1
