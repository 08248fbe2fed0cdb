"""Doors, states, reasons and what people did, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from xinglin.exchange.doors import Door
from xinglin.exchange.receipts import State

DOORS = {
    Door.FHIR: gettext_lazy("FHIR"),
    Door.HL7V2: gettext_lazy("HL7 v2"),
    Door.CDA: gettext_lazy("Shared documents (CDA)"),
    Door.TABLE: gettext_lazy("Data sets (CSV, Excel)"),
    Door.DICOM: gettext_lazy("Images (DICOM)"),
    Door.TCM: gettext_lazy("TCM clinics' systems"),
}
STATES = {
    State.RECEIVED: gettext_lazy("Waiting"),
    State.STORED: gettext_lazy("In the record"),
    State.QUARANTINED: gettext_lazy("In quarantine"),
    State.DISCARDED: gettext_lazy("Discarded"),
}
STATE_COLOURS = {
    State.RECEIVED: "blue",
    State.STORED: "green",
    State.QUARANTINED: "red",
    State.DISCARDED: "plain",
}
CODES = {
    "structure": gettext_lazy("Structure"),
    "required": gettext_lazy("Something required is missing"),
    "value": gettext_lazy("Wrong value"),
    "invalid": gettext_lazy("Invalid content"),
    "code-invalid": gettext_lazy("Unknown code"),
    "not-found": gettext_lazy("Refers to what is not there"),
    "duplicate": gettext_lazy("Sent before"),
    "business-rule": gettext_lazy("Breaks a rule"),
    "invariant": gettext_lazy("Breaks a rule of the standard"),
    "not-supported": gettext_lazy("Not supported"),
    "processing": gettext_lazy("Could not be processed"),
    "conflict": gettext_lazy("Overtaken by a later message"),
    "too-long": gettext_lazy("Too long"),
    "exception": gettext_lazy("Failure of the platform"),
}
"""By what messages in quarantine can be looked for; a code that is not here is shown as it is."""
STEPS = {
    "edited": gettext_lazy("Edited"),
    "replayed": gettext_lazy("Replayed"),
    "discarded": gettext_lazy("Discarded"),
    "returned": gettext_lazy("Brought back to quarantine"),
}
SENDER_EVENTS = {
    "registered": gettext_lazy("Registered"),
    "changed": gettext_lazy("Changed"),
    "key": gettext_lazy("New key"),
    "opened": gettext_lazy("Let in again"),
    "closed": gettext_lazy("Let in no more"),
}


def code(said: str) -> str:
    """A reason's code in words, with or without its severity before it."""
    bare = said.partition(":")[2] or said
    return str(CODES.get(bare, bare))
