"""One person: what is known and from whom, what happened, and what may be done: merge, part, declare, report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts.queries import names_of_accounts
from xinglin.identity import actions, comparing, forms, golden, identifiers, queries, roles, stewardship
from xinglin.identity.events import Kind as Happened
from xinglin.identity.population import archives, divisions, households, residents
from xinglin.identity.population import events as register_events
from xinglin.identity.population.residents import Residence
from xinglin.identity.reviewing import Wanted
from xinglin.identity.stewardship import Kind, State, Verdict
from xinglin.identity.views import columns, frame, register, words
from xinglin.identity.views.reviews import follow_up
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid, not_found
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.identity.golden import Field, Golden
    from xinglin.identity.queries import Event, Person
    from xinglin.identity.reviewing import Review
    from xinglin.record import queries as record
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_KINDS = (
    "Encounter", "Condition", "AllergyIntolerance", "MedicationRequest", "Observation", "DiagnosticReport",
    "DocumentReference", "Immunization",
)  # fmt: skip
_REASONS = [(r.value, name) for r, name in words.REASONS.items()]


# -- finding


@require_GET
@entry.page
def find(request: HttpRequest, door: Door) -> HttpResponse:
    """Persons by name, number, or an id of the index or of a Patient."""
    roles.require(door.actor, roles.LOOK)
    text, link = request.GET.get("q", "").strip()[:100], frame.connection()
    exact = _exact(link, text) if text else None
    if exact is not None and not entry.is_fragment(request):
        return redirect("identity:person", exact)
    people = _found(door, link, text) if text else []
    template = "found" if entry.is_fragment(request) else "find"
    context = {"q": text, "people": people, "target": request.GET.get("for", "")}
    return frame.shown(request, door, template, context, tab="find")


def _exact(link: Connection, text: str) -> str | None:
    found = queries.person(link, text) if text.isascii() and " " not in text else None
    return found.id if found else queries.person_of(link, text.removeprefix("Patient/"))


def _found(door: Door, link: Connection, text: str) -> list[dict[str, Any]]:
    number = identifiers.normal_identity(text)
    if number:
        pairs = [("identifier", ",".join(identifiers.identity_forms(number)))]
    elif text.isdecimal():
        pairs = [("phone" if len(text) == 11 and text.startswith("1") else "identifier", text)]
    else:
        pairs = [("name", text.replace("\\", "\\\\").replace(",", "\\,"))]
    page = door.search("Patient", [*pairs, ("_count", "60")])
    owners = queries.persons_of(link, [e.stored.id for e in page.entries])
    return [line for person in dict.fromkeys(owners.values()) if (line := line_of(link, person)) is not None]


def line_of(link: Connection, person: str) -> dict[str, Any] | None:
    """A person in one line."""
    view = golden.view(link, person)
    if view is None or not view.sources:
        return None
    name, document = view.value("name"), view.value("document:NI")
    return {
        "id": view.person.id,
        "name": golden.name_text(name) if name else "",
        "sex": view.value("gender") or "",
        "birth": view.value("birthDate") or "",
        "identity": identifiers.mask_identity(str(document["value"])) if document else "",
        "institutions": view.person.institutions,
        "patients": len(view.sources),
    }


# -- the page


def _whole(link: Connection, person: str) -> Golden:
    view = golden.view(link, person)
    if view is None:
        raise not_found(gettext_noop("There is no person %(id)s in the index."), id=person[:40])
    return view


@require_http_methods(["GET", "POST"])
@entry.page
def person(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Everything that the index and the register know of a person."""
    roles.require(door.actor, roles.LOOK)
    link = frame.connection()
    view = _whole(link, person)
    if view.person.id != person:
        frame.messages.info(request, gettext("%(id)s has been merged into this person.") % {"id": person})
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
        initial = {
            "since": frame.today(), "standing": found.standing, "present": found.present or "",
            "registered": found.registered or "", "address": found.address,
        }  # fmt: skip
        made["residence"] = forms.ResidenceForm(
            given if asked == "residence" else None, initial=initial, prefix="home"
        )
    return made


