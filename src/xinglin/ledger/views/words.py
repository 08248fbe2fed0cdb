"""What is said of kinds, sources and findings."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_lazy

from xinglin.ledger.auditing import What

KINDS = {
    "access.read": gettext_lazy("Record read"),
    "access.vread": gettext_lazy("Former version read"),
    "access.search": gettext_lazy("Search"),
    "access.history": gettext_lazy("History read"),
    "access.everything": gettext_lazy("Whole record read"),
    "access.labels": gettext_lazy("Labels read"),
    "access.create": gettext_lazy("Resource stored"),
    "access.update": gettext_lazy("New version stored"),
    "access.delete": gettext_lazy("Resource deleted"),
    "access.audit": gettext_lazy("Audit searched"),
    "access.audit-export": gettext_lazy("Audit exported"),
    "access.audit-patient": gettext_lazy("Accesses to a record shown"),
    "access.ledger": gettext_lazy("Event of an entry read"),
    "access.export": gettext_lazy("Export"),
    "access.deny": gettext_lazy("Refused access"),
    "access.other": gettext_lazy("Other access"),
    "record.create": gettext_lazy("Resource stored"),
    "record.update": gettext_lazy("New version stored"),
    "record.delete": gettext_lazy("Resource deleted"),
    "consent.create": gettext_lazy("Consent taken down"),
    "consent.update": gettext_lazy("Consent changed or withdrawn"),
    "consent.delete": gettext_lazy("Consent deleted"),
    "ledger.erase": gettext_lazy("Event erased"),
    "ledger.settle": gettext_lazy("Alarm settled"),
    "ledger.drop": gettext_lazy("Old rows dropped"),
    "audit.alert": gettext_lazy("Abnormal use found"),
    "audit.decide": gettext_lazy("Alert decided"),
    "audit.complaint": gettext_lazy("Complaint of a resident"),
}
SOURCES = {
    "access": gettext_lazy("Access log"),
    "record": gettext_lazy("Versions of resources"),
    "ledger": gettext_lazy("Entered events"),
}
FINDINGS = {
    What.ROW_ALTERED: gettext_lazy("Row altered"),
    What.ROW_REMOVED: gettext_lazy("Row removed"),
    What.ROW_INSERTED: gettext_lazy("Row inserted"),
    What.ENTRY_ALTERED: gettext_lazy("Entry altered"),
    What.ENTRY_REMOVED: gettext_lazy("Entry removed"),
    What.ENTRY_INSERTED: gettext_lazy("Entry inserted"),
    What.SALT_REMOVED: gettext_lazy("Salt removed"),
    What.TILE_ALTERED: gettext_lazy("Tile altered"),
    What.HEAD_WRONG: gettext_lazy("Signed head wrong"),
    What.SOURCE_UNKNOWN: gettext_lazy("Source unknown"),
}
FIELDS = {
    "action": gettext_lazy("Action"),
    "actor": gettext_lazy("Who"),
    "moment": gettext_lazy("Moment"),
    "outcome": gettext_lazy("Permitted or refused"),
    "patient": gettext_lazy("Number of the resident"),
    "place": gettext_lazy("Place in the source"),
    "purpose": gettext_lazy("Purpose"),
    "query": gettext_lazy("What was asked"),
    "institution": gettext_lazy("Institution"),
    "address": gettext_lazy("Network address"),
    "device": gettext_lazy("Device"),
    "type": gettext_lazy("Type of resource"),
    "version": gettext_lazy("Version"),
    "reason": gettext_lazy("Reason"),
    "index": gettext_lazy("Entry"),
    "deleted": gettext_lazy("Deleted"),
    "sha256": gettext_lazy("SHA-256 of the resource"),
}
ALARMS = {
    "split": gettext_lazy("A witness has seen another history"),
    "audit": gettext_lazy("An audit found what was changed"),
}


def kind(code: str) -> str:
    """A kind in words; its code where it has none here."""
    return str(KINDS.get(code, code))


def fields(event: dict[str, Any]) -> list[tuple[str, Any]]:
    """The parts of an event, those with words in words."""
    return [(str(FIELDS.get(name, name)), value) for name, value in event.items()]


def source(name: str) -> str:
    return str(SOURCES.get(name, name))


def of_verification() -> dict[str, str]:
    """What the verifying script says, by its codes; ``{name}`` are its places."""
    return {
        "form": gettext("Form of the proof"),
        "signature": gettext("Signature of the log"),
        "witnesses": gettext("Cosignatures of the witnesses"),
        "inclusion": gettext("Entry in the log"),
        "opening": gettext("Content of the entry"),
        "holds": gettext("The proof holds."),
        "fails": gettext("The proof does not hold."),
        "unsure": gettext("Not everything could be verified here."),
        "form-right": gettext("A proof of entry {index} in a log of {size} entries."),
        "signature-right": gettext("The head is signed by the trusted key of {name}."),
        "signature-wrong": gettext("The signature of {name} does not fit: the head was changed."),
        "signature-unknown": gettext("No trusted key of {name} has signed this head."),
        "no-ed25519": gettext(
            "This browser cannot check Ed25519 signatures. Use a newer one, or the command line."
        ),
        "no-crypto": gettext(
            "This browser only verifies on pages opened by https or on this machine itself."
        ),
        "witnesses-right": gettext("Cosigned by {count}: {names}."),
        "witnesses-few": gettext("Only {count} trusted witnesses have cosigned; that is too few. {names}"),
        "witnesses-none": gettext("No witness has cosigned, and the policy asks for none."),
        "inclusion-right": gettext("The entry is number {index} of the {size} entries of the signed log."),
        "inclusion-wrong": gettext("The hashes do not lead from this entry to the signed root."),
        "no-entry": gettext("The proof does not hold the entry itself."),
        "opening-right": gettext("The event below is what was entered, to the letter."),
        "opening-wrong": gettext("The event is not the one whose hash the entry holds."),
        "opening-none": gettext("The proof does not tell the event, only its hash."),
        "header": gettext("The first line should be c2sp.org/tlog-proof@v1."),
        "no-checkpoint": gettext("The proof has no signed head: it follows after an empty line."),
        "index": gettext("There should be “index” and the number of the entry."),
        "hash": gettext("This should be a hash of 32 bytes."),
        "base64": gettext("This is not base 64."),
        "hex": gettext("This is not hexadecimal."),
        "note": gettext("The signed head is not a text, an empty line and signature lines."),
        "signature-line": gettext("A signature line is damaged."),
        "checkpoint": gettext("The head should say origin, size and root."),
        "key": gettext("One of the trusted keys is damaged."),
        "policy": gettext("This line of the trusted keys cannot be understood."),
        "quorum": gettext("The trusted keys have no quorum line."),
        "line": gettext("Line {line}"),
        "at": gettext("{name} at {time}"),
        "unread": gettext("The file could not be read."),
        "not-fetched": gettext("The proof could not be fetched: {said}"),
        "proven": gettext("Proven"),
        "not-proven": gettext("Not proven"),
        "entry": gettext("Entry"),
        "event": gettext("Event"),
    }


def finding(held: dict[str, Any]) -> dict[str, Any]:
    """A finding of an audit as it is shown."""
    return {**held, "words": str(FINDINGS.get(What(held["what"]), held["what"]))}
