"""Own measurements: what there is, one kind with its trend, a new one by big keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.kernel.errors import Fault
from xinglin.portal import queries
from xinglin.residents import measurements, measuring
from xinglin.residents.forms import MeasurementForm
from xinglin.residents.views.entering import Here, language, mine, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from xinglin.residents.measuring import Kind, Measured


@dataclass(frozen=True, slots=True)
class Tile:
    """A kind with its latest measurement."""

    kind: Kind
    words: Mapping[str, str]
    last: Measured | None


def tiles(found: list[Measured]) -> list[Tile]:
    """All kinds, each with its latest."""
    latest = measuring.latest(found)
    return [Tile(of, of.words(language()), latest.get(code)) for code, of in measuring.kinds().items()]


@require_GET
@mine
def overview(request: HttpRequest, here: Here) -> HttpResponse:
    """Every kind with its latest figure."""
    resident = queries.resident(here.door, here.acting.patient)
    found = measurements.of_resident(here.door, resident)
    return shown(request, here, "measurements.html", {"tiles": tiles(found)})


@require_http_methods(["GET", "POST"])
@mine
def one(request: HttpRequest, here: Here, code: str) -> HttpResponse:
    """One kind: a new measurement, the trend, and all there is."""
    of = measuring.kind(code)
    form = MeasurementForm(of, language(), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with here.connection.transaction():
                taken = measurements.Taken(of, form.figures(), form.at(here.now))
                measurements.keep(
                    here.connection, taken=taken, acting=here.acting, actor=here.door.actor, now=here.now
                )
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            messages.success(request, gettext("It is in your record, marked as measured by yourself."))
            return redirect("residents:measured", code)
    resident = queries.resident(here.door, here.acting.patient)
    found = measurements.of_resident(here.door, resident, code)[: measuring.table()["shown"]]
    context = {
        "kind": of,
        "words": of.words(language()),
        "form": form,
        "found": found,
        "last": found[0] if found else None,
        "charts": measuring.charts(of, found, language()),
        "targets": [(v.name(language()), v.target, v.unit_in(language())) for v in of.values if v.target],
    }
    return shown(request, here, "measured.html", context, status=422 if form.errors else 200)


@require_POST
@mine
def withdraw(request: HttpRequest, here: Here, code: str) -> HttpResponse:
    """Take a measurement back that was typed wrongly; the record keeps it as entered in error."""
    resident = queries.resident(here.door, here.acting.patient)
    with here.connection.transaction():
        measurements.withdraw(
            here.connection, door=here.door, resident=resident, id_=request.POST.get("id", ""),
            actor=here.door.actor,
        )  # fmt: skip
    messages.success(request, gettext("The measurement is taken back."))
    return redirect("residents:measured", code)
