"""Images and electrocardiograms: lists, the viewer's page, and the values that it draws.

A picture goes to the browser as numbers, so that the reader moves the window without asking again. Every look at a
picture is written down like every look at the record.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET

from xinglin.exchange.dicom import facts, viewing
from xinglin.exchange.dicom import queries as images
from xinglin.exchange.dicom.forms import MODALITIES
from xinglin.exchange.dicom.keeping import Missing, store
from xinglin.kernel.errors import not_found
from xinglin.portal import queries
from xinglin.portal.rules import browsing, documents, imaging
from xinglin.portal.views.frame import part
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.http import HttpRequest

    from xinglin.portal.queries import Resident
    from xinglin.record.door import Door

_MOST_REPORTS = 100
_WINDOWS = {
    "lung": gettext_lazy("Lung"),
    "mediastinum": gettext_lazy("Mediastinum"),
    "abdomen": gettext_lazy("Abdomen"),
    "brain": gettext_lazy("Brain"),
    "bone": gettext_lazy("Bone"),
}


def _named(codes: Iterable[str]) -> list[str]:
    return [str(MODALITIES.get(code, code)) for code in codes]


@require_GET
@entry.page
def images_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Studies and electrocardiograms."""
    resident = queries.resident(door, patient)
    found = imaging.studies(queries.everything(door, resident, ("ImagingStudy",)), resident.sources)
    reports = documents.documents(queries.everything(door, resident, ("DiagnosticReport",)), resident.sources)
    context = {
        "studies": [(one, _named(one.modalities)) for one in found],
        "reports": [one for one in reports if one.kind == "imaging"][:_MOST_REPORTS],
        "tracings": imaging.tracings(queries.tracings(door, resident), resident.sources),
    }
    return part(request, door, resident, "images", context)


@require_GET
@entry.page
def study(request: HttpRequest, door: Door, patient: str, study: str) -> HttpResponse:
    """One study: what it is, and its pictures in the viewer if they are kept here."""
    resident = queries.resident(door, patient)
    resource = queries.one(door, resident, "ImagingStudy", study)
    shown = imaging.study(resource, resident.sources)
    kept = images.of_id(database.connection(), door.actor, study)
    series = _series(resident, kept) if kept is not None else []
    context = {
        "study": shown,
        "modalities": _named(shown.modalities),
        "made_at": facts.text(kept.facts, "00080080") if kept else "",
        "films": [one for one in series if one["kind"] == "picture"],
        "curves": [one for one in series if one["kind"] == "waveform"],
        "others": [one for one in series if one["kind"] == "other"],
        "windows": _windows(shown),
    }
    return part(request, door, resident, "study", context)


def _windows(shown: imaging.Study) -> list[dict[str, Any]]:
    found = imaging.windows_for(shown.modalities, browsing.figures())
    return [{**window, "name": str(_WINDOWS.get(window["name"], window["name"]))} for window in found]


def _series(resident: Resident, kept: images.Study) -> list[dict[str, Any]]:
    """The series with their instances, as the viewer takes them."""
    connection = database.connection()
    listed = images.series_of(connection, kept)
    held = groupby(images.instances_of(connection, kept), key=lambda one: one.series)
    by_series = {uid: list(instances) for uid, instances in held}
    found = []
    for series in listed:
        instances = by_series.get(series.uid, [])
        found.append(
            {
                "kind": _kind(instances),
                "name": facts.text(series.facts, "0008103E")
                or str(MODALITIES.get(series.modality, series.modality)),
                "instances": [
                    {
                        "number": i.number,
                        "frames": max(i.frames, 1),
                        "address": reverse("portal:values", args=[resident.id, kept.id, i.series, i.uid]),
                    }
                    for i in instances
                ],
            }
        )
    return found


def _kind(instances: Sequence[images.Instance]) -> str:
    waveforms = browsing.figures().ecg.waveforms
    if all(i.sop_class in waveforms for i in instances):
        return "waveform"
    return "picture" if any(i.frames for i in instances) else "other"


@require_GET
@entry.page
def values(
    request: HttpRequest, door: Door, patient: str, study: str, series: str, instance: str
) -> HttpResponse:
    """A frame or a waveform as numbers (``exchange.dicom.viewing``); ``frame`` from 1."""
    kept = queries.kept_study(door, patient, study)
    found = images.instances_of(database.connection(), kept, series=series, uid=instance)
    if not found:
        raise not_found(gettext_noop("There is no such study, series or instance."))
    asked = request.GET.get("frame", "1")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else 1
    try:
        with store().open(found[0].digest) as file:
            if found[0].sop_class in browsing.figures().ecg.waveforms:
                return _packet(viewing.waveform(file))
            return _packet(viewing.frame(file, number))
    except Missing:
        raise not_found(gettext_noop("There is no such study, series or instance.")) from None


def _packet(body: bytes) -> HttpResponse:
    response = HttpResponse(body, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@entry.page
def tracing(request: HttpRequest, door: Door, patient: str, observation: str) -> HttpResponse:
    """An electrocardiogram that was sent as an Observation."""
    resident = queries.resident(door, patient)
    resource = queries.one(door, resident, "Observation", observation)
    return part(request, door, resident, "ecg", {"tracing": imaging.tracing(resource, resident.sources)})


@require_GET
@entry.page
def tracing_values(request: HttpRequest, door: Door, patient: str, observation: str) -> HttpResponse:
    """Its curves as numbers."""
    del request
    resident = queries.resident(door, patient)
    resource = queries.one(door, resident, "Observation", observation)
    recording = imaging.recording(resource, browsing.figures().ecg)
    if recording is None:
        raise not_found(gettext_noop("This electrocardiogram has no curves that can be drawn."))
    head = {
        "kind": "waveform",
        "rate": recording.rate,
        "samples": recording.samples,
        "leads": list(recording.leads),
        "scale": 1.0,
        "offset": 0.0,
    }
    return _packet(viewing.packet(head, recording.values.tobytes()))
