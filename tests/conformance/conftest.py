"""The platform as a server of its own, over the test database, for clients that speak real HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE = 240.0  # seconds for the server to come up on a busy machine


@dataclass(frozen=True)
class Server:
    """``base`` is the address of the FHIR face, ``token`` a bearer token of a client system."""

    base: str
    token: str


@pytest.fixture(scope="session")
def address(_record_database: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server, as ``xinglin serve`` starts it."""
    with serving(tmp_path_factory.mktemp("home")) as base:
        yield base


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(home: Path, **settings: str) -> Iterator[str]:
    """The server over the test database, with these settings more: the address of its FHIR face."""
    from xinglin.record import database

    port = free_port()
    command = [sys.executable, "-m", "xinglin.config.command", "serve", "--port", str(port)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--workers", "1", "--threads", "4"],
            env={
                **os.environ,
                "DATABASE_URL": database.target(),
                "XINGLIN_HOME": str(home),
                "XINGLIN_LEDGER": "false",
                "XINGLIN_DICOM_STORE": os.environ["XINGLIN_HOME"] + "/dicom",  # where tests put images
                "XINGLIN_EHRS": "127.0.0.1",
                "XINGLIN_DEMO": "true",  # no role needs a second factor
                **settings,
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        base = f"http://127.0.0.1:{port}/fhir"
        try:
            _wait(base, process)
            yield base
        except TimeoutError as error:
            pytest.fail(f"{error}\n{(home / 'log').read_text()[-4000:]}")
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(base: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{base}/metadata", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError("The server did not come up.")


@pytest.fixture
def server(address: str, emptied: None, django_db_blocker: Any) -> Server:
    """The server with an empty record, and an account for a client system."""
    from xinglin.accounts.actions import issue_token
    from xinglin.accounts.models import Account

    with django_db_blocker.unblock():
        account, _ = Account.objects.get_or_create(
            username="machine", defaults={"display_name": "machine", "roles": ["client"]}
        )
        return Server(address, issue_token(account=account, label="test"))
