"""The pages that anybody who is signed in may see, and the page that verifies proofs, which needs nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import segno
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from xinglin.crypto.signed_notes import verify as verify_note
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid
from xinglin.ledger import cosigning, disclosing, entries, keys, policies, queries, standing, tree
from xinglin.ledger.forms import SearchForm
from xinglin.ledger.views import words
from xinglin.ledger.views.files import head_over
from xinglin.record import access, database
from xinglin.ui import entry as way

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from xinglin.ledger.policies import Policy
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_ROWS = 50
_OWN = 20
_FRESH = timedelta(minutes=15)
_SLOW = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Watcher:
    """A witness as the page shows it."""

    name: str
    url: str
    fingerprint: str
    size: int
    cosigned: datetime | None
    trouble: str
    state: str  # right | behind | trouble | never


@require_GET
@way.page
def state(request: HttpRequest, door: Door) -> HttpResponse:
    """How the log stands; htmx asks for the part that moves."""
    connection, policy, now = database.connection(), keys.policy(settings.SETTINGS.home), clock.now()
    head = queries.newest(connection, policy)
    waiting = standing.oldest_waiting(connection)
    alarms = standing.alarms(connection)
    newest = alarms[0].number if alarms else 0
    shown = {
        "head": head,
        "origin": policy.logs[0].name,
        "log_keys": policy.logs,
        "published": queries.published(connection, policy, now=now),
        "witnesses": watchers(connection, policy, head, now),
        "wanted": policy.wanted,
        "quorum": policy.quorum != policies.NONE,
        "rate": standing.growth(connection, now=now),
        "sources": [
            {"words": words.source(name), "name": name, "place": place, "moment": moment}
            for name, place, moment in standing.read_so_far(connection)
        ],
        "late": waiting is not None and now - waiting > _SLOW,
        "waiting": waiting,
        "alarms": alarms,
        "newest": newest,
        "unseen": way.is_fragment(request) and str(newest) != request.GET.get("seen"),
        "alarm_words": words.ALARMS,
        "audit": standing.last_audit(connection),
        "operator": disclosing.is_operator(door.actor),
        "now": now,
    }
    template = "ledger/standing.html" if way.is_fragment(request) else "ledger/state.html"
    return render(request, template, {**shown, "section": "state"})


def watchers(
    connection: Connection, policy: Policy, head: queries.Head | None, now: datetime
) -> list[Watcher]:
    """The witnesses of the policy, and how far each has come."""
    known = cosigning.standings(connection)
    due = head.size if head and now - head.moment > _SLOW else 0
    found = []
    for witness in policy.witnesses.values():
        at = known.get(witness.key.name) or cosigning.Standing(witness.key.name)
        if at.trouble:
            state = "trouble"
        elif at.cosigned is None:
            state = "never"
        else:
            state = "right" if now - at.cosigned < _FRESH and at.size >= due else "behind"
        found.append(
            Watcher(
                witness.key.name,
                witness.url,
                witness.key.fingerprint,
                at.size,
                at.cosigned,
                at.trouble,
                state,
            )
        )
    return found


@require_GET
@way.page
def listing(request: HttpRequest, _door: Door) -> HttpResponse:
    """Entries, the latest first, by kind, source and day."""
    form = SearchForm(request.GET)
    form.is_valid()
    connection = database.connection()
    wanted = form.wanted(_ROWS + 1)
    found = queries.search(connection, wanted)
    more = found[_ROWS - 1].index if len(found) > _ROWS else None
    query = request.GET.copy()
    query.pop("before", None)
    kinds = queries.kinds(connection)
    groups = sorted({kind.partition(".")[0] + "." for kind in kinds if "." in kind})
    shown = {
        "form": form,
        "rows": [_row(row) for row in found[:_ROWS]],
        "more": more,
        "query": query.urlencode(),
        "kinds": [(kind, words.kind(kind)) for kind in kinds],
        "groups": groups,
        "sources": [(name, words.source(name)) for name in standing.source_names(connection)],
        "size": queries.size(connection),
        "section": "entries",
    }
    return render(request, "ledger/entries.html", shown)


def _row(row: queries.Row) -> dict[str, Any]:
    held = row.entry
    return {
        "index": row.index,
        "entry": held,
        "moment": held.moment,
        "kind": words.kind(held.kind),
        "source": words.source(held.source),
        "erased": row.salt is None,
    }


@require_GET
@way.page
def entry(request: HttpRequest, _door: Door, index: int) -> HttpResponse:
    """One entry with its proof."""
    return render(request, "ledger/entry.html", {**_proven(index), "section": "entries"})


def _proven(index: int) -> dict[str, Any]:
    """An entry, the head it is proven by, and who signed that."""
    connection, policy = database.connection(), keys.policy(settings.SETTINGS.home)
    row = queries.entry(connection, index)
    shown: dict[str, Any] = {
        **_row(row),
        "leaf": row.leaf.decode(),
        "hash": tree.leaf_hash(row.leaf).hex(),
        "size": queries.size(connection),
        "log_keys": policy.logs,
    }
    head = head_over(index)
    if head.size <= index:
        return {**shown, "head": None}
    cosigners = verify_note(head.note, policy.keys)
    return {
        **shown,
        "head": head,
        "hashes": [value.hex() for value in queries.prove(connection, row, head).hashes],
        "cosigners": [
            {"name": one.key.name, "moment": standing.moment(one.moment or 0), "key": one.key}
            for one in cosigners
        ],
    }


@require_GET
@way.page
def proof(request: HttpRequest, door: Door, index: int) -> HttpResponse:
    """The proof as a file; with ``event=1`` it tells the event as well, to those who may see it."""
    connection = database.connection()
    row = queries.entry(connection, index)
    event = (
        disclosing.event_of(connection, row, actor=door.actor) if request.GET.get("event") == "1" else None
    )
    made = queries.prove(connection, row, head_over(index), event=event)
    return HttpResponse(
        made.text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="entry-{index}.tlog-proof"'},
    )


@require_POST
@way.page
def event(request: HttpRequest, door: Door, index: int) -> HttpResponse:
    """The event of an entry, to those who may see it. Looking is noted."""
    connection = database.connection()
    found = disclosing.event_of(connection, queries.entry(connection, index), actor=door.actor)
    return render(request, "ledger/event.html", {"event": words.fields(entries.read(found)), "index": index})


@require_GET
@way.page
def certificate(request: HttpRequest, _door: Door, index: int) -> HttpResponse:
    """The proof on paper: what, when, by which head, signed and cosigned by whom, with a code that leads here."""
    shown = _proven(index)
    if shown["head"] is None:
        raise invalid(
            gettext_noop("Entry %(index)s is not yet in the signed log of %(size)s entries: ask again in a moment."),
            index=index, size=shown["size"],
        )  # fmt: skip
    address = request.build_absolute_uri(f"/ledger/verify/?index={index}")
    code = segno.make(address, error="m").svg_inline(
        scale=4, border=2, omitsize=True, svgclass="xl-ledger-qr"
    )
    return render(
        request,
        "ledger/certificate.html",
        {**shown, "address": address, "code": mark_safe(code), "now": clock.now()},  # noqa: S308 -- made here
    )


@require_GET
@way.page
def own(request: HttpRequest, door: Door) -> HttpResponse:
    """What the reader did last, each with its entry."""
    access.flush()
    connection = database.connection()
    lines = access.latest_of(connection, door.actor.id, limit=_OWN)
    indexes = queries.indexes_of(connection, "access", [line.place for line in lines])
    shown = [
        {
            "moment": placed.line.moment,
            "kind": words.kind(f"access.{placed.line.action if placed.line.outcome == 'permit' else 'deny'}"),
            "purpose": way.PURPOSES.get(placed.line.purpose, placed.line.purpose),
            "place": placed.place,
            "index": indexes.get(placed.place),
        }
        for placed in lines
    ]
    template = "ledger/own_list.html" if way.is_fragment(request) else "ledger/own.html"
    return render(request, template, {"lines": shown, "section": "own"})


@require_GET
@never_cache
def verify(request: HttpRequest) -> HttpResponse:
    """The page on which a proof is verified by the browser itself; open to everybody."""
    try:
        trusted = policies.render(keys.policy(settings.SETTINGS.home))
    except (Fault, ValueError):
        trusted = ""
    index = request.GET.get("index", "")
    shown = {
        "trusted": trusted,
        "words": words.of_verification(),
        "index": index if index.isascii() and index.isdecimal() and len(index) < 19 else "",
        "section": "verify",
    }
    return render(request, "ledger/verify.html", shown)
