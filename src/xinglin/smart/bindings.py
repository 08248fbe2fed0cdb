"""Who an account is at a server that signs people on: the region's identity provider, or an institution's system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_noop

from xinglin.accounts import events
from xinglin.kernel.errors import conflict
from xinglin.smart import queries
from xinglin.smart.models import Binding

if TYPE_CHECKING:
    from xinglin.accounts.models import Account
    from xinglin.smart.registering import Deed


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account is bound: the server's name, and what the two events are called."""

    issuer: str
    bound: str
    unbound: str


def bind(*, place: Place, account: Account, subject: str, deed: Deed) -> None:
    """Say who the account is there; a subject that is another account's is a ``conflict``."""
    with transaction.atomic():
        if queries.bound(place.issuer, subject) not in (None, account.pk):
            raise conflict(gettext_noop("Another account is bound to %(subject)s."), subject=subject)
        Binding.objects.update_or_create(
            issuer=place.issuer, account=account.pk, defaults={"subject": subject, "made": deed.now}
        )
        events.note(
            place.bound,
            account=account.pk,
            actor=deed.actor,
            now=deed.now,
            origin=deed.origin,
            detail=subject,
        )


def unbind(*, place: Place, account: Account, deed: Deed) -> bool:
    """Take that back; tell whether there was something to take back."""
    with transaction.atomic():
        if not Binding.objects.filter(issuer=place.issuer, account=account.pk).delete()[0]:
            return False
        events.note(place.unbound, account=account.pk, actor=deed.actor, now=deed.now, origin=deed.origin)
    return True
