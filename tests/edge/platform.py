"""A platform that misbehaves when it is told to: fails, hangs, cuts connections, goes away and comes back."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Platform:
    """Takes messages as the real one does: under one key a message is kept once."""

    def __init__(self) -> None:
        self.kept: dict[
            str, tuple[str, bytes]
        ] = {}  # key -> (door, body), in the order of their first coming
        self.requests = 0
        self.states: list[dict] = []
        self.behave: Callable[[int, bytes], str] = lambda number, body: "keep"
        self.lock = threading.Lock()
        self.released = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    def begin(self) -> Platform:
        platform = self

        class Handler(_Handler):
            pass

        Handler.platform = platform
        self._server = _Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def end(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.cut()
            self._server.server_close()
            self._server = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bodies(self) -> list[bytes]:
        with self.lock:
            return [body for _, body in self.kept.values()]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, *given) -> None:
        super().__init__(*given)
        self.open: set[socket.socket] = set()

    def process_request(self, request, client_address) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        for one in list(self.open):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request, client_address) -> None:
        """Cut connections are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    platform: Platform

    def log_message(self, *_) -> None:
        """Not here."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path.startswith("/exchange/edges/"):
            self.platform.states.append(json.loads(body))
            return self.say(200, {"heard": True})
        platform = self.platform
        with platform.lock:
            platform.requests += 1
            number = platform.requests
        way = platform.behave(number, body)
        if self.headers.get("Authorization") != "Bearer right":
            return self.say(401, {"state": "refused", "reasons": []})
        if way == "cut before":
            return self.cut()
        if way == "hang":
            platform.released.wait(30)
            return self.cut()
        if way == "refuse":
            reason = {
                "severity": "error",
                "code": "required",
                "place": "PID-3",
                "text": "There is no number.",
            }
            return self.say(422, {"receipt": f"q{number}", "state": "quarantined", "reasons": [reason]})
        if way == "stranger":
            return self.say_text(200, b"<html>Please sign in to the hotel's network</html>")
        if way.isdecimal():
            return self.say(int(way), {"state": "refused", "reasons": []})
        key = self.headers["Idempotency-Key"]
        with platform.lock:
            repeated = key in platform.kept
            platform.kept.setdefault(key, (self.path.rpartition("/")[2], body))
        if way == "cut after":
            return self.cut()
        return self.say(200, {"receipt": f"r{key}", "state": "stored", "repeated": repeated, "reasons": []})

    def say(self, status: int, told: dict) -> None:
        self.say_text(status, json.dumps(told).encode())

    def say_text(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 503:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(body)

    def cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
