"""The catalogue: to read and take away, its versions compared, a new one tried and put in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from xinglin.accounts import faults
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.recognition import actions, catalogue, rules, versions, words
from xinglin.recognition.forms import UploadForm
from xinglin.recognition.views.framing import done, require_sees, shown, today
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.recognition.values import Catalogue
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


def _asked(request: HttpRequest, name: str = "number") -> Catalogue:
    """The version asked for, that in force where none is."""
    connection, number = database.connection(), _number(request.GET.get(name, ""))
    return versions.in_force(connection, today()) if number is None else versions.one(connection, number)


def _number(text: str) -> int | None:
    """The number of a version; None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@require_GET
@entry.page
def listing(request: HttpRequest, door: Door) -> HttpResponse:
    """All items with days, tier, mark, price and where these come from."""
    require_sees(door.actor)
    known = _asked(request)
    rows = [
        (
            item, item.named(words.language()), words.KINDS[item.kind.value],
            words.TIERS.get(item.tier or ""), words.SCOPES.get(item.mark or ""),
        )
        for item in known.items.values()
    ]  # fmt: skip
    context = {
        "tab": "catalogue",
        "catalogue": known,
        "rows": rows,
        "may": rules.may(door.actor, "cataloguing"),
    }
    return shown(request, "catalogue", door.actor, context)


@require_GET
@entry.page
def file(request: HttpRequest, door: Door) -> HttpResponse:
    """A version as the file that can be uploaded again."""
    require_sees(door.actor)
    known = _asked(request)
    name = f"recognition-catalogue-{known.number}.tsv"
    return HttpResponse(
        "\ufeff" + catalogue.write(known), content_type="text/tab-separated-values; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@entry.page
def versions_page(request: HttpRequest, door: Door) -> HttpResponse:
    """All versions; ``old`` and ``new`` compare two; a POST puts an older one in force again."""
    require_sees(door.actor)
    if request.method == "POST":
        number = _number(request.POST.get("number", ""))

        def act(connection: Connection) -> str:
            back = -1 if number is None else number
            made = actions.put_back(connection, number=back, actor=door.actor, now=clock.now())
            return gettext("Version %(number)s is in force.") % {"number": made.number}

        done(request, act)
        return redirect("recognition:versions")
    connection = database.connection()
    context: dict[str, Any] = {
        "tab": "catalogue", "versions": versions.every(connection, today()),
        "may": rules.may(door.actor, "cataloguing"),
    }  # fmt: skip
    if "old" in request.GET:
        old, new = _asked(request, "old"), _asked(request, "new")
        context |= {"old": old, "new": new, "changes": _changes(old, new), "compared": True}
    return shown(request, "versions", door.actor, context)


def _changes(old: Catalogue, new: Catalogue) -> list[tuple[Any, ...]]:
    return [(one, *words.CHANGES[one.kind]) for one in catalogue.compare(old, new)]


@require_http_methods(["GET", "POST"])
@entry.page
def upload(request: HttpRequest, door: Door) -> HttpResponse:
    """A new catalogue: first tried, which changes nothing and says what would change, then put in force."""
    rules.require(door.actor, "cataloguing")
    context: dict[str, Any] = {"tab": "catalogue", "form": UploadForm()}
    if request.method != "POST":
        return shown(request, "upload", door.actor, context)
    form = UploadForm(request.POST, request.FILES)
    form.is_valid()
    text = _text(form)
    if text is None:
        context["said"] = [(None, gettext("Choose a file of text in UTF-8, of at most two megabytes."))]
        return shown(request, "upload", door.actor, context, status=422)
    try:
        new = catalogue.read(text)
    except Fault as fault:
        context["said"] = [(issue.expression, faults.issue(issue)) for issue in fault.issues]
        return shown(request, "upload", door.actor, context, status=422)
    if "put" in request.POST and done(request, lambda found: _put(found, door, form, text)):
        return redirect("recognition:versions")
    old = versions.in_force(database.connection(), today())
    context |= {
        "form": UploadForm(initial={"text": text, "words": form.cleaned_data.get("words", "")}),
        "new": new, "changes": _changes(old, new), "tried": True,
    }  # fmt: skip
    return shown(request, "upload", door.actor, context)


def _put(connection: Connection, door: Door, form: UploadForm, text: str) -> str:
    made = actions.put_in_force(
        connection, text=text, words=form.cleaned_data.get("words", ""), actor=door.actor, now=clock.now()
    )
    return gettext("Version %(number)s is kept; it holds from %(day)s on.") % {
        "number": made.number, "day": made.effective.isoformat(),
    }  # fmt: skip


def _text(form: UploadForm) -> str | None:
    """What was sent; None where it is no text or too much."""
    sent = form.cleaned_data.get("file")
    if sent is None:
        said = str(form.cleaned_data.get("text") or "")
        return said if said and len(said.encode()) <= catalogue.MOST_BYTES else None
    if sent.size > catalogue.MOST_BYTES:
        return None
    try:
        text = sent.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else str(text)
