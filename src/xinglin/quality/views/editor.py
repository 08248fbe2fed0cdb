"""Making and changing rules: tried before they hold, kept as versions, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from xinglin.kernel.errors import Fault, Kind
from xinglin.quality import actions, checks, queries, rulebook, running
from xinglin.quality.columns import TABLES
from xinglin.quality.forms import RuleForm
from xinglin.quality.views import frame
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.quality.rules import Rule
    from xinglin.quality.views.frame import Look
    from xinglin.record.door import Door


@require_http_methods(["GET", "POST"])
@entry.page
def new(request: HttpRequest, door: Door) -> HttpResponse:
    """A rule that there is not yet."""
    seen = frame.look(door.actor, "rule-edit", query="new")
    actions.require(door.actor, "ruling")
    return _edit(request, seen, None)


@require_http_methods(["GET", "POST"])
@entry.page
def edit(request: HttpRequest, door: Door, id_: str) -> HttpResponse:
    """Another version of a rule; a draft that was kept is taken up."""
    seen = frame.look(door.actor, "rule-edit", query=id_)
    actions.require(door.actor, "ruling")
    latest = rulebook.versions(seen.connection, id_)[0]
    return _edit(request, seen, latest.rule, draft=latest.state == rulebook.DRAFT)


def _edit(request: HttpRequest, seen: Look, old: Rule | None, *, draft: bool = False) -> HttpResponse:
    form = RuleForm(request.POST if request.method == "POST" else None, old)
    tried: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            rule = form.rule()
            if old is None and rule.id in rulebook.known(seen.connection):
                form.add_error("id", gettext("There is a rule with this number already."))
            elif request.POST.get("do") == "try":
                tried = _tried(seen, rule)
            else:
                return _kept(request, seen, rule, form.cleaned_data["words"])
        except Fault as fault:
            if fault.kind is not Kind.INVALID:
                raise
            for issue in fault.issues:
                form.add_error(None, gettext(issue.message) % dict(issue.params))
        except psycopg.Error as wrong:
            form.add_error(
                None,
                gettext("The database refuses the rule: %(why)s")
                % {"why": wrong.diag.message_primary or wrong},
            )
    context = {
        "tab": "rules", "form": form, "rule": old, "draft": draft, "tried": tried, "types": checks.TYPES.values(),
        "columns": [(name, ", ".join(table.columns)) for name, table in TABLES.items()],
        "main": [form[name] for name in _MAIN], "rest": [form[name] for name in _REST],
    }  # fmt: skip
    return frame.shown(request, "editor.html", seen, context, status=422 if form.errors else 200)


_MAIN = ("id", "title_zh", "title", "dimension", "table", "check", "params", "where")
_REST = ("severity", "weight", "threshold", "owner", "standard", "effective", "source", "confidence", "words")


def _tried(seen: Look, rule: Rule) -> dict[str, Any]:
    """What the rule would find if it were in force."""
    checked, failed, rows = running.dry(rule, now=seen.now)
    ids = queries.resource_ids(seen.connection, (int(str(row[1])) for row in rows))
    return {
        "checked": checked, "failed": failed, "share": failed / checked if checked else None, "table": rule.table,
        "rows": [
            (row[1], row[2], ids.get(int(str(row[1])), row[1]), seen.name(int(str(row[4]))), row[7]) for row in rows
        ],
    }  # fmt: skip


def _kept(request: HttpRequest, seen: Look, rule: Rule, words: str) -> HttpResponse:
    state = {"draft": rulebook.DRAFT, "withdraw": rulebook.WITHDRAWN}.get(
        request.POST.get("do", ""), rulebook.FORCE
    )
    if state == rulebook.FORCE:
        running.dry(rule, now=seen.now)  # what the database refuses does not come into force
    with seen.connection.transaction():
        actions.put_in_force(
            seen.connection, rule=rule, actor=seen.actor, now=seen.now, words=words, state=state
        )
    said = {
        rulebook.FORCE: gettext("The rule is in force; the next run applies it."),
        rulebook.DRAFT: gettext("The draft is kept; what was in force before stays so."),
        rulebook.WITHDRAWN: gettext("The rule is withdrawn; the next run closes its findings."),
    }
    messages.success(request, said[state])
    return redirect("quality:rule", rule.id)


@require_POST
@entry.page
def undo(request: HttpRequest, door: Door, id_: str) -> HttpResponse:
    """An older version holds again."""
    seen = frame.look(door.actor, "rule-edit", query=f"undo {id_}")
    to = request.POST.get("version", "")
    with seen.connection.transaction():
        actions.undo(
            seen.connection,
            id_=id_,
            to=int(to) if to.isdecimal() and len(to) < 8 else -1,
            actor=door.actor,
            now=seen.now,
        )
    messages.success(request, gettext("The older version is in force again; the next run applies it."))
    return redirect("quality:rule", id_)
