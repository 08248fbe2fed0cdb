"""The network's side of the door: C-ECHO, C-STORE and C-FIND (PS3.4 annexes A, B and C, PS3.7, PS3.8).

A data set is written to the store piece by piece as it comes and never held whole. Whoever calls under a title that
is not known is rejected; a title that may not send, or not from there, hears so for every instance.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pynetdicom
from pydicom.dataset import Dataset
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, _config, dimse_messages, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made when it is loaded
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from xinglin.exchange.dicom import answering, peers
from xinglin.exchange.dicom.keeping import store
from xinglin.exchange.dicom.limits import limits
from xinglin.exchange.dicom.rules import Announced, Status
from xinglin.exchange.dicom.taking import Arrival
from xinglin.kernel import origin
from xinglin.kernel.errors import Fault
from xinglin.record import database

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from pynetdicom.association import Association
    from pynetdicom.events import Event

    from xinglin.exchange.dicom.keeping import Incoming

_log = logging.getLogger(__name__)
_WAY = "C-STORE"


class _Listener(AE):
    """An application entity that asks the table who may call, for every association anew."""

    @property
    def require_calling_aet(self) -> list[str]:
        return sorted(peers.known()) or ["\x20"]  # an empty list would let everybody in

    @require_calling_aet.setter
    def require_calling_aet(self, _: list[str]) -> None:
        """The table decides."""


class _Coming:
    """What the library takes for a temporary file: the pieces go to the store, sealed."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.incoming: Incoming | None = None
        self.name = f"/nowhere/{id(self)}"
        self.failed = ""  # why it could not be written; the association goes on, and its sender hears of it
        try:
            self.incoming = store().begin()
            self.name = self.incoming.name
        except (Fault, OSError) as error:
            self._fail(error)
        _coming[self.name] = self

    def write(self, data: bytes) -> int:
        if self.incoming is not None:
            try:
                return self.incoming.write(data)
            except (Fault, OSError) as error:
                self._fail(error)
        return len(data)

    def close(self) -> None:
        """The library has written all; the store closes its file itself."""

    def flush(self) -> None:
        """As above."""

    @property
    def file(self) -> _Coming:
        """What it flushes."""
        return self

    def drop(self) -> None:
        """Nothing more comes of it."""
        _coming.pop(self.name, None)
        if self.incoming is not None:
            self.incoming.drop()
            self.incoming = None

    def _fail(self, error: Exception) -> None:
        _log.warning("an instance could not be written: %s", error)
        self.failed = str(error)
        if self.incoming is not None:
            self.incoming.drop()
            self.incoming = None


_coming: dict[str, _Coming] = {}


def serve(
    *, host: str, port: int, title: str, tls: ssl.SSLContext | None = None
) -> ThreadedAssociationServer:
    """Begin to listen; each association has a thread of its own. ``shutdown`` of what is given back ends it."""
    _config.STORE_RECV_CHUNKED_DATASET = True
    _config.UNRESTRICTED_STORAGE_SERVICE = True
    _config.LOG_HANDLER_LEVEL = "none"
    setattr(dimse_messages, "NamedTemporaryFile", _Coming)  # noqa: B010 -- the one place where it writes
    entity = _Listener(ae_title=title)
    entity.maximum_associations = limits().associations
    entity.maximum_pdu_size = 1 << 18
    entity.network_timeout = 60
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(context.abstract_syntax or "", ALL_TRANSFER_SYNTAXES)
    entity.add_supported_context(Verification)
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    entity.implementation_class_uid = pynetdicom.PYNETDICOM_IMPLEMENTATION_UID
    entity.implementation_version_name = "XINGLIN"
    handlers: list[Any] = [
        (evt.EVT_ESTABLISHED, _begun),
        (evt.EVT_C_ECHO, lambda _: 0x0000),
        (evt.EVT_C_STORE, _stored),
        (evt.EVT_C_FIND, _searched),
    ]
    server = entity.make_server(
        (host, port), evt_handlers=handlers, ssl_context=tls, server_class=ThreadedAssociationServer,
        request_handler=_Requests,
    )  # fmt: skip
    entity._servers.append(server)  # noqa: SLF001 -- as the library's own start does, which takes no handler
    threading.Thread(target=server.serve_forever, name="dicom-listener", daemon=True).start()
    return server


class _Requests(RequestHandler):
    """Each association's thread closes what it has opened, however it ends."""

    def _create_association(self) -> Association:
        association = super()._create_association()
        run = association.run

        def run_and_close() -> None:
            try:
                run()
            finally:
                _over(association)

        association.run = run_and_close  # type: ignore[method-assign]  # of this one thread
        return association


_arrivals: dict[int, Arrival | None] = {}
_lock = threading.Lock()


def _begun(event: Event) -> None:
    """Know the sender for as long as the association lasts."""
    requestor = event.assoc.requestor
    title, address = str(requestor.ae_title).strip(), str(requestor.address)
    sender = peers.sender_of(title, address)
    arrival = Arrival(sender, way=_WAY, title=title, address=address) if sender else None
    with _lock:
        _arrivals[id(event.assoc)] = arrival


def _stored(event: Event) -> Dataset | int:
    """Take one instance; what is answered is its status with a comment where something is wrong."""
    arrival = _arrivals.get(id(event.assoc))
    coming = _coming.get(str(getattr(event.request, "_dataset_path", "") or ""))
    try:
        return _taken(event, arrival, coming)
    finally:
        if coming is not None:
            coming.drop()


def _taken(event: Event, arrival: Arrival | None, coming: _Coming | None) -> Dataset | int:
    request: Any = event.request
    announced = Announced(str(request.AffectedSOPClassUID or ""), str(request.AffectedSOPInstanceUID or ""))
    if arrival is None:
        return _status(Status.NOT_AUTHORISED, "This AE title may not send from there.")
    with origin.coming_from(origin.Origin(str(event.assoc.requestor.address))):
        if coming is None or coming.incoming is None:
            words = coming.failed if coming is not None else "The data set could not be written."
            taken = arrival.refuse(Status.OUT_OF_RESOURCES, words, announced)
        else:
            taken = arrival.take(coming.incoming, announced)
    return _status(taken.status, taken.comment)


def _searched(event: Event) -> Iterator[tuple[int, Dataset | None]]:
    """Answer a search, until the caller has enough."""
    arrival = _arrivals.get(id(event.assoc))
    if arrival is None:
        yield int(Status.NOT_AUTHORISED), None
        return
    address = str(event.assoc.requestor.address)
    with origin.coming_from(origin.Origin(address)):
        for answer in answering.answers(
            arrival.sender, event.identifier, str(event.assoc.requestor.ae_title)
        ):
            if event.is_cancelled:
                yield answering.CANCELLED, None
                return
            yield answer


def _status(status: Status, comment: str) -> Dataset | int:
    if status is Status.SUCCESS:
        return int(status)
    answer = Dataset()
    answer.Status = int(status)
    plain = comment.encode("ascii", "replace").decode().replace("\\", "/")
    answer.ErrorComment = plain[: limits().comment]
    return answer


def _over(association: Association) -> None:
    """The association has ended, in whatever way."""
    with _lock:
        arrival = _arrivals.pop(id(association), None)
    begun = getattr(association.dimse.message, "_data_set_file", None)
    if isinstance(begun, _Coming):  # it broke off in the middle of an instance
        begun.drop()
    if arrival is not None:
        arrival.end()
    database.close()
