"""STOW-RS (PS3.18 10.5): instances in, as they come; what became of each is in the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.dicom import settling
from xinglin.exchange.dicom.keeping import store as files
from xinglin.exchange.dicom.rules import Announced, Status
from xinglin.exchange.dicom.taking import Arrival, Taken
from xinglin.exchange.dicom.web import answers, multipart
from xinglin.exchange.dicom.web.answers import Refusal
from xinglin.kernel import clock
from xinglin.kernel.errors import Kind, invalid
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.dicom.facts import Facts
    from xinglin.exchange.dicom.keeping import Incoming
    from xinglin.exchange.dicom.web.requests import Request

_DICOM = "application/dicom"
_CHUNK = 1 << 18


def store(request: Request, study: str = "") -> answers.Answer:
    """Take the instances of a request: 200 if all are stored, 202 if some are not so, 409 if none is."""
    _require_answer(request)
    assert request.sender is not None
    taken: list[Taken] = []
    announced = Announced(study=study)
    with Arrival(request.sender, way="STOW-RS", title=request.actor.name, address=request.address) as arrival:
        for incoming in _incoming(request):
            try:
                taken.append(arrival.take(incoming, announced))
            finally:
                incoming.drop()
        for known in sorted(arrival.studies):
            settling.settle_one(database.connection(), known, clock.now())
    if not taken:
        raise invalid(gettext_noop("The body has no instance: send at least one part of application/dicom."))
    if all(one.status is Status.OUT_OF_RESOURCES for one in taken):
        raise Refusal(
            503, Kind.BUSY, gettext_noop("Nothing could be kept at this moment: %(why)s Send it again."),
            headers=[("Retry-After", "30")], why=taken[0].comment.strip() or "-",
        )  # fmt: skip
    return _answer(request, taken)


def _require_answer(request: Request) -> None:
    if not any(
        one.media in ("*/*", "application/*", answers.JSON, "application/json") for one in request.accepted
    ):
        raise answers.not_acceptable(answers.JSON)


def _incoming(request: Request) -> Iterator[Incoming]:
    """The instances of the body, each written to the store as it is read."""
    media, parameters = multipart.parameters(str(request.environ.get("CONTENT_TYPE") or ""))
    if media == _DICOM:  # one alone, without an envelope
        body, incoming = request.body, files().begin()
        try:
            while piece := body.read(_CHUNK):
                incoming.write(piece)
        except BaseException:
            incoming.drop()
            raise
        yield incoming
        return
    kind = parameters.get("type", _DICOM).lower()
    if media != "multipart/related" or kind != _DICOM:
        raise _wrong_type(media if media != "multipart/related" else kind)
    reader = multipart.Reader(request.body, parameters.get("boundary", ""))
    while (head := reader.next_head()) is not None:
        part = multipart.parameters(head.get("content-type", _DICOM))[0]
        if part != _DICOM:
            raise _wrong_type(part)
        incoming = files().begin()
        try:
            reader.copy(incoming.write)
        except BaseException:
            incoming.drop()
            raise
        yield incoming


def _wrong_type(there: str) -> Refusal:
    return Refusal(
        415, Kind.UNSUPPORTED,
        gettext_noop('The header Content-Type should be multipart/related; type="application/dicom"; it is %(there)s.'),
        there=there or "absent",
    )  # fmt: skip


def _answer(request: Request, taken: list[Taken]) -> answers.Answer:
    stored = [one for one in taken if one.status.is_kept]
    failed = [one for one in taken if not one.status.is_kept]
    said: Facts = {}
    studies = {one.study_uid for one in stored if one.study_uid and one.study}
    if len(studies) == 1:
        said["00081190"] = _of("UR", f"{request.base}/studies/{studies.pop()}")
    if failed:
        said["00081198"] = {
            "vr": "SQ",
            "Value": [_named(one) | {"00081197": _of("US", int(one.status))} for one in failed],
        }
    if stored:
        said["00081199"] = {"vr": "SQ", "Value": [_reference(request, one) for one in stored]}
    warned = any(one.status is not Status.SUCCESS for one in stored)
    status = 409 if not stored else 202 if failed or warned else 200
    return answers.of_json(said, status)


def _reference(request: Request, one: Taken) -> Facts:
    said = _named(one)
    if one.status is not Status.SUCCESS:
        said["00081196"] = _of("US", int(one.status))
        return said
    said["00081190"] = _of(
        "UR", f"{request.base}/studies/{one.study_uid}/series/{one.series_uid}/instances/{one.uid}"
    )
    return said


def _named(one: Taken) -> Facts:
    said: Facts = {"00081150": _of("UI", one.sop_class), "00081155": _of("UI", one.uid)}
    if one.comment:
        said["00000902"] = _of("LO", one.comment[:64])
    return said


def _of(vr: str, value: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": [value]} if value != "" else {"vr": vr}
