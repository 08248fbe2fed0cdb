"""A witness: remembers the last head of each log it knows, and cosigns only heads that continue it.

https://c2sp.org/tlog-witness. ``decide`` is the rule, ``Witness`` the memory on disk, ``server`` the HTTP interface
of one process. A witness belongs to another body than the log: it needs its own directory and nothing of the
platform's.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from xinglin.crypto import signed_notes
from xinglin.crypto.signed_notes import NoteError
from xinglin.kernel import clock
from xinglin.ledger import checkpoints, files, tree

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.crypto.signed_notes import Note, SigningKey, VerifierKey
    from xinglin.ledger.checkpoints import Checkpoint

_LONGEST = 256 * 1024
_MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class Seen:
    """The last head of a log that this witness cosigned."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: an HTTP status and a body. ``accepted`` is to be remembered and cosigned."""

    status: int
    body: str = ""
    kind: str = "text/plain; charset=utf-8"
    accepted: Checkpoint | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """The body of add-checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    head: Checkpoint


def parse(body: bytes) -> Request:
    """Read a request; raises ``NoteError``."""
    try:
        head, gap, rest = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise NoteError("The request is not UTF-8") from None
    lines = head.split("\n")
    number = lines[0].removeprefix("old ")
    if (
        not gap
        or number == lines[0]
        or not number.isascii()
        or not number.isdecimal()
        or str(int(number)) != number
    ):
        raise NoteError(
            "The request begins with `old` and a size, then hashes, an empty line, and the checkpoint"
        )
    if len(lines) - 1 > _MOST_HASHES:
        raise NoteError(f"A consistency proof has at most {_MOST_HASHES} hashes")
    proof = tuple(signed_notes.decode(line) for line in lines[1:])
    if any(len(value) != 32 for value in proof):
        raise NoteError("A line of the consistency proof is not a hash of 32 bytes")
    note = signed_notes.parse(rest)
    return Request(int(number), proof, note, checkpoints.parse(note.text))


def decide(request: Request, keys: list[VerifierKey], seen: Seen | None) -> Answer:
    """What a witness that trusts ``keys`` and last saw ``seen`` answers."""
    mine = [key for key in keys if key.name == request.head.origin]
    if not mine:
        return Answer(404, "This witness does not watch this log.\n")
    try:
        signed = signed_notes.verify(request.note, mine)
    except NoteError:
        signed = []
    if not signed:
        return Answer(403, "No key that this witness trusts has signed this checkpoint.\n")
    head, last = request.head, seen or Seen(0, tree.EMPTY)
    if request.old > head.size:
        return Answer(400, "The old size is larger than the checkpoint's.\n")
    if request.old != last.size:
        return Answer(409, f"{last.size}\n", "text/x.tlog.size")
    if head.size == last.size and head.root != last.root:
        return Answer(409, f"{last.size}\n", "text/x.tlog.size")
    if not tree.continues(
        request.proof, old=last.size, new=head.size, old_root=last.root, new_root=head.root
    ):
        return Answer(422, "The proof does not show that this checkpoint continues the last one.\n")
    return Answer(200, accepted=head, note=request.note)


class Witness:
    """One witness in its directory: ``witness.key``, ``logs`` (a verifier key a line) and ``state.json``."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.key = read_key(home)
        self._lock = threading.Lock()

    @property
    def logs(self) -> list[VerifierKey]:
        """The logs that are watched; the file is read again each time, so that logs can be added while it runs."""
        path = self.home / "logs"
        lines = path.read_text().splitlines() if path.exists() else []
        return [
            signed_notes.parse_verifier(line) for line in lines if line.strip() and not line.startswith("#")
        ]

    def seen(self) -> dict[str, Seen]:
        """What is remembered of each log."""
        path = self.home / "state.json"
        held = json.loads(path.read_text()) if path.exists() else {}
        return {origin: Seen(int(s["size"]), signed_notes.decode(s["root"])) for origin, s in held.items()}

    def add_checkpoint(self, body: bytes, *, moment: int) -> Answer:
        """Answer one request. What is accepted is on disk before it is cosigned."""
        try:
            request = parse(body)
        except NoteError as wrong:
            return Answer(400, f"{wrong}.\n")
        with self._lock:
            seen = self.seen()
            answer = decide(request, self.logs, seen.get(request.head.origin))
            if answer.accepted is None:
                return answer
            if request.old != request.head.size or request.head.origin not in seen:
                seen[request.head.origin] = Seen(request.head.size, request.head.root)
                self._remember(seen)
        return Answer(200, signed_notes.cosign(request.note.text, self.key, moment=moment).line)

    def _remember(self, seen: dict[str, Seen]) -> None:
        held: dict[str, Any] = {
            o: {"size": s.size, "root": signed_notes.encode(s.root)} for o, s in seen.items()
        }
        files.write(self.home / "state.json", json.dumps(held, indent=1, sort_keys=True) + "\n")


def init(home: Path, name: str) -> SigningKey:
    """Make a witness's directory and key; a key that is there is kept."""
    path = home / "witness.key"
    if not path.exists():
        files.write(path, signed_notes.make_key(name, signed_notes.COSIGNER).text + "\n")
        files.write(home / "logs", "# The verifier keys of the logs that this witness watches, one a line.\n")
    return read_key(home)


def read_key(home: Path) -> SigningKey:
    return signed_notes.parse_signer((home / "witness.key").read_text())


def server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """The witness's HTTP server, listening; ``serve_forever`` runs it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                self.close_connection = True
                self._answer(Answer(404, "A witness answers to POST /add-checkpoint.\n"))
            elif not length.isdecimal() or int(length) > _LONGEST:
                self.close_connection = True
                self._answer(Answer(413, f"A request says its length and has at most {_LONGEST} bytes.\n"))
            else:
                body = self.rfile.read(int(length))
                self._answer(witness.add_checkpoint(body, moment=clock.milliseconds() // 1000))

        def do_GET(self) -> None:
            if self.path == "/":
                watched = "".join(
                    f"{origin} {seen.size}\n" for origin, seen in sorted(witness.seen().items())
                )
                self._answer(Answer(200, f"{witness.key.verifier.text}\n{watched}"))
            else:
                self._answer(Answer(404, "There is nothing here.\n"))

        def _answer(self, answer: Answer) -> None:
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's name
            """Say nothing of what went well."""

    made = ThreadingHTTPServer((host, port), Handler)
    made.daemon_threads = True
    return made
