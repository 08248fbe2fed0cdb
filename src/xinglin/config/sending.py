"""The demonstration's institutions: registered as senders, and sending for as long as it is served.

Three children beside the server: one listens for HL7 v2 (MLLP), one watches the folder of an institution that saves
files into it, one is all the institutions. Each ends with the demonstration, however that ends.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from django.conf import settings

from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database
from xinglin.synth.sending import registering, setting_out, stations

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.synth.plan import Plan

VISITS = 6000
"""So many visits a start tells of: some two hours. A demonstration that is forgotten does not fill a disk."""
_POLITENESS = 10  # pages go first
_COMMAND = [sys.executable, "-m", "xinglin.config.command"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the senders' things are."""

    home: Path

    @property
    def keys(self) -> Path:
        return self.home / "senders.json"

    @property
    def log(self) -> Path:
        return self.home / "senders-log"

    @property
    def folders(self) -> Path:
        return self.home / "folders"


def register(places: Places, plan: Plan) -> None:
    """Register the region's institutions; those that are keep their keys. A plan that is known stays."""
    held, known = setting_out.keys(places.keys)
    if held:
        plan = known
    told = stations.everywhere(plan.residents)
    keys = registering.register(database.connection(), told, held=held, actor=SYSTEM, now=clock.now())
    if keys != held:
        setting_out.keep_keys(places.keys, keys, plan)
    for code in _watched(plan):
        (places.folders / code).mkdir(parents=True, exist_ok=True)


def _watched(plan: Plan) -> list[str]:
    return [one.code for one in stations.everywhere(plan.residents) if one.way == stations.FOLDER]


class Beside:
    """The children, for as long as the ``with`` lasts."""

    def __init__(self, places: Places, *, port: int, rate: float, visits: int = VISITS) -> None:
        self._places, self._port, self._rate, self._visits = places, port, rate, visits
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        _, plan = setting_out.keys(self._places.keys)
        mllp = free_port(settings.SETTINGS.mllp_port)
        told = [["mllp", "--beside", "--host", "127.0.0.1", "--port", str(mllp), "--workers", "1"]]
        for code in _watched(plan):
            folder = str(self._places.folders / code)
            told.append(["exchange", "watch", folder, "--sender", code, "--beside"])
        told.append(
            [
                "synth", "send", "--live", "--beside", "--port", str(self._port), "--mllp-port", str(mllp),
                "--rate", str(self._rate), "--visits", str(self._visits), "--keys", str(self._places.keys),
                "--log", str(self._places.log), "--folders", str(self._places.folders),
            ]
        )  # fmt: skip
        for words in told:
            child = subprocess.Popen(  # noqa: S603 -- this very program
                [*_COMMAND, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            self._children.append(child)
            os.setpriority(os.PRIO_PROCESS, child.pid, _POLITENESS)
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.terminate()
        for child in self._children:
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()


def free_port(wanted: int) -> int:
    """The wanted port, or any that is free where somebody else listens there."""
    for port in (wanted, 0):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(tried.getsockname()[1])
    raise OSError("No port is free.")
