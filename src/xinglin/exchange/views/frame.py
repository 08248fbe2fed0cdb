"""What the pages share: whose messages the reader sees, a message as it is listed, how a raw message is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xinglin.accounts import queries as accounts
from xinglin.exchange import messages, queries, rights
from xinglin.exchange.rights import Right
from xinglin.kernel.actor import SYSTEM
from xinglin.record import access, database

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.http import HttpRequest

    from xinglin.exchange.messages import Message
    from xinglin.exchange.rights import Scope
    from xinglin.exchange.senders import Registered
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_CHARSETS = ("utf-8", "gb18030", "utf-16")


@dataclass(frozen=True, slots=True)
class Sight:
    """The senders whose messages the reader sees."""

    scope: Scope
    senders: Sequence[Registered]

    @property
    def only(self) -> list[int] | None:
        return queries.only(list(self.senders), self.scope)

    @property
    def by_id(self) -> Mapping[int, Registered]:
        return {sender.id: sender for sender in self.senders}

    def of(self, message: Message) -> Registered:
        """The message's sender; fault ``not_found`` where the reader may not see it."""
        found = self.by_id.get(message.sender)
        if found is None:
            raise messages.unknown(message.receipt)
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """A message as it is listed."""

    message: Message
    sender: Registered | None

    @property
    def errors(self) -> list[str]:
        return [code for code in self.message.codes if code.startswith("error:")]

    @property
    def warnings(self) -> int:
        return sum(code.startswith("warning:") for code in self.message.codes)


def sight(connection: Connection, actor: Actor, right: Right = Right.MONITOR) -> Sight:
    """Whose messages the reader sees; fault ``forbidden``."""
    scope = rights.require(actor, right)
    return Sight(scope, queries.seen_by(connection, scope))


def topics(request: HttpRequest) -> set[str]:
    """What the reader hears of when messages come: those of the senders whose messages the reader sees."""
    assert request.user.is_authenticated
    actor = accounts.actor_of(request.user)
    return (
        messages.topics(sight(database.connection(), actor).only)
        if rights.may(actor, Right.MONITOR)
        else set()
    )


def rows(found: Sequence[Message], seen: Sight) -> list[Row]:
    known = seen.by_id
    return [Row(message, known.get(message.sender)) for message in found]


def names(actors: Iterable[str]) -> dict[str, str]:
    """The names of those who acted."""
    return {SYSTEM.id: SYSTEM.name, **accounts.names_of_accounts(actors)}


def note(actor: Actor, action: str, **about: Any) -> None:
    """Put a look into the access log: not treatment, whatever the session is for, but operations."""
    access.note(replace(actor, purpose="HOPERAT"), action, **about)


def before_of(text: str) -> int | None:
    """From which message on a page goes."""
    return int(text) if text.isdecimal() and len(text) < 19 else None


def decoded(body: bytes, charset: str) -> tuple[str, str] | None:
    """The raw message as text, and in which character set; None where it is none."""
    if b"\0" in body and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    for name in dict.fromkeys([charset, *_CHARSETS] if charset else _CHARSETS):
        try:
            return body.decode(name), name
        except (UnicodeDecodeError, LookupError):
            continue
    return None
