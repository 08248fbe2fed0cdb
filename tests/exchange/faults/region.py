"""A platform in a home of its own, with each of its processes as it is started in earnest, to be killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from pathlib import Path

RUN = [sys.executable, "-m", "xinglin.config.command"]
_COMES_UP = 120  # seconds, at the longest


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Region:
    """``more`` are settings beside those of the home."""

    home: Path
    port: int = field(default_factory=free_port)
    more: dict[str, str] = field(default_factory=dict)
    complaints: int = subprocess.DEVNULL  # where what the processes complain of is written
    server: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("XINGLIN_", "DATABASE_URL", "PYTEST_"))
        }
        return {
            **kept, "XINGLIN_HOME": str(self.home), "XINGLIN_WORKERS": "2", "XINGLIN_LEDGER": "false", **self.more,
        }  # fmt: skip

    def run(self, *words: str) -> str:
        return subprocess.run(
            [*RUN, *words], env=self.environment(), check=True, capture_output=True, text=True
        ).stdout.strip()

    def script(self, text: str, given: Any = None) -> Any:
        """What a script prints as JSON that runs with the platform's tables; ``given`` is JSON on its input."""
        environment = {
            **self.environment(),
            "DJANGO_SETTINGS_MODULE": "xinglin.config.settings",
            "DATABASE_URL": self.url(),
        }
        done = subprocess.run(
            [sys.executable, "-c", f"import django, json, sys; django.setup()\n{text}"],
            env=environment, input=json.dumps(given), check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    def start(self) -> None:
        self.server = subprocess.Popen(
            [*RUN, "serve", "--port", str(self.port)],
            env=self.environment(), stdout=subprocess.DEVNULL, stderr=self.complaints, start_new_session=True,
        )  # fmt: skip
        self.wait()

    def wait(self) -> None:
        """Wait until it answers, by itself."""
        deadline = time.monotonic() + _COMES_UP
        while time.monotonic() < deadline:
            try:
                self.post(b"", "nobody")
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the platform did not come up by itself")

    def kill(self) -> None:
        """SIGKILL for the server, its workers, and every process of the database, at once."""
        assert self.server is not None
        kill_all([psutil.Process(self.server.pid), self.database()])
        self.server.wait()

    def database(self) -> psutil.Process:
        """The first process of PostgreSQL."""
        return psutil.Process(int((self.home / "postgresql" / "postmaster.pid").read_text().split()[0]))

    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests."""
        assert self.server is not None
        return [
            one for one in psutil.Process(self.server.pid).children()
            if "serve" in " ".join(one.cmdline()) or "multiprocessing" in " ".join(one.cmdline())
        ]  # fmt: skip

    def close(self) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait(timeout=20)
        self.run("stop")

    def post(
        self, body: bytes, key: str, *, door: str = "fhir", port: int = 0, **headers: str
    ) -> tuple[int, Any]:
        """Hand a message in, at another port where one is said; status and answer."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        said = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/fhir+json",
            "Accept": "application/json",
        }
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request("POST", f"/exchange/in/{door}", body, said)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def url(self) -> str:
        return f"postgresql://postgres@/xinglin?host={self.home / 'postgresql'}"


def kill_all(heads: list[psutil.Process]) -> None:
    """SIGKILL for processes and all their children, at once."""
    processes = heads + [child for head in heads for child in head.children(recursive=True)]
    for process in processes:
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=10)
