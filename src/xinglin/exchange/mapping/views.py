"""The bench: the mappings there are, and one on the desk with a message beside it and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages as told
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import queries as accounts
from xinglin.exchange import rights, senders
from xinglin.exchange.doors import Door as Way
from xinglin.exchange.doors import Sender
from xinglin.exchange.mapping import actions, benches, functions, holding, language, queries, rules, words
from xinglin.exchange.mapping.actions import Doer
from xinglin.exchange.rights import Right
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid, not_found
from xinglin.record import access, database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from xinglin.exchange.mapping.benches import Bench
    from xinglin.exchange.mapping.queries import Version
    from xinglin.exchange.rights import Scope
    from xinglin.kernel.errors import Issue
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

MOST_MESSAGE = 200_000  # characters of a message on the bench
_NOBODY = Sender(0, "sample", "", "", frozenset(Way))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with the text, as the page shows it."""

    line: int
    column: int
    text: str


# -- lists


@require_GET
@entry.page
def mappings(request: HttpRequest, door: Door) -> HttpResponse:
    """The shipped mappings by door, and the institutions' own versions."""
    scope = rights.require(door.actor, Right.READ)
    connection = database.connection()
    owners = _owners(connection, scope)
    context = {
        "benches": [{"door": bench.door, "mappings": _abouts(bench)} for bench in benches.every()],
        "versions": [
            {
                "version": version,
                "owner": owners.get(version.owner, version.owner),
                "state": words.STATES[version.state],
            }
            for version in queries.versions(connection, None if not scope.organization else list(owners))
        ],
        "may": rights.may(door.actor, Right.MEND),
    }
    return render(request, "exchange_mapping/mappings.html", context)


def _abouts(bench: Bench) -> list[language.About]:
    return sorted(
        (language.about(text) for text in bench.library().values()), key=lambda one: (not one.kinds, one.id)
    )


def _owners(connection: Connection, scope: Scope) -> dict[str, str]:
    """Under which names somebody may have versions, and what they are called."""
    found: dict[str, str] = {}
    for registered in senders.every(connection):
        if not scope.covers(registered):
            continue
        owner = holding.owner_of(registered.sender)
        name = registered.name if owner == registered.code else owner
        found.setdefault(owner, name)
    return found


# -- the desk


@require_GET
@entry.page
def shipped(request: HttpRequest, door: Door, mapping: str) -> HttpResponse:
    """A shipped mapping: it can be tried, not changed."""
    scope = rights.require(door.actor, Right.READ)
    bench, text = benches.shipped(mapping)
    said = language.about(text)
    kind = next(iter(said.kinds), "")
    context = {
        "about": said,
        "text": text,
        "door": bench.door.value,
        "kind": kind,
        "message": bench.example(kind) if kind else "",
        "owners": _owners(database.connection(), scope) if said.kinds else {},
        "may": rights.may(door.actor, Right.MEND),
        **_tried(bench, text, bench.example(kind) if kind else "", _NOBODY, kind),
    }
    return render(request, "exchange_mapping/desk.html", context)


@require_POST
@entry.page
def make(request: HttpRequest, door: Door) -> HttpResponse:
    """Make an institution's own copy of a shipped mapping, or a new version of a version."""
    scope = rights.require(door.actor, Right.MEND)
    connection = database.connection()
    if request.POST.get("version"):
        version = _version(connection, _number(request.POST["version"]), scope)
        owner, text, base = version.owner, version.body, f"{version.mapping} {version.number}"
    else:
        _, text = benches.shipped(request.POST.get("mapping", ""))
        said = language.about(text)
        owner, base = request.POST.get("owner", ""), f"{said.id} {said.version}"
        if owner not in _owners(connection, scope):
            raise invalid(gettext_noop("Choose for whom the copy is."))
    with connection.transaction():
        made = actions.make(connection=connection, owner=owner, text=text, base=base, by=_by(door))
    return HttpResponseRedirect(reverse("exchange_mapping:version", args=[made.id]))


