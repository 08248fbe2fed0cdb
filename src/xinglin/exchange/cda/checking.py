"""What is wrong with a shared document: its header by the skeleton of the standard, its body by the kind's template.

Each thing wrong is a ``Reason`` with its place and what would be right. What the standard leaves no doubt about is an
error; what a template only supposes (confidence ``unsure``) is a warning.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.cda import kinds, moments
from xinglin.exchange.cda.documents import (
    AUTHOR,
    CARD,
    CASE,
    ELEMENTS,
    FILE,
    IDENTITY,
    INPATIENT,
    INSTITUTION,
    KINDS,
    LOCAL_PATIENT,
    LOINC,
    NUMBER,
    OIDS,
    OUTPATIENT,
    SEX,
    place_of,
)
from xinglin.exchange.doors import ERROR, WARNING, Reason
from xinglin.kernel import checkdigits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.exchange.cda.documents import Document, Section, Statement, Value
    from xinglin.exchange.cda.kinds import Element, Kind, Part

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]")
_SHOWN = 8  # codes that are named where one is wrong
_LONG = 40
_NUMERIC = ("PQ", "REAL", "INT", "MO")
_ALIKE = {"ED": "ST", "SC": "ST", "CE": "CD", "CV": "CD", "CO": "CD", "CS": "CD"}

MISSING = gettext_noop("%(name)s is missing; right would be %(right)s.")
OTHERWISE = gettext_noop("%(name)s should be %(right)s, not “%(found)s”.")
NO_SECTION = gettext_noop(
    "The section %(name)s (%(code)s) is missing, which this kind of document must have."
)
NO_ELEMENT = gettext_noop("The data element %(name)s (%(code)s) is missing from the section %(section)s.")
STRANGE_SECTION = gettext_noop(
    "The section %(name)s (%(code)s) is not known in this kind of document; it is kept."
)
STRANGE_ELEMENT = gettext_noop(
    "The data element %(name)s (%(code)s) is not known in the section %(section)s; it is kept."
)
NO_VALUE = gettext_noop("%(name)s has no value; right would be a value of the type %(right)s.")
WRONG_TYPE = gettext_noop("%(name)s should have a value of the type %(right)s, not %(found)s.")
NO_TYPE = gettext_noop("The value of %(name)s lacks xsi:type; right would be %(right)s.")
NO_CODE = gettext_noop("“%(found)s” is no code of %(table)s; right would be %(right)s.")
NEW_CODE = gettext_noop("“%(found)s” is not among the known codes of %(table)s.")
NO_TIME = gettext_noop("“%(found)s” is no date or time; right would be such as 20260102 or 20260102030405.")
NO_NUMBER = gettext_noop("“%(found)s” is no number.")
NO_TRUTH = gettext_noop("“%(found)s” should be true or false.")
OTHER_UNIT = gettext_noop("The unit of %(name)s should be %(right)s, not “%(found)s”.")
NO_OID = gettext_noop("“%(found)s” is no OID; right would be digits with points such as 2.16.156.10011.1.12.")
BAD_DIGIT = gettext_noop(
    "The identity number is wrong: it should have 18 places and a right check character."
)
UNKNOWN_KIND = gettext_noop(
    "There is no kind of shared document with the code “%(found)s”; right would be %(right)s."
)


class Findings:
    """Reasons as they are found."""

    def __init__(self) -> None:
        self.reasons: list[Reason] = []

    def add(self, severity: str, code: str, place: Any, text: str, /, **params: Any) -> None:
        """Note one; ``place`` is a node of the document or a text."""
        where = place if isinstance(place, str) else place_of(place)
        if "found" in params:
            params["found"] = str(params["found"])[:_LONG]
        self.reasons.append(Reason(severity, code, where, text, params))


def check(document: Document) -> list[Reason]:
    """All that is wrong with the document."""
    found = Findings()
    kind = kinds.find(document.code)
    _begin(found, document, kind)
    _person(found, document)
    _people(found, document)
    if kind is None:
        return found.reasons
    _numbers(found, document, kind)
    _body(found, document, kind)
    return found.reasons


# -- header


def _node(document: Document, *names: str) -> Any:
    """The header's element at the end of this way, or its path where there is none."""
    node = document.node
    for name in names:
        following = node.find(f"{{urn:hl7-org:v3}}{name}") if node is not None else None
        if following is None:
            return "/ClinicalDocument/" + "/".join(names)
        node = following
    return node


