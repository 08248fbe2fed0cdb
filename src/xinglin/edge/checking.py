"""Trying a configuration before anything is sent: each source is asked for five, and what would be sent is shown."""

from __future__ import annotations

import json
import socket
import tempfile
import textwrap
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from xinglin.edge import answers
from xinglin.edge.buffer import Waiting
from xinglin.edge.configuration import DatabaseSource, FolderSource, RelaySource
from xinglin.edge.connecting import Connection, LineDown
from xinglin.edge.messages import decoded, text_of
from xinglin.edge.sources import DatabaseReader, FolderReader, Trouble
from xinglin.edge.translating import Translators
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xinglin.edge.configuration import Configuration, Source
    from xinglin.edge.messages import Captured

    Say = Callable[[str], object]

FEW = 5
_WIDE = 24
_LONGEST = 6_000


def check(configuration: Configuration, say: Say, *, source: str = "", quiet: bool = False) -> int:
    """Try everything and say what is found; tell how much is wrong. With ``quiet`` the platform is not asked."""
    wrong = 0
    for one in configuration.sources:
        if source and one.name != source:
            continue
        say(f"== {one.name} ({type(one).__name__.removesuffix('Source').lower()}, door {one.door})")
        try:
            wrong += _source(configuration, one, say)
        except Trouble as trouble:
            wrong += 1
            say(f"   WRONG {configuration.path}:{one.line}: {trouble}")
    if not quiet:
        wrong += _platform(configuration, say)
    say("Everything is in order." if not wrong else f"{wrong} thing(s) to put right.")
    return wrong


def _source(configuration: Configuration, source: Source, say: Say) -> int:
    if isinstance(source, RelaySource):
        return _port(source, say)
    if isinstance(source, DatabaseSource):
        messages: Sequence[Captured] = list(_rows(source, say))
    elif isinstance(source, FolderSource):
        messages = list(_files(source, say))
    else:
        return 0
    return sum(_would_send(configuration, source, message, say) for message in messages[:FEW])


def _rows(source: DatabaseSource, say: Say) -> Iterator[Captured]:
    reader = DatabaseReader(source)
    try:
        found = reader.sample(FEW, source.start)
        if not found:
            say("   The query gives no row." + (f" `start` is {source.start}." if source.watermark else ""))
            return
        columns = found[0][0]
        rows = [row for _, row in found]
        _table(columns, rows, say)
        yield from (reader.message_of(columns, [row]) for row in rows)
        if source.whole:
            say("   `whole` was not asked: it is asked for each group when it runs.")
        if source.count is not None:
            day = clock.now().astimezone().date()
            say(f"   counted today, {day}: {reader.count(day)}")
    finally:
        reader.close()


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]], say: Say) -> None:
    texts = [[_short(text_of(value)) for value in row] for row in rows]
    widths = [max(len(name), *(len(row[at]) for row in texts)) for at, name in enumerate(columns)]
    for line in (columns, *texts):
        say("   " + " │ ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDE else line[: _WIDE - 1] + "…"


def _files(source: FolderSource, say: Say) -> Iterator[Captured]:
    reader = FolderReader(source)
    files = reader.files()
    say(f"   {len(files)} file(s) in {source.folder} that fit {source.pattern!r}")
    for file in files[:1]:
        say(f"   {file.path.name}:")
        yield from islice(reader.messages(file.path.name, file.path.read_bytes()), FEW)


def _would_send(configuration: Configuration, source: Source, message: Captured, say: Say) -> int:
    """Show what would go to the platform; 1 where the mapping cannot use it."""
    waiting = Waiting(0, source.name, "", message.door, message.media, message.rows, 0, message.body)
    made = Translators(configuration).translate(waiting)
    if made.refused:
        say("   WRONG the mapping cannot use it:")
        for reason in made.refused:
            say(f"     {reason.severity} {reason.code} {reason.place}: {reason.text}")
        return 1
    body = made.body
    if made.door == "fhir":
        body = json.dumps(json.loads(body), ensure_ascii=False, indent=2).encode()
    say(f"   POST /exchange/in/{made.door} ({made.media}), {len(made.body)} bytes")
    text = decoded(body, "").replace("\r\n", "\n").replace("\r", "\n")
    say(textwrap.indent(text[:_LONGEST] + ("…" if len(text) > _LONGEST else ""), "     "))
    return 0


def _port(source: RelaySource, say: Say) -> int:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((source.host, source.port))
        except OSError as error:
            say(f"   WRONG {source.host}:{source.port} cannot be listened on: {error}")
            return 1
    say(f"   {source.host}:{source.port} is free")
    return 0


def _platform(configuration: Configuration, say: Say) -> int:
    """Ask the platform with our key, by a heartbeat that says only that it is a check."""
    platform = configuration.platform
    say(f"== platform {platform.address}, sender {platform.sender}")
    connection = Connection(platform)
    headers = {"Authorization": f"Bearer {platform.key()}", "Content-Type": "application/json"}
    try:
        status, found, body = connection.post(
            f"/exchange/edges/{platform.sender}/state", b'{"check": true}', headers
        )
    except (LineDown, OSError) as error:
        say(f"   WRONG {error}")
        return 1
    finally:
        connection.close()
    if status == 200:
        say("   The platform knows this sender and its key.")
        return 0
    say(f"   WRONG {answers.read(status, found, body).said or f'HTTP {status}'}")
    return 1


SAMPLE = Path(__file__).parent / "data" / "sample.toml"


def may_write(folder: Path) -> bool:
    """Whether the buffer can be made there."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
