"""The live process over the test database, and people who are signed in for it to see."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests.live.listening import PATIENCE, close_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGES = 8080


@pytest.fixture(scope="session")
def live(_record_database: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The process as ``serve`` starts it: its port."""
    from xinglin.record import database

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "xinglin.config.command",
        "live",
        "--port",
        str(port),
        "--pages",
        str(PAGES),
    ]
    path = tmp_path_factory.mktemp("live") / "log"
    with path.open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, "DATABASE_URL": database.target()}, stdout=log, stderr=log
        )
        try:
            until = time.monotonic() + 2 * PATIENCE
            while not is_well(port):
                assert process.poll() is None, path.read_text()
                assert time.monotonic() < until, path.read_text()
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.wait(PATIENCE)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()


def is_well(port: int) -> bool:
    """What the process says of itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/live/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture
def sign_in(emptied: None, django_db_blocker: Any) -> Iterator[Callable[..., Client]]:
    """A function that signs a new account in, really committed: the browser."""
    from django.contrib.sessions.models import Session

    from xinglin.accounts.models import Account

    made: list[Account] = []

    def signed_in(name: str = "somebody", *roles: str) -> Client:
        account = Account.objects.create_user(name, display_name=name, roles=list(roles or ("doctor",)))
        made.append(account)
        client = Client()
        client.force_login(account)
        return client

    with django_db_blocker.unblock():
        yield signed_in
        for account in made:
            Session.objects.filter(session_key__in=account.sessions.values_list("key")).delete()
            account.delete()
