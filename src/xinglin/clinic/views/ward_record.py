"""The documents of a stay, and the chart of what is measured."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.clinic import coding, rules
from xinglin.clinic import reference as clinic_reference
from xinglin.clinic.actions.recording import Code, Written
from xinglin.clinic.views.framing import attempt, frame, number
from xinglin.clinic.views.papers import institution_name
from xinglin.clinic.views.stay import head
from xinglin.clinic.ward import charting, reference, words
from xinglin.clinic.ward import queries as ward
from xinglin.clinic.ward.actions import documenting
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid, not_found
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse, QueryDict

    from xinglin.clinic.ward.values import Document, Measured
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


@entry.page
def document(request: HttpRequest, door: Door, stay: int, kind: str, number: int) -> HttpResponse:
    """One document: written, signed, amended by who may; read by everybody of the ward."""
    rules.require(door.actor, "nursing")
    form = documenting.kind_of(kind)
    if request.method == "POST":
        return _write(request, door, stay, form, number)
    return _page(request, door, stay, form, number)


def _page(request: HttpRequest, door: Door, stay: int, form: reference.Document, number: int) -> HttpResponse:
    """The document; as it was typed where it could not be kept, so that no words are lost."""
    institution, kind, typed = rules.require(door.actor, "nursing"), form.key, request.POST
    connection = database.connection()
    held = ward.stay(connection, institution, stay)
    found = ward.document(connection, institution, stay, kind, number)
    begun = ward.document(connection, institution, stay, "admission", 1)
    texts: Mapping[str, str] = typed or (found.body["texts"] if found else {})
    context = {
        "stay": held, **head(held), "form": form, "title": words.called(form), "number": number, "document": found,
        "fields": [
            {
                "part": part, "said": words.called(part), "text": texts.get(part.key, ""),
                "groups": clinic_reference.terms().get(part.key, ()) if part.examination else (),
            }
            for part in form.parts
        ],
        "version": typed.get("version", "0") if typed else found.version if found else 0,
        "codes": _codes(found or begun, typed) if form.diagnoses else [], "lacking": _lacking(form, found),
        "writing": rules.may(door.actor, form.right),
    }  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed else HTTPStatus.OK
    return render(request, "clinic/ward_document.html", frame(door.actor, "ward", **context), status=status)


def _codes(found: Document | None, typed: QueryDict) -> list[dict[str, Any]]:
    """The fields of diagnoses; a document that is not begun is given those of the admission."""
    given = found.body["diagnoses"] if found else {}
    return [
        {
            "one": one, "label": words.called(one), "set": coding.address(key),
            "typed": typed.get(f"{key}_typed", given[key]["display"] if key in given else ""),
            "chosen": typed.get(key, f"{given[key]['system']}|{given[key]['code']}" if key in given else ""),
        }
        for key, one in clinic_reference.diagnoses().items()
    ]  # fmt: skip


def _lacking(form: reference.Document, found: Document | None) -> list[str]:
    known = {part.key: words.called(part) for part in form.parts}
    known |= {key: words.called(one) for key, one in clinic_reference.diagnoses().items()}
    return [known[key] for key in documenting.lacks(form.key, found)]


def _write(request: HttpRequest, door: Door, stay: int, form: reference.Document, place: int) -> HttpResponse:
    given = request.POST
    at: dict[str, Any] = {
        "stay": stay, "kind": form.key, "number": place, "actor": door.actor, "now": clock.now(),
    }  # fmt: skip

    def keep(connection: Connection) -> Document:
        written = Written(
            {part.key: given.get(part.key, "").replace("\r\n", "\n") for part in form.parts},
            _picked(given) if form.diagnoses else {},
        )
        return documenting.write(connection, written=written, version=number(given.get("version", "")), **at)

    signs = given.get("act") == "sign"
    kept = attempt(request, keep, "" if signs else gettext("The record is kept."))
    if kept is None:
        return _page(request, door, stay, form, place)
    if signs:
        attempt(
            request, lambda connection: documenting.sign(connection, **at),
            gettext("The record is signed and stands in the resident's record."),
        )  # fmt: skip
    return redirect("clinic:stay-document", stay, form.key, place)


def _picked(given: QueryDict) -> dict[str, Code]:
    codes = {}
    for key in clinic_reference.diagnoses():
        found = coding.picked(
            key, chosen=given.get(key, ""), typed=given.get(f"{key}_typed", "")[:100], now=clock.now()
        )
        if found is not None:
            codes[key] = Code(found.system, found.code, found.display)
    return codes


@require_GET
@entry.page
def document_paper(request: HttpRequest, door: Door, stay: int, kind: str, number: int) -> HttpResponse:
    """A document on paper."""
    institution = rules.require(door.actor, "nursing")
    form = documenting.kind_of(kind)
    connection = database.connection()
    held = ward.stay(connection, institution, stay)
    found = ward.document(connection, institution, stay, kind, number)
    if found is None:
        raise not_found(gettext_noop("There is no such document in the ward."))
    named = {key: one.zh for key, one in clinic_reference.diagnoses().items()}
    context = {
        "clinic": institution_name(door, institution), "stay": held, "form": form, "document": found,
        "parts": [
            (part.zh, found.body["texts"][part.key]) for part in form.parts if found.body["texts"].get(part.key)
        ],
        "diagnoses": [(named[key], one["display"]) for key, one in found.body["diagnoses"].items()],
    }  # fmt: skip
    return render(request, "clinic/ward_document_paper.html", frame(door.actor, "ward", **context))


# -- what is measured


@entry.page
def signs(request: HttpRequest, door: Door, stay: int) -> HttpResponse:
    """The chart of a stay, its table, and the next measurement."""
    institution = rules.require(door.actor, "nursing")
    given = request.POST
    if request.method == "POST":
        kept = attempt(
            request,
            lambda own: documenting.measure(
                own, stay=stay, moment=_moment(given.get("moment", "")), typed=given, actor=door.actor, now=clock.now()
            ),
            gettext("The measurement is kept and stands in the record."),
        )  # fmt: skip
        if kept is not None:
            return redirect("clinic:stay-signs", stay)
    connection = database.connection()
    held = ward.stay(connection, institution, stay)
    found = ward.signs(connection, institution, stay)
    now = clock.now().astimezone(LOCAL_ZONE)
    sheets = charting.sheets(held.admitted, held.discharged or now)
    sheet = min(max(number(request.GET.get("sheet", "")) or sheets, 1), sheets)
    known = reference.signs()
    context = {
        "clinic": institution_name(door, institution), "stay": held, **head(held),
        "chart": charting.chart(found, held.admitted, sheet), "sheet": sheet, "sheets": range(1, sheets + 1),
        "signs": [
            (one, words.called(one), words.unit(one), given.get(one.key, "")[:6]) for one in known.values()
        ],
        "moment": given.get("moment", "")[:16],
        "rows": [_row(one) for one in reversed(found)], "now": f"{now:%Y-%m-%dT%H:%M}",
        "first": f"{held.admitted.astimezone(LOCAL_ZONE):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if given else HTTPStatus.OK
    return render(request, "clinic/ward_signs.html", frame(door.actor, "ward", **context), status=status)


def _row(one: Measured) -> tuple[Measured, list[str]]:
    """A measurement with its figures in the order of the signs."""
    return one, [f"{one.body[key]:g}" if key in one.body else "—" for key in reference.signs()]


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=LOCAL_ZONE)
    except ValueError:
        raise invalid(gettext_noop("“%(text)s” is no date."), text=text[:20]) from None


@require_POST
@entry.page
def mistake(request: HttpRequest, door: Door, stay: int, sign: int) -> HttpResponse:
    """Mark a measurement as a mistake."""
    attempt(
        request,
        lambda own: documenting.mistake(own, stay=stay, sign=sign, actor=door.actor, now=clock.now()),
        gettext("It is marked as a mistake, here and in the record."),
    )
    return redirect("clinic:stay-signs", stay)