@require_http_methods(["GET", "POST"])
@entry.page
def version(request: HttpRequest, door: Door, id_: int) -> HttpResponse:
    """A version on the desk; a POST keeps its text."""
    scope = rights.require(door.actor, Right.MEND if request.method == "POST" else Right.READ)
    connection = database.connection()
    known = _version(connection, id_, scope)
    if request.method == "POST":
        text = _plain(request.POST.get("text", ""))
        with connection.transaction():
            actions.write(
                connection=connection,
                id_=id_,
                text=text,
                edits=_number(request.POST.get("edits")),
                by=_by(door),
            )
        told.success(request, gettext("Kept as a draft."))
        return HttpResponseRedirect(reverse("exchange_mapping:version", args=[id_]))
    return _desk(request, door, known, scope)


def _desk(request: HttpRequest, door: Door, known: Version, scope: Scope) -> HttpResponse:
    connection = database.connection()
    bench = benches.bench(known.door)
    kept = queries.samples(connection, known)
    if kept:
        access.note(door.actor, "exchange-mapping-samples", f"{known.owner}/{known.mapping}")
    chosen = next(
        (one for one in kept if str(one.id) == request.GET.get("sample")), kept[0] if kept else None
    )
    message = _said(chosen.message) if chosen else bench.example(known.kind)
    tried = queries.trials(connection, known)
    happened = queries.events(connection, known)
    names = accounts.names_of_accounts(one.actor for one in happened)
    others = [one for one in queries.siblings(connection, known) if one.id != known.id]
    context = {
        "version": known,
        "about": _about(known),
        "text": known.body,
        "door": known.door,
        "kind": known.kind,
        "message": message,
        "sample": chosen,
        "samples": [(one, tried.get(one.id)) for one in kept],
        "events": [
            (one, words.EVENTS.get(one.what, one.what), names.get(one.actor, one.actor), _note(one.note))
            for one in happened
        ],
        "others": others,
        "owner_name": _owners(connection, scope).get(known.owner, known.owner),
        "state": words.STATES[known.state],
        "may": rights.may(door.actor, Right.MEND),
        **_tried(bench, known.body, message, _sender(connection, known.owner), known.kind),
    }
    return render(request, "exchange_mapping/desk.html", context)


def _note(text: str) -> str:
    return str(words.OUTCOMES.get(text, text))


def _about(known: Version) -> language.About:
    try:
        return language.about(known.body)
    except Fault:
        return language.About(known.mapping, "", known.door, known.kinds)


@require_POST
@entry.page
def attempt(request: HttpRequest, door: Door) -> HttpResponse:
    """What comes of the message by the text as it is typed: a piece of the desk. Nothing is kept."""
    scope = rights.require(door.actor, Right.READ)
    given = request.POST
    bench = benches.bench(given.get("door", ""))
    sender = _NOBODY
    if given.get("owner") in _owners(database.connection(), scope):
        sender = _sender(database.connection(), given["owner"])
    text, message = _plain(given.get("text", "")), given.get("message", "")
    return render(
        request, "exchange_mapping/result.html", _tried(bench, text, message, sender, given.get("kind", ""))
    )


def _tried(bench: Bench, text: str, message: str, sender: Sender, kind: str) -> dict[str, Any]:
    """What the result's template needs: problems of the text, of the message, or what came of it."""
    found: dict[str, Any] = {
        "problems": [],
        "refused": [],
        "made": None,
        "functions": sorted(functions.NAMES),
    }
    try:
        mapping = bench.read(text, kind)
    except Fault as fault:
        found["problems"] = [_problem(issue) for issue in fault.issues]
        return found
    if not message.strip():
        return found
    if len(message) > MOST_MESSAGE:
        found["refused"] = [gettext("The message is too long for the bench.")]
        return found
    try:
        made = bench.translate(mapping, message.encode("utf-8", "replace"), "", sender, kind)
    except Fault as fault:
        found["refused"] = [_filled(issue.message, issue.params) for issue in fault.issues]
        return found
    value = rules.as_value(made)
    found["made"] = {
        "resources": [
            (f"{one['resourceType']}/{one['id']}", one["resourceType"], rules.as_text(one))
            for one in made.resources
        ],
        "deletes": made.deletes,
        "links": made.links,
        "reasons": [(one, _filled(one.text, one.params)) for one in made.reasons],
        "usable": made.is_usable,
        "expected": rules.as_text(value),
    }  # fmt: skip
    return found


def _problem(issue: Issue) -> Problem:
    params = dict(issue.params)
    return Problem(params.get("line", 1), params.get("column", 1), _filled(issue.message, params))


def _filled(message: str, params: Mapping[str, Any]) -> str:
    said = gettext(message)
    return said % params if params else said


