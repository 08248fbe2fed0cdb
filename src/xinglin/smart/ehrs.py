"""Institutions' systems that open the record browser: registering them, and looking at what they say of themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from xinglin.accounts import events
from xinglin.accounts.models import Account
from xinglin.crypto.sealing import open_sealed, seal
from xinglin.kernel import outgoing
from xinglin.kernel.errors import busy, conflict, invalid, not_found
from xinglin.smart import bindings, configurations, fetching, keys, registering, verifying
from xinglin.smart.bindings import Place
from xinglin.smart.configurations import NEEDED, Configuration, Lack
from xinglin.smart.models import Binding, Ehr
from xinglin.smart.rules import Matching, Why

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from xinglin.accounts.managing import Hand
    from xinglin.smart.registering import Deed

PATH = "/record/launch"
"""Where systems open the record browser; below it the addresses that they send back to."""

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_TAKEN = ("link",)  # below PATH
_remembered = fetching.Remembered()


@dataclass(frozen=True, slots=True)
class Draft:
    """A system as it is to be. ``secret`` None leaves what there is, "" takes it away: then our own key signs."""

    key: str
    name: str
    issuer: str
    client_id: str = ""
    secret: str | None = None
    institution_id: str = ""
    institution_name: str = ""
    matching: str = Matching.BOUND
    linking: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a system's configuration has found."""

    reached: bool
    lacks: tuple[Lack, ...] = ()
    said: Configuration | None = None

    @property
    def is_enough(self) -> bool:
        """Whether a launch can work."""
        return self.reached and not NEEDED & set(self.lacks)


def redirect_of(key: str, base: str) -> str:
    """The address to which the system sends back: one for each, so that answers cannot be mixed up (RFC 9700, 4.4)."""
    return f"{base}{PATH}/{key}/"


def own_issuer(base: str) -> str:
    """Our own FHIR interface, which may be the system too."""
    return f"{base}/fhir"


def reach(manager: Account) -> QuerySet[Ehr]:
    """The systems that an administrator of an institution, or of the region, looks after."""
    everything = Ehr.objects.order_by("institution_name", "name")
    return everything.filter(institution_id=manager.institution_id) if manager.institution_id else everything


def seen(hand: Hand, number: int) -> Ehr:
    """The system with this number, if the hand looks after it."""
    registering.require(hand)
    found = reach(hand.account).filter(pk=number).first()
    if found is None:
        raise not_found(gettext_noop("There is no system %(number)s that you look after."), number=number)
    return found


def register(*, draft: Draft, base: str, deed: Deed) -> Ehr:
    """Register a system. It works when it has told us its client id."""
    checked = _checked(draft, base)
    if not _KEY.fullmatch(draft.key) or draft.key in _TAKEN:
        raise invalid(
            gettext_noop(
                "The short name has small letters, digits and hyphens, 40 at most, and is not “link”."
            )
        )
    if Ehr.objects.filter(key=draft.key).exists():
        raise conflict(gettext_noop("There is a system with the short name %(key)s."), key=draft.key)
    made = Ehr(key=draft.key, made=deed.now)
    _save(made, checked, deed, "ehr-registered")
    return made


def change(*, ehr: Ehr, draft: Draft, base: str, deed: Deed) -> None:
    """Change a system; its short name stays. With another address nobody is linked any more."""
    _save(ehr, _checked(draft, base), deed, "ehr-changed")


def set_active(*, ehr: Ehr, active: bool, deed: Deed) -> None:
    """Let a system open records again, or no longer."""
    with transaction.atomic():
        ehr.active = active
        ehr.save(update_fields=["active"])
        _note("ehr-enabled" if active else "ehr-disabled", ehr, deed)


def _save(ehr: Ehr, draft: Draft, deed: Deed, kind: str) -> None:
    if Ehr.objects.filter(issuer=draft.issuer).exclude(pk=ehr.pk).exists():
        raise conflict(gettext_noop("There is a system with the address %(issuer)s."), issuer=draft.issuer)
    with transaction.atomic():
        ehr.name, ehr.issuer, ehr.client_id = draft.name, draft.issuer, draft.client_id
        ehr.institution_id, ehr.institution_name = draft.institution_id, draft.institution_name
        ehr.matching, ehr.linking = draft.matching, draft.linking
        if draft.secret is not None:
            ehr.secret = (
                seal(keys.ring(keys.SECRETS), draft.secret, about=_about(ehr)) if draft.secret else ""
            )
        ehr.save()
        _note(kind, ehr, deed)


