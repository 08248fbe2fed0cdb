"""What scopes, events and kinds are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_lazy

from xinglin.record.policy import scopes
from xinglin.smart.rules import (
    FHIR_USER,
    LAUNCH,
    LAUNCH_PATIENT,
    OFFLINE,
    ONLINE,
    OPENID,
    PROFILE,
    RECORD_LINK,
    Kind,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

EVENTS = {
    "app-registered": gettext_lazy("App registered"),
    "app-changed": gettext_lazy("App changed"),
    "app-secret": gettext_lazy("App given a new secret"),
    "app-disabled": gettext_lazy("App disabled"),
    "app-enabled": gettext_lazy("App enabled"),
    "app-allowed": gettext_lazy("App allowed"),
    "app-ended": gettext_lazy("App no longer allowed"),
    "app-reuse": gettext_lazy("Code or token of an app used twice"),
    "app-launched": gettext_lazy("App opened from a record"),
    "link-opened": gettext_lazy("Record opened by a signed link"),
    "link-refused": gettext_lazy("Signed link to a record refused"),
    "bound": gettext_lazy("Bound to the identity provider"),
    "unbound": gettext_lazy("No longer bound to the identity provider"),
}

KINDS = {
    Kind.PUBLIC: gettext_lazy("In a browser or on a phone (keeps no secret)"),
    Kind.CONFIDENTIAL: gettext_lazy("On a server, with a secret"),
    Kind.ASYMMETRIC: gettext_lazy("On a server, with a key of its own"),
}

PLAIN = {
    OPENID: gettext_lazy("Know who you are"),
    FHIR_USER: gettext_lazy("Know which entry of the record you are"),
    PROFILE: gettext_lazy("Know your name"),
    LAUNCH: gettext_lazy("Know whose record was open when you started it"),
    LAUNCH_PATIENT: gettext_lazy("Know whose record you choose"),
    ONLINE: gettext_lazy("Stay connected while you are signed in"),
    OFFLINE: gettext_lazy("Stay connected when you are not there, until you end it"),
    RECORD_LINK: gettext_lazy("Open the page of a record by a signed link"),
}

CONTEXTS = {
    scopes.PATIENT: gettext_lazy("in the record of this resident"),
    scopes.USER: gettext_lazy("in all that you may see"),
    scopes.SYSTEM: gettext_lazy("in all that the service may see"),
}

TYPES = {
    "*": gettext_lazy("All kinds of data"),
    "AllergyIntolerance": gettext_lazy("Allergies"),
    "Appointment": gettext_lazy("Appointments"),
    "CarePlan": gettext_lazy("Care plans"),
    "CareTeam": gettext_lazy("Care teams"),
    "Composition": gettext_lazy("Documents"),
    "Condition": gettext_lazy("Diagnoses and problems"),
    "Coverage": gettext_lazy("Insurance"),
    "Device": gettext_lazy("Devices"),
    "DiagnosticReport": gettext_lazy("Reports"),
    "DocumentReference": gettext_lazy("Documents"),
    "Encounter": gettext_lazy("Visits and admissions"),
    "FamilyMemberHistory": gettext_lazy("Family history"),
    "Goal": gettext_lazy("Goals"),
    "Immunization": gettext_lazy("Immunisations"),
    "Location": gettext_lazy("Places"),
    "Medication": gettext_lazy("Medicines"),
    "MedicationAdministration": gettext_lazy("Medicines given"),
    "MedicationDispense": gettext_lazy("Medicines dispensed"),
    "MedicationRequest": gettext_lazy("Prescriptions"),
    "MedicationStatement": gettext_lazy("Medicines taken"),
    "Observation": gettext_lazy("Results and measurements"),
    "Organization": gettext_lazy("Institutions"),
    "Patient": gettext_lazy("Personal details"),
    "Practitioner": gettext_lazy("Health workers"),
    "Procedure": gettext_lazy("Operations and procedures"),
    "QuestionnaireResponse": gettext_lazy("Answers to questionnaires"),
    "ServiceRequest": gettext_lazy("Orders and referrals"),
    "Specimen": gettext_lazy("Specimens"),
}

ACTS = {
    "r": gettext_lazy("read"),
    "s": gettext_lazy("search"),
    "c": gettext_lazy("add"),
    "u": gettext_lazy("change"),
    "d": gettext_lazy("delete"),
}


def of_scope(text: str) -> tuple[str, str]:
    """A scope in words: what, and what with it."""
    if text in PLAIN:
        return str(PLAIN[text]), ""
    grant = scopes.read(text)
    if grant is None:
        return text, ""
    name: _StrPromise | str = TYPES.get(grant.type, grant.type)
    acts = gettext(", ").join(str(ACTS[letter]) for letter in "rscud" if letter in grant.letters)
    limit = " " + gettext("(only %(limit)s)") % {"limit": grant.query} if grant.query else ""
    return f"{name}{limit}", f"{acts} · {CONTEXTS[grant.context]}"


def changes(text: str) -> bool:
    """Whether a scope lets the app change something."""
    grant = scopes.read(text)
    return grant is not None and any(letter in grant.letters for letter in "cud")
