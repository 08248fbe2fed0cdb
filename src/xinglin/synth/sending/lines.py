"""Lines to a platform's doors: a socket with MLLP, HTTP with the sender's key, a folder that somebody watches.

``send`` gives the answer, or None where it is still to come and is asked for by sending again; ``Away`` means that
nothing was acknowledged, for a reason that passes: the message is sent again later.
"""

from __future__ import annotations

import csv
import http.client
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import orjson

from xinglin.exchange.hl7v2 import framing, messages
from xinglin.exchange.tables.watching import DONE, REFUSED
from xinglin.synth.sending import stations

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from xinglin.synth.sending.messages import Message
    from xinglin.synth.sending.stations import Station

_PAUSE = 0.5  # seconds
_SECONDS = 60.0  # that an answer may take
_LARGEST = 1 << 20
_ANSWERS = {"AA": "stored", "CA": "received", "AE": "quarantined", "CE": "", "AR": "refused", "CR": "refused"}
_PASSING = {"206", "207", ""}  # HL7 table 0357: locked, internal error
_KEPT = {200: "", 202: "", 422: ""}
_FINAL = {400: "refused", 404: "refused", 409: "refused", 413: "refused", 415: "refused"}


class Away(Exception):  # noqa: N818 -- no error: a state that passes
    """Nothing was acknowledged; later perhaps."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``state``: stored, received, quarantined, refused; for a file also "taken", with ``counts`` of its rows."""

    state: str
    receipt: str = ""
    repeated: bool = False
    counts: dict[str, int] = field(default_factory=dict)


class Line(Protocol):
    def send(self, message: Message) -> Answer | None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Platform:
    """Where a platform is to be found, and the keys of the senders by their codes."""

    host: str
    port: int
    mllp_port: int
    keys: dict[str, str]
    folder: Path  # in which each watched folder has the sender's code as its name


def wait_for(platform: Platform, stop: threading.Event) -> None:
    """Until the platform listens, or until ``stop``."""
    while not stop.is_set():
        try:
            socket.create_connection((platform.host, platform.port), timeout=_SECONDS).close()
        except OSError:
            stop.wait(_PAUSE)
        else:
            return


def line(station: Station, platform: Platform) -> Line:
    """The line of that station."""
    if station.way == stations.MLLP:
        return Mllp(platform.host, platform.mllp_port)
    if station.way == stations.FOLDER:
        return Folder(platform.folder / station.code)
    return Http(platform.host, platform.port, platform.keys.get(station.code, ""))


class Mllp:
    """One connection that is kept; message and answer take turns."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._framer = framing.Framer(_LARGEST)

    def send(self, message: Message) -> Answer:
        try:
            heard = self._asked(message.draft.body)
        except OSError as error:
            self.close()
            raise Away(str(error)) from None
        return _acknowledged(heard)

    def _asked(self, body: bytes) -> bytes:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=_SECONDS)
            self._framer = framing.Framer(_LARGEST)
        self._socket.sendall(framing.framed(body))
        while True:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("The connection was closed without an answer.")
            for frame in self._framer.feed(data):
                if frame.body and frame.trouble is None:
                    return frame.body

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _acknowledged(body: bytes) -> Answer:
    answer = messages.read(body)
    said = answer.first("MSA")
    state = _ANSWERS.get(said.text(1), "") if said is not None else ""
    if said is None or not state:
        raise Away("The answer is no acknowledgement.")
    told = answer.first("ERR")
    if state == "refused" and (told is None or told.text(3) in _PASSING):
        raise Away(said.text(3))
    receipt = said.text(3).removeprefix("Receipt ") if said.text(3).startswith("Receipt ") else ""
    return Answer(state, receipt)


class Http:
    """``POST /exchange/in/<door>``; the connection is kept."""

    def __init__(self, host: str, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        self._key = key

    def send(self, message: Message) -> Answer:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": message.draft.media}
        try:
            self._connection.request(
                "POST", f"/exchange/in/{message.station.door.value}", message.draft.body, headers
            )
            response = self._connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Away(str(error)) from None
        if response.status in _FINAL:
            return Answer(_FINAL[response.status])
        if response.status not in _KEPT:
            raise Away(f"{response.status} {response.reason}")
        told = orjson.loads(body)
        return Answer(told["state"], told["receipt"], told["repeated"])

    def close(self) -> None:
        self._connection.close()


class Folder:
    """Files that are put there whole; the report beside the loaded one is the answer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: Message) -> Answer | None:
        name = f"{message.number:08d}-{message.part:02d}-{message.draft.kind}.csv"
        report = self._path / DONE / f"{name}.report.csv"
        if report.exists():
            return _reported(report)
        if (self._path / REFUSED / f"{name}.report.txt").exists():
            return Answer("refused")
        if not any((self._path / part / name).exists() for part in ("", "work", DONE, REFUSED)):
            try:
                self._put(name, message.draft.body)
            except OSError as error:
                raise Away(str(error)) from None
        return None

    def _put(self, name: str, body: bytes) -> None:
        half = self._path / f".{name}"
        half.write_bytes(body)
        half.rename(self._path / name)

    def close(self) -> None:
        """Nothing is open."""


def _reported(path: Path) -> Answer | None:
    """The first lines of a report count rows: all, stored, in quarantine, wrong."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = [line for _, line in zip(range(4), csv.reader(file), strict=False)]
    if len(first) < 4:
        return None  # it is still being written
    names = ("rows", "stored", "quarantined", "wrong")
    return Answer("taken", counts={name: int(row[1]) for name, row in zip(names, first, strict=True)})
