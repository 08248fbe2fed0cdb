"""One person: what is known and from whom, what happened, where they live, and the forms of the register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from xinglin.accounts.queries import names_of_accounts
from xinglin.identity import clusters, forms, golden, queries, roles, sight, traits
from xinglin.identity.events import Kind as Happened
from xinglin.identity.population import archives, divisions, households, residents, rules
from xinglin.identity.population import events as register_events
from xinglin.identity.population.households import Entrance, Home
from xinglin.identity.population.residents import Residence
from xinglin.identity.reviewing import Wanted
from xinglin.identity.stewardship import State
from xinglin.identity.views import columns, frame, register, values, words
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, conflict, not_found
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.identity.golden import Golden
    from xinglin.identity.queries import Event, Person
    from xinglin.identity.reviewing import Review
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


def whole(link: Connection, person: str, actor: Actor) -> Golden:
    """The person's view, if the policy lets the actor find the person."""
    view = golden.view(link, person)
    if view is None:
        raise not_found(gettext_noop("There is no person %(id)s in the index."), id=person[:40])
    sight.require(link, actor, view.person.id)
    return view


@require_http_methods(["GET", "POST"])
@entry.page
def person(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Everything that the index and the register know of a person."""
    roles.require(door.actor, roles.LOOK)
    link = frame.connection()
    view = whole(link, person, door.actor)
    if view.person.id != person:
        messages.info(request, gettext("%(id)s has been merged into this person.") % {"id": person})
        return redirect("identity:person", view.person.id)
    asked, wrong = request.POST.get("act", ""), []
    made = _forms(link, view, request.POST or None, asked)
    if request.method == "POST":
        try:
            said = _register(request, door, view, made)
            if said:
                return frame.done(request, said, "identity:person", person)
        except Fault as fault:
            wrong = frame.said(fault)
    queries.note(door.actor, "person", view.person)
    context = {**_context(door, link, view), "forms": made, "asked": asked, "wrong": wrong}
    bad = wrong or any(form.errors for form in made.values())
    return frame.shown(request, door, "person", context, tab="find", status=400 if bad else 200)


def _forms(link: Connection, view: Golden, given: Any, asked: str) -> dict[str, Any]:
    """The register's forms: filing an archive where there is none, and stating a residence."""
    found = residents.find(link, view.person.id)
    made: dict[str, Any] = {}
    ids = [view.person.id, *view.person.formerly]
    if not any(a.is_open for a in archives.of_persons(link, ids)):
        initial = {"division": found.present if found and found.present else ""}
        made["file"] = forms.KeepingForm(given if asked == "file" else None, initial=initial, prefix="file")
    if found is not None:
        stated: dict[str, Any] = {
            "since": frame.today(), "standing": found.standing, "present": found.present or "",
            "registered": found.registered or "", "address": found.address,
        }  # fmt: skip
        made["residence"] = forms.ResidenceForm(
            given if asked == "residence" else None, initial=stated, prefix="home"
        )
    return made


def _register(request: HttpRequest, door: Door, view: Golden, made: dict[str, Any]) -> str:
    """Do what one of the register's forms asks; the words for it, none when it is not filled in rightly."""
    roles.require(door.actor, roles.FILE)
    asked = request.POST.get("act", "")
    if asked == "household":
        return _household(door, view)
    form = made.get(asked)
    if form is None:
        raise not_found(gettext_noop("This cannot be done with the person as it is. Load the page again."))
    if not form.is_valid():
        return ""
    data = form.cleaned_data
    if asked == "file":
        frame.act(
            lambda link: archives.file(
                link,
                person=view.person.id,
                keeping=form.keeping(),
                note=data["note"],
                actor=door.actor,
                now=clock.now(),
            )
        )
        return gettext("The archive was filed.")
    residence = Residence(
        data["since"], None, _code(data["registered"]), _code(data["present"]), data["address"], data["standing"],
        door.actor.id,
    )  # fmt: skip
    frame.act(
        lambda link: residents.move(
            link,
            person=view.person.id,
            residence=residence,
            note=data["note"],
            actor=door.actor,
            now=clock.now(),
        )
    )
    return gettext("The residence was stated.")


def _household(door: Door, view: Golden) -> str:
    """A household of one, where the register says that the person lives."""
    found = residents.find(frame.connection(), view.person.id)
    if found is None or not found.present or rules.level(found.present) != 5:
        raise conflict(
            gettext_noop(
                "State first in which village or community the person lives; a household is formed there."
            )
        )
    home = Home(found.present, found.address)
    head = Entrance(view.person.id, rules.HEAD, frame.today())
    frame.act(
        lambda link: households.form(link, home=home, entrances=[head], actor=door.actor, now=clock.now())
    )
    return gettext("The household was formed. Others can be taken in on its page.")


def _warnings(owner: Person) -> list[Any]:
    """What contradicts itself among the Patients, whether somebody has been asked about it or not."""
    told = [traits.unpack(link.traits) for link in owner.links if link.traits]
    found = clusters.findings(told, [link.source for link in owner.links])
    return [words.FINDINGS.get(finding, finding) for finding in found]


def _code(text: str) -> str | None:
    return rules.require_code(text) if text.strip() else None


def _context(door: Door, link: Connection, view: Golden) -> dict[str, Any]:
    owner = view.person
    names = columns.names_of(door, [golden.institution_of(s.resource) for s in view.sources])
    happened = queries.history(link, owner.id)
    ids = [owner.id, *owner.formerly]
    people = names_of_accounts([e.actor for e in happened])
    member = households.of_person(link, ids)
    undone = {e.detail.get("event", 0) for e in happened if e.kind is Happened.UNMERGED}
    name = view.value("name")
    dead = view.value("deceased") or {}
    return {
        "person": owner,
        "name": golden.name_text(name) if name else owner.id,
        "sex": view.value("gender") or "",
        "birth": view.value("birthDate") or "",
        "dead": dead,
        "died": str(dead.get("deceasedDateTime", ""))[:10],
        "fields": [values.field_of(field, view, names) for field in view.fields.values()],
        "sources": _sources(view, names, happened, people),
        "events": [_event(event, people, undone) for event in reversed(happened)],
        "relations": _relations(link, owner),
        "constraints": _constraints(link, owner),
        "reviews": _reviews(link, owner),
        "warnings": _warnings(owner),
        "resident": residents.find(link, owner.id),
        "residences": _residences(link, owner.id),
        "archives": archives.of_persons(link, ids),
        "household": households.find(link, member.household) if member else None,
        "relation": forms.relation(member.relation) if member else "",
        "register_events": register_events.of_persons(link, ids),
        "reasons": words.REASON_CHOICES,
    }


def _sources(
    view: Golden, names: dict[str, str], happened: Sequence[Event], people: dict[str, str]
) -> list[dict[str, Any]]:
    links = {link.id: link for link in view.person.links}
    last: dict[str, Event] = {}
    for event in happened:
        if event.kind in {Happened.MADE, Happened.JOINED, Happened.MOVED} and event.patient:
            last[event.patient] = event
    rows = []
    for stored in view.sources:
        how: Event | None = last.get(stored.id)
        name = stored.resource.get("name") or [{}]
        rows.append(
            {
                "id": stored.id,
                "institution": columns.institution(stored, names),
                "name": golden.name_text(name[0]),
                "birth": stored.resource.get("birthDate", ""),
                "sex": stored.resource.get("gender", ""),
                "day": stored.moment,
                "active": links[stored.id].active if stored.id in links else True,
                "held": links[stored.id].held if stored.id in links else 0,
                "event": how,
                "kind": words.EVENTS[how.kind] if how is not None else "",
                "by": people.get(how.actor, "") if how is not None and not how.weights else "",
            }
        )
    return rows


_WEIGHED = frozenset({Happened.JOINED, Happened.MOVED, Happened.REVIEW_OPENED})


def _event(event: Event, people: dict[str, str], undone: set[int]) -> dict[str, Any]:
    return {
        "e": event,
        "kind": words.EVENTS.get(event.kind, event.kind),
        "who": people.get(event.actor, "") or {"system": "Xinglin"}.get(event.actor, event.actor),
        "bits": event.bits is not None and event.kind in _WEIGHED,
        "reason": words.reason(event.reason),
        "note": event.detail.get("note", ""),
        "undoable": event.kind is Happened.MERGED and event.number not in undone,
    }


def _relations(link: Connection, owner: Person) -> list[dict[str, Any]]:
    found = []
    for relation in queries.relations(link, owner.id):
        mine = relation.patient in owner.patients
        other = queries.person_of(link, relation.other if mine else relation.patient)
        line = values.line_of(link, other) if other else None
        if line is not None:
            found.append({"role": "mother" if mine else "child", "person": line})
    return found


def _constraints(link: Connection, owner: Person) -> list[dict[str, Any]]:
    found = []
    for one in queries.constraints(link, owner.id):
        other = queries.person_of(link, one.other)
        found.append(
            {"c": one, "other": values.line_of(link, other) if other and other != owner.id else None}
        )
    return found


def _reviews(link: Connection, owner: Person) -> list[dict[str, Any]]:
    now = clock.now()
    found: dict[str, Review] = {}
    for id_ in (owner.id, *owner.formerly):
        asked = Wanted(states=(State.OPEN, State.DECIDED), person=id_, aside=True, count=20)
        found |= {review.id: review for review in queries.reviews(link, asked, now=now)}
    return [
        {
            "r": review,
            "kind": words.KINDS[review.kind],
            "state": words.STATES[review.state],
            "findings": [words.FINDINGS.get(f, f) for f in review.findings],
        }
        for review in found.values()
    ]


def _residences(link: Connection, person: str) -> list[dict[str, Any]]:
    names = divisions.tree(link)
    return [
        {
            "r": residence,
            "division": "".join(name for _, name in names.path(residence.present)) if residence.present else "",
            "standing": register.STANDINGS[residence.standing],
            "stated": residence.source != "patients",
        }
        for residence in residents.residences(link, person)
    ]  # fmt: skip


@require_POST
@entry.page
def reveal(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """A number in full, which is noted."""
    roles.require(door.actor, roles.LOOK)
    view = whole(frame.connection(), person, door.actor)
    field = view.fields.get(request.POST.get("field", ""))
    if field is None or field.name.partition(":")[0] not in {"document", "phone"}:
        raise not_found(gettext_noop("There is nothing to show in full."))
    queries.note(door.actor, "reveal", view.person, query=field.name)
    texts = [field.value, *(choice.best.value for choice in field.losing)]
    context = {"cell": [{"text": str(value.get("value", ""))} for value in texts]}
    return frame.shown(request, door, "revealed", context)
