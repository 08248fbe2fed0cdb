"""The live process: Granian with one worker whose event loop keeps all streams.

``xinglin serve`` starts one beside the server (``XINGLIN_LIVE``); ``xinglin live`` is one.
"""

from __future__ import annotations

import os
import resource
import signal
import threading
import time

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from xinglin.kernel.children import Children
from xinglin.live import application, listening

_LOOK_SECONDS = 1.0


def serve(*, host: str, port: int, pages: int) -> None:
    """Keep streams on ``port`` for pages on the port ``pages``; end with the process that started this one."""
    _allow_files()
    os.environ["XINGLIN_PORT"] = str(pages)  # as the worker, which is a process, is to know it
    os.environ["PGAPPNAME"] = listening.APPLICATION  # what the database's server lists its connections under
    threading.Thread(target=_end_with, args=(os.getppid(),), name="parent", daemon=True).start()
    Granian(
        "xinglin.config.asgi:application",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        websockets=False,
        backlog=4096,
        backpressure=application.MOST + 1000,
        workers_kill_timeout=2,  # open streams do not end by themselves
        respawn_failed_workers=True,
        log_level=LogLevels.error,
    ).serve()


def _allow_files() -> None:
    """Each stream is an open file; the soft limit of many systems is 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def beside(*, host: str, port: int, pages: int) -> Children:
    """The live process as a child, for as long as the ``with`` lasts."""
    return Children(["live", "--host", host, "--port", str(port), "--pages", str(pages)])
