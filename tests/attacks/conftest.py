"""A platform whose record was written by an attacker, somebody signed in, and a listener that nobody should call."""

from __future__ import annotations

import http.server
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.conftest import caller, record  # noqa: F401 -- fixtures
from tests.portal import region
from xinglin.kernel.actor import SYSTEM
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
_WORDS = {"text", "display", "name", "description", "title", "patientInstruction", "valueString", "family"}


def poisoned(value: Any, member: str = "") -> Any:
    """A resource with markup in every text that people write."""
    if isinstance(value, dict):
        return {name: poisoned(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [poisoned(one, member) for one in value]
    return value + EVIL if isinstance(value, str) and member in _WORDS else value


@pytest.fixture
def steward(emptied: None, db: None, client: Client) -> Client:
    """A browser in which a data steward is signed in, before a record full of markup."""
    from xinglin.accounts.models import Account

    door = open_as(SYSTEM)
    for resource in region.resources():
        door.update(poisoned(resource))
    account = Account.objects.create_user(
        "attacked", display_name=f"陆文清{EVIL}", title=EVIL, roles=["steward", "doctor"]
    )
    client.force_login(account)
    return client


class _Listener(http.server.BaseHTTPRequestHandler):
    calls: list[str]

    def do_GET(self) -> None:
        self.calls.append(self.path)
        self.send_response(200)
        self.end_headers()

    do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 -- the names that http.server looks for

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """The address of a server on this machine, and the paths that were asked of it."""
    calls: list[str] = []
    handler = type("Listener", (_Listener,), {"calls": calls})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", calls
    server.shutdown()
    server.server_close()
