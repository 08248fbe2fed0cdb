"""Reading the file."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from xinglin.edge.configuration import sources
from xinglin.edge.configuration.tables import Table
from xinglin.edge.configuration.values import BufferPart, Configuration, PagePart, PlatformPart
from xinglin.exchange.mapping.toml_places import Places

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.edge.configuration.values import Source

_SENDER = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")
_BROKEN_AT = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)")
_SAMPLE = "`xinglin edge init CONFIG.toml` writes one to begin with"


class Unusable(Exception):  # noqa: N818 -- it says what is the matter with the file
    """What is wrong with a configuration: one line each, ``file:line: words``."""

    def __init__(self, path: Path, wrong: list[tuple[int, str]]) -> None:
        self.wrong = tuple(sorted(wrong))
        super().__init__("\n".join(f"{path}:{line}: {words}" for line, words in self.wrong))


def read(path: Path) -> Configuration:
    """The configuration in a file; raises ``Unusable``."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise Unusable(path, [(1, f"There is no such file; {_SAMPLE}.")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(path, [(1, f"The file cannot be read as UTF-8: {error}.")]) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unusable(path, [_syntax(str(error), text)]) from None
    wrong: list[tuple[int, str]] = []
    made = _configuration(path, values, Places(text), wrong)
    if wrong:
        raise Unusable(path, wrong)
    return made


def _syntax(said: str, text: str) -> tuple[int, str]:
    form = _BROKEN_AT.fullmatch(said)
    if form is None:
        return 1, f"This is no TOML: {said}."
    line = int(form[2]) if form[2] else len(text.splitlines())
    column = f", column {form[3]}" if form[3] else ""
    return line, f"This is no TOML{column}: {form[1]}. Texts stand in quotes, a long query in three."


def _configuration(
    path: Path, values: dict[str, Any], places: Places, wrong: list[tuple[int, str]]
) -> Configuration:
    base = path.resolve().parent
    top = Table(values, (), places, wrong)
    platform = _platform(_part(top, "platform", wrong), base)
    buffer = _buffer(_part(top, "buffer", wrong), base)
    page = top.table("page")
    made = Configuration(
        path.resolve(), platform, buffer, _page(page, base) if page else None, _sources(top, base, places, wrong)
    )  # fmt: skip
    wrong += [
        (
            places.of_key((key,))[0],
            f"There is no [{key}]; known are [platform], [buffer], [page], [[source]].",
        )
        for key in values.keys() - {"platform", "buffer", "page", "source"}
    ]
    return made


def _part(top: Table, name: str, wrong: list[tuple[int, str]]) -> Table:
    found = top.table(name)
    if found is None:
        wrong.append((1, f"The file needs a table [{name}]; {_SAMPLE}."))
        return Table({}, (name,), Places(""), [])
    return found


def _platform(table: Table, base: Path) -> PlatformPart:
    address = table.text("address").rstrip("/")
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
        table.complain(
            f'`address` should be the platform\'s address, such as "https://health.example"; it is {address!r}.',
            "address",
        )
    sender = table.text("sender")
    if sender and not _SENDER.fullmatch(sender):
        table.complain(
            f'`sender` should be the code given by the platform, such as "h01"; it is {sender!r}.', "sender"
        )
    key_file = _existing(table, "key_file", base)
    made = PlatformPart(
        address, sender, key_file or base,
        _existing(table, "authority", base, needed=False), _existing(table, "certificate", base, needed=False),
        table.number("connections", 4, least=1, most=64), table.seconds("timeout", 30.0, least=1.0),
        table.seconds("heartbeat", 60.0, least=1.0), table.choice("language", ("zh-Hans", "en"), "zh-Hans"),
    )  # fmt: skip
    table.finish()
    return made


def _existing(table: Table, key: str, base: Path, *, needed: bool = True) -> Path | None:
    found = table.path(key, base, needed=needed)
    if found is not None and not found.is_file():
        table.complain(f"`{key}` should name a file; there is none at {found}.", key)
    return found


def _buffer(table: Table, base: Path) -> BufferPart:
    folder, keys = table.path("folder", base), table.path("keys", base)
    if folder and keys and keys.is_relative_to(folder):
        table.complain(
            "`keys` should not lie in `folder`: who copies the buffer would have its key too.", "keys"
        )
    made = BufferPart(
        folder or base, keys or base, table.size("limit", 20 << 30), table.size("spare", 1 << 30),
        table.number("receipt_days", 90, least=1, most=3650),
    )  # fmt: skip
    table.finish()
    return made


def _page(table: Table, base: Path) -> PagePart:
    made = PagePart(
        table.number("port", 8091, most=65535), _existing(table, "token_file", base) or base
    )  # fmt: skip
    table.finish()
    return made


def _sources(top: Table, base: Path, places: Places, wrong: list[tuple[int, str]]) -> tuple[Source, ...]:
    given = top.any("source")
    if not isinstance(given, list) or not given:
        wrong.append(
            (places.of_key(("source",))[0], "The file needs at least one [[source]] (with two brackets).")
        )
        return ()
    found: dict[str, Source] = {}
    for number, values in enumerate(given):
        table = Table(values, ("source", number), places, wrong)
        made = sources.read(table, base)
        table.finish()
        if made is None:
            continue
        if made.name in found:
            table.complain(
                f"There are two sources called {made.name!r}: each needs a name of its own.", "name"
            )
        found[made.name] = made
    return tuple(found.values())
