"""An instance on its way in: kept, read, judged, and entered, in this order; then alone its sender is told.

What comes in one association or one request is an arrival. An instance is acknowledged when its file is on the disk and
its rows are committed. What cannot be used is held with its reasons; it is kept, too.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import psycopg

from xinglin.exchange import processing
from xinglin.exchange.dicom import facts, imaging, indexing, reading, rules, settling
from xinglin.exchange.dicom.indexing import Entered, File
from xinglin.exchange.dicom.keeping import store
from xinglin.exchange.dicom.rules import Announced, Status
from xinglin.exchange.doors import ERROR, Door, Reason, Sender
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database

if TYPE_CHECKING:
    from types import TracebackType

    from xinglin.exchange.dicom.keeping import Incoming
    from xinglin.exchange.dicom.reading import Instance

_log = logging.getLogger(__name__)
NOTHING = Announced()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one instance; ``study`` is the number and shard of the study that it was entered in."""

    status: Status
    sop_class: str = ""
    uid: str = ""
    study_uid: str = ""
    series_uid: str = ""
    reasons: tuple[Reason, ...] = ()
    entered: Entered | None = None
    study: tuple[int, int] | None = None

    @property
    def comment(self) -> str:
        """In one short line what is wrong."""
        errors = [reason for reason in self.reasons if reason.severity == ERROR]
        return f"{errors[0].place.partition(' ')[0]} {errors[0].words}" if errors else ""


class Arrival:
    """What one sender sends in one association or request."""

    def __init__(self, sender: Sender, *, way: str, title: str = "", address: str = "") -> None:
        self.sender = sender
        self.counts = {"stored": 0, "repeated": 0, "held": 0, "refused": 0, "bytes": 0}
        self.studies: set[tuple[int, int]] = set()
        self._told = (way, title, address)
        self._known: set[str] = set()
        self._row: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def number(self) -> int:
        """The number of its row, which is made when it is first asked for."""
        if self._row is None:
            way, title, address = self._told
            self._row = indexing.open_arrival(
                database.connection(), self.sender.code, way=way, title=title, address=address, now=clock.now()
            )  # fmt: skip
        return self._row[0]

    def take(self, incoming: Incoming, announced: Announced = NOTHING) -> Taken:
        """Take one instance. Whatever happens, it is said in the answer; nothing is raised."""
        try:
            taken = self._take(incoming, announced)
        except Fault as fault:
            taken = self._refused(Status.OUT_OF_RESOURCES, str(fault), announced)
        except (OSError, psycopg.Error) as error:
            _log.exception("an instance of %s could not be kept", self.sender.code)
            taken = self._refused(Status.OUT_OF_RESOURCES, type(error).__name__, announced)
        finally:
            incoming.drop()
        return taken

    def refuse(self, status: Status, words: str, announced: Announced = NOTHING) -> Taken:
        """Count an instance that is not even looked at."""
        return self._refused(status, words, announced)

    def end(self) -> None:
        """Write down what has come; later arrivals count for themselves."""
        if self._row is None:
            return
        try:
            indexing.close_arrival(database.connection(), self._row, self.counts, clock.now())
        except psycopg.Error:
            _log.exception("the end of arrival %s could not be written down", self._row[0])

    def _take(self, incoming: Incoming, announced: Announced) -> Taken:
        incoming.close()
        try:
            with incoming.open() as file:
                instance = reading.read(file, charset=self.sender.charset)
        except Fault as fault:
            reason = Reason(ERROR, "structure", "", fault.issues[0].message, dict(fault.issues[0].params))
            return self._held(incoming, None, (reason,), announced)
        reasons = rules.judge(instance, announced)
        if any(reason.severity == ERROR for reason in reasons):
            return self._held(incoming, instance, reasons, announced)
        store().keep(incoming)
        kept = File(incoming.digest, incoming.size, self.number)
        try:
            study, entered = indexing.enter(
                database.connection(), self.sender, instance, kept, now=clock.now(), known=self._known
            )
        except Fault as fault:
            if fault.issues[0].code != "conflict":
                raise
            issue = fault.issues[0]
            reason = Reason(ERROR, "business-rule", issue.expression or "", issue.message, dict(issue.params))
            return self._held(incoming, instance, (reason, *reasons), announced)
        self.counts["repeated" if entered is Entered.REPEATED else "stored"] += 1
        self.counts["bytes"] += incoming.size
        self.studies.add(study)
        settling.wake()
        return _taken(Status.SUCCESS, instance, reasons, entered=entered, study=study)

    def _held(
        self, incoming: Incoming, instance: Instance | None, reasons: tuple[Reason, ...], announced: Announced
    ) -> Taken:
        store().keep(incoming)
        said = {
            "reasons": [asdict(reason) for reason in reasons],
            "facts": facts.part(instance.head, imaging.TOLD) if instance else {},
            "announced": asdict(announced),
        }
        file = File(incoming.digest, incoming.size, self.number)
        number = indexing.hold(database.connection(), self.sender.code, file, said, clock.now())
        self.counts["held"] += 1
        self.counts["bytes"] += incoming.size
        if number is not None:
            self._tell(number, said, incoming.digest)
        status = rules.status_of(reasons)
        if instance is None:
            return Taken(status, announced.sop_class, announced.uid, reasons=reasons)
        return _taken(status, instance, reasons)

    def _tell(self, number: int, said: dict[str, Any], digest: bytes) -> None:
        """Have the message desk know of what is held; that it is held does not hang on it."""
        body = imaging.held_body(number, said, digest.hex())
        try:
            receipt = processing.deliver(processing.Delivery(self.sender, Door.DICOM, body, imaging.MEDIA))
            indexing.note_held_receipt(database.connection(), number, receipt.number)
        except (Fault, psycopg.Error):
            _log.exception("the messages do not tell of held instance %s", number)

    def _refused(self, status: Status, words: str, announced: Announced) -> Taken:
        self.counts["refused"] += 1
        reason = Reason(ERROR, "processing", "", words.replace("%", "%%"))
        return Taken(status, announced.sop_class, announced.uid, reasons=(reason,))


def _taken(
    status: Status, instance: Instance, reasons: tuple[Reason, ...], *, entered: Entered | None = None,
    study: tuple[int, int] | None = None,
) -> Taken:  # fmt: skip
    return Taken(
        status, instance.sop_class, instance.uid, instance.study, instance.series, reasons, entered, study
    )
