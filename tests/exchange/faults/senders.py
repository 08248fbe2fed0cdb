"""Institutions' systems that send one message after another and write down what was acknowledged.

Each sends a message until it is acknowledged, the same bytes each time, as real ones do; an answer that does not come
is no answer. What a sender has written into ``acknowledged`` may never be missing from then on.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from tests.exchange.faults import letters
from xinglin.exchange.hl7v2.framing import Framer, framed

if TYPE_CHECKING:
    from tests.exchange.faults.region import Region

_ROOT = Path(__file__).parents[3]
_PAUSE = 0.04  # seconds between two messages, so that nine senders leave two processors something to do
_AGAIN = 0.05
_ANSWER = 8.0
_NO_ANSWER = (OSError, http.client.HTTPException, ValueError, EOFError)


def number_of(control: str) -> int:
    """The number of a sender's message."""
    return int(control.rpartition("-")[2])


class Sender(threading.Thread):
    """``sent`` is in the order of sending; ``wrong`` is what no door should say."""

    door = ""

    def __init__(self, code: str, owner: str = "") -> None:
        super().__init__(name=code, daemon=True)
        self.code = code
        self.owner = owner or code  # as whom the platform knows it
        self.sent: list[str] = []
        self.acknowledged: list[str] = []
        self.refused = 0
        self.unanswered = 0
        self.wrong: list[Any] = []
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        number = 0
        while not self._stop_asked.wait(_PAUSE):
            number += 1
            control = f"{self.code}-{number}"
            letter = self.write(number, control)
            self.sent.append(control)
            while not self._stop_asked.is_set():
                try:
                    kept = self.hand_in(control, letter)
                except _NO_ANSWER:
                    self.unanswered += 1
                    self.break_off()
                else:
                    if kept:
                        self.acknowledged.append(control)
                        break
                    self.refused += 1
                self._stop_asked.wait(_AGAIN)
        self.break_off()

    def write(self, number: int, control: str) -> bytes:
        """The message with that number."""
        raise NotImplementedError

    def hand_in(self, control: str, letter: bytes) -> bool:
        """Whether it was acknowledged; False where it is to come again. Raises where there is no answer."""
        raise NotImplementedError

    def break_off(self) -> None:
        """Give up the connection, if there is one."""

    def expected(self, control: str) -> list[tuple[str, str]]:
        """Type and id of what a message leaves in the record, and no other message does."""
        return []


class Web(Sender):
    """Over HTTP."""

    media = "application/fhir+json"
    later = False

    def __init__(self, code: str, region: Region, port: int, key: str) -> None:
        super().__init__(code)
        self._region, self._port, self._key = region, port, key

    def hand_in(self, control: str, letter: bytes) -> bool:
        more = {"Prefer": "respond-async"} if self.later else {}
        status, told = self._region.post(
            letter, self._key, door=self.door, port=self._port, Content_Type=self.media, **more, **self.marks(control)
        )  # fmt: skip
        if status in (429, 500, 502, 503):
            if status == 500:
                self.wrong.append(told)
            return False
        if status not in (200, 202):
            self.wrong.append((status, told))
        return status in (200, 202)

    def marks(self, control: str) -> dict[str, str]:
        return {}


class Fhir(Web):
    door = "fhir"

    def write(self, number: int, control: str) -> bytes:
        return letters.fhir(number, control)

    def expected(self, control: str) -> list[tuple[str, str]]:
        return letters.of_fhir(self.owner, control)


class FhirLater(Fhir):
    """Asks for the receipt only: the work is done by the processes beside the server."""

    later = True


class Hl7Web(Web):
    door = "hl7v2"
    media = "x-application/hl7-v2+er7"

    def write(self, number: int, control: str) -> bytes:
        return letters.hl7(number, control)

    def expected(self, control: str) -> list[tuple[str, str]]:
        return letters.of_hl7(self.owner, control)


class Documents(Web):
    """Documents alone, and every other one in the envelope of a registration."""

    door = "cda"
    media = "application/xml"

    def write(self, number: int, control: str) -> bytes:
        return letters.document(number, control)

    def expected(self, control: str) -> list[tuple[str, str]]:
        return letters.of_document(self.owner, control)


