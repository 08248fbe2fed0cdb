"""Editing a thing, making a new one, bringing a former version back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.directory import actions
from xinglin.directory.importing.exporting import Names
from xinglin.directory.kinds import KINDS
from xinglin.directory.kinds.plan import Fate
from xinglin.directory.queries import divisions, finding, things
from xinglin.directory.rules import divisions as division_rules
from xinglin.directory.rules import rights, tables
from xinglin.directory.views import frame
from xinglin.directory.views.things import resources_of
from xinglin.kernel.errors import invalid
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse

    from xinglin.directory.kinds.kind import Kind
    from xinglin.directory.kinds.plan import Row
    from xinglin.record.door import Door

_MOST_OPTIONS = 12
_PRIVATE = {"identity"}
_GROUPS = {"institution": "institution", "department": "department", "place": "place", "division": "division"}


@require_http_methods(["GET", "POST"])
@entry.page
def edit(request: HttpRequest, door: Door, kind: str, id_: str | None = None) -> HttpResponse:
    """The form of a thing, and its saving; without ``id_`` for a new one."""
    rights.require_editor(door.actor)
    known = KINDS[kind]
    if request.method == "POST":
        return _save(request, door, known, id_)
    values, version = _standing(door, known, id_) if id_ else (_begun(request, known), "")
    return _form(request, door, known, {"id": id_, "values": values, "version": version})


def _begun(request: HttpRequest, known: Kind) -> dict[str, str]:
    """What a new thing begins with: what the address says."""
    return {column.key: request.GET.get(column.key, "")[:200] for column in known.columns}


def _standing(door: Door, known: Kind, id_: str) -> tuple[dict[str, str], str]:
    """The values that stand, references as codes, and the version."""
    connection = frame.tables(door, "directory", f"{known.main}/{id_}")
    one = things.thing(connection, known.entry, id_)
    resources = resources_of(connection, frame.reading(door), known, one)
    values = known.show(resources, f"Organization/{one.institution}" if one.institution else "")
    if known.key == "divisions" and not values["parent"]:
        values["parent"] = divisions.parents(connection, [values["code"]]).get(values["code"], "")
    names = Names(connection)
    names.learn(known, [values])
    shown = {
        column.key: names.written(column, values.get(column.key, ""))
        if column.check in {"wide", "scoped"}
        else values.get(column.key, "")
        for column in known.columns
    }
    return shown, str(resources[known.main]["meta"]["versionId"])


def _form(
    request: HttpRequest, door: Door, known: Kind, state: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    row: Row | None = state.get("row")
    said: dict[str, list[str]] = {}
    for problem in row.problems if row else ():
        said.setdefault(problem.column, []).append(problem.text)
    fields = [
        {
            "column": column,
            "value": state["values"].get(column.key, ""),
            "problems": said.get(column.key, ()),
            "choices": list(tables.table(column.argument).values()) if column.check == "table" else (),
            "group": column.argument if column.check in {"wide", "scoped"} else "",
        }
        for column in known.columns
        if not (column.key in _PRIVATE and state["id"])
    ]
    context = {
        "kind": known,
        "word": frame.WORDS[known.entry],
        "id": state["id"],
        "name": _name(door, known, state) if state["id"] else "",
        "version": state["version"],
        "replaces": state.get("replaces", state["values"].get("from", "")),
        "fields": fields,
        "general": said.get("", ()),
        "wrong": sum(len(f["problems"]) for f in fields if isinstance(f["problems"], list)),
        "back": frame.address(known.entry, state["id"]) if state["id"] else reverse("directory:home"),
    }
    return frame.shown(request, door, "edit", context, status)


def _name(door: Door, known: Kind, state: Mapping[str, Any]) -> str:
    """The name that stands, whatever has been typed."""
    return things.thing(frame.tables(door, "directory"), known.entry, state["id"]).name


def _save(request: HttpRequest, door: Door, known: Kind, id_: str | None) -> HttpResponse:
    cells = {column.key: request.POST.get(column.key, "") for column in known.columns}
    if id_:
        cells = {key: text for key, text in cells.items() if key not in _PRIVATE}
    seen = request.POST.get("version", "")
    replaces = request.POST.get("replaces") if id_ and known.key == "divisions" else None
    row = actions.save(
        kind=known.key, cells=cells, target=id_, version=int(seen) if seen.isdigit() else None,
        actor=door.actor, today=frame.today(), replaces=replaces,
    )  # fmt: skip
    if row.is_bad:
        state = {"id": id_, "values": cells, "version": seen, "row": row, "replaces": replaces}
        return _form(request, door, known, state, 422)
    if row.fate is Fate.UNCHANGED:
        messages.info(request, gettext("Nothing was changed."))
    else:
        messages.success(request, gettext("Saved. The history keeps what was before."))
    for problem in row.problems:
        messages.warning(request, problem.text)
    return HttpResponseRedirect(frame.address(known.entry, row.target.partition("/")[2]))


@require_POST
@entry.page
def restore(request: HttpRequest, door: Door, kind: str, id_: str) -> HttpResponse:
    """Bring a former version back, as a new one."""
    known = KINDS[kind]
    type_name, resource, version = (request.POST.get(key, "") for key in ("type", "resource", "version"))
    if type_name not in {known.main, known.second} or not version.isdigit():
        raise invalid(gettext_noop("Say which version is to be brought back."))
    made = actions.restore(type_name=type_name, id_=resource, version=int(version), actor=door.actor)
    messages.success(
        request,
        gettext("Version %(old)s is back, as version %(new)s.") % {"old": version, "new": made},
    )
    if kind == "divisions":
        return HttpResponseRedirect(frame.address("division", id_))
    return HttpResponseRedirect(reverse("directory:part", args=[kind, id_, "history"]))


@require_GET
@entry.page
def options(request: HttpRequest, door: Door) -> HttpResponse:
    """Codes that a reference's field may mean, by what is typed into it."""
    group = _GROUPS.get(request.GET.get("group", ""), "institution")
    typed = [str(value) for key, value in request.GET.items() if key != "group"]
    text = typed[0].strip()[:60] if typed else ""
    connection = frame.tables(door, "directory-search", f"q={text}&kind={group}")
    found = finding.find(connection, text, kinds=[group], limit=_MOST_OPTIONS) if text else []
    rows = [{"code": one.code or one.id, "name": one.name, "of": one.institution} for one in found]
    if group == "division":
        for row in rows:
            names = divisions.lineage(connection, division_rules.full(row["code"]), frame.today())
            row["of"] = " › ".join(name for _, name in names[:-1])
            row["code"] = division_rules.head(row["code"])
    return frame.shown(request, door, "options", {"rows": rows})
