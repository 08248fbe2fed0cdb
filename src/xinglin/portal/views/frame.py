"""The frame of a record's pages: banner, index, and one part; where the record is closed, how to open it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render

from xinglin.exchange import rights
from xinglin.exchange.rights import Right
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.healthcard import rules as cards
from xinglin.identity import identifiers
from xinglin.kernel import clock
from xinglin.portal import queries
from xinglin.portal.rules import people, problems
from xinglin.portal.rules.allergies import UNAVAILABLE
from xinglin.portal.views import closed
from xinglin.ui import entry

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from xinglin.portal.queries import Resident
    from xinglin.record.door import Door


def today() -> date:
    """The day in this country."""
    return clock.now().astimezone(LOCAL_ZONE).date()


def whole(
    request: HttpRequest, door: Door, resident: Resident, section: str, context: dict[str, Any]
) -> HttpResponse:
    """A page of the record: the part in its frame of banner and index; where it is closed, how to open it.

    What the part has asked for already of what stands in the frame is not asked for again.
    """
    is_open, words = queries.is_open(door, resident), closed.words(door, resident)
    if not is_open:
        section, context = "closed", {"allergies": UNAVAILABLE, "conflicts": ()}
    box = context.get("allergies") or queries.allergy_box(door, resident)
    conflicts = context["conflicts"] if "conflicts" in context else queries.conflicts(door, resident, box)
    found = context["problems"] if section == "problems" else queries.problems_of(door, resident)
    age = people.age_on(resident.person.birth, today())
    person = resident.person
    linked = request.session.get(entry.LINKED)
    frame = {
        "resident": resident,
        "person": person,
        "pinyin": people.romanised(person.name),
        "age": age,
        "identity": identifiers.mask_identity(person.identity) if person.identity else "",
        "phone": identifiers.mask_phone(person.phone) if person.phone else "",
        "allergies": box,
        "conflicts": conflicts,
        "doubles": context["doubles"] if "doubles" in context else queries.doubles(resident),
        "tags": problems.tags(found, age),
        "counts": {
            **queries.counts(door, resident),
            "problems": len(found),
            "allergies": len(box.allergies),
        }
        if is_open
        else {},
        "cards": bool(resident.index) and cards.may(door.actor, cards.Right.LOOK) and not linked,
        **words,
        "section": section,
        "purposes": entry.PURPOSES,
        "purpose": entry.purpose_of(request),
        "linked": linked,
    }
    return render(request, "portal/record.html", {**frame, **context})


def part(
    request: HttpRequest, door: Door, resident: Resident, section: str, context: dict[str, Any]
) -> HttpResponse:
    """One part of the record, alone for htmx, in its frame otherwise."""
    context = {**context, "origins": rights.may(door.actor, Right.READ) and not entry.is_linked(request)}
    if entry.is_fragment(request) and not queries.is_open(door, resident):
        return render(
            request, "portal/sections/closed.html", {"resident": resident, **closed.words(door, resident)}
        )
    if entry.is_fragment(request):
        card = request.GET.get("card") == "1"
        return render(
            request, f"portal/sections/{section}.html", {"resident": resident, "card": card, **context}
        )
    return whole(request, door, resident, section, context)
