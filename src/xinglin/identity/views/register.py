"""The register by division: figures, filing rates, lists of residents; counts loaded, lists exported."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext, gettext_lazy, gettext_noop, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.identity import roles, sight
from xinglin.identity.population import archives, counts, divisions, households, queries, refreshing, rules
from xinglin.identity.population.queries import Wanted
from xinglin.identity.views import frame
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid, not_found
from xinglin.record import jobs
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from xinglin.identity.population.residents import Resident
    from xinglin.record.door import Door

_PAGE = 50
_LARGEST_FILE = 8 * 1024 * 1024
_FIRST_YEAR = 1949
STANDINGS = {
    "settled": gettext_lazy("Registered and living here"),
    "away": gettext_lazy("Registered here, lives elsewhere"),
    "arrived": gettext_lazy("Lives here, registered elsewhere"),
    "passing": gettext_lazy("Here for less than half a year"),
    "left": gettext_lazy("Moved away"),
    "unknown": gettext_lazy("Not known"),
}
LISTS = {
    "living": gettext_lazy("Residents"),
    "floating": gettext_lazy("Floating population"),
    "unfiled": gettext_lazy("Without an archive"),
    "births": gettext_lazy("Births"),
    "deaths": gettext_lazy("Deaths"),
    "nowhere": gettext_lazy("Division not known"),
}


def _year(request: HttpRequest) -> int:
    asked, now = request.GET.get("year", ""), frame.today().year
    return int(asked) if asked.isdecimal() and _FIRST_YEAR <= int(asked) <= now else now


@require_GET
@entry.page
def division(request: HttpRequest, door: Door, code: str = "") -> HttpResponse:
    """A division and those below it, with their figures; without ``code`` the greatest."""
    roles.require(door.actor, roles.LOOK)
    link, year = frame.connection(), _year(request)
    path = divisions.path(link, rules.require_code(code)) if code else []
    if code and not path:
        raise not_found(gettext_noop("%(code)s is no division that the platform knows."), code=code[:12])
    below = divisions.below(link, path[-1].code if path else "")
    own = queries.areas(link, path[-1:], year)
    context = {
        "path": path,
        "here": own[0] if own else None,
        "areas": queries.areas(link, below, year),
        "year": year,
        "years": range(frame.today().year, frame.today().year - 6, -1),
        "nowhere": queries.nowhere(link),
        "refreshed": queries.refreshed(link),
        "lists": {k: v for k, v in LISTS.items() if k != "nowhere"},
        "job": next((j for j in jobs.latest(refreshing.JOB, 1) if j.unfinished), None),
        "households": _households(link, path[-1].code) if path and path[-1].level == 5 else None,
    }
    return frame.shown(request, door, "register", context, tab="register")


def _households(link: Any, code: str) -> list[dict[str, Any]]:
    """Of a village the households, with their heads."""
    found = households.in_division(link, code)
    return [{"household": home, "head": head, "members": members} for home, head, members in found]


def _wanted(request: HttpRequest) -> Wanted:
    asked = request.GET
    kind = asked.get("kind", "living")
    if kind not in queries.KINDS:
        raise not_found(gettext_noop("There is no list of this kind."))
    code = rules.require_code(asked["division"]) if asked.get("division") else ""
    return Wanted(kind, code, _year(request), asked.get("name", "").strip()[:60])


@require_GET
@entry.page
def listed(request: HttpRequest, door: Door) -> HttpResponse:
    """Residents of a kind in a division, page by page."""
    roles.require(door.actor, roles.LOOK)
    wanted, link = _wanted(request), frame.connection()
    after = _after(request.GET.get("after", ""))
    found = queries.listed(link, wanted, after, _PAGE + 1)
    page = found[:_PAGE]
    tree = divisions.tree(link)
    seen = sight.visible(link, door.actor, [r.person for _, r in page])
    archived = _archives(link, [r.person for _, r in page])
    frame.note_list(door.actor, "register-list", request.GET.urlencode())
    context = {
        "wanted": wanted,
        "lists": LISTS,
        "path": divisions.path(link, wanted.division) if wanted.division else [],
        "rows": [
            {
                "r": r,
                "division": tree.name(r.present) if r.present else "",
                "standing": STANDINGS[r.standing],
                "archive": archived.get(r.person),
            }
            for _, r in page
            if r.person in seen
        ],
        "total": queries.count(link, wanted),
        "more": _key(*page[-1]) if len(found) > _PAGE else "",
        "years": range(frame.today().year, frame.today().year - 6, -1),
        "query": _query(request),
    }
    template = "register_rows" if entry.is_fragment(request) else "register_list"
    return frame.shown(request, door, template, context, tab="register")


def _query(request: HttpRequest) -> str:
    kept = request.GET.copy()
    kept.pop("after", None)
    return kept.urlencode()


def _key(number: int, resident: Resident) -> str:
    return f"{resident.present or ''}|{resident.name}|{number}"


def _after(text: str) -> tuple[str, str, int] | None:
    present, _, rest = text.partition("|")
    name, _, number = rest.rpartition("|")
    return (present, name, int(number)) if number.lstrip("-").isdecimal() else None


def _archives(link: Any, persons: list[str]) -> dict[str, archives.Archive]:
    return {a.person: a for a in reversed(archives.of_persons(link, persons)) if a.is_open}


_COLUMNS = (
    gettext_noop("Person"), gettext_noop("Name"), gettext_noop("Sex"), gettext_noop("Birth date"),
    gettext_noop("Died"), gettext_noop("Division code"), gettext_noop("Division"), gettext_noop("Address"),
    gettext_noop("Standing"),
)  # fmt: skip


class _Line:
    """A file to csv: gives back the line that was written."""

    def write(self, text: str) -> str:
        return text


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


@require_GET
@entry.page
def export(request: HttpRequest, door: Door) -> HttpResponse:
    """The list as CSV for a spreadsheet; who took it is noted."""
    roles.require(door.actor, roles.DECIDE)
    wanted, link = _wanted(request), frame.connection()
    tree = divisions.tree(link)
    frame.note_list(door.actor, "register-export", request.GET.urlencode())

    def lines() -> Iterator[str]:
        writer = csv.writer(_Line())
        yield "\ufeff" + writer.writerow([gettext(name) for name in _COLUMNS])
        for r in queries.all_of(link, wanted):
            cells = (
                r.person, r.name, r.sex, r.birth or "", r.died or ("?" if r.dead else ""), r.present or "",
                tree.name(r.present) if r.present else "", r.address, str(STANDINGS[r.standing]),
            )  # fmt: skip
            yield writer.writerow([_plain(str(cell)) for cell in cells])

    name = f"{wanted.kind}-{wanted.division or 'all'}-{frame.today()}.csv"
    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer  # type: ignore[return-value]  # a streaming answer is one of Django's responses


@require_http_methods(["GET", "POST"])
@entry.page
def load_counts(request: HttpRequest, door: Door) -> HttpResponse:
    """Load the population counts of a CSV file; wrong lines are named, and nothing is taken then."""
    roles.require(door.actor, roles.DECIDE)
    wrong: list[str] = []
    if request.method == "POST":
        try:
            found = counts.read(_uploaded(request))
            number = frame.act(
                lambda link: counts.load(link, counts=found, actor=door.actor, now=clock.now())
            )
            words = ngettext("%(n)s line was loaded.", "%(n)s lines were loaded.", number) % {"n": number}
            return frame.done(request, words, "identity:register")
        except Fault as fault:
            wrong = frame.said(fault)
    context = {"wrong": wrong, "columns": counts.COLUMNS, "confidences": counts.CONFIDENCES}
    return frame.shown(
        request, door, "register_counts", context, tab="register", status=400 if wrong else 200
    )


def _uploaded(request: HttpRequest) -> str:
    given = request.FILES.get("file")
    if given is None:
        raise invalid(gettext_noop("Choose a file."))
    if given.size is not None and given.size > _LARGEST_FILE:
        raise invalid(gettext_noop("The file is larger than 8 MB. Split it."))
    content = given.read()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = str(content, encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise invalid(gettext_noop("This is no text file. Save the table as CSV (UTF-8 or GBK)."))


@require_POST
@entry.page
def refresh(request: HttpRequest, door: Door) -> HttpResponse:
    """Begin to fill the register from what the institutions' Patients say."""
    roles.require(door.actor, roles.DECIDE)
    if not any(job.unfinished for job in jobs.latest(refreshing.JOB, 1)):
        jobs.pursue(jobs.ask(refreshing.JOB, {}, door.actor))
    return frame.done(request, gettext("The register is being refreshed."), "identity:register")


@require_GET
@entry.page
def progress(request: HttpRequest, door: Door) -> HttpResponse:
    """How far the refreshing is; the piece that asks again until it has ended."""
    roles.require(door.actor, roles.LOOK)
    job = next(iter(jobs.latest(refreshing.JOB, 1)), None)
    if job is not None:
        jobs.pursue(job)
    answer = frame.shown(request, door, "register_progress", {"job": job})
    if job is None or not job.unfinished:
        answer["HX-Refresh"] = "true"
    return answer
