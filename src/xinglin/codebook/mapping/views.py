"""The pages of books: those there are, a new one from a file or from the record."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.codebook.mapping import actions, collecting, queries, rules, targets
from xinglin.codebook.mapping.actions import Plan
from xinglin.codebook.mapping.forms import KINDS, NewBookForm
from xinglin.codebook.mapping.reading import read
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid
from xinglin.record import database, jobs
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door

_P = ParamSpec("_P")
_ISSUES = 50


def today() -> date:
    """The day in this country."""
    return clock.now().astimezone(LOCAL_ZONE).date()


def number(text: str | None) -> int:
    """A number of an address or a form, 0 for what is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def for_mappers(
    view: Callable[Concatenate[HttpRequest, Door, _P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponse]:
    """A page of the record for those who may map codes."""

    @wraps(view)
    def entered(request: HttpRequest, door: Door, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        rules.require(door.actor)
        return view(request, door, *args, **kwargs)

    return entry.page(entered)


@require_GET
@for_mappers
def books(request: HttpRequest, _door: Door) -> HttpResponse:
    """Every book with how far it is, and the job that collects codes, if there was one."""
    connection = database.connection()
    titles = dict(targets.choices(connection))
    job = next(iter(jobs.latest(collecting.COLLECT, 1)), None)
    if job is not None:
        jobs.pursue(job)
    shown = {
        "books": [
            {"book": book, "coverage": covered, "target": titles.get(book.target, book.target)}
            for book, covered in queries.books(connection)
        ],
        "kinds": dict(KINDS),
        "job": job,
        "sources": [(kind, dict(KINDS)[kind]) for kind in collecting.SOURCES],
    }
    template = "mapping/job.html" if entry.is_fragment(request) else "mapping/books.html"
    return render(request, template, shown)


@require_POST
@for_mappers
def collect(request: HttpRequest, door: Door) -> HttpResponse:
    """Begin to collect the local codes that the record holds."""
    kinds = [kind for kind in request.POST.getlist("kind") if kind in collecting.SOURCES]
    if not kinds:
        raise invalid(gettext_noop("Choose at least one kind of codes."))
    collecting.ask(kinds, door.actor)
    return HttpResponseRedirect(reverse("codebook:mapping:books"))


@require_http_methods(["GET", "POST"])
@for_mappers
def new(request: HttpRequest, door: Door) -> HttpResponse:
    """A new book from a file; what is wrong with the file is said by line and column, and nothing is kept then."""
    connection = database.connection()
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = NewBookForm(*given, targets=targets.choices(connection))
    shown: dict[str, Any] = {"form": form, "issues": [], "reading": None}
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            reading = read(file.name, file.read())
        except Fault as fault:
            shown["issues"] = [faults.issue(issue) for issue in fault.issues]
        else:
            shown |= {
                "reading": reading,
                "issues": [faults.issue(issue) for issue in reading.issues[:_ISSUES]],
            }
            trying = "try" in request.POST
            if not trying and reading.lines and (form.cleaned_data["only_good"] or not reading.issues):
                return _made(door, form.cleaned_data, reading.lines)
    status = 422 if request.method == "POST" and (form.errors or shown["issues"]) else 200
    return render(request, "mapping/new.html", shown, status=status)


def _made(door: Door, given: dict[str, Any], lines: list[Any]) -> HttpResponse:
    connection = database.connection()
    targets.system(connection, given["target"], today())
    title = f"{given['institution']} · {dict(KINDS)[given['kind']]}"
    plan = Plan(title, given["institution"], given["kind"], given["source"], given["target"])
    with connection.transaction():
        book = actions.make_book(
            connection=connection, plan=plan, lines=lines, actor=door.actor, now=clock.now()
        )
    collecting.rank_soon(connection, book, door.actor)
    return HttpResponseRedirect(reverse("codebook:mapping:desk", args=[book.id]))


@require_POST
@for_mappers
def delete(_request: HttpRequest, door: Door, book: int) -> HttpResponse:
    connection = database.connection()
    with connection.transaction():
        actions.delete_book(connection=connection, book=queries.book(connection, book), actor=door.actor)
    return HttpResponseRedirect(reverse("codebook:mapping:books"))
