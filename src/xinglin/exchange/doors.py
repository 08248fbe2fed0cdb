"""What every door has in common: who sends, what a door's handler makes of a message, and which handlers there are.

Values and a registry, nothing else: a door's package gives its handler with ``offer`` when the platform starts, and
``processing`` asks for it with ``handler``. A handler is pure and may be called by several threads at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.translation import gettext_noop

from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import not_found

if TYPE_CHECKING:
    from datetime import datetime


class Door(StrEnum):
    """The languages in which institutions send."""

    FHIR = "fhir"
    HL7V2 = "hl7v2"
    CDA = "cda"
    TABLE = "table"
    DICOM = "dicom"
    TCM = "tcm"


ERROR = "error"  # nothing of the message is stored; it goes to quarantine
WARNING = "warning"  # stored, with a finding


@dataclass(frozen=True, slots=True)
class Sender:
    """A system at an institution that sends. ``code`` is part of every id that is derived and never changes."""

    id: int
    code: str
    name: str
    organization: str = ""  # FHIR id of the Organization in the directory
    doors: frozenset[Door] = frozenset()
    charset: str = ""  # "" as the message says, else such as "gbk"
    profile: str = ""  # key of its own mappings; "" the shipped ones

    @property
    def actor(self) -> Actor:
        """As whom its messages are written: no policy hides rows from it, since their ids are its own."""
        return Actor(
            id=f"sender/{self.code}",
            name=self.name,
            roles=frozenset({"client", "system"}),
            purpose="HOPERAT",
            institution=self.organization or None,
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a message, or a part of it, could not be used, or what about it is imperfect.

    ``place`` is in the door's own way: ``PID-3.1``, ``row 12, column 出生日期``, ``/ClinicalDocument/…``. ``text`` is
    an English template with named ``%(name)s`` places, which pages translate, and ``params`` fills them.
    """

    severity: str  # ERROR or WARNING
    code: str  # of FHIR's IssueType: structure, required, value, code-invalid, not-found, duplicate, processing …
    place: str
    text: str
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The text in English, filled in."""
        return self.text % self.params if self.params else self.text


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a door knows of a message before it is mapped."""

    kind: str  # "ORU^R01", "C0006", "HDSD00.01", "Bundle/transaction"
    control: str = ""  # the message's own id: MSH-10, ClinicalDocument/id, file name and row
    patient: str = ""  # the sender's own patient id: messages about one patient are worked in order
    sent_at: datetime | None = None  # event or sending time by the message, for lag and timeliness


@dataclass(frozen=True, slots=True)
class Translated:
    """What a message says, in FHIR R4. An ERROR among the reasons means that nothing is stored.

    An element that is None is taken away from what outlasts messages (see ``writing``).
    """

    resources: tuple[dict[str, Any], ...] = ()  # each with an id by naming.id_of; references are Type/id
    deletes: tuple[tuple[str, str], ...] = ()  # (type, id)
    reasons: tuple[Reason, ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # (id of a Patient that was given up, id of the one that stays)

    @property
    def is_usable(self) -> bool:
        return not any(reason.severity == ERROR for reason in self.reasons)


class Handler(Protocol):
    """What a door's package gives. Pure, thread-safe, no database."""

    def open(self, body: bytes, media: str, sender: Sender) -> Envelope:
        """Read the envelope, cheaply; raises Fault ``invalid`` when not even that can be read."""

    def translate(self, body: bytes, media: str, sender: Sender) -> Translated:
        """Map the message to FHIR. What is wrong with it is among the reasons, not raised."""


_handlers: dict[Door, Handler] = {}


def offer(door: Door, handler: Handler) -> None:
    """Let ``handler`` work messages of ``door``; called from ``AppConfig.ready``."""
    _handlers[door] = handler


def handler(door: Door) -> Handler:
    """The handler of ``door``; fault ``not_found`` where its package is not installed."""
    found = _handlers.get(door)
    if found is None:
        raise not_found(
            gettext_noop("This platform has no door for %(door)s."), code="not-supported", door=door.value
        )
    return found


def open_doors() -> tuple[Door, ...]:
    """The doors that have a handler, in the order of their names above."""
    return tuple(door for door in Door if door in _handlers)