class Tables(Web):
    """A file of three rows, marked by its sender."""

    door = "table"
    media = "text/csv"

    def write(self, number: int, control: str) -> bytes:
        return letters.table(number)

    def marks(self, control: str) -> dict[str, str]:
        return {"Idempotency_Key": control}

    def expected(self, control: str) -> list[tuple[str, str]]:
        return letters.of_table(self.owner, number_of(control))


class Folder(Tables):
    """The same file, put into a watched folder; it counts as acknowledged when it lies among those that are done."""

    def __init__(self, code: str, folder: Path) -> None:
        Sender.__init__(self, code)
        self._folder = folder
        self._placed = ""

    def hand_in(self, control: str, letter: bytes) -> bool:
        if self._placed != control:
            part = self._folder / f".{control}"
            part.write_bytes(letter)
            part.rename(self._folder / f"{control}.csv")
            self._placed = control
        if (refused := self._folder / "refused" / f"{control}.csv").exists():
            self.wrong.append(refused.name)
        return (self._folder / "done" / f"{control}.csv").exists()


class Mllp(Sender):
    """One connection, opened again when it has ended."""

    door = "hl7v2"

    def __init__(self, code: str, port: int, owner: str = "") -> None:
        super().__init__(code, owner)
        self._port = port
        self._socket: socket.socket | None = None
        self._framer = Framer(1 << 20)

    def write(self, number: int, control: str) -> bytes:
        return letters.hl7(number, control)

    def expected(self, control: str) -> list[tuple[str, str]]:
        return letters.of_hl7(self.owner, control)

    def hand_in(self, control: str, letter: bytes) -> bool:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=_ANSWER)
            self._framer = Framer(1 << 20)
        self._socket.sendall(framed(letter))
        answer: list[bytes] = []
        while not answer:
            data = self._socket.recv(1 << 16)
            if not data:
                raise EOFError
            answer = [frame.body for frame in self._framer.feed(data)]
        said = answer[0].split(b"\rMSA|")[1].split(b"\r")[0].decode().split("|")
        if said[1] != control or said[0] not in ("AA", "AE", "AR"):
            self.wrong.append(said)
        if said[0] == "AR":
            self.wrong.append(said)
        return said[0] == "AA" and said[1] == control

    def break_off(self) -> None:
        held, self._socket = self._socket, None
        if held is not None:
            held.close()


class Modality(Sender):
    """Images by C-STORE, one association until it ends; see ``modality``."""

    door = "dicom"

    def __init__(self, code: str, port: int) -> None:
        super().__init__(code)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.exchange.faults.modality", str(port)],
            cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def run(self) -> None:
        with self._process:
            super().run()

    def write(self, number: int, control: str) -> bytes:
        return f"{number}\n".encode()

    def hand_in(self, control: str, letter: bytes) -> bool:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(letter.decode())
        self._process.stdin.flush()
        said = self._process.stdout.readline().strip()
        if said in ("", "-"):
            raise EOFError
        if said != "0" and not said.startswith("a7"):
            self.wrong.append(said)
        return said == "0"


class Rows(Sender):
    """An institution's own database, which a front machine reads: what is committed here has to arrive."""

    def __init__(self, code: str, path: Path, owner: str) -> None:
        super().__init__(code, owner)
        self._path = path
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(
                "CREATE TABLE result (id INTEGER PRIMARY KEY, patient TEXT, item TEXT, value TEXT, changed INTEGER)"
            )
            connection.commit()

    def write(self, number: int, control: str) -> bytes:
        return f"{number}|p{number % 7}|Na|{control}|{number}".encode()

    def hand_in(self, control: str, letter: bytes) -> bool:
        with contextlib.closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            connection.execute("INSERT INTO result VALUES (?, ?, ?, ?, ?)", letter.decode().split("|"))
        return True

    def expected(self, control: str) -> list[tuple[str, str]]:
        return letters.of_row(self.owner, control)


def kept(url: str) -> dict[tuple[str, str], list[tuple[str, int, int]]]:
    """What the platform has of each sender: by its code and the message's own number, or the mark that it gave, the
    receipts with state and count of resources."""
    found: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT s.code, CASE WHEN m.door = 'table' AND m.key <> '' THEN m.key ELSE m.control END,"
            " m.number, m.state, m.resources FROM exchange_message m JOIN exchange_sender s ON s.id = m.sender"
        )
        for code, control, number, state, resources in rows:
            found.setdefault((code, control), []).append((str(number), state, resources))
    return found
