"""A line that is bad on purpose: passes bytes on between a sender and a door, and cuts or stalls what passes."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 1 << 16
_CUT_EARLY = 0.06  # of all connections: before anything of the answer has passed
_CUT_LATE = 0.06  # of all connections: after some of the answer


class Line:
    """Listens on a port of its own and passes on to ``target``. Some connections are cut by themselves, drawn from
    ``seed``: before an answer is through, when what was sent has arrived.
    """

    def __init__(self, target: int, seed: int) -> None:
        self.target = target
        self.cuts = 0
        self._chance = random.Random(seed)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flows.set()
        _shut(self._socket)  # which wakes the one that waits there
        self._threads[0].join()
        self._socket.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def _begin(self, work: Callable[..., None], *given: Any) -> threading.Thread:
        thread = threading.Thread(target=work, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def cut(self) -> None:
        """End everything that is open, both ways, in the middle of what passes."""
        with self._lock:
            held, self._open = self._open, set()
        self.cuts += bool(held)
        for one in held:
            _shut(one)

    def stall(self) -> None:
        """Let nothing pass, and close nothing, until ``flow``."""
        self._flows.clear()

    def flow(self) -> None:
        self._flows.set()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            drawn = self._chance.random()
            most = None
            if drawn < _CUT_EARLY:
                most = 0
            elif drawn < _CUT_EARLY + _CUT_LATE:
                most = self._chance.randrange(1, 400)
            self._begin(self._join, near, most)

    def _join(self, near: socket.socket, most: int | None) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            near.close()  # nobody is there: as where a process has died
            return
        far.settimeout(None)
        with self._lock:
            self._open |= {near, far}
        back = self._begin(self._pass, far, near, most)
        self._pass(near, far, None)
        back.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()

    def _pass(self, source: socket.socket, sink: socket.socket, most: int | None) -> None:
        """Pass bytes on until there are no more; after ``most`` of them the connection is cut."""
        with contextlib.suppress(OSError):
            while data := source.recv(_PIECE):
                self._flows.wait()
                if most is not None and len(data) > most:
                    sink.sendall(data[:most])
                    break
                most = most and most - len(data)
                sink.sendall(data)
        _shut(source)
        _shut(sink)


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
