"""Messages: what the platform and the institutions told the resident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods

from xinglin.kernel.errors import forbidden
from xinglin.portal import queries as portal
from xinglin.residents import letters
from xinglin.residents.rules import Kind
from xinglin.residents.views.entering import Here, mine, shown

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_http_methods(["GET", "POST"])
@mine
def overview(request: HttpRequest, here: Here) -> HttpResponse:
    """All messages, the unread ones marked; a POST marks them as read."""
    if here.acting.kind is Kind.MANDATE:  # they tell who looked
        raise forbidden(gettext_noop("Messages are read by the person alone, and by guardians."))
    resident = portal.resident(here.door, here.acting.patient)
    found = letters.letters(here.connection, here.door, resident, here.patients)
    if request.method == "POST":
        with here.connection.transaction():
            letters.mark_read(
                here.connection, reader=here.door.actor.id, patients=here.patients, letters=found,
                now=here.now,
            )  # fmt: skip
        return redirect("residents:letters")
    return shown(request, here, "letters.html", {"letters": found, "new": sum(not one.read for one in found)})