# -- samples, tests, states


@require_POST
@entry.page
def keep_sample(request: HttpRequest, door: Door, id_: int) -> HttpResponse:
    """Keep the message on the desk, with what comes of it now as what has to."""
    scope = rights.require(door.actor, Right.MEND)
    connection = database.connection()
    known = _version(connection, id_, scope)
    rules.require_editable(known.state)
    message = request.POST.get("message", "")
    bench = benches.bench(known.door)
    sender = _sender(connection, known.owner)
    made = bench.translate(bench.read(known.body, known.kind), message.encode(), "", sender, known.kind)
    with connection.transaction():
        actions.add_sample(
            connection=connection, version=known, title=request.POST.get("title", ""), message=message.encode(),
            expected=rules.as_text(rules.as_value(made)), by=_by(door),
        )  # fmt: skip
    told.success(request, gettext("The sample is kept with what came of it."))
    return HttpResponseRedirect(reverse("exchange_mapping:version", args=[id_]))


@require_POST
@entry.page
def drop_sample(_request: HttpRequest, door: Door, id_: int, sample: int) -> HttpResponse:
    scope = rights.require(door.actor, Right.MEND)
    connection = database.connection()
    with connection.transaction():
        actions.drop_sample(
            connection=connection, version=_version(connection, id_, scope), sample=sample, by=_by(door)
        )
    return HttpResponseRedirect(reverse("exchange_mapping:version", args=[id_]))


@require_POST
@entry.page
def step(request: HttpRequest, door: Door, id_: int, what: str) -> HttpResponse:
    """Test, put in force, retire or delete a version."""
    scope = rights.require(door.actor, Right.MEND)
    connection = database.connection()
    known = _version(connection, id_, scope)
    sender, by = _sender(connection, known.owner), _by(door)
    there = reverse("exchange_mapping:version", args=[id_])
    try:
        with connection.transaction():
            if what == "test":
                _say(request, passed=actions.test(connection=connection, id_=id_, sender=sender, by=by))
            elif what == "force":
                actions.put_in_force(connection=connection, id_=id_, sender=sender, by=by)
                told.success(request, gettext("In force: every message from now on goes by this version."))
            elif what == "retire":
                actions.retire(connection=connection, id_=id_, by=by)
                told.success(request, gettext("Out of force: the shipped mapping holds again."))
            else:
                actions.delete(connection=connection, id_=id_, by=by)
                there = reverse("exchange_mapping:mappings")
    except Fault as fault:
        told.error(request, " ".join(_filled(issue.message, issue.params) for issue in fault.issues))
    return HttpResponseRedirect(there)


def _say(request: HttpRequest, *, passed: bool) -> None:
    if passed:
        told.success(request, gettext("All samples are passed. The version can take effect."))
    else:
        told.error(request, gettext("Some samples are not passed; see below how the results differ."))


@require_GET
@entry.page
def difference(request: HttpRequest, door: Door, id_: int, other: int) -> HttpResponse:
    """How a version differs from another, or from the shipped mapping (0)."""
    scope = rights.require(door.actor, Right.READ)
    connection = database.connection()
    known = _version(connection, id_, scope)
    if other:
        before = _version(connection, other, scope)
        name, text = gettext("version %(number)s") % {"number": before.number}, before.body
    else:
        _, text = benches.shipped(known.mapping)
        name = gettext("the shipped mapping")
    context = {"version": known, "name": name, "lines": rules.changes(text, known.body)}
    return render(request, "exchange_mapping/difference.html", context)


# -- small things


def _version(connection: Connection, id_: int, scope: Scope) -> Version:
    known = queries.version(connection, id_)
    if scope.organization and known.owner not in _owners(connection, scope):
        raise not_found(gettext_noop("There is no version %(id)s of a mapping."), id=id_)
    return known


def _sender(connection: Connection, owner: str) -> Sender:
    """A sender of the owner's, as whom samples are run."""
    for registered in senders.every(connection):
        if holding.owner_of(registered.sender) == owner:
            return registered.sender
    return Sender(0, owner, owner, "", frozenset(Way))


def _by(door: Door) -> Doer:
    return Doer(door.actor, clock.now())


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _plain(text: str) -> str:
    """A text as a form sends it, with plain ends of lines."""
    return text.replace("\r\n", "\n")


def _said(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError:
        return message.decode("gb18030", "replace")
