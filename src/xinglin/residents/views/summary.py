"""A record in short on one sheet of paper and as files to take along, and the same for whoever was shown it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from xinglin.fhir import json
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.portal import queries
from xinglin.portal.rules import people, results
from xinglin.residents import measuring, rules, shares
from xinglin.residents.views import record
from xinglin.residents.views.entering import Here, language, of_record, require_own_device, shown
from xinglin.smart.views.machines import base_of
from xinglin.summary import building, printing
from xinglin.summary import queries as summaries
from xinglin.ui.templatetags.ui import age as in_words
from xinglin.ui.templatetags.ui import sex as sex_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.http import HttpRequest

    from xinglin.portal.queries import Resident
    from xinglin.portal.rules.results import Series
    from xinglin.record.door import Door
    from xinglin.summary.building import Summary


def context(door: Door, resident: Resident, now: datetime, *, whole: bool = False) -> dict[str, Any]:
    """What the sheet says; ``whole`` leaves nothing out that the door shows."""
    today = rules.day_of(now)
    most = None if whole else shares.table()["summary"]
    observed = queries.everything(door, resident, ("Observation",))
    series = _series(observed, resident)
    known = record.problems_of(door, resident)
    given = record.doses_of(door, resident)
    found = record.medicines_of(door, resident, today)
    return {
        "resident": resident,
        "person": resident.person,
        "age": people.age_on(resident.person.birth, today),
        "institutions": resident.institutions,
        "allergies": queries.allergy_box(door, resident),
        "problems": _cut([p for p in known if whole or p.active], most, "problems"),
        "medicines": _cut([m for m in found if whole or m.current], most, "medicines"),
        "series": _cut(series if whole else results.of_results(series), most, "results"),
        "visits": _cut(record.visits_of(door, resident), most, "visits"),
        "doses": _cut([d for d in given if d.given], most, "doses"),
        "measured": _cut(list(measuring.latest(measuring.measured(observed)).values()), most, "measured"),
        "documents": record.documents_of(door, resident) if whole else (),
        "language": language(),
        "now": now,
        "whole": whole,
    }


def _cut(found: Sequence[Any], most: dict[str, int] | None, name: str) -> list[Any]:
    return list(found if most is None else found[: most[name]])


def _series(observed: list[dict[str, Any]], resident: Resident) -> tuple[Series, ...]:
    """What institutions measured: own measurements stand by themselves."""
    theirs = [one for one in observed if not measuring.is_reported(one)]
    return results.series(theirs, resident.sources)


@require_GET
@of_record
def sheet(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """The summary, to print on A4."""
    return shown(request, here, "summary.html", context(here.door, resident, here.now))


def _made(here: Here, resident: Resident) -> Summary:
    today = rules.day_of(here.now)
    return summaries.about(here.door, resident.patients, resident.sources.patients, today)


def _file(here: Here, content: bytes | str, media: str, ending: str) -> HttpResponse:
    """A file to be saved, named by the day."""
    answer = HttpResponse(content, content_type=media)
    name = f"health-summary-{rules.day_of(here.now):%Y%m%d}.{ending}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_GET
@of_record
def pdf(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """The International Patient Summary as a PDF on A4."""
    require_own_device(request)
    person, today = resident.person, rules.day_of(here.now)
    age = people.age_on(person.birth, today)
    born = f"{person.birth}（{in_words(age)}）" if age and person.birth else person.birth
    words = printing.Words(
        title=gettext("Health summary"),
        facts=(
            (gettext("Name"), person.name),
            (gettext("Sex"), sex_of(person.sex)),
            (gettext("Birth date"), born),
            (gettext("Known to"), "、".join(resident.institutions) or "—"),
            (gettext("Made"), here.now.astimezone(LOCAL_ZONE).strftime("%Y-%m-%d %H:%M")),
        ),
        columns=(gettext("Entry"), gettext("Details"), gettext("Date"), gettext("Institution")),
        nothing=gettext("Nothing is recorded here."),
        foot=gettext(
            "Put together by the platform from what institutions sent and the person measured. It may be incomplete"
            " and is no diagnosis."
        ),
        chinese=language() == "zh",
    )
    return _file(here, printing.pdf(_made(here, resident), words), "application/pdf", "pdf")


@require_GET
@of_record
def document(request: HttpRequest, here: Here, resident: Resident) -> HttpResponse:
    """The same as a FHIR document, for the systems of whoever treats the person elsewhere."""
    require_own_device(request)
    made = building.document(_made(here, resident), base=f"{base_of(request)}/fhir", now=here.now)
    return _file(here, json.dump(made), "application/fhir+json", "json")