def _begin(found: Findings, document: Document, kind: Kind | None) -> None:
    def fixed(name: str, is_: str, right: str) -> None:
        if is_ != right:
            text, code = (OTHERWISE, "value") if is_ else (MISSING, "required")
            found.add(ERROR, code, _node(document, name), text, name=name, right=right, found=is_)

    fixed("realmCode", document.realm, "CN")
    fixed("typeId", document.type_id.extension, "POCD_MT000040")
    if kind is None:
        near = f"C0001 … C0053, {', '.join(code for code in kinds.kinds() if code.startswith('HSD'))}"
        found.add(
            ERROR, "code-invalid", _node(document, "code"), UNKNOWN_KIND, found=document.code, right=near
        )
    else:
        fixed("templateId", document.template, kind.template)
    if document.code_system not in ("", KINDS):
        fixed("code/@codeSystem", document.code_system, KINDS)
    if not document.number.extension:
        found.add(
            ERROR, "required", _node(document, "id"), MISSING, name="id", right=f"root {NUMBER}, extension …"
        )
    elif document.number.root != NUMBER:
        found.add(
            WARNING, "value", _node(document, "id"), OTHERWISE,
            name="id/@root", right=NUMBER, found=document.number.root,
        )  # fmt: skip
    if not document.title:
        right = kind.title if kind else "…"
        found.add(ERROR, "required", _node(document, "title"), MISSING, name="title", right=right)
    _moment(found, _node(document, "effectiveTime"), "effectiveTime", document.time, needed=True)
    if document.confidentiality not in ("N", "R", "V"):
        text = OTHERWISE if document.confidentiality else MISSING
        found.add(
            ERROR, "value" if document.confidentiality else "required", _node(document, "confidentialityCode"),
            text, name="confidentialityCode", right="N, R, V", found=document.confidentiality,
        )  # fmt: skip
    if document.language != "zh-CN":
        fixed_language = OTHERWISE if document.language else MISSING
        found.add(
            WARNING, "value", _node(document, "languageCode"), fixed_language,
            name="languageCode", right="zh-CN", found=document.language,
        )  # fmt: skip


def _moment(found: Findings, place: Any, name: str, text: str, *, needed: bool = False) -> None:
    if not text:
        if needed:
            found.add(ERROR, "required", place, MISSING, name=name, right="20260102030405")
    elif moments.read(text) is None:
        found.add(ERROR, "value", place, NO_TIME, found=text)


_PERSON = ("recordTarget", "patientRole", "patient")


def _person(found: Findings, document: Document) -> None:
    patient, way = document.patient, _PERSON
    if not patient.name:
        found.add(ERROR, "required", _node(document, *way, "name"), MISSING, name="patient/name", right="…")
    place = _node(document, *way, "administrativeGenderCode")
    if patient.sex.is_empty:
        found.add(ERROR, "required", place, MISSING, name="administrativeGenderCode", right="0, 1, 2, 9")
    else:
        _code(found, place, patient.sex, f"urn:oid:{SEX}", sure=True)
    for name, tag in (("marital", "maritalStatusCode"), ("ethnic", "ethnicGroupCode")):
        value = getattr(patient, name)
        if value.code:
            domain = f"urn:oid:{OIDS}.2.3.3.{5 if name == 'marital' else 3}"
            _code(found, _node(document, *way, tag), value, domain, sure=False)
    _moment(found, _node(document, *way, "birthTime"), "birthTime", patient.birth)
    for one in patient.identities:
        if one.root == IDENTITY and not _is_identity(one.extension):
            found.add(WARNING, "value", _node(document, *way, "id"), BAD_DIGIT)
    for one in (*patient.numbers, *patient.identities):
        if one.root and not _OID.fullmatch(one.root):
            found.add(
                ERROR, "value", _node(document, "recordTarget", "patientRole", "id"), NO_OID, found=one.root
            )


def _people(found: Findings, document: Document) -> None:
    """Who made, signed and keeps the document, and when."""
    author = document.author
    if not (author.name or author.number.extension):
        found.add(
            ERROR,
            "required",
            _node(document, "author"),
            MISSING,
            name="author",
            right=f"assignedAuthor/id {AUTHOR}",
        )
    for signer in document.signers:
        tag = {"author": "author", "legal": "legalAuthenticator"}.get(signer.mode, "authenticator")
        _moment(found, _node(document, tag, "time"), f"{tag}/time", signer.time)
    custodian = document.custodian
    if not (custodian.name or custodian.number.extension):
        found.add(
            ERROR, "required", _node(document, "custodian"), MISSING,
            name="custodian", right=f"representedCustodianOrganization/id {INSTITUTION}",
        )  # fmt: skip
    for name, text in (("low", document.begin), ("high", document.end)):
        _moment(
            found, _node(document, "componentOf", "encompassingEncounter", "effectiveTime", name), name, text
        )


def _is_identity(number: str) -> bool:
    return _RESIDENT.fullmatch(number) is not None and checkdigits.resident(number[:17]) == number[17]


