"""Files: sealed, whole, once each; and noticed when they are not as they were."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from xinglin.crypto.streams import Unreadable
from xinglin.exchange.dicom import keeping
from xinglin.exchange.dicom.keeping import Incoming, Missing
from xinglin.exchange.dicom.limits import limits
from xinglin.kernel.errors import Fault
from xinglin.record import sealing

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.record.database import Connection


def put(*pieces: bytes) -> Incoming:
    incoming = keeping.store().begin()
    for piece in pieces:
        incoming.write(piece)
    keeping.store().keep(incoming)
    return incoming


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_file_comes_back_and_lies_sealed(desk: Connection, store: Path) -> None:
    text = b"\0" * 128 + b"DICM" + os.urandom(1 << 20) + b"ZHANG^SAN"

    incoming = put(text[:1000], text[1000:])

    with keeping.store().open(incoming.digest) as file:
        assert file.read() == text
    (lying,) = files(store)
    assert lying.name == incoming.digest.hex()
    assert b"ZHANG^SAN" not in lying.read_bytes()
    assert lying.read_bytes().startswith(keeping.MAGIC)


def test_the_same_file_twice_is_one_file(desk: Connection, store: Path) -> None:
    first = put(b"the same")
    second = put(b"the ", b"same")

    assert first.digest == second.digest
    assert len(files(store)) == 1


def test_what_is_dropped_leaves_nothing(desk: Connection, store: Path) -> None:
    incoming = keeping.store().begin()
    incoming.write(b"half a file")
    incoming.drop()

    assert files(store) == []
    with pytest.raises(Missing):
        keeping.store().open(b"\0" * 32)


def test_a_file_that_was_altered_does_not_open(desk: Connection, store: Path) -> None:
    incoming = put(b"a picture")
    (lying,) = files(store)
    text = bytearray(lying.read_bytes())
    text[-1] ^= 1
    lying.write_bytes(text)

    with keeping.store().open(incoming.digest) as file, pytest.raises(Unreadable):
        file.read()


def test_where_sealing_is_off_files_lie_as_they_are(
    desk: Connection, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "seal", lambda plain: plain)

    incoming = put(b"a picture")

    assert files(store)[0].read_bytes() == b"a picture"
    with keeping.store().open(incoming.digest) as file:
        assert file.read() == b"a picture"


def test_a_file_longer_than_is_taken_is_refused_while_it_comes(desk: Connection, store: Path) -> None:
    incoming = keeping.store().begin()
    incoming.size = limits().largest

    with pytest.raises(Fault, match="at most"):
        incoming.write(b"x")
    incoming.drop()

    assert files(store) == []
