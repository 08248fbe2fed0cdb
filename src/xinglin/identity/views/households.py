"""A household: its members and their relations to the head, who left, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods

from xinglin.identity import forms, queries, roles, sight
from xinglin.identity.population import archives, divisions, households, residents, resources
from xinglin.identity.population.households import Entrance
from xinglin.identity.views import frame
from xinglin.identity.views.finding import exact
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, not_found
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.identity.population.households import Household
    from xinglin.record.door import Door

KINDS = {
    "formed": gettext_lazy("Formed"),
    "joined": gettext_lazy("Joined"),
    "left": gettext_lazy("Left the household"),
    "related": gettext_lazy("Relation changed"),
    "confirmed": gettext_lazy("Confirmed"),
    "closed": gettext_lazy("Closed"),
}


@require_http_methods(["GET", "POST"])
@entry.page
def household(request: HttpRequest, door: Door, household: str) -> HttpResponse:
    """One household; people confirm the relations, take somebody in, note who left."""
    roles.require(door.actor, roles.LOOK)
    found = households.find(frame.connection(), household)
    _require_seen(door, found)
    asked, wrong = request.POST.get("act", ""), []
    join = forms.EntranceForm(request.POST if asked == "join" else None)
    leave = forms.LeaveForm(request.POST if asked == "leave" else None)
    if request.method == "POST":
        roles.require(door.actor, roles.FILE)
        try:
            words = _done(request, door, found, {"join": join, "leave": leave})
            if words:
                return frame.done(request, words, "identity:household", household)
        except Fault as fault:
            wrong = frame.said(fault)
    context = {**_context(door, found), "join": join, "leave": leave, "asked": asked, "wrong": wrong}
    refused = 400 if wrong or join.errors or leave.errors else 200
    return frame.shown(request, door, "household", context, tab="register", status=refused)


def _require_seen(door: Door, found: Household) -> None:
    """A household none of whose members may be found is not found either."""
    link = frame.connection()
    persons = {m.person for m in households.members(link, found.id, former=True)}
    if persons and not sight.visible(link, door.actor, persons):
        raise not_found(gettext_noop("There is no household %(id)s."), id=found.id)


def _done(request: HttpRequest, door: Door, found: Household, made: dict[str, Any]) -> str:
    """Do what the form that was sent asks for; the words for it, or none when the form is not filled in rightly."""
    asked, actor, now = request.POST.get("act", ""), door.actor, clock.now()
    if asked == "relate":
        relations = {
            key.removeprefix("relation-"): str(value)
            for key, value in request.POST.items()
            if key.startswith("relation-")
        }
        frame.act(
            lambda link: households.relate(
                link, household=found.id, relations=relations, actor=actor, now=now
            )
        )
        return gettext("The household was confirmed.")
    form = made.get(asked)
    if form is None:
        raise not_found(gettext_noop("This cannot be done with the household. Load the page again."))
    if not form.is_valid():
        return ""
    data = form.cleaned_data
    if asked == "join":
        person = _person(data["person"])
        entrance = Entrance(person, data["relation"], data["since"])
        frame.act(
            lambda link: households.join(link, household=found.id, entrance=entrance, actor=actor, now=now)
        )
        return gettext("The person was taken into the household.")
    leaver = request.POST.get("person", "")
    _require_member(found, leaver)
    frame.act(
        lambda link: households.leave(
            link, person=leaver, until=data["until"], note=data["note"], actor=actor, now=now
        )
    )
    return gettext("It was noted that the person has left.")


def _person(text: str) -> str:
    """The person that an id of the index or of a Patient leads to today."""
    found = exact(frame.connection(), text.strip())
    if found is None:
        raise not_found(gettext_noop("There is no person %(id)s in the index."), id=text[:40])
    return found


def _require_member(found: Household, person: str) -> None:
    if all(m.person != person for m in households.members(frame.connection(), found.id)):
        raise not_found(gettext_noop("This person is not a member of the household."))


def _context(door: Door, found: Household) -> dict[str, Any]:
    link = frame.connection()
    everybody = households.members(link, found.id, former=True)
    seen = sight.visible(link, door.actor, [m.person for m in everybody])
    everybody = [m for m in everybody if m.person in seen]
    people = residents.several(link, [m.person for m in everybody])
    filed = {
        a.person: a for a in reversed(archives.of_persons(link, [m.person for m in everybody])) if a.is_open
    }
    for member in everybody:
        frame.note_patients(door.actor, "household", queries.patients_of(link, member.person))
    rows = [
        (
            m.until is None,
            {
                "m": m,
                "r": people.get(m.person),
                "relation": forms.relation(m.relation),
                "archive": filed.get(m.person),
            },
        )
        for m in everybody
    ]
    names = {person: r.name for person, r in people.items()}
    return {
        "h": found,
        "path": divisions.path(link, found.division),
        "members": [row for inside, row in rows if inside],
        "former": [row for inside, row in rows if not inside],
        "relations": forms.relations(),
        "today": frame.today(),
        "events": [
            {
                "e": e,
                "kind": KINDS.get(e.kind, e.kind),
                "relation": forms.relation(str(e.detail.get("relation", ""))),
                "who": names.get(e.person, ""),
            }
            for e in households.history(link, found.id)
        ],
    }


@require_GET
@entry.page
def group(_request: HttpRequest, door: Door, household: str) -> HttpResponse:
    """The household as a FHIR Group, for other systems."""
    roles.require(door.actor, roles.DECIDE)
    link = frame.connection()
    found = households.find(link, household)
    members = households.members(link, household, former=True)
    patients = {m.person: queries.patients_of(link, m.person) for m in members}
    for known in patients.values():
        frame.note_patients(door.actor, "household-export", known)
    answer = JsonResponse(
        resources.group(found, members, patients),
        content_type="application/fhir+json",
        json_dumps_params={"ensure_ascii": False},
    )
    answer["Content-Disposition"] = f'attachment; filename="{found.record}.json"'
    return answer
