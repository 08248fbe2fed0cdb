"""What a resident's open page hears of: messages to whom they act for, and looks at that record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_GET

from xinglin.accounts.models import Role
from xinglin.kernel.ids import self_number
from xinglin.record import access, notices
from xinglin.residents import letters
from xinglin.residents.rules import Kind
from xinglin.residents.views import entering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.residents.views.entering import Here


def of_notices(request: HttpRequest) -> set[str]:
    """The topics of messages to the person; what the account itself is told, the bell of all pages hears."""
    return {notices.topic(notices.of_patient(patient)) for patient in _theirs(request)}


def of_readers(request: HttpRequest) -> set[str]:
    """The topics of looks at the person's record."""
    return {access.readers_of(self_number("Patient", patient)) for patient in _theirs(request)}


def _theirs(request: HttpRequest) -> Sequence[str]:
    """The Patients of the person acted for; none where that is by a mandate, to which both are closed."""
    assert request.user.is_authenticated
    here = entering.here_of(request) if Role.RESIDENT.value in request.user.roles else None
    return () if here is None or here.acting.kind is Kind.MANDATE else here.patients


@require_GET
@entering.mine
def unread(request: HttpRequest, here: Here) -> HttpResponse:
    """How many messages are unread, as the bell shows it."""
    told = here.acting.kind is not Kind.MANDATE
    count = letters.count_notices(here.connection, here.door.actor.id, here.patients) if told else 0
    return render(request, "residents/unread.html", {"unread": count})