def _register(request: HttpRequest, door: Door, view: Golden, made: dict[str, Any]) -> str:
    """Do what one of the register's forms asks; the words for it, none when it is not filled in rightly."""
    roles.require(door.actor, roles.FILE)
    asked = request.POST.get("act", "")
    form = made.get(asked)
    if form is None:
        raise not_found(gettext_noop("This cannot be done with the person as it is. Load the page again."))
    if not form.is_valid():
        return ""
    data, common = form.cleaned_data, {"actor": door.actor, "now": clock.now()}
    if asked == "file":
        frame.act(
            lambda link: archives.file(
                link, person=view.person.id, keeping=form.keeping(), note=data["note"], **common
            )
        )
        return gettext("The archive was filed.")
    residence = Residence(
        data["since"], None, _code(data["registered"]), _code(data["present"]), data["address"], data["standing"],
        door.actor.id,
    )  # fmt: skip
    frame.act(
        lambda link: residents.move(
            link, person=view.person.id, residence=residence, note=data["note"], **common
        )
    )
    return gettext("The residence was stated.")


def _code(text: str) -> str | None:
    from xinglin.identity.population import rules  # noqa: PLC0415 -- only when something was stated

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
        "fields": [_field(field, view, names) for field in view.fields.values()],
        "sources": _sources(view, names, happened, people),
        "events": [_event(event, people, undone) for event in reversed(happened)],
        "relations": _relations(link, owner),
        "constraints": _constraints(link, owner),
        "reviews": _reviews(link, owner),
        "resident": residents.find(link, owner.id),
        "residences": _residences(link, owner.id),
        "archives": archives.of_persons(link, ids),
        "household": households.find(link, member.household) if member else None,
        "relation": forms.relation(member.relation) if member else "",
        "register_events": register_events.of_persons(link, ids),
        "reasons": _REASONS,
    }


_NAMES = {
    "name": words.FIELDS["name"], "gender": words.FIELDS["sex"], "birthDate": words.FIELDS["birth"],
    "phone": words.FIELDS["phone"], "address": words.FIELDS["address"], "contact": words.FIELDS["contact"],
    "deceased": words.FIELDS["deceased"],
}  # fmt: skip


def _text(name: str, value: Any) -> str:
    """A value of the golden view in words; numbers masked."""
    read = _TEXTS.get(name.partition(":")[0])
    return read(value) if read else str(value)


def _coded(value: Any) -> str:
    return str(value.get("text") or next((c.get("display", "") for c in value.get("coding", ())), ""))


_TEXTS: dict[str, Callable[[Any], str]] = {
    "document": lambda value: identifiers.mask_identity(str(value.get("value", ""))),
    "name": golden.name_text,
    "contact": lambda value: golden.name_text(value.get("name", {})),
    "phone": lambda value: mask_phone(str(value.get("value", ""))),
    "address": comparing.address_text,
    "deceased": lambda value: str(value.get("deceasedDateTime") or gettext("yes"))[:10],
    "maritalStatus": _coded,
    "multipleBirth": lambda value: ", ".join(str(v) for v in value.values()),
    "communication": lambda value: "、".join(_coded(one.get("language", {})) for one in value),
}


def mask_phone(number: str) -> str:
    return f"{number[:3]} **** {number[-4:]}" if len(number) >= 11 else identifiers.mask_middle(number)


