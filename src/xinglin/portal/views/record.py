"""The pages: finding a resident, and the parts of the resident's record.

Each part answers twice: to a browser as a page with banner and index, to htmx as the part alone, by which the
overview loads its cards one by one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.identity import identifiers, roles
from xinglin.kernel.errors import not_found
from xinglin.portal import finding, queries
from xinglin.portal.rules import (
    browsing,
    medicines,
    people,
    results,
    telling,
    timeline,
)
from xinglin.portal.rules.groups import ASIDE
from xinglin.portal.rules.sources import message_of
from xinglin.portal.views.frame import part, today, whole
from xinglin.reminders import actions as reminding
from xinglin.reminders import rules as reminders
from xinglin.ui import entry
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from xinglin.fhir.reading import Resource
    from xinglin.portal.queries import Resident
    from xinglin.record.door import Door

_CARD_ROWS = 8
_LISTED = 20  # residents below the search box
_FOUND = 100  # on the page of all
_GRID_DAYS = 12
_PAGE_ROWS = 100
_EVER = 0
_YEARS = (1, 3, 5, _EVER)
_USUAL_YEARS = 5
_LANES = {
    timeline.Lane.OUTPATIENT: gettext_lazy("Outpatient"),
    timeline.Lane.INPATIENT: gettext_lazy("Inpatient"),
    timeline.Lane.LABORATORY: gettext_lazy("Laboratory"),
    timeline.Lane.IMAGING: gettext_lazy("Imaging"),
    timeline.Lane.MEDICINE: gettext_lazy("Medicines"),
    timeline.Lane.TCM: gettext_lazy("TCM"),
    timeline.Lane.PUBLIC: gettext_lazy("Public health"),
}


@require_GET
@entry.page
def residents(request: HttpRequest, door: Door) -> HttpResponse:
    """Residents found for ``q``: a page, or the list below the search box.

    Who is the only one is opened, unless what was typed is another name than the record would be opened under.
    """
    text = request.GET.get("q", "").strip()[:100]
    fragment = entry.is_fragment(request)
    found = finding.find(door, text) if text else finding.Found()
    only = found.candidates[0] if len(found.candidates) == 1 and not found.more else None
    if only and not only.matched and not fragment:
        return redirect("portal:record", only.id)
    some = found.candidates[: _LISTED if fragment else _FOUND]
    context = {
        "q": text, "candidates": shown(some), "total": len(found.candidates), "more": found.more,
        "first": len(some) if found.more or len(some) < len(found.candidates) else 0,
    }  # fmt: skip
    return render(request, "portal/found.html" if fragment else "portal/residents.html", context)


def shown(found: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Residents as a list shows them, numbers masked."""
    now = today()
    return [
        {
            "id": c.id,
            "person": c.person,
            "pinyin": people.romanised(c.person.name),
            "matched": c.matched,
            "age": people.age_on(c.person.birth, now),
            "identity": identifiers.mask_identity(c.person.identity) if c.person.identity else "",
            "phone": identifiers.mask_phone(c.person.phone) if c.person.phone else "",
            "institutions": c.institutions,
            "patients": c.patients,
            "known": len(c.institutions) or c.patients,
        }
        for c in found
    ]


def _is_reminded(request: HttpRequest, door: Door) -> bool:
    """Whether the reader is reminded here.

    Who comes by a link from a system of their own is reminded there, and the session opens nothing else.
    """
    return reminders.may(door.actor, "asking") and not entry.is_linked(request)


