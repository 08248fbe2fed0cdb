"""The log asks its witnesses to cosign its newest head, and listens to what they say when they do not.

https://c2sp.org/tlog-witness. A witness that has seen another history than ours, be it that this log was restored from
an older copy, be it that somebody shows two faces, raises an alarm that stays until somebody settles it.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from xinglin.crypto import signed_notes
from xinglin.crypto.signed_notes import NoteError
from xinglin.ledger import actions, queries

if TYPE_CHECKING:
    from xinglin.ledger.policies import Policy, Witness
    from xinglin.ledger.queries import Head
    from xinglin.record.database import Connection

REFRESH = timedelta(
    minutes=5
)  # a head that stands still is cosigned anew, to show that the witness still sees it
RETRY = timedelta(seconds=10)  # after trouble
_SECONDS = 5.0
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What a witness answered; status 0 where it could not be reached."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the log knows of one witness."""

    name: str
    size: int = 0
    cosigned: datetime | None = None
    asked: datetime | None = None
    trouble: str = ""


def standings(connection: Connection) -> dict[str, Standing]:
    found = connection.execute(
        "SELECT name, size, cosigned, asked, trouble FROM ledger_witness", prepare=True
    )
    return {row[0]: Standing(*row) for row in found}


def is_due(standing: Standing, head: Head, now: datetime) -> bool:
    """Whether the witness is to be asked now."""
    if standing.trouble and standing.asked and now - standing.asked < RETRY:
        return False
    return standing.size != head.size or standing.cosigned is None or now - standing.cosigned >= REFRESH


def ask_all(connection: Connection, policy: Policy, *, now: datetime) -> int:
    """Ask every witness that is due; tell how many cosigned."""
    head = queries.newest(connection, policy)
    if head is None:
        return 0
    known = standings(connection)
    count = 0
    for witness in policy.witnesses.values():
        standing = known.get(witness.key.name) or Standing(witness.key.name)
        if witness.url and is_due(standing, head, now):
            count += _ask(connection, witness, standing, head, now)
    return count


def _ask(connection: Connection, witness: Witness, standing: Standing, head: Head, now: datetime) -> bool:
    """Ask one witness, a second time if it stands elsewhere than we thought; remember what came of it."""
    old = standing.size if standing.size <= head.size else 0
    reply = _send(witness.url, _body(connection, old, head))
    stands = _stands(reply)
    if reply.status == 409 and stands is not None and stands <= head.size and stands != old:
        old = stands
        reply = _send(witness.url, _body(connection, old, head))
        stands = _stands(reply)
    if reply.status == 200:
        try:
            _keep(connection, witness, head, reply.text)
        except NoteError as wrong:
            _trouble(connection, witness, f"{wrong}.", now)
            return False
        return True
    if reply.status == 422 or (reply.status == 409 and stands is not None and stands >= head.size):
        said = f"stands at {stands}" if stands is not None else "refused the proof"
        detail = (
            f"The witness {said}; our head has {head.size} entries. It has seen another history than ours."
        )
        actions.raise_alarm(connection, kind="split", subject=witness.key.name, detail=detail, now=now)
        _trouble(connection, witness, detail, now)
        return False
    _trouble(connection, witness, f"{reply.status or ''} {reply.text.strip()[:300]}".strip(), now)
    return False


def _body(connection: Connection, old: int, head: Head) -> bytes:
    proof = queries.consistency(connection, old, head.size)
    lines = "".join(f"{signed_notes.encode(value)}\n" for value in proof)
    signed = signed_notes.Note(
        head.note.text, tuple(s for s in head.note.signatures if s.name == _origin(head))
    )
    return f"old {old}\n{lines}\n{signed.whole}".encode()


def _origin(head: Head) -> str:
    return head.note.text.partition("\n")[0]


def _send(url: str, body: bytes) -> Reply:
    """Post a checkpoint; trouble of any kind is a reply too."""
    if not url.startswith(("http://", "https://")):
        return Reply(0, f"{url} is not an address that begins with http:// or https://")
    request = urllib.request.Request(f"{url}/add-checkpoint", data=body, method="POST")  # noqa: S310 -- seen to above
    request.add_header("Content-Type", "text/plain; charset=utf-8")
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310 -- as above
            return Reply(response.status, response.read(_LONGEST).decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.read(_LONGEST).decode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        return Reply(0, str(getattr(error, "reason", error)))


def _stands(reply: Reply) -> int | None:
    text = reply.text.strip()
    return (
        int(text) if reply.status == 409 and text.isascii() and text.isdecimal() and len(text) < 19 else None
    )


def _keep(connection: Connection, witness: Witness, head: Head, text: str) -> None:
    """Keep the cosignature that the witness gave, if it is one."""
    mark = (witness.key.name, witness.key.id)
    for line in text.splitlines():
        signature = signed_notes.parse_signature(line)
        if (signature.name, signature.id) == mark:
            seconds = signed_notes.check(head.note.text, witness.key, signature.blob)
            moment = datetime.fromtimestamp(seconds or 0, UTC)
            with connection.transaction():
                connection.execute(
                    "INSERT INTO ledger_cosignature (size, witness, moment, line) VALUES (%s, %s, %s, %s)"
                    " ON CONFLICT DO NOTHING",
                    [head.size, witness.key.name, moment, line],
                )
                connection.execute(
                    "INSERT INTO ledger_witness (name, size, cosigned, asked) VALUES (%(w)s, %(size)s, %(m)s, %(m)s)"
                    " ON CONFLICT (name) DO UPDATE SET size = EXCLUDED.size, cosigned = EXCLUDED.cosigned,"
                    " asked = EXCLUDED.asked, trouble = ''",
                    {"w": witness.key.name, "size": head.size, "m": moment},
                )
            return
    raise NoteError(f"The witness answered without a cosignature of {witness.key.name!r}")


def _trouble(connection: Connection, witness: Witness, said: str, now: datetime) -> None:
    connection.execute(
        "INSERT INTO ledger_witness (name, asked, trouble) VALUES (%s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET asked = EXCLUDED.asked, trouble = EXCLUDED.trouble",
        [witness.key.name, now, said or "No answer."],
    )