def _field(field: Field, view: Golden, names: dict[str, str]) -> dict[str, Any]:
    by = {s.id: columns.institution(s, names) for s in view.sources}
    kind, _, document = field.name.partition(":")
    label = f"{words.FIELDS['document']} {document}" if document else _NAMES.get(kind, kind)
    return {
        "key": field.name,
        "label": label,
        "sex": field.value if field.name == "gender" else "",
        "text": _text(field.name, field.value),
        "masked": kind in {"document", "phone"},
        "institution": by.get(field.patient, field.institution),
        "said_by": len(field.said_by),
        "why": words.WHY.get(field.why, field.why),
        "losing": [
            {
                "text": _text(field.name, choice.best.value),
                "sex": choice.best.value if field.name == "gender" else "",
                "by": sorted({by.get(value.patient, value.institution) for value in choice.said_by}),
            }
            for choice in field.losing
        ],
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
        event, name = last.get(stored.id), stored.resource.get("name") or [{}]
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
                "event": event,
                "kind": words.EVENTS[event.kind] if event else "",
                "by": people.get(event.actor, "") if event and not event.weights else "",
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
        line = line_of(link, other) if other else None
        if line is not None:
            found.append({"role": "mother" if mine else "child", "person": line})
    return found


def _constraints(link: Connection, owner: Person) -> list[dict[str, Any]]:
    found = []
    for one in queries.constraints(link, owner.id):
        other = queries.person_of(link, one.other)
        found.append({"c": one, "other": line_of(link, other) if other and other != owner.id else None})
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
    view = _whole(frame.connection(), person)
    field = view.fields.get(request.POST.get("field", ""))
    if field is None or field.name.partition(":")[0] not in {"document", "phone"}:
        raise not_found(gettext_noop("There is nothing to show in full."))
    queries.note(door.actor, "reveal", view.person, query=field.name)
    texts = [field.value, *(choice.best.value for choice in field.losing)]
    context = {"cell": [{"text": str(value.get("value", ""))} for value in texts]}
    return frame.shown(request, door, "revealed", context)


# -- merging and parting


def _affected(door: Door, patients: Sequence[str]) -> list[tuple[str, int]]:
    """How many records of each kind are about these Patients."""
    about = ("patient", ",".join(f"Patient/{p}" for p in patients))
    counts = Counter({kind: door.search(kind, [about, ("_summary", "count")]).total or 0 for kind in _KINDS})
    return [(kind, count) for kind, count in counts.items() if count]


def _preview(sources: Sequence[record.Stored], names: dict[str, str]) -> list[dict[str, Any]]:
    """What the golden view of these Patients would be."""
    fields = golden.of_resources(sources)
    by = {s.id: columns.institution(s, names) for s in sources}
    return [
        {
            "label": _NAMES.get(f.name, f"{words.FIELDS['document']} {f.name.partition(':')[2]}"),
            "text": _text(f.name, f.value),
            "sex": f.value if f.name == "gender" else "",
            "institution": by.get(f.patient, ""),
            "losing": [
                {"text": _text(f.name, c.best.value), "sex": c.best.value if f.name == "gender" else ""}
                for c in f.losing
            ],
        }
        for f in fields.values()
        if f.name in _NAMES or f.name.startswith("document:")
    ]


@require_http_methods(["GET", "POST"])
@entry.page
def merge(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Two persons side by side, what would become of them, and the merge itself."""
    roles.require(door.actor, roles.DECIDE)
    link = frame.connection()
    kept, other = _whole(link, person), request.GET.get("other", "").strip()
    given = _whole(link, _exact(link, other) or other) if other else None
    wrong: list[str] = []
    if given is not None and given.person.id == kept.person.id:
        wrong, given = [gettext("Both are the same person already. Choose another.")], None
    if request.method == "POST" and given is not None:
        try:
            done = frame.act(lambda link: _merge(link, door, kept, given, request))
            if done.state is State.DECIDED:
                said = gettext("The merge waits for a second person, because much depends on it.")
                return frame.done(request, said, "identity:review", done.id)
            return frame.done(
                request, gettext("Merged. It can be taken back below."), "identity:person", person
            )
        except Fault as fault:
            wrong = frame.said(fault)
    context: dict[str, Any] = {"kept": kept.person, "line": line_of(link, person), "other": other, "q": other}
    if given is not None:
        context |= _merged(door, link, kept, given)
    context |= {"reasons": _REASONS, "wrong": wrong, "typed": request.POST}
    return frame.shown(request, door, "merge", context, tab="find", status=400 if wrong else 200)


def _merged(door: Door, link: Connection, kept: Golden, given: Golden) -> dict[str, Any]:
    said = columns.sources(door, [kept, given])
    side = [comparing.Column(v.person.id, tuple(said[v.person.id])) for v in (kept, given)]
    everything = (*kept.sources, *given.sources)
    names = columns.names_of(door, [golden.institution_of(s.resource) for s in everything])
    from xinglin.identity.views.reviews import _worded  # noqa: PLC0415 -- the same table as in a review

    comparison = columns.compared(side)
    return {
        "given": given.person,
        "other_line": line_of(link, given.person.id),
        "comparison": _worded(comparison) if comparison else None,
        "preview": _preview(everything, names),
        "affected": _affected(door, given.person.patients),
        "second": stewardship.needs_second(
            Kind.MATCH, patients=max(len(kept.sources), len(given.sources)), deceased=False
        ),
        "homes": columns.homes(link, side),
        "strips": columns.strips(door, side),
    }


def _merge(link: Connection, door: Door, kept: Golden, given: Golden, request: HttpRequest) -> Review:
    """Through a question that is answered at once, so that much at stake waits for a second person as it does there."""
    note = _note(request)
    asked = actions.open_review(
        link,
        kind=Kind.MATCH,
        persons=[given.person.id, kept.person.id],
        actor=door.actor,
        findings=["by hand"],
    )
    survivor = kept.person.id if asked.persons[0] != kept.person.id else given.person.id
    done = actions.decide_review(
        link, review=asked.id, verdict=Verdict.SAME, reason=request.POST.get("reason", ""), note=note,
        survivor=survivor, actor=door.actor, now=clock.now(),
    )  # fmt: skip
    follow_up(link, done, door)
    return done


def _note(request: HttpRequest) -> str:
    note = request.POST.get("note", "").strip()[:500]
    if not note:
        raise invalid(gettext_noop("Say in a few words what you saw; the code alone is not enough."))
    return note


@require_http_methods(["GET", "POST"])
@entry.page
def unmerge(request: HttpRequest, door: Door, person: str, event: int) -> HttpResponse:
    """What taking a merge back gives, and the taking back."""
    roles.require(door.actor, roles.DECIDE)
    link = frame.connection()
    whole = _whole(link, person)
    done = next(
        (e for e in queries.history(link, person) if e.number == event and e.kind is Happened.MERGED), None
    )
    if done is None or done.other is None:
        raise not_found(gettext_noop("There is no such merge in this person's history."))
    wrong: list[str] = []
    if request.method == "POST":
        try:
            frame.act(lambda link: _unmerge(link, door, request, event, (person, str(done.other))))
            return frame.done(
                request, gettext("The merge was taken back."), "identity:person", str(done.other)
            )
        except Fault as fault:
            wrong = frame.said(fault)
    leaving = set(done.detail.get("patients", ()))
    names = columns.names_of(door, [golden.institution_of(s.resource) for s in whole.sources])
    queries.note(door.actor, "unmerge-preview", whole.person)
    context = {
        "person": whole.person,
        "event": done,
        "line": line_of(link, person),
        "stays": _preview([s for s in whole.sources if s.id not in leaving], names),
        "goes": _preview([s for s in whole.sources if s.id in leaving], names),
        "patients": sorted(leaving),
        "affected": _affected(door, sorted(leaving)) if leaving else [],
        "reasons": _REASONS,
        "typed": request.POST,
        "wrong": wrong,
    }
    return frame.shown(request, door, "unmerge", context, tab="find", status=400 if wrong else 200)


def _unmerge(
    link: Connection, door: Door, request: HttpRequest, event: int, persons: tuple[str, str]
) -> None:
    note, reason = _note(request), request.POST.get("reason", "")
    stewardship.require_reason(reason, note)
    actions.unmerge(
        link, event=event, actor=door.actor, reason=reason, keep_apart=request.POST.get("apart") == "yes"
    )
    in_step(link, door, persons)


def in_step(link: Connection, door: Door, persons: Sequence[str]) -> None:
    """Bring the register in step after an act on persons."""
    from xinglin.identity.population import refreshing  # noqa: PLC0415 -- as in the reviews

    now = clock.now()
    refreshing.refresh(link, sorted(set(persons)), divisions.tree(link), now)
    for one in persons:
        archives.unsettle(link, person=one, actor=door.actor, now=now, note=gettext("Parted in the index"))


@require_POST
@entry.page
def split(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Take marked Patients out of a person: a question answered at once, which a second person confirms."""
    roles.require(door.actor, roles.DECIDE)
    chosen = request.POST.getlist("patients")

    def work(link: Connection) -> Review:
        note = _note(request)
        whole = _whole(link, person)
        if not chosen or not set(chosen) < set(whole.person.patients):
            raise invalid(
                gettext_noop("Mark the Patients that are somebody else: at least one, and not all of them.")
            )
        asked = actions.open_review(
            link,
            kind=Kind.REPORT,
            persons=[person],
            actor=door.actor,
            patient=chosen[0],
            findings=["by hand"],
        )
        done = actions.decide_review(
            link, review=asked.id, verdict=Verdict.SPLIT, reason=request.POST.get("reason", ""), note=note,
            patients=chosen, actor=door.actor, now=clock.now(),
        )  # fmt: skip
        follow_up(link, done, door)
        return done

    done = frame.act(work)
    said = (
        gettext("Noted. A second person has to confirm that these are two people.")
        if done.state is State.DECIDED
        else gettext("The Patients are a person of their own now.")
    )
    return frame.done(request, said, "identity:person", person)


@require_POST
@entry.page
def lift(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Take back what was declared of two Patients."""
    roles.require(door.actor, roles.DECIDE)
    patient, other = request.POST.get("patient", ""), request.POST.get("other", "")
    frame.act(
        lambda link: actions.lift(link, patient=patient, other=other, actor=door.actor, reason=_note(request))
    )
    return frame.done(request, gettext("The declaration was taken back."), "identity:person", person)


@require_POST
@entry.page
def declare(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Declare a Patient of this person and another Patient to be one person, or never to be."""
    roles.require(door.actor, roles.DECIDE)
    given = request.POST
    verb = actions.must_link if given.get("same") == "yes" else actions.must_not_link
    other = given.get("other", "").strip().removeprefix("Patient/")

    def work(link: Connection) -> None:
        verb(link, patient=given.get("patient", ""), other=other, actor=door.actor, reason=_note(request))
        in_step(link, door, [person])

    frame.act(work)
    return frame.done(request, gettext("The declaration was kept."), "identity:person", person)


@require_POST
@entry.page
def report(request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Somebody who works with the record says that a Patient is not this person: stewards will look."""
    roles.require(door.actor, roles.LOOK)
    patient = request.POST.get("patient", "")

    def work(link: Connection) -> None:
        whole = _whole(link, person)
        if patient and patient not in whole.person.patients:
            raise invalid(gettext_noop("This Patient does not belong to the person any longer."))
        actions.open_review(
            link, kind=Kind.REPORT, persons=[whole.person.id], actor=door.actor, patient=patient or None,
            findings=["reported"], detail={"note": _note(request)},
        )  # fmt: skip

    frame.act(work)
    frame.messages.success(request, gettext("Reported. A data steward will look at it."))
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("identity:person", person)
