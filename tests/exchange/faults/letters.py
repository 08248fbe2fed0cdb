"""The messages that are sent, each with results of its own, and the ids of what they leave in the record."""

from __future__ import annotations

import base64
import random
from dataclasses import replace

from tests.exchange.cda import make as cda
from tests.exchange.hl7v2 import make as hl7v2
from tests.exchange.make import bundle, observation, patient
from tests.exchange.tables import make as tables
from xinglin.exchange import naming
from xinglin.exchange.cda import envelopes, kinds, writing

_PATIENTS = 7  # so that messages of one patient come close after each other
_ROWS = 3
_NOTE = 12_000  # bytes
_LABORATORY = "C0007"
_ITEMS = ("1742-6", "1920-8", "1975-2", "HBSAG", "6690-2")


def fhir(number: int, control: str) -> bytes:
    """With a note that cannot be made smaller, so that a disk that is nearly full is full soon."""
    whose, note = f"p{number % _PATIENTS}", random.Random(control).randbytes(_NOTE).hex()
    result = observation(control, whose, value=number, note=[{"text": note}])
    return bundle(patient(whose), result, observation(f"last-{whose}", whose, value=number), control=control)


def of_fhir(sender: str, control: str) -> list[tuple[str, str]]:
    return [("Observation", naming.id_of(sender, "Observation", control))]


def last_of_fhir(sender: str, number: int) -> str:
    """The id of the Observation that all messages about the same patient write anew: its value is their number."""
    return naming.id_of(sender, "Observation", f"last-p{number % _PATIENTS}")


def hl7(number: int, control: str) -> bytes:
    text = hl7v2.results(control).replace("P0001", f"P{number % _PATIENTS:04d}")
    return text.replace("O0001", f"O-{control}").replace("R0001", f"R-{control}").encode()


def of_hl7(sender: str, control: str) -> list[tuple[str, str]]:
    report = f"R-{control}"
    results = [("Observation", naming.id_of(sender, "Observation", report, item, "-")) for item in _ITEMS]
    return [*results, ("DiagnosticReport", naming.id_of(sender, "DiagnosticReport", report))]


def document(number: int, control: str) -> bytes:
    made = cda.good(kinds.kinds()[_LABORATORY])
    made.number = replace(made.number, extension=control)
    plain = writing.write(made)
    return plain if number % 2 else _registration(plain, control)


def of_document(sender: str, control: str) -> list[tuple[str, str]]:
    return [("DocumentReference", naming.id_of(sender, "DocumentReference", control))]


def _registration(document: bytes, control: str) -> bytes:
    """The envelope of China's hospital services around a document."""
    held = base64.b64encode(document).decode()
    message = (
        '<RCMR_IN000002UV02 ITSVersion="XML_1.0" xmlns="urn:hl7-org:v3">'
        f'<id root="2.16.156.10011.2.5.1.1" extension="{control}"/>'
        '<sender><device><id><item root="2.16.156.10011.2.5.1.3" extension="HIS"/></id></device></sender>'
        '<controlActProcess classCode="STC" moodCode="APT"><subject><clinicalDocument>'
        f'<storageCode><originalText value="{held}"/></storageCode>'
        "</clinicalDocument></subject></controlActProcess></RCMR_IN000002UV02>"
    )
    return (
        f'<soap:Envelope xmlns:soap="{envelopes.SOAP12}" xmlns:urn="urn:hl7-org:v3"><soap:Body><urn:HIPMessageServer>'
        f"<action>DocumentRegister</action><message><![CDATA[{message}]]></message>"
        "</urn:HIPMessageServer></soap:Body></soap:Envelope>"
    ).encode()


def table(number: int) -> bytes:
    return tables.as_csv(tables.result(row) for row in _rows(number))


def of_table(sender: str, number: int) -> list[tuple[str, str]]:
    return [
        ("Observation", naming.id_of(sender, "Observation", f"BG{row:05d}", "TG")) for row in _rows(number)
    ]


def _rows(number: int) -> range:
    return range(number * _ROWS, (number + 1) * _ROWS)


def of_row(sender: str, control: str) -> list[tuple[str, str]]:
    """Of a row of an institution's database that a front machine has mapped: it names, and then the door does."""
    there = naming.id_of(sender, "Observation", control.rpartition("-")[2])
    return [("Observation", naming.id_of(sender, "Observation", there))]
