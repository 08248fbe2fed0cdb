"""What keeps a stolen copy of the database from being read: sealed bodies, and keyed hashes to find them by.

Bodies, and what other packages keep of persons, are encrypted with the current key of the ring ``record``; a sealed
value says which of its keys opens it, so that a ring is rotated while all goes on (``resealing``). What is not sealed
stays readable. Identifying values are searched by hashes with a key of the ring ``record-search``.

A database remembers the marks of the keys that it was written with (``record_seal``). A process whose folder lacks
one of them does not start: it would find nothing, and could not read what it finds.
"""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.crypto import ciphers
from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.folder import KeyFolder, KeysUnusable
from xinglin.crypto.keys import Key, KeyRing, Purpose
from xinglin.crypto.sealing import SealBroken
from xinglin.fhir import index
from xinglin.kernel import clock
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.crypto.ciphers import Sealer

BODIES = Purpose("record", Use.SEAL, Algorithm.AES_256_GCM, "seals the record and what is kept of persons")
SEARCH = Purpose(
    "record-search", Use.HASH, Algorithm.HMAC_SM3, "finds persons by numbers, names and addresses"
)
PURPOSES = (BODIES, SEARCH)
MODES = {"off": None, "aes": Algorithm.AES_256_GCM, "sm4": Algorithm.SM4_GCM}

MARK = 0xE5  # the first byte of what is sealed; a Zstandard frame begins with 0x28, packed traits with their form
_MARKED = bytes((MARK,))
HEAD_BYTES = 3  # the mark, and two bytes of the key's version
TEXT = "x1."  # how a sealed text begins
_LOOK_AGAIN_SECONDS = 5.0
GRACE_SECONDS = 2 * _LOOK_AGAIN_SECONDS  # after which every process seals with a key that was made before


@dataclass(slots=True)
class _Held:
    """The ring as this process has last read it."""

    read: float = 0.0
    current: int = 0
    head: bytes = b""
    about: bytes = b""
    sealer: Sealer | None = None  # of the current key; None where nothing is sealed


class _State:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.settled = False
        self.noted: set[int] = set()
        self.held = _Held()
        self.openers: dict[int, tuple[Sealer, bytes]] = {}
        self.secret: bytes | None = None


_state = _State()


# -- sealing


def seal(plain: bytes) -> bytes:
    """``plain`` sealed with the current key; as it is where ``XINGLIN_SEAL`` is off."""
    held = _held()
    if held.sealer is None:
        return plain
    return held.head + held.sealer.seal(plain, held.about)


def seal_all(plains: Sequence[bytes]) -> list[bytes]:
    """As ``seal`` for each, quicker for many."""
    held = _held()
    if held.sealer is None:
        return list(plains)
    return [held.head + sealed for sealed in ciphers.seal_all(held.sealer, plains, held.about)]


def open_sealed(sealed: bytes) -> bytes:
    """What was sealed, with whichever key; raises ``SealBroken``. What does not begin as sealed is given back."""
    if sealed[:1] != _MARKED:
        return sealed
    version = int.from_bytes(sealed[1:HEAD_BYTES])
    opener = _state.openers.get(version) or _opener(version)
    plain = opener[0].open(sealed[HEAD_BYTES:], opener[1])
    if plain is None:
        raise SealBroken(
            f"What was sealed with key {version} of {BODIES.name} does not open: it was altered."
        )
    return plain


def seal_text(text: str) -> str:
    """A text for a column of texts; an empty one stays empty."""
    if not text:
        return text
    plain = text.encode()
    sealed = seal(plain)
    return text if sealed is plain else TEXT + base64.urlsafe_b64encode(sealed).decode()


def open_text(text: str) -> str:
    """What ``seal_text`` was given."""
    if not text.startswith(TEXT):
        return text
    return open_sealed(base64.urlsafe_b64decode(text[len(TEXT) :])).decode()


def current_head() -> bytes:
    """How what is sealed now begins; empty where nothing is sealed."""
    return _looked().head


def _held() -> _Held:
    """The ring, read anew where that was long ago."""
    held = _state.held
    return _looked() if time.monotonic() - held.read > _LOOK_AGAIN_SECONDS else held


def _looked() -> _Held:
    """Read the ring anew; a key that is new to the database is noted there before it seals anything."""
    with _state.lock:
        algorithm = MODES[settings.SETTINGS.seal]
        if algorithm is None:
            _state.held = _Held(read=time.monotonic())
            return _state.held
        settle()
        ring = _ring(algorithm)
        if ring.current.version not in _state.noted:
            _note(BODIES, ring.current)
            _state.noted.add(ring.current.version)
        key = ring.current
        head = _MARKED + key.version.to_bytes(2)
        _state.held = _Held(time.monotonic(), key.version, head, _about(key.version), key.sealer)
        return _state.held


def _ring(algorithm: Algorithm) -> KeyRing:
    """The ring; with a new key where the operator has chosen the other algorithm."""
    purpose = replace(BODIES, algorithm=algorithm)
    ring = folder().ring(purpose)
    return ring if ring.current.algorithm is algorithm else folder().rotate(purpose, algorithm)


def _opener(version: int) -> tuple[Sealer, bytes]:
    with _state.lock:
        key = folder().ring(BODIES).key(version) if folder().has(BODIES) else None
        if key is None:
            raise SealBroken(_absent(BODIES, version, ""))
        made = _state.openers[version] = (key.sealer, _about(version))
        return made


def _about(version: int) -> bytes:
    return f"xinglin-record-1\0{version}".encode()


# -- keys and the database that they belong to


@cache
def _folder(path: Path) -> KeyFolder:
    return KeyFolder(path, clock.now)