def _numbers(found: Findings, document: Document, kind: Kind) -> None:
    """The patient's numbers: one by which to know whose the document is, and those that the kind has."""
    known = (LOCAL_PATIENT, CASE, FILE, CARD, INPATIENT, OUTPATIENT)
    place = _node(document, "recordTarget", "patientRole", "id")
    usable = document.number_of(*known) or any(one.extension for one in document.patient.identities)
    if not usable:
        found.add(ERROR, "required", place, MISSING, name="patientRole/id", right=", ".join(kind.numbers))
    elif kind.numbers and not document.number_of(*kind.numbers):
        found.add(WARNING, "required", place, MISSING, name="patientRole/id", right=", ".join(kind.numbers))


# -- body


def _body(found: Findings, document: Document, kind: Kind) -> None:
    if document.unstructured:
        found.add(
            ERROR, "structure", "/ClinicalDocument/component/nonXMLBody", OTHERWISE,
            name="component", right="structuredBody", found="nonXMLBody",
        )  # fmt: skip
        return
    matched = match(document, kind)
    seen = {part.number for _, part in matched if part is not None}
    for part in kind.parts:
        if part.required and part.number not in seen:
            severity = WARNING if part.confidence == "unsure" else ERROR
            found.add(
                severity, "required", "/ClinicalDocument/component/structuredBody", NO_SECTION,
                name=part.name, code=part.code or "—",
            )  # fmt: skip
    for section, part in matched:
        if part is None:
            found.add(
                WARNING,
                "structure",
                section.node,
                STRANGE_SECTION,
                name=section.name,
                code=section.code or "—",
            )
            for one in section.all():
                _value(found, one, None)
        else:
            _section(found, section, part)


def match(document: Document, kind: Kind) -> list[tuple[Section, Part | None]]:
    """Which section of the template each section is: by its code, among several by name and by what is in them."""
    left = list(kind.parts)
    found: list[tuple[Section, Part | None]] = []
    for section in document.all_sections():
        fitting = [part for part in left if _fits(section, part)]
        if len(fitting) > 1:
            fitting.sort(key=lambda part: -_likeness(section, part))
        part = fitting[0] if fitting else next((one for one in kind.parts if _fits(section, one)), None)
        if part in left:
            left.remove(part)
        found.append((section, part))
    return found


def _fits(section: Section, part: Part) -> bool:
    if section.code:
        return section.code == part.code
    name = section.name.removesuffix("章节")
    if name and (name == part.name or any(name == one.name for one in part.elements[:1])):
        return True
    within = {one.code for one in section.all() if one.code}
    return not name and bool(within) and within <= {one.code for one in part.elements}


def _likeness(section: Section, part: Part) -> int:
    named = {(one.code, kinds.plain(one.name)) for one in part.elements}
    alike = sum((one.code, kinds.plain(one.name)) in named for one in section.all())
    return alike + (2 if section.name.removesuffix("章节") == part.name else 0)


def _section(found: Findings, section: Section, part: Part) -> None:
    if section.system and section.code and section.system != _system(part.code):
        found.add(
            WARNING, "value", section.node, OTHERWISE,
            name="code/@codeSystem", right=_system(part.code), found=section.system,
        )  # fmt: skip
    seen: set[int] = set()
    for one in section.all():
        element = part.element(one.code, one.name)
        if element is not None:
            if one.value is not None and not one.value.is_empty:
                seen.add(element.number)
            _value(found, one, element)
        else:
            if one.kind == "observation" and (one.code or one.name):
                found.add(
                    WARNING, "structure", one.node, STRANGE_ELEMENT,
                    name=one.name, code=one.code or "—", section=part.name,
                )  # fmt: skip
            _value(found, one, None)
    for element in part.elements:
        if element.required and element.number not in seen:
            _missing(found, section, part, element)


def _missing(found: Findings, section: Section, part: Part, element: Element) -> None:
    unsure = "unsure" in (element.confidence, part.confidence)
    holder = next((one for one in section.all() if part.element(one.code, one.name) == element), None)
    severity = WARNING if unsure else ERROR
    if holder is None:
        found.add(
            severity, "required", section.node, NO_ELEMENT,
            name=element.name, code=element.code or "—", section=part.name,
        )  # fmt: skip
    elif not (holder.value is not None and holder.value.null):
        found.add(
            severity, "required", holder.node, NO_VALUE, name=element.name, right=" | ".join(element.types)
        )


def _system(code: str) -> str:
    return ELEMENTS if code.startswith("DE") else LOINC


