"""What scopes, events and kinds are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_lazy

from xinglin.record.policy import scopes
from xinglin.smart.configurations import Lack
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
    Matching,
    Why,
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
    "link-opened": gettext_lazy("Record opened from an institution's system"),
    "link-refused": gettext_lazy("Opening a record from an institution's system refused"),
    "bound": gettext_lazy("Bound to the identity provider"),
    "unbound": gettext_lazy("No longer bound to the identity provider"),
    "ehr-registered": gettext_lazy("System that opens records registered"),
    "ehr-changed": gettext_lazy("System that opens records changed"),
    "ehr-disabled": gettext_lazy("System that opens records disabled"),
    "ehr-enabled": gettext_lazy("System that opens records enabled"),
    "ehr-bound": gettext_lazy("Linked to an institution's system"),
    "ehr-unbound": gettext_lazy("No longer linked to an institution's system"),
}

_AGAIN = gettext_lazy("Open the record again from your own system.")
_SYSTEMS_PEOPLE = gettext_lazy("Tell those who look after your own system what this page says.")
_OUR_PEOPLE = gettext_lazy("Tell those who look after this platform what this page says.")
ADVICE = {
    Why.UNKNOWN: gettext_lazy(
        "Ask an administrator of this platform to register your system on the page “Systems that open records”."
    ),
    Why.NOT_READY: gettext_lazy(
        "Ask an administrator of this platform to enter the client id that your system has given the record browser."
    ),
    Why.UNREACHED: gettext_lazy(
        "Try again in a minute. If it stays so, an administrator can see on the page of the system what is missing."
    ),
    Why.STATE: _AGAIN,
    Why.USED: _AGAIN,
    Why.MIXED: _OUR_PEOPLE,
    Why.DENIED: _AGAIN,
    Why.ANSWER: _SYSTEMS_PEOPLE,
    Why.CLIENT: gettext_lazy(
        "Those who look after your own system should register the client id and the address of the platform's keys."
    ),
    Why.TOKEN: _SYSTEMS_PEOPLE,
    Why.CLOCK: gettext_lazy(
        "Open the record again. If it stays so, the clock of your own system or of this platform is wrong."
    ),
    Why.NO_PATIENT: gettext_lazy(
        "Open the record from a patient's page. If you did, your system should grant launch and patient/Patient.rs."
    ),
    Why.NO_NUMBER: gettext_lazy(
        "Enter the patient's identity number in your own system, and open the record again."
    ),
    Why.NOBODY: gettext_lazy(
        "Check the patient's identity number in your own system. Perhaps no institution has sent anything yet."
    ),
    Why.SEVERAL: gettext_lazy(
        "Check the patient's numbers in your own system. If they are right, tell those who keep the index of persons."
    ),
    Why.UNLINKED: gettext_lazy(
        "Ask an administrator of your institution for an account here, or to link yours."
    ),
    Why.ROLE: gettext_lazy("Ask an administrator of your institution for the role that your work needs."),
}
"""What to do, where a launch of the record browser leads to no record."""

MATCHING = {
    Matching.BOUND: gettext_lazy("Each is linked"),
    Matching.NAME: gettext_lazy("Each is linked, or has the same name as the account here"),
}

LACKS = {
    Lack.AUTHORIZE: gettext_lazy("No usable address to ask for authorization."),
    Lack.TOKEN: gettext_lazy("No usable address to exchange codes."),
    Lack.ISSUER: gettext_lazy("It does not name itself as an issuer of identity tokens."),
    Lack.KEYS: gettext_lazy("No keys by which identity tokens could be verified."),
    Lack.PKCE: gettext_lazy(
        "It does not say that it knows PKCE with S256, which SMART App Launch 2 asks for."
    ),
    Lack.LAUNCH: gettext_lazy("It does not say that it opens apps (launch-ehr)."),
    Lack.OPENID: gettext_lazy("It does not say that it tells who the user is (sso-openid-connect)."),
    Lack.CONTEXT: gettext_lazy(
        "It does not say that it tells which patient is at hand (context-ehr-patient)."
    ),
    Lack.PERMISSION: gettext_lazy(
        "It does not say that it grants scopes for a patient (permission-patient)."
    ),
    Lack.CLIENT: gettext_lazy(
        "It does not say that it knows apps by their keys: it may need a secret instead."
    ),
    Lack.ALGORITHM: gettext_lazy("It does not say that it verifies ES384, with which the platform signs."),
    Lack.SECRET: gettext_lazy("It does not say that it knows apps by a secret in the header."),
}
"""What a system's configuration lacks."""

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