def folder() -> KeyFolder:
    """The folder of the rings: ``XINGLIN_KEYS``, or ``keys`` in the platform's home."""
    given = settings.SETTINGS
    return _folder(Path(given.keys) if given.keys else given.home / "keys")


def secret(use: str) -> bytes | None:
    """The key for hashes of one use, of 32 bytes; None where this database has hashes without a key."""
    settle()
    return None if _state.secret is None else _derived(use)


def _derived(use: str) -> bytes:
    assert _state.secret is not None
    return blake2b(use.encode(), key=_state.secret, digest_size=32).digest()


_told: list[Callable[[Callable[[str], bytes] | None], None]] = []


def follow(tell: Callable[[Callable[[str], bytes] | None], None]) -> None:
    """Have ``tell`` called when it is known how hashes are made: with what gives a use its key, or None."""
    _told.append(tell)


def hash64(use: str, value: str) -> int | None:
    """A signed hash of 64 bits with the key of that use; None where there is no key."""
    key = _use(use)
    if key is None:
        return None
    return int.from_bytes(blake2b(value.encode(), key=key, digest_size=8).digest(), signed=True)


def hidden(use: str, value: str) -> str:
    """A text by which equal values are found to be equal: a keyed hash; where there is no key, the value itself."""
    hashed = hash64(use, value) if value else None
    return value if hashed is None else f"{hashed & _WHOLE:016x}"


_WHOLE = (1 << 64) - 1
_uses: dict[str, bytes | None] = {}


def _use(use: str) -> bytes | None:
    if not _state.settled or use not in _uses:
        _uses[use] = secret(use)
    return _uses[use]


def forget() -> None:
    """Have the database asked anew which keys it is written with."""
    with _state.lock:
        _state.settled = False
        _state.noted.clear()
        _state.openers.clear()
        _state.held = _Held()


def settle() -> None:
    """See, once, that the keys are those of this database; raises ``KeysUnusable``.

    A database that nothing was written to takes the keys that there are.
    """
    if _state.settled:
        return
    with _state.lock:
        if _state.settled:
            return
        marks = _marks()
        if SEARCH.name not in {name for name, _ in marks}:
            _choose()
            marks = _marks()
        _check(marks)
        version = next(v for name, v in marks if name == SEARCH.name)
        key = folder().ring(SEARCH).key(version) if version else None
        _state.secret = key.keyed(b"xinglin-record-search-1") if key else None
        _uses.clear()
        index.hash_with(_state.secret)
        for tell in _told:
            tell(None if key is None else _derived)
        _state.noted = {v for name, v in marks if name == BODIES.name}
        _state.settled = True


def is_first() -> bool:
    """Whether all that is stored was sealed with one key from the first resource on."""
    marks = _marks()
    return (SEARCH.name, 0) not in marks and len([name for name, _ in marks if name == BODIES.name]) <= 1


def choose_search_key(key: Key) -> None:
    """Let hashes be made with this key from now on; who calls this has stopped everybody else, and reindexes."""
    with database.connect() as connection, connection.transaction():
        connection.execute("DELETE FROM record_seal WHERE name = %s", [SEARCH.name])
        connection.execute(_NOTE, [SEARCH.name, key.version, mark(key)])
    forget()
    settle()


_NOTE = "INSERT INTO record_seal (name, version, mark) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


def _note(purpose: Purpose, key: Key) -> None:
    """Remember in the database that it is written with this key; in a transaction of its own.

    Raises ``KeysUnusable`` where another machine has made another key of the same number.
    """
    with database.connect() as connection:
        connection.execute(_NOTE, [purpose.name, key.version, mark(key)])
        row = connection.execute(
            "SELECT mark FROM record_seal WHERE name = %s AND version = %s", [purpose.name, key.version]
        ).fetchone()
    if row is not None and row[0] != mark(key):
        raise KeysUnusable(_absent(purpose, key.version, row[0]))


def mark(key: Key) -> str:
    """What tells a key from others and says nothing of it."""
    return blake2b(b"xinglin-mark-1", key=key.secret, digest_size=8).hexdigest()


def _marks() -> dict[tuple[str, int], str]:
    with database.connect() as connection:  # the thread's own may be in the middle of a copy
        rows = connection.execute("SELECT name, version, mark FROM record_seal").fetchall()
    return {(name, version): told for name, version, told in rows}


def _choose() -> None:
    """Hashes have a key from the first resource on, or none until ``xinglin seal --search``."""
    with database.connect() as connection:
        row = connection.execute("SELECT EXISTS (SELECT FROM record_resource)").fetchone()
    if settings.SETTINGS.seal == "off" or row == (True,):
        _note_unkeyed()
    else:
        _note(SEARCH, folder().ring(SEARCH).current)


def _note_unkeyed() -> None:
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO record_seal (name, version, mark) SELECT %(name)s, 0, ''"
            " WHERE NOT EXISTS (SELECT FROM record_seal WHERE name = %(name)s)",
            {"name": SEARCH.name},
        )


def _check(marks: dict[tuple[str, int], str]) -> None:
    rings: dict[str, Any] = {}
    for purpose in PURPOSES:
        rings[purpose.name] = folder().ring(purpose) if folder().has(purpose) else None
    for (name, version), told in sorted(marks.items()):
        if not version:
            continue
        ring = rings[name]
        key = ring.key(version) if ring else None
        if key is None or mark(key) != told:
            purpose = next(p for p in PURPOSES if p.name == name)
            raise KeysUnusable(_absent(purpose, version, told))


def _absent(purpose: Purpose, version: int, told: str) -> str:
    which = f" ({told})" if told else ""
    return (
        f"This database is written with key {version}{which} of {purpose.name}, which is not in {folder().path}. "
        "Set XINGLIN_KEYS to the folder that has it, or restore the folder from its copy."
    )
