"""Signed links: an institution's own system opens the page of one resident's record for one of its doctors.

A link carries a JWT that the institution's app has signed as it signs an assertion (RFC 7523): ``iss`` and ``sub``
are its client id, ``aud`` the address of the link, ``exp`` five minutes away at most, ``jti`` good once. It names
whose record (``patient``), which doctor (``doctor``) and to what end (``purpose``). The doctor needs an account of
that institution: rights come from the account, and the link takes away all but one record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.accounts.models import Account
from xinglin.kernel.errors import forbidden, invalid
from xinglin.smart import assertions
from xinglin.smart.rules import RECORD_LINK, Refused
from xinglin.smart.terms import terms

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.smart.models import App

PATH = "/link/"
SCOPES = ("patient/*.rs",)
"""What a session that a link has opened may do: read one resident's record."""

_PRACTITIONER, _PATIENT = "Practitioner/", "Patient/"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Link:
    """A link that holds. ``patient`` is the id of a Patient, empty where ``identifier`` (``system|value``) tells."""

    app: App
    account: Account
    patient: str
    identifier: str
    purpose: str


def read(text: str, *, audience: str, now: datetime) -> Link:
    """What a link says; faults ``forbidden`` for one that does not hold, ``invalid`` for one that says too little."""
    try:
        app, claims = assertions.signed(text, audience=audience, now=now)
    except Refused as refused:
        raise forbidden(
            gettext_noop(
                "This link does not hold: it is too old, was used before, or its institution is not known here. Open"
                " the record again from your own system. (%(why)s)"
            ),
            why=refused.description,
        ) from None
    if RECORD_LINK not in app.scopes or not app.institution_id:
        raise forbidden(gettext_noop("%(app)s may not open records by signed links."), app=app.name)
    patient, doctor, purpose = (_text(claims.get(name)) for name in ("patient", "doctor", "purpose"))
    if not patient or not doctor or purpose not in terms().links.purposes:
        raise invalid(
            gettext_noop("A link should name patient, doctor and purpose, which is one of %(known)s."),
            known=", ".join(sorted(terms().links.purposes)),
        )
    account = _account(app, doctor)
    if "|" in patient:
        return Link(app, account, "", patient, purpose)
    return Link(app, account, patient.removeprefix(_PATIENT), "", purpose)


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""


def _account(app: App, doctor: str) -> Account:
    """The account of the doctor at the app's institution, by its name or by the id of the Practitioner."""
    own = Account.objects.filter(is_active=True, institution_id=app.institution_id)
    if doctor.startswith(_PRACTITIONER):
        found = list(own.filter(practitioner_id=doctor.removeprefix(_PRACTITIONER))[:2])
    else:
        found = list(own.filter(username=doctor))
    if len(found) != 1 or not terms().links.roles & set(found[0].roles):
        raise forbidden(
            gettext_noop("%(institution)s has no account here for %(doctor)s that may come by a link."),
            institution=app.institution_name or app.institution_id,
            doctor=doctor,
        )
    return found[0]