@require_GET
@entry.page
def record(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The overview of a record: banner, index, and cards that load themselves."""
    reminded = _is_reminded(request, door)
    return whole(request, door, queries.resident(door, patient), "overview", {"reminded": reminded})


@require_GET
@entry.page
def timeline_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Everything on one line of time; ``years`` 1, 3 or 5, ``institution`` a name, ``lane`` a kind of event."""
    resident = queries.resident(door, patient)
    asked = request.GET.get("years", "")
    now = today()
    years = int(asked) if asked in {str(y) for y in _YEARS} else _USUAL_YEARS
    found = queries.events(door, resident, _years_ago(now, years), now)
    if not found and not asked:
        years, found = _EVER, queries.events(door, resident, _years_ago(now, _EVER), now)
    since = (
        min((e.start for e in found), default=_years_ago(now, 1))
        if years == _EVER
        else _years_ago(now, years)
    )
    institution = request.GET.get("institution", "")
    lane = request.GET.get("lane", "")
    lane = lane if lane in set(timeline.Lane) else ""
    shown = timeline.within(found, since, institution, lane)
    institutions = sorted({e.institution for e in found if e.institution})
    context = {
        "events": shown,
        "lanes": [{"key": lane.value, "name": str(words)} for lane, words in _LANES.items()],
        "years": years,
        "all_years": _YEARS,
        "institution": institution,
        "institutions": institutions,
        "lane": lane,
        "chosen": urlencode({k: v for k, v in (("institution", institution), ("lane", lane)) if v}),
        "since": since,
        "today": now.isoformat(),
    }
    return part(request, door, resident, "timeline", context)


def _years_ago(now: date, years: int) -> str:
    """The day that many years ago; for ``_EVER`` the first day that may have events."""
    return "1900-01-01" if years == _EVER else (now - timedelta(days=round(years * 365.25))).isoformat()


@require_GET
@entry.page
def problems_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    resident = queries.resident(door, patient)
    context = {"problems": queries.problems_of(door, resident), "limit": _CARD_ROWS}
    return part(request, door, resident, "problems", context)


@require_GET
@entry.page
def medicines_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The medicines by substance, with what the reminders say of them: the rules are asked once for all."""
    resident = queries.resident(door, patient)
    found = queries.medicines_of(door, resident, today())
    if found and _is_reminded(request, door):
        found = medicines.marked(found, reminding.standing(door, resident.patients[0]["id"]))
    context = {
        "medicines": found,
        "current": sum(m.current for m in found),
        "duplicates": sum(m.duplicate for m in found),
        "limit": _CARD_ROWS,
    }
    return part(request, door, resident, "medicines", context)


@require_GET
@entry.page
def results_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Results by test; ``group`` chooses a kind of them, and ``view=grid`` sets tests against days."""
    resident = queries.resident(door, patient)
    asked = (request.GET.get("group", ""), request.GET.get("view", ""))
    return part(request, door, resident, "results", listed(queries.series_of(door, resident), *asked))


def listed(every: Sequence[results.Series], group: str = "", view: str = "") -> dict[str, Any]:
    """What the list of results shows: of one group or of all, as a table or as a grid by days (``view`` ``grid``).

    What is no result (``groups.ASIDE``) comes last and is not counted; the grid of all leaves it out.
    """
    known = [one for one, _ in results.by_group(every)]
    chosen = group if group in known else ""
    found = [s for s in every if s.group == chosen] if chosen else list(every)
    kept = results.of_results(found)
    return {
        "series": kept,
        "aside": len(every) - len(results.of_results(every)),
        "groups": [(one, some, one in ASIDE) for one, some in results.by_group(found)],
        "known": known,
        "group": chosen,
        "limit": _CARD_ROWS,
        "abnormal": sum(s.last.flag in results.OUT_OF_RANGE for s in kept),
        "view": "grid" if view == "grid" else "table",
        "grid": results.grid(found if chosen else kept, _GRID_DAYS) if view == "grid" else None,
    }


@require_GET
@entry.page
def trend(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """One test over time, with the others of its panel; ``test`` is the series' key."""
    resident = queries.resident(door, patient)
    return part(request, door, resident, "trend", followed(door, resident, request.GET.get("test", "")))


def followed(door: Door, resident: Resident, test: str) -> dict[str, Any]:
    """What the page of one test shows: its series with those alongside, all values, the chart. ``test``: its key."""
    shown = results.alongside(queries.series_of(door, resident), test)
    if not shown:
        raise not_found(gettext_noop("This resident has no results of this test."))
    points = sorted(((p, s) for s in shown for p in s.points), key=lambda pair: -pair[0].at)
    return {"shown": shown, "points": points, "chart": chart(shown)}


@require_GET
@entry.page
def trends_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The charts of the overview: of what matters for the resident's problems first."""
    resident = queries.resident(door, patient)
    told = telling.telling(queries.series_of(door, resident), queries.problems_of(door, resident))
    charts = [(shown, chart(shown)) for shown in told]
    return part(request, door, resident, "trends", {"charts": charts})


def chart(shown: Sequence[results.Series]) -> list[dict[str, Any]]:
    """What ``xl-trend`` draws, for series that have values on more than one day."""
    return [
        {
            "name": people.named(s, chinese=is_chinese()),
            "unit": s.unit,
            "low": s.last.low,
            "high": s.last.high,
            "points": [
                {
                    "date": p.date,
                    "value": p.value,
                    "text": p.text,
                    "flag": p.flag.value,
                    "institution": p.source.institution,
                }
                for p in s.numeric
            ],
        }
        for s in shown
        if len({p.date for p in s.numeric}) > 1
    ]


@require_GET
@entry.page
def documents_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Documents and reports; ``kind`` chooses, ``from`` is the row to begin at."""
    resident = queries.resident(door, patient)
    found = queries.documents_of(door, resident)
    kind = request.GET.get("kind", "")
    kinds = [k for k in ("document", "imaging", "laboratory") if any(d.kind == k for d in found)]
    if kind not in kinds and request.GET.get("card") == "1":
        kept = [d for d in found if d.kind != "laboratory"] or list(found)
    else:
        kept = [d for d in found if d.kind == kind] if kind in kinds else list(found)
    asked = request.GET.get("from", "0")
    first = int(asked) if asked.isdecimal() else 0
    context = {
        "documents": kept[first : first + _PAGE_ROWS],
        "total": len(kept),
        "more": first + _PAGE_ROWS if len(kept) > first + _PAGE_ROWS else 0,
        "kinds": kinds,
        "kind": kind,
        "limit": _CARD_ROWS,
    }
    return part(request, door, resident, "documents", context)


_LINKS = {
    "made": gettext_lazy("The first of this person"),
    "joined": gettext_lazy("Joined by the index"),
    "moved": gettext_lazy("Moved here by the index"),
}


@require_GET
@entry.page
def immunisations_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    resident = queries.resident(door, patient)
    context = {"doses": queries.doses_of(door, resident), "limit": _CARD_ROWS}
    return part(request, door, resident, "immunisations", context)


@require_GET
@entry.page
def allergies_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    resident = queries.resident(door, patient)
    return part(request, door, resident, "allergies", {"allergies": queries.allergy_box(door, resident)})


@require_GET
@entry.page
def sources_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Who sent what: the Patients that are taken for this person, side by side."""
    resident = queries.resident(door, patient)
    rows = [_sent(resident, patient) for patient in resident.patients]
    looks = bool(resident.index) and roles.may(door.actor, roles.LOOK)
    context = {
        "rows": rows, "looks": looks, "doubles": queries.doubles(resident), "opens": not entry.is_linked(request),
    }  # fmt: skip
    return part(request, door, resident, "sources", context)


def _sent(resident: Resident, patient: Resource) -> dict[str, Any]:
    """One Patient as a row, with what it says otherwise than the banner."""
    person, link = people.person([patient]), resident.links.get(patient["id"])
    return {
        "id": patient["id"],
        "institution": resident.sources.patients.get(f"Patient/{patient['id']}", ""),
        "message": message_of(patient),
        "person": person,
        "differs": people.differing(person, resident.person),
        "identity": identifiers.mask_identity(person.identity) if person.identity else "",
        "phone": identifiers.mask_phone(person.phone) if person.phone else "",
        "link": link,
        "certainty": _certainty(link.probability) if link and link.probability is not None else "",
        "kind": _LINKS.get(link.kind, "") if link else "",
    }


def _certainty(probability: float) -> str:
    """How strong the evidence of a link is, in words."""
    figures = browsing.figures()
    if probability >= figures.very_strong:
        return gettext("very strong evidence")
    return gettext("strong evidence") if probability >= figures.strong else gettext("weak evidence")


@require_POST
@entry.page
def reveal(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """The identity number and phone in full. Reading the Patient for it is noted like every reading."""
    resident = queries.resident(door, patient)
    return render(request, "portal/revealed.html", {"person": resident.person})


@require_POST
@entry.page
def choose_purpose(request: HttpRequest, _door: Door, patient: str) -> HttpResponse:
    """Open the record again, for another purpose."""
    entry.choose_purpose(request)
    return HttpResponseRedirect(f"/residents/{patient}/")