def _value(found: Findings, one: Statement, element: Element | None) -> None:
    """A statement's value and times, by the template's element if it is one."""
    for name, text in (("effectiveTime", one.at), ("low", one.low), ("high", one.high)):
        _moment(found, one.node, name, text)
    if one.system and one.code.startswith("DE") and one.system != ELEMENTS:
        found.add(
            WARNING, "value", one.node, OTHERWISE, name="code/@codeSystem", right=ELEMENTS, found=one.system
        )
    value = one.value
    if value is None or value.is_empty:
        return
    place = _value_node(one)
    if not value.kind:
        right = element.types[0] if element else "ST"
        found.add(WARNING, "structure", place, NO_TYPE, name=one.name or one.code, right=right)
    kind = _ALIKE.get(value.kind, value.kind)
    readable = _readable(found, place, value, kind)
    if element is None or not readable:
        return
    sure = element.confidence != "unsure"
    if kind and kind not in element.types and not _is_near(value, kind, element.types):
        severity = ERROR if sure and not _can_be(value, element.types) else WARNING
        found.add(
            severity, "value", place, WRONG_TYPE,
            name=element.name, right=" | ".join(element.types), found=value.kind,
        )  # fmt: skip
    elif kind == "CD" and value.code:
        _code(found, place, value, element.domain, sure=sure)
    if kind == "PQ" and element.unit and value.unit and not _same_unit(value.unit, element.unit):
        found.add(
            WARNING, "value", place, OTHER_UNIT, name=element.name, right=element.unit, found=value.unit
        )


def _value_node(one: Statement) -> Any:
    node = one.node.find("{urn:hl7-org:v3}value") if one.node is not None else None
    return one.node if node is None else node


def _readable(found: Findings, place: Any, value: Value, kind: str) -> bool:
    """Whether the value is what its own type says."""
    if kind in _NUMERIC and value.text and not _is_number(value.text, whole=kind == "INT"):
        found.add(ERROR, "value", place, NO_NUMBER, found=value.text)
    elif kind == "TS" and moments.read(value.text) is None:
        found.add(ERROR, "value", place, NO_TIME, found=value.text)
    elif kind == "BL" and value.text not in ("true", "false"):
        found.add(ERROR, "value", place, NO_TRUTH, found=value.text)
    elif kind == "IVL_TS" and any(text and moments.read(text) is None for text in (value.low, value.high)):
        found.add(ERROR, "value", place, NO_TIME, found=value.low or value.high)
    else:
        return True
    return False


def _is_number(text: str, *, whole: bool = False) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return number.is_finite() and "_" not in text and (not whole or number == number.to_integral_value())


def _is_near(value: Value, kind: str, types: Iterable[str]) -> bool:
    """Types that say the same: numbers among each other, a span where a moment is wanted."""
    return (kind in _NUMERIC and any(one in _NUMERIC for one in types)) or (
        kind == "IVL_TS" and "TS" in types and bool(value.low or value.text)
    )


def _can_be(value: Value, types: Iterable[str]) -> bool:
    """Whether the value can be read as one of these types, although it is said to be another."""
    text = value.text or value.display or value.code
    return any(
        one == "ST"
        or (one in _NUMERIC and _is_number(text, whole=one == "INT"))
        or (one == "TS" and moments.read(text) is not None)
        or (one == "BL" and text in ("true", "false"))
        for one in types
    )


def _same_unit(said: str, right: str) -> bool:
    return _unit(said) == _unit(right)


def _unit(text: str) -> str:
    text = text.strip().lower().replace("°c", "℃").replace("cel", "℃").replace("mm[hg]", "mmhg")
    return text.replace("μ", "u").replace("µ", "u").replace("/分", "/min").replace("次", "").replace(" ", "")


def _code(found: Findings, place: Any, value: Value, domain: str, *, sure: bool) -> None:
    """Whether the code is one of its table: that of the element, else the one the document names."""
    table = kinds.table(domain) if domain else kinds.table(value.system) if value.system else None
    if table is None:
        return
    oid = kinds.oid_of(table.url)
    if value.system and oid and not value.system.startswith(oid):
        found.add(WARNING, "value", place, OTHERWISE, name="codeSystem", right=oid, found=value.system)
    if value.code in table.codes or all(part in table.codes for part in re.split(r"[+*/]", value.code)):
        return
    if not table.is_whole:
        found.add(WARNING, "code-invalid", place, NEW_CODE, found=value.code, table=table.title)
        return
    severity = ERROR if sure else WARNING
    found.add(
        severity, "code-invalid", place, NO_CODE,
        found=value.code, table=table.title, right=_right(table.codes.items(), value.display),
    )  # fmt: skip


def _right(codes: Iterable[tuple[str, str]], display: str) -> str:
    """Codes that would be right: first the one whose name the document gives."""
    listed = list(codes)
    named = [pair for pair in listed if display and pair[1] == display]
    shown = named or listed[:_SHOWN]
    words = ", ".join(f"{code} {name}" for code, name in shown)
    return words if named or len(listed) <= _SHOWN else f"{words} …"


def errors(reasons: Iterable[Reason]) -> Iterator[Reason]:
    """Those for which a document cannot be used."""
    return (one for one in reasons if one.severity == ERROR)
