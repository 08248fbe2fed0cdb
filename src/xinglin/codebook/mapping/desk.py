"""The desk: the lines of a book, and the one that is being decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.codebook.mapping import actions, queries, targets
from xinglin.codebook.mapping.queries import Window
from xinglin.codebook.mapping.rules import Decision, Equivalence, State
from xinglin.codebook.mapping.templatetags.mapping import EQUIVALENCES
from xinglin.codebook.mapping.views import for_mappers, number, today
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.codebook.mapping.queries import Book, Line
    from xinglin.record.door import Door

_SHOWN = (
    ("open", gettext_lazy("Undecided")),
    ("later", gettext_lazy("Later")),
    ("doubts", gettext_lazy("Second look")),
    ("mapped", gettext_lazy("Mapped")),
    ("none", gettext_lazy("No match")),
    ("all", gettext_lazy("All")),
)
_SEARCHED = 12


@require_GET
@for_mappers
def desk(request: HttpRequest, _door: Door, book: int) -> HttpResponse:
    """The lines of a book, and the one that is being decided."""
    connection = database.connection()
    return _desk(request, queries.book(connection, book), request.GET)


def _desk(request: HttpRequest, book: Book, asked: Any, said: str = "") -> HttpResponse:
    connection = database.connection()
    shown = asked.get("shown", "open")
    shown = shown if shown in queries.SHOWN else "open"
    typed = asked.get("q", "").replace("\0", "").strip()[:100]
    page = max(0, number(asked.get("page")))
    window = Window(shown, typed, page * queries.PAGE)
    total, lines = queries.lines(connection, book.id, window)
    line = _current(lines, number(asked.get("line")), book)
    context = {
        "book": book,
        "coverage": queries.coverage(connection, book.id),
        "choices": _SHOWN,
        "shown": shown,
        "q": typed,
        "page": page,
        "total": total,
        "pages": (total + queries.PAGE - 1) // queries.PAGE,
        "lines": lines,
        "said": said,
        "target": targets.system(connection, book.target, today()),
        **_panel(book, line, lines),
    }
    template = "mapping/desk_parts.html" if entry.is_fragment(request) else "mapping/desk.html"
    return render(request, template, context)


def _current(lines: list[Line], wanted: int, book: Book) -> Line | None:
    """The line asked for, also where it is no longer among those shown; else the first."""
    for line in lines:
        if line.id == wanted:
            return line
    if wanted and not lines:
        return queries.line(database.connection(), book.id, wanted)
    return lines[0] if lines else None


def _panel(book: Book, line: Line | None, lines: list[Line]) -> dict[str, Any]:
    """What is shown of the line that is being decided; a line that was not ranked yet is ranked now."""
    if line is None:
        return {"line": None}
    found = line.candidates
    if not found and line.state in (State.OPEN, State.LATER):
        connection = database.connection()
        target = targets.target(connection, book.target, today())
        others = queries.targets_of_name(connection, book, [line.folded]).get(line.folded, {})
        found = actions.candidates(line, target, others)
    places = [one.id for one in lines]
    at = places.index(line.id) if line.id in places else -1
    return {
        "line": line,
        "candidates": [(number, one, f"{one.score * 100:.0f}") for number, one in enumerate(found, 1)],
        "before": places[at - 1] if at > 0 else None,
        "after": places[at + 1] if 0 <= at < len(places) - 1 else None,
        "equivalences": [(one.value, EQUIVALENCES[one]) for one in Equivalence],
    }


@require_POST
@for_mappers
def decide(request: HttpRequest, door: Door, book: int) -> HttpResponse:
    """Decide a line; answers with the desk at the line that comes next."""
    connection = database.connection()
    found = queries.book(connection, book)
    wanted = number(request.POST.get("line"))
    following = _following(found, request.POST, wanted)
    decision = _decision(request, found)
    with connection.transaction():
        line = actions.decide(
            connection=connection,
            book=found,
            line=wanted,
            decision=decision,
            actor=door.actor,
            now=clock.now(),
        )
    said = gettext("%(name)s: decided.") % {"name": line.name}
    return _again(request, found, following, said)


def _decision(request: HttpRequest, book: Book) -> Decision:
    choice = request.POST.get("choice", "")
    comment = request.POST.get("comment", "").strip()[:500]
    states = {"none": State.NONE, "later": State.LATER, "open": State.OPEN}
    if choice in states:
        return Decision(states[choice], comment=comment)
    equivalence = request.POST.get("equivalence", Equivalence.EQUIVALENT.value)
    if equivalence not in {one.value for one in Equivalence}:
        raise invalid(gettext_noop("“%(value)s” is no way to stand to a standard code."), value=equivalence)
    code = choice.removeprefix("code:") if choice.startswith("code:") else ""
    display = ""
    if code:
        connection = database.connection()
        system = targets.system(connection, book.target, today())
        display = targets.concept(connection, system, code).display
    return Decision(State.MAPPED, code, display, Equivalence(equivalence), comment)


def _following(book: Book, asked: Any, line: int) -> int:
    """The line after this one in the list that is shown, 0 for the first."""
    window = Window(
        asked.get("shown", "open"), asked.get("q", ""), max(0, number(asked.get("page"))) * queries.PAGE
    )
    places = [one.id for one in queries.lines(database.connection(), book.id, window)[1]]
    at = places.index(line) if line in places else -1
    return places[at + 1] if 0 <= at < len(places) - 1 else 0


def _again(request: HttpRequest, book: Book, line: int, said: str) -> HttpResponse:
    """The desk once more: a piece for htmx, an address for everybody else."""
    asked = {"shown": request.POST.get("shown", "open"), "q": request.POST.get("q", "")}
    asked |= {"page": request.POST.get("page", "0"), "line": str(line)}
    if entry.is_fragment(request):
        return _desk(request, queries.book(database.connection(), book.id), asked, said)
    messages.success(request, said)
    return HttpResponseRedirect(f"{reverse('codebook:mapping:desk', args=[book.id])}?{urlencode(asked)}")


@require_POST
@for_mappers
def look(request: HttpRequest, door: Door, book: int) -> HttpResponse:
    """Agree with a doubtful decision, as somebody else than who made it."""
    connection = database.connection()
    found = queries.book(connection, book)
    wanted = number(request.POST.get("line"))
    following = _following(found, request.POST, wanted)
    with connection.transaction():
        line = actions.look(connection=connection, book=found, line=wanted, actor=door.actor, now=clock.now())
    return _again(request, found, following, gettext("%(name)s: looked at again.") % {"name": line.name})


@require_POST
@for_mappers
def undo(request: HttpRequest, door: Door, book: int) -> HttpResponse:
    """Take back what was done last."""
    connection = database.connection()
    found = queries.book(connection, book)
    with connection.transaction():
        lines = actions.undo(connection=connection, book=found, actor=door.actor)
    said = (
        gettext("Taken back: %(count)d.") % {"count": len(lines)}
        if lines
        else gettext("There is nothing to undo.")
    )
    return _again(request, found, lines[0] if lines else number(request.POST.get("line")), said)


@require_GET
@for_mappers
def search(request: HttpRequest, _door: Door, book: int) -> HttpResponse:
    """Standard concepts by what is typed: code, characters, pinyin."""
    connection = database.connection()
    found = queries.book(connection, book)
    typed = request.GET.get("typed", "").replace("\0", "").strip()[:100]
    system = targets.system(connection, found.target, today())
    hits = targets.search(connection, system, typed, _SEARCHED) if typed else []
    line = queries.line(connection, found.id, number(request.GET.get("line")))
    shown = {
        "book": found,
        "line": line,
        "hits": hits,
        "typed": typed,
        "shown": request.GET.get("shown", "open"),
    }
    return render(
        request,
        "mapping/hits.html",
        shown | {"page": number(request.GET.get("page")), "q": request.GET.get("q", "")},
    )
