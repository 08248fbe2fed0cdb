"""WADO-RS (PS3.18 10.4): instances, their metadata, frames, pictures and long values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from django.utils.translation import gettext_noop

from xinglin.exchange.dicom import encoding, facts, queries, rendering
from xinglin.exchange.dicom.keeping import Missing, store
from xinglin.exchange.dicom.web import answers, multipart
from xinglin.exchange.dicom.web.answers import Answer, Refusal
from xinglin.kernel.errors import Kind, invalid, not_found
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xinglin.exchange.dicom.facts import Facts
    from xinglin.exchange.dicom.queries import Instance
    from xinglin.exchange.dicom.web.requests import Range, Request

_CHUNK = 1 << 18
_DICOM = "application/dicom"
_BYTES = "application/octet-stream"
_ANY = "*"
_JSON = (answers.JSON, "application/json", "application/*", "*/*")
_THUMBNAIL = "128,128"


def retrieve(request: Request, study: str, series: str = "", instance: str = "") -> Answer:
    """A study, a series or an instance, each instance in an encoding that the client takes."""
    found = _found(request, study, series, instance)
    chosen = _encodings(request, whole=bool(instance))
    if chosen is None:
        raise answers.not_acceptable(f'multipart/related; type="{_DICOM}"')
    single, syntaxes = chosen
    fitting = [encoding.chosen(one.syntax, syntaxes) for one in found]
    if None in fitting:
        first = found[fitting.index(None)]
        raise Refusal(
            406, Kind.UNSUPPORTED,
            gettext_noop("It is stored as %(syntax)s and cannot be given out otherwise; ask with transfer-syntax=*."),
            syntax=first.syntax,
        )  # fmt: skip
    if single:
        headers = [("Content-Type", f"{_DICOM}; transfer-syntax={fitting[0]}")]
        return Answer(200, _content(found[0], fitting[0]), headers)
    parts = (
        ([("Content-Type", f"{_DICOM}; transfer-syntax={syntax}")], _content(one, syntax))
        for one, syntax in zip(found, fitting, strict=True)
    )
    return _related(parts, _DICOM)


def metadata(request: Request, study: str, series: str = "", instance: str = "") -> Answer:
    """The attributes of instances, with addresses in place of what is long."""
    if not any(one.media in _JSON for one in request.accepted):
        raise answers.not_acceptable(answers.JSON)
    found = _found(request, study, series, instance)
    return answers.of_json([{**_addressed(one.head, _address(request, one)), **facts.UTF8} for one in found])


def frames(request: Request, study: str, series: str, instance: str, frames: str) -> Answer:
    """Frames of an instance: as they are stored where the client takes that, else without compression."""
    one = _found(request, study, series, instance)[0]
    numbers = [int(part) for part in frames.split(",") if part]
    if not numbers or any(not 1 <= number <= one.frames for number in numbers):
        raise _no_frame(one.frames)
    media = encoding.media_of(one.syntax)
    as_stored = media == _BYTES or any(_takes(range_, media, one.syntax) for range_ in request.accepted)
    if not as_stored and not any(_takes(range_, _BYTES, "") for range_ in request.accepted):
        raise answers.not_acceptable(f'multipart/related; type="{media}"')
    if as_stored:
        with _opened(one) as file:
            content = encoding.frames(file, numbers)
        shown, syntax = media, one.syntax if media != _BYTES else encoding.EXPLICIT
    else:
        with _opened(one) as file:
            content = [_decoded(file, number) for number in numbers]
        shown, syntax = _BYTES, encoding.EXPLICIT
    head = [("Content-Type", f"{shown}; transfer-syntax={syntax}")]
    return _related(((head, [piece]) for piece in content), shown)


def rendered(request: Request, study: str, series: str, instance: str, frame: str = "1") -> Answer:
    """A picture of one frame; of an encapsulated document the document."""
    one = _found(request, study, series, instance)[0]
    if encoding.is_document(one.sop_class):
        with _opened(one) as file:
            body, media = encoding.document(file)
        return answers.of_bytes(body, media)
    wanted = rendering.view(
        int(frame), request.first("window"), request.first("viewport"), request.first("quality")
    )
    return _picture(request, one, wanted)


def thumbnail(request: Request, study: str, series: str, instance: str) -> Answer:
    """A small picture of the first frame."""
    one = _found(request, study, series, instance)[0]
    return _picture(request, one, rendering.view(1, None, request.first("viewport") or _THUMBNAIL, None))


def bulk(request: Request, study: str, series: str, instance: str, path: str) -> Answer:
    """One long value by its path, as the metadata name it."""
    one = _found(request, study, series, instance)[0]
    with _opened(one) as file:
        value = encoding.value_at(file, path)
    if value is None:
        raise not_found(gettext_noop("The instance has no value at %(path)s."), path=path[:100])
    accepted = request.accepted
    if any(range_.media == "multipart/related" for range_ in accepted):
        return _related([([("Content-Type", _BYTES)], [value])], _BYTES)
    if not any(range_.media in (_BYTES, "application/*", "*/*") for range_ in accepted):
        raise answers.not_acceptable(_BYTES)
    return answers.of_bytes(value, _BYTES)


def _found(request: Request, study: str, series: str, instance: str) -> list[Instance]:
    """The instances that are meant, of all copies of the study that the actor may see; the look is noted."""
    queries.require(request.actor, "read")
    connection = database.connection()
    copies = queries.of_uid(connection, request.actor, study)
    found: dict[str, Instance] = {}
    for copy in copies:
        of_copy = queries.instances_of(connection, copy, series=series, uid=instance)
        if of_copy:
            queries.note(request.actor, "read", copy, f"dicomweb{request.path}")
        for one in of_copy:
            found.setdefault(one.uid, one)
    if not found:
        raise not_found(gettext_noop("There is no such study, series or instance."))
    return list(found.values())


def _encodings(request: Request, *, whole: bool) -> tuple[bool, list[str]] | None:
    """Whether one instance is wanted without an envelope, and the encodings that are taken, the best first."""
    for range_ in request.accepted:
        related = range_.media == "multipart/related" and range_.parameters.get("type", _DICOM) in (
            _DICOM,
            "*/*",
        )
        single = whole and range_.media in (_DICOM, "application/*")
        if related or single or range_.media == "*/*":
            syntax = range_.parameters.get("transfer-syntax", "")
            others = [
                other.parameters["transfer-syntax"]
                for other in request.accepted
                if other.media == range_.media and other.parameters.get("transfer-syntax")
            ]
            wanted = others or [_ANY if range_.media == "*/*" else syntax or encoding.EXPLICIT]
            return single, wanted
    return None


def _takes(range_: Range, media: str, syntax: str) -> bool:
    """Whether a range of the header Accept takes frames of that type."""
    if range_.media == "multipart/related":
        wanted = range_.parameters.get("type", "*/*").lower()
        asked = range_.parameters.get("transfer-syntax", _ANY)
        return wanted in (media, "*/*", f"{media.partition('/')[0]}/*") and asked in (_ANY, syntax or asked)
    return range_.media in ("*/*", media) and media in (_BYTES, range_.media)


def _picture(request: Request, one: Instance, wanted: rendering.View) -> Answer:
    media = next(
        (
            "image/jpeg" if range_.media in ("*/*", "image/*") else range_.media
            for range_ in request.accepted
            if range_.media in (*rendering.FORMATS, "*/*", "image/*")
        ),
        None,
    )
    if media is None:
        raise answers.not_acceptable(" / ".join(rendering.FORMATS))
    if wanted.frame > one.frames or wanted.frame < 1:
        raise _no_frame(one.frames)
    with _opened(one) as file:
        try:
            return answers.of_bytes(rendering.picture(file, wanted, media), media)
        except Exception as error:
            if getattr(error, "kind", None) is Kind.UNSUPPORTED:
                raise Refusal(406, Kind.UNSUPPORTED, str(error).replace("%", "%%")) from None
            raise


def _decoded(file: BinaryIO, frame: int) -> bytes:
    file.seek(0)
    try:
        return rendering.decoded(file, frame)
    except Exception as error:
        if getattr(error, "kind", None) is Kind.UNSUPPORTED:
            raise Refusal(406, Kind.UNSUPPORTED, str(error).replace("%", "%%")) from None
        raise


def _opened(one: Instance) -> BinaryIO:
    try:
        return store().open(one.digest)
    except Missing:
        raise Refusal(
            500,
            Kind.NOT_FOUND,
            gettext_noop("The file of this instance is missing. The operator finds it with: xinglin dicom check")
        ) from None  # fmt: skip


def _content(one: Instance, syntax: str | None) -> Iterator[bytes]:
    with _opened(one) as file:
        if syntax is not None and syntax != one.syntax:
            yield encoding.transcoded(file)
            return
        while piece := file.read(_CHUNK):
            yield piece


def _related(parts: Iterable[tuple[Sequence[tuple[str, str]], Iterable[bytes]]], media: str) -> Answer:
    mark = multipart.boundary()
    body = multipart.written(((list(head), content) for head, content in parts), mark)
    return Answer(200, body, [("Content-Type", f'multipart/related; type="{media}"; boundary={mark}')])


def _address(request: Request, one: Instance) -> str:
    return f"{request.base}/studies/{one.study.uid}/series/{one.series}/instances/{one.uid}"


def _addressed(said: Facts, address: str) -> Facts:
    """The same attributes, with whole addresses of what is long."""
    whole: Facts = {}
    for tag, element in said.items():
        changed: dict[str, Any] = element
        if "BulkDataURI" in element:
            changed = {**element, "BulkDataURI": f"{address}/{element['BulkDataURI']}"}
        elif element.get("vr") == "SQ" and element.get("Value"):
            changed = {**element, "Value": [_addressed(item, address) for item in element["Value"] if item]}
        whole[tag] = changed
    return whole


def _no_frame(count: int) -> Exception:
    return invalid(gettext_noop("Frames are numbered from 1 to %(count)d here."), code="value", count=count)
