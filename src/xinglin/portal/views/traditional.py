"""The record as Chinese medicine reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.http import require_GET

from xinglin.portal import queries
from xinglin.portal.rules import groups, problems, traditional
from xinglin.portal.views.frame import part
from xinglin.tcm.constitution import rules as constitution
from xinglin.tcm.constitution.words import COLOURS, VERDICTS
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.portal.queries import Resident
    from xinglin.record.door import Door

_PAGE = 40
_EARLIER = 3  # examinations before the latest whose scores stand beside it


@require_GET
@entry.page
def tcm_part(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Visits with syndromes, formulas and herbs; the constitution; ``from`` is the visit to begin at."""
    resident = queries.resident(door, patient)
    visits, constitutions = _asked(door, resident)
    asked = request.GET.get("from", "0")
    first = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 0
    latest = constitutions[0] if constitutions else None
    context = {
        "visits": visits[first : first + _PAGE],
        "total": len(visits),
        "more": first + _PAGE if len(visits) > first + _PAGE else 0,
        "syndromes": traditional.syndromes(visits),
        "latest": latest,
        "earlier": constitutions[1 : 1 + _EARLIER],
        "types": _rows(constitutions[: 1 + _EARLIER]),
        "examining": constitution.may(door.actor, "looking"),
    }
    return part(request, door, resident, "tcm", context)


def _rows(found: tuple[traditional.Constitution, ...]) -> list[dict[str, object]]:
    """The types with what each examination says of them, the latest first."""
    names = dict.fromkeys(one.name for each in found for one in each.types)
    by = [{one.name: one for one in each.types} for each in found]
    return [
        {
            "name": name,
            "cells": [
                {
                    "score": known[name].score,
                    "words": VERDICTS.get(known[name].verdict, ""),  # type: ignore[call-overload]  # codes are StrEnum
                    "colour": COLOURS.get(known[name].verdict, ""),  # type: ignore[call-overload]  # codes are StrEnum
                }
                if name in known
                else {}
                for known in by
            ],
        }
        for name in names
    ]


def _asked(
    door: Door, person: Resident
) -> tuple[tuple[traditional.Visit, ...], tuple[traditional.Constitution, ...]]:
    """The visits to Chinese medicine, and the examinations of the constitution."""
    coded = ",".join((*groups.signs().codes, "|".join(traditional.CONSTITUTION)))
    systems = ",".join(f"{system}|" for system in problems.TCM_SYSTEMS)
    # by code, of a document's section by the codes of its parts; and what is written in words alone
    said = (("combo-code", coded), ("category", "survey,exam"))
    observations = list(
        {
            o["id"]: o for pair in said for o in queries.everything(door, person, ("Observation",), pair)
        }.values()
    )
    visits = traditional.visits(
        encounters=queries.everything(door, person, ("Encounter",)),
        conditions=queries.everything(door, person, ("Condition",), ("code", systems)),
        requests=queries.everything(door, person, queries.SECTIONS["medicines"]),
        observations=observations,
        procedures=queries.everything(door, person, ("Procedure",)),
        sources=person.sources,
    )
    return visits, traditional.constitutions(observations, person.sources)
