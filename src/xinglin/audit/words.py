"""What is said of actions, purposes, rules, levels and states."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from xinglin.audit.rules import Level, State

ACTIONS = {
    "read": gettext_lazy("Record read"),
    "vread": gettext_lazy("Former version read"),
    "search": gettext_lazy("Search"),
    "history": gettext_lazy("History read"),
    "everything": gettext_lazy("Whole record read"),
    "labels": gettext_lazy("Labels read"),
    "explain": gettext_lazy("Search explained"),
    "create": gettext_lazy("Resource stored"),
    "update": gettext_lazy("New version stored"),
    "patch": gettext_lazy("Resource changed"),
    "delete": gettext_lazy("Resource deleted"),
    "transaction": gettext_lazy("Transaction"),
    "batch": gettext_lazy("Batch"),
    "match": gettext_lazy("Person matched"),
    "person": gettext_lazy("Person in the index read"),
    "review": gettext_lazy("Review of two persons"),
    "reveal": gettext_lazy("Masked number shown"),
    "notify": gettext_lazy("Subscriber told"),
    "register-export": gettext_lazy("Register exported"),
    "export": gettext_lazy("Export asked for"),
    "export-file": gettext_lazy("Exported file fetched"),
    "export-delete": gettext_lazy("Export deleted"),
    "import": gettext_lazy("Import"),
    "card.show": gettext_lazy("Card shown"),
    "card.list": gettext_lazy("Cards listed"),
    "card.export": gettext_lazy("Cards exported"),
    "card.uses": gettext_lazy("Uses of cards listed"),
    "consent": gettext_lazy("Decision about data"),
    "break-glass": gettext_lazy("Emergency opening"),
    "page": gettext_lazy("Page of the platform"),
    "request": gettext_lazy("Request to the interface"),
    "ledger": gettext_lazy("Event of an entry read"),
    "audit": gettext_lazy("Audit searched"),
    "audit-alerts": gettext_lazy("Alerts of the audit read"),
    "audit-export": gettext_lazy("Audit exported"),
    "audit-patient": gettext_lazy("Accesses to a record shown"),
    "exchange-message": gettext_lazy("Raw message of an institution read"),
    "exchange-edited": gettext_lazy("Message of an institution edited"),
    "exchange-replayed": gettext_lazy("Message of an institution replayed"),
    "exchange-discarded": gettext_lazy("Message of an institution discarded"),
    "tcm-outcomes": gettext_lazy("What a doctor decided fetched by a clinic's system"),
    "residents.desk": gettext_lazy("Work at the desk for residents' accounts"),
    "share.open": gettext_lazy("Record shown by a shared code"),
}
"""The actions that can be chosen; one that is not here is shown by its code."""

PURPOSES = {
    "TREAT": gettext_lazy("Treatment"),
    "ETREAT": gettext_lazy("Emergency access"),
    "BTG": gettext_lazy("Emergency access by breaking the glass"),
    "CAREMGT": gettext_lazy("Care management"),
    "PUBHLTH": gettext_lazy("Public health work"),
    "HOPERAT": gettext_lazy("Operations and quality"),
    "PATRQT": gettext_lazy("The resident's own request"),
    "FAMRQT": gettext_lazy("Request of the resident's family"),
    "HSYSADMIN": gettext_lazy("Running the platform"),
}

RULES = {
    "bulk": gettext_lazy("Many records read in an hour"),
    "refusals": gettext_lazy("Refused again and again"),
    "night": gettext_lazy("Many records read outside working hours"),
    "emergency": gettext_lazy("Many emergency accesses by one person"),
    "emergency-crowd": gettext_lazy("Emergency access to one record by several people"),
    "crowd": gettext_lazy("Unusually many readers of one record"),
    "namesake": gettext_lazy("Record of a namesake"),
    "own": gettext_lazy("Own record, with the rights of the job"),
    "household": gettext_lazy("Record of the own household"),
    "neighbour": gettext_lazy("Record of somebody at the same address"),
    "colleague": gettext_lazy("Record of a colleague"),
    "new-address": gettext_lazy("Work from a new network address"),
    "new-device": gettext_lazy("Work with a new device"),
    "export": gettext_lazy("Lists or files taken away often"),
    "complaint": gettext_lazy("Complaint of a resident"),
}

LEVELS = {
    Level.HIGH: gettext_lazy("High risk"),
    Level.MEDIUM: gettext_lazy("Medium risk"),
    Level.LOW: gettext_lazy("Low risk"),
}
COLOURS = {Level.HIGH: "red", Level.MEDIUM: "amber", Level.LOW: "blue"}

STATES = {
    State.OPEN: gettext_lazy("To be looked into"),
    State.EXPLAINED: gettext_lazy("Explained: proper use"),
    State.CONFIRMED: gettext_lazy("Confirmed: improper use"),
}
STATE_COLOURS = {State.OPEN: "amber", State.EXPLAINED: "green", State.CONFIRMED: "red"}

FIGURES = {
    "permitted": gettext_lazy("Accesses permitted"),
    "patients": gettext_lazy("Records opened"),
    "refused": gettext_lazy("Accesses refused"),
    "emergencies": gettext_lazy("Emergency accesses"),
    "exports": gettext_lazy("Exports of data"),
}

NUMBERS = {
    "least": gettext_lazy("At least"),
    "factor": gettext_lazy("Times the usual"),
    "usual": gettext_lazy("Taken for usual"),
    "history_days": gettext_lazy("Days looked back"),
    "history_hours": gettext_lazy("Hours of work that make a history"),
    "high_factor": gettext_lazy("High from so many times"),
    "from_hour": gettext_lazy("From (hour of day)"),
    "to_hour": gettext_lazy("Until (hour of day)"),
    "nights": gettext_lazy("Nights that make night duty"),
    "purposes": gettext_lazy("Purposes"),
    "actions": gettext_lazy("Actions"),
    "every": gettext_lazy("One alert for each"),
    "settled_days": gettext_lazy("Days of learning"),
}
PERIODS = {"day": gettext_lazy("a day"), "month": gettext_lazy("a month")}
CONFIDENCES = {
    "low": gettext_lazy("Low confidence"),
    "medium": gettext_lazy("Medium confidence"),
    "high": gettext_lazy("High confidence"),
}


def said(table: dict[Any, Any], code: str) -> str:
    """The word for a code; the code where there is none."""
    return str(table.get(code, code))


def mask(name: str) -> str:
    """A resident's name as far as an auditor needs it: the surname."""
    return name[:1] + "＊" * (len(name) - 1) if name else ""
