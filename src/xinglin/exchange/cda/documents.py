"""A shared document as values: what its header says, and its sections with their statements.

``reading`` makes it of XML and ``writing`` writes it, ``to_record`` makes resources of it and ``from_record`` makes it
of them; ``checking`` says what is wrong with it. Times are as HL7 v3 writes them (``20260102030405``), numbers as
they were written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

V3 = "urn:hl7-org:v3"
OIDS = "2.16.156.10011"
NUMBER = f"{OIDS}.1.1"  # of documents
FILE = f"{OIDS}.1.2"  # of a resident's health file
IDENTITY = f"{OIDS}.1.3"
STAFF = f"{OIDS}.1.4"
INSTITUTION = f"{OIDS}.1.5"
AUTHOR = f"{OIDS}.1.7"
OUTPATIENT = f"{OIDS}.1.11"
INPATIENT = f"{OIDS}.1.12"
CASE = f"{OIDS}.1.13"
SPECIMEN = f"{OIDS}.1.14"
CARD = f"{OIDS}.1.19"
PRESCRIPTION = f"{OIDS}.1.20"
ROOM = f"{OIDS}.1.21"
BED = f"{OIDS}.1.22"
REQUEST = f"{OIDS}.1.24"
DEPARTMENT = f"{OIDS}.1.26"
WARD = f"{OIDS}.1.27"
EXAMINATION = f"{OIDS}.1.32"
LABORATORY = f"{OIDS}.1.33"
LOCAL_PATIENT = f"{OIDS}.2.5.1.4"
ELEMENTS = f"{OIDS}.2.2.1"
KINDS = f"{OIDS}.2.4"
LOINC = "2.16.840.1.113883.6.1"
CONFIDENTIALITY = "2.16.840.1.113883.5.25"
SEX = f"{OIDS}.2.3.3.4"
MARITAL = f"{OIDS}.2.3.3.5"
ETHNIC = f"{OIDS}.2.3.3.3"
PATIENT_KIND = f"{OIDS}.2.3.1.271"
DAILY = ("次/日", "次/天", "次/d")  # units of how often a medicine is taken


@dataclass(slots=True)
class Number:
    """An identifier: ``root`` is an OID that says what kind, ``extension`` the number itself."""

    root: str = ""
    extension: str = ""


@dataclass(slots=True)
class Value:
    """A value of HL7 v3; ``kind`` is its type. ``text`` holds words, figures, ``true`` and ``false``, and times."""

    kind: str = ""
    text: str = ""
    code: str = ""
    system: str = ""
    display: str = ""
    unit: str = ""
    low: str = ""
    high: str = ""
    null: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.code or self.display or self.low or self.high)


@dataclass(slots=True)
class Medicine:
    """What a substanceAdministration says: the drug, and how much of it, how often, by which way, in which form.

    How often (``rate``) is a number of times with its unit, or a code, or both.
    """

    drug: Value = field(default_factory=Value)
    dose: Value = field(default_factory=Value)
    rate: Value = field(default_factory=Value)
    route: Value = field(default_factory=Value)
    form: Value = field(default_factory=Value)


@dataclass(slots=True)
class Statement:
    """One clinical statement: a data element with its value and what stands inside it."""

    kind: str = "observation"
    code: str = ""
    system: str = ""
    name: str = ""
    value: Value | None = None
    at: str = ""
    low: str = ""
    high: str = ""
    performer: str = ""
    medicine: Medicine | None = None
    inside: list[Statement] = field(default_factory=list)
    node: Any = field(default=None, compare=False, repr=False)

    def all(self) -> Iterator[Statement]:
        """This one and those inside it, in their order."""
        yield self
        for one in self.inside:
            yield from one.all()


@dataclass(slots=True)
class Section:
    code: str = ""
    system: str = ""
    name: str = ""
    text: str = ""  # the narrative, as plain text
    statements: list[Statement] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    node: Any = field(default=None, compare=False, repr=False)

    def all(self) -> Iterator[Statement]:
        for one in self.statements:
            yield from one.all()


@dataclass(slots=True)
class Unit:
    """A place or an organisation: bed, room, department, ward, institution, by the root of its number."""

    number: Number = field(default_factory=Number)
    name: str = ""


@dataclass(slots=True)
class Signer:
    """Somebody who made or signed the document; ``mode`` is ``author``, ``legal`` or ``professional``."""

    mode: str = "author"
    number: Number = field(default_factory=Number)
    name: str = ""
    role: str = ""
    time: str = ""


@dataclass(slots=True)
class Participant:
    """Somebody else concerned: a contact, or who asked for an examination."""

    kind: str = ""  # typeCode
    name: str = ""
    phone: str = ""
    department: Unit = field(default_factory=Unit)
    institution: Unit = field(default_factory=Unit)


@dataclass(slots=True)
class Address:
    state: str = ""
    city: str = ""
    county: str = ""
    township: str = ""
    street: str = ""
    house: str = ""
    postcode: str = ""

    @property
    def text(self) -> str:
        return f"{self.state}{self.city}{self.county}{self.township}{self.street}{self.house}"


@dataclass(slots=True)
class Patient:
    numbers: list[Number] = field(default_factory=list)  # of the role: visits, files, reports, requests
    identities: list[Number] = field(default_factory=list)
    name: str = ""
    sex: Value = field(default_factory=Value)
    birth: str = ""
    marital: Value = field(default_factory=Value)
    ethnic: Value = field(default_factory=Value)
    age: Value = field(default_factory=Value)
    kind: Value = field(default_factory=Value)  # outpatient, emergency, inpatient
    phone: str = ""
    address: Address = field(default_factory=Address)


@dataclass(slots=True)
class Replaced:
    """The document that this one replaces."""

    number: Number = field(default_factory=Number)
    set: str = ""
    version: str = ""


@dataclass(slots=True)
class Document:
    """A shared document. ``node`` is the XML that it was read of, for saying where something is."""

    code: str = ""
    code_system: str = ""
    title: str = ""
    template: str = ""
    number: Number = field(default_factory=Number)
    time: str = ""
    confidentiality: str = "N"
    language: str = "zh-CN"
    realm: str = "CN"
    type_id: Number = field(default_factory=Number)
    set: str = ""
    version: str = ""
    patient: Patient = field(default_factory=Patient)
    department: Unit = field(default_factory=Unit)
    institution: Unit = field(default_factory=Unit)  # of the department, who gave the care
    signers: list[Signer] = field(default_factory=list)
    custodian: Unit = field(default_factory=Unit)
    participants: list[Participant] = field(default_factory=list)
    begin: str = ""
    end: str = ""
    places: list[Unit] = field(default_factory=list)
    replaces: list[Replaced] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    unstructured: str = ""  # media type of a body that is no sections
    node: Any = field(default=None, compare=False, repr=False)

    @property
    def author(self) -> Signer:
        return next((one for one in self.signers if one.mode == "author"), Signer())

    def number_of(self, *roots: str) -> str:
        """The first of the patient's numbers with one of these roots."""
        for root in roots:
            for one in self.patient.numbers:
                if one.root == root and one.extension:
                    return one.extension
        return ""

    def all_sections(self) -> Iterator[Section]:
        """Sections and those inside them, in their order."""
        waiting = list(self.sections)
        while waiting:
            section = waiting.pop(0)
            yield section
            waiting = [*section.sections, *waiting]


def place_of(node: Any) -> str:
    """Where a node is, as an XPath without prefixes: ``/ClinicalDocument/component/structuredBody/component[2]``."""
    if node is None:
        return "/ClinicalDocument"
    steps = []
    while node is not None:
        tag = node.tag
        parent = node.getparent()
        step = tag.rpartition("}")[2]
        if parent is not None:
            same = [one for one in parent if one.tag == tag]
            if len(same) > 1:
                step += f"[{same.index(node) + 1}]"
        steps.append(step)
        node = parent
    return "/" + "/".join(reversed(steps))
