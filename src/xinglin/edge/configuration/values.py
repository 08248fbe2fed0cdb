"""The parts of a configuration, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.edge.schedule import Schedule

DOORS = ("fhir", "hl7v2", "cda", "table", "dicom")
MEDIA = {
    "fhir": "application/fhir+json",
    "hl7v2": "application/hl7-v2",
    "cda": "application/xml",
    "table": "text/csv",
    "dicom": "application/dicom",
}


@dataclass(frozen=True, slots=True)
class PlatformPart:
    """Where to send, and as whom."""

    address: str  # without a slash at the end
    sender: str
    key_file: Path
    authority: Path | None = None  # certificates that are trusted instead of the system's
    certificate: Path | None = None  # our own, with its key in the same file
    connections: int = 4
    timeout: float = 30.0
    heartbeat: float = 60.0
    language: str = "zh-Hans"  # in which the platform says why it refuses

    def key(self) -> str:
        """The sender's key; read anew each time, so that a new one is used without a restart."""
        return self.key_file.read_text().strip()


@dataclass(frozen=True, slots=True)
class BufferPart:
    """Where messages wait."""

    folder: Path
    keys: Path  # the folder of the key that they are sealed with
    limit: int = 20 << 30  # bytes of messages, sealed
    spare: int = 1 << 30  # bytes of the disk that are left free
    receipt_days: int = 90


@dataclass(frozen=True, slots=True)
class PagePart:
    """The page of the machine itself. Never reachable from elsewhere: ``127.0.0.1`` alone."""

    port: int
    token_file: Path

    def token(self) -> str:
        return self.token_file.read_text().strip()


@dataclass(frozen=True, slots=True)
class CountPart:
    """A query for how many there are of a day: what the platform is told to expect (上传率)."""

    query: str
    schedule: Schedule
    days: int = 3


@dataclass(frozen=True, slots=True)
class Source:
    """What every kind of source has. ``lines`` leads from a key to its line in the file."""

    name: str
    door: str
    media: str
    mapping: Path | None
    schedule: Schedule
    charset: str
    line: int


@dataclass(frozen=True, slots=True)
class DatabaseSource(Source):
    """Rows of a query. Changes are known by a column that only grows, or by comparing what has the same key."""

    driver: str = "sqlite3"
    connect: dict[str, Any] = field(default_factory=dict)
    password_file: Path | None = None
    query: str = ""
    watermark: str = ""
    start: Any = None
    overlap: float = 0.0
    key: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    whole: str = ""  # a query for all rows of a group, by :group (or :group_1, :group_2 …)
    patient: str = ""
    day: str = ""
    body: str = ""  # a column that holds the message itself, such as a document
    rows: int = 500  # the most rows of one message without a group
    count: CountPart | None = None


class Form(StrEnum):
    """How a file is cut into messages."""

    WHOLE = "whole"
    CSV = "csv"
    HL7 = "hl7"


class After(StrEnum):
    """What becomes of a file when its messages are in the buffer."""

    KEEP = "keep"
    MOVE = "move"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class FolderSource(Source):
    """Files that appear or change in a folder."""

    folder: Path | None = None
    pattern: str = "*"
    form: Form = Form.WHOLE
    after: After = After.KEEP
    done: Path | None = None
    settle: float = 2.0
    group: tuple[str, ...] = ()
    patient: str = ""
    rows: int = 500


@dataclass(frozen=True, slots=True)
class RelaySource(Source):
    """A port that other systems send HL7 v2 to by MLLP; they are answered when the message is in the buffer."""

    host: str = "127.0.0.1"
    port: int = 2575
    wait: float = 20.0  # seconds that a sender waits for room before it is told to come again


@dataclass(frozen=True, slots=True)
class Configuration:
    path: Path
    platform: PlatformPart
    buffer: BufferPart
    page: PagePart | None
    sources: tuple[Source, ...]

    def source(self, name: str) -> Source | None:
        return next((source for source in self.sources if source.name == name), None)
