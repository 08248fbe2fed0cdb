"""How common surnames, given names, phones and addresses are here: counted now and then, kept in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from xinglin.identity import frequencies, traits
from xinglin.identity.frequencies import Frequencies
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.record.database import Connection

_OFTEN = {"surname": 2, "given": 3, "phone": 3, "spot": 5}  # rarer values need not be remembered
_MOST = 300_000  # values of a kind that are remembered, the commonest
_AGAIN = 600_000  # milliseconds after which a process looks whether they were counted anew
_STRETCH = 20_000
_SEALED = ("phone", "spot")


class _Held:
    """What this process has read."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.read = 0
        self.known: Frequencies = frequencies.shipped()


_held = _Held()


def current(connection: Connection) -> Frequencies:
    """The frequencies in force; what is shipped, before anything has been counted."""
    now = clock.milliseconds()
    if now - _held.read > _AGAIN:
        with _held.lock:
            if now - _held.read > _AGAIN:
                _held.known = _load(connection)
                _held.read = now
    return _held.known


def look_again() -> None:
    """Have them read anew at the next use."""
    _held.read = 0


def _load(connection: Connection) -> Frequencies:
    counts: dict[str, dict[str, int]] = {kind: {} for kind in frequencies.KINDS}
    total = 0
    for kind, sealed, count in connection.execute("SELECT kind, value, count FROM identity_term"):
        value = sealing.open_text(sealed)
        if kind == "total":
            total = count
        elif kind in counts:
            counts[kind][value] = count
    return Frequencies(total, counts) if total else frequencies.shipped()


def count(connection: Connection, tell: Callable[[int], None] = lambda _: None) -> Frequencies:
    """Count anew, in bounded memory: the database adds up; ``tell`` is told how many Patients were read.

    On a connection of its own, outside of any transaction.
    """
    with connection.transaction():
        connection.execute(
            "CREATE TEMPORARY TABLE identity_told (kind text, value text, sealed text, count integer) ON COMMIT DROP"
        )
        total = _tell_all(connection, tell)
        connection.execute("LOCK TABLE identity_term IN SHARE ROW EXCLUSIVE MODE")
        connection.execute("DELETE FROM identity_term")
        for kind in frequencies.KINDS:
            connection.execute(
                "INSERT INTO identity_term (kind, value, count) SELECT %s, max(sealed), sum(count) FROM identity_told"
                " WHERE kind = %s GROUP BY value HAVING sum(count) >= %s ORDER BY sum(count) DESC LIMIT %s",
                [kind, kind, _OFTEN[kind], _MOST],
            )
        connection.execute("INSERT INTO identity_term (kind, value, count) VALUES ('total', '', %s)", [total])
    look_again()
    return current(connection)


def _tell_all(connection: Connection, tell: Callable[[int], None]) -> int:
    """Write what every Patient adds into the temporary table, added up by stretches."""
    total = 0
    with connection.cursor(name="identity_terms") as reading:
        reading.itersize = _STRETCH
        reading.execute("SELECT traits FROM identity_patient", binary=True)
        while rows := reading.fetchmany(_STRETCH):
            sums: dict[tuple[str, str], int] = {}
            for (packed,) in rows:
                try:
                    known = traits.unpack(sealing.open_sealed(packed))
                except Fault:
                    continue  # packed in an old form; the next rebuild reads it anew
                for pair in frequencies.told(known):
                    sums[pair] = sums.get(pair, 0) + 1
            with connection.cursor() as writing, writing.copy("COPY identity_told FROM STDIN") as copy:
                for (kind, value), number in sums.items():
                    copy.write_row((kind, *_hidden(kind, value), number))
            total += len(rows)
            tell(total)
    return total


def _hidden(kind: str, value: str) -> tuple[str, str]:
    """By what a value is counted, and as what it is kept: phones and addresses by hashes, and sealed."""
    return (sealing.hidden("terms", value), sealing.seal_text(value)) if kind in _SEALED else (value, value)