def _checked(draft: Draft, base: str) -> Draft:
    issuer = draft.issuer.strip().rstrip("/")
    if not configurations.may_ask(issuer, base=issuer) or urlsplit(issuer).query:
        raise invalid(
            gettext_noop(
                "The address %(address)s should begin with https://; http:// is for this machine alone."
            ),
            address=issuer,
        )
    if not is_named(issuer):
        raise invalid(
            gettext_noop("Systems are asked on the hosts of XINGLIN_EHRS alone; %(host)s is none of them."),
            host=urlsplit(issuer).hostname or "—",
        )
    if draft.matching not in set(Matching):
        raise invalid(
            gettext_noop("How doctors are known should be one of %(known)s."), known=", ".join(Matching)
        )
    if not draft.institution_id and issuer != own_issuer(base):
        raise invalid(
            gettext_noop(
                "Say which institution the system is of: its doctors have accounts of that institution."
            )
        )
    return replace(draft, issuer=issuer)


def _about(ehr: Ehr) -> str:
    return f"smart_ehr/{ehr.key}/secret"


def secret_of(ehr: Ehr) -> str:
    """The secret that the system gave us; empty where our own key signs."""
    return open_sealed(keys.ring(keys.SECRETS), ehr.secret, about=_about(ehr)) if ehr.secret else ""


def _note(kind: str, ehr: Ehr, deed: Deed) -> None:
    events.note(
        kind,
        account=None,
        actor=deed.actor,
        now=deed.now,
        origin=deed.origin,
        detail=f"{ehr.key} {ehr.issuer}",
    )


# -- what a system says of itself


def configuration(ehr: Ehr, *, now: datetime) -> Configuration:
    """What the system says of itself; ``busy`` where it says too little or does not answer."""
    at = f"{ehr.issuer}{configurations.WELL_KNOWN}"
    found = _remembered.get(at, now=now) if is_open(ehr.issuer) else None
    said = _read(ehr, found) if found is not None else None
    if said is None or NEEDED & set(configurations.lacks(said, by_secret=bool(ehr.secret))):
        raise busy(
            gettext_noop("%(name)s does not answer, or does not say how to sign in with it."), code=Why.UNREACHED,
            name=ehr.name,
        )  # fmt: skip
    return said


def look(ehr: Ehr, *, now: datetime) -> Look:
    """Ask the system anew and tell what is missing."""
    found = fetching.get(f"{ehr.issuer}{configurations.WELL_KNOWN}") if is_open(ehr.issuer) else None
    if found is None:
        return Look(reached=False)
    said = _read(ehr, found)
    lacks = configurations.lacks(said, by_secret=bool(ehr.secret))
    if said.keys and not verifying.has_keys(said.keys, now=now):
        lacks = (Lack.KEYS, *lacks)
    return Look(reached=True, lacks=lacks, said=said)


def _read(ehr: Ehr, found: dict[str, object]) -> Configuration:
    """The configuration, without addresses that the platform may not ask."""
    said = configurations.read(found, base=ehr.issuer)
    if said.issuer and not said.keys and configurations.may_ask(said.issuer, base=ehr.issuer):
        # Why: until SMART 2.2 the keys were named in OpenID's own description alone.
        more = fetching.get(f"{said.issuer}{configurations.OPENID}") if is_open(said.issuer) else None
        if more is not None and more.get("issuer") == said.issuer:
            said = configurations.read({**found, "jwks_uri": more.get("jwks_uri")}, base=ehr.issuer)
    return replace(
        said,
        token=said.token if is_open(said.token) else "",
        keys=said.keys if is_open(said.keys) else "",
    )


def is_named(address: str) -> bool:
    """Whether the operator lets the platform ask there: on our own host, or on one of ``XINGLIN_EHRS``."""
    host = urlsplit(address).hostname or ""
    return bool(host) and (host in settings.SETTINGS.ehrs.split() or _is_own(host))


def is_open(address: str) -> bool:
    """Whether an address may be asked now: a host that is not written as this machine must not lead here either."""
    host = urlsplit(address).hostname or ""
    return is_named(address) and (
        configurations.is_loopback(host) or _is_own(host) or not outgoing.leads_here(host)
    )


def _is_own(host: str) -> bool:
    return host == urlsplit(settings.SETTINGS.base_url).hostname


# -- who its doctors are


def _place(ehr: Ehr) -> Place:
    return Place(ehr.issuer, "ehr-bound", "ehr-unbound")


def accounts_of(ehr: Ehr) -> QuerySet[Account]:
    """The accounts that may come from the system: those of its institution; of our own all."""
    found = Account.objects.filter(is_active=True)
    return found.filter(institution_id=ehr.institution_id) if ehr.institution_id else found


def bound(ehr: Ehr) -> QuerySet[Binding]:
    """Who is linked to the system, the latest first."""
    return Binding.objects.filter(issuer=ehr.issuer).order_by("-made", "-pk")


def bind(*, ehr: Ehr, account: Account, subject: str, deed: Deed) -> None:
    """Say who the account is at the system."""
    bindings.bind(place=_place(ehr), account=account, subject=subject, deed=deed)


def unbind(*, ehr: Ehr, account: Account, deed: Deed) -> bool:
    """Take that back; tell whether there was something to take back."""
    return bindings.unbind(place=_place(ehr), account=account, deed=deed)
