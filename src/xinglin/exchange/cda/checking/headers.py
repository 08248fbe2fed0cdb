"""The header by the skeleton that all kinds have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import kinds
from xinglin.exchange.cda.checking.elements import check_code, check_moment
from xinglin.exchange.cda.checking.findings import (
    BAD_DIGIT,
    MISSING,
    NO_OID,
    OTHERWISE,
    UNKNOWN_KIND,
    Findings,
)
from xinglin.exchange.cda.documents import (
    AUTHOR,
    CARD,
    CASE,
    FILE,
    IDENTITY,
    INPATIENT,
    INSTITUTION,
    KINDS,
    LOCAL_PATIENT,
    NUMBER,
    OIDS,
    OUTPATIENT,
    SEX,
)
from xinglin.exchange.doors import ERROR, WARNING
from xinglin.kernel import checkdigits

if TYPE_CHECKING:
    from xinglin.exchange.cda.documents import Document
    from xinglin.exchange.cda.kinds import Kind

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]")


def _node(document: Document, *names: str) -> Any:
    """The header's element at the end of this way, or its path where there is none."""
    node = document.node
    for name in names:
        following = node.find(f"{{urn:hl7-org:v3}}{name}") if node is not None else None
        if following is None:
            return "/ClinicalDocument/" + "/".join(names)
        node = following
    return node


def check_beginning(found: Findings, document: Document, kind: Kind | None) -> None:
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
    check_moment(found, _node(document, "effectiveTime"), "effectiveTime", document.time, needed=True)
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


_PERSON = ("recordTarget", "patientRole", "patient")


def check_person(found: Findings, document: Document) -> None:
    patient, way = document.patient, _PERSON
    if not patient.name:
        found.add(ERROR, "required", _node(document, *way, "name"), MISSING, name="patient/name", right="…")
    place = _node(document, *way, "administrativeGenderCode")
    if patient.sex.is_empty:
        found.add(ERROR, "required", place, MISSING, name="administrativeGenderCode", right="0, 1, 2, 9")
    else:
        check_code(found, place, patient.sex, f"urn:oid:{SEX}", sure=True)
    for name, tag in (("marital", "maritalStatusCode"), ("ethnic", "ethnicGroupCode")):
        value = getattr(patient, name)
        if value.code:
            domain = f"urn:oid:{OIDS}.2.3.3.{5 if name == 'marital' else 3}"
            check_code(found, _node(document, *way, tag), value, domain, sure=False)
    check_moment(found, _node(document, *way, "birthTime"), "birthTime", patient.birth)
    for one in patient.identities:
        if one.root == IDENTITY and not _is_identity(one.extension):
            found.add(WARNING, "value", _node(document, *way, "id"), BAD_DIGIT)
    for one in (*patient.numbers, *patient.identities):
        if one.root and not _OID.fullmatch(one.root):
            found.add(
                ERROR, "value", _node(document, "recordTarget", "patientRole", "id"), NO_OID, found=one.root
            )


def check_people(found: Findings, document: Document) -> None:
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
        check_moment(found, _node(document, tag, "time"), f"{tag}/time", signer.time)
    custodian = document.custodian
    if not (custodian.name or custodian.number.extension):
        found.add(
            ERROR, "required", _node(document, "custodian"), MISSING,
            name="custodian", right=f"representedCustodianOrganization/id {INSTITUTION}",
        )  # fmt: skip
    for name, text in (("low", document.begin), ("high", document.end)):
        check_moment(
            found, _node(document, "componentOf", "encompassingEncounter", "effectiveTime", name), name, text
        )


def _is_identity(number: str) -> bool:
    return _RESIDENT.fullmatch(number) is not None and checkdigits.resident(number[:17]) == number[17]


def check_numbers(found: Findings, document: Document, kind: Kind) -> None:
    """The patient's numbers: one by which to know whose the document is, and those that the kind has."""
    known = (LOCAL_PATIENT, CASE, FILE, CARD, INPATIENT, OUTPATIENT)
    place = _node(document, "recordTarget", "patientRole", "id")
    usable = document.number_of(*known) or any(one.extension for one in document.patient.identities)
    if not usable:
        found.add(ERROR, "required", place, MISSING, name="patientRole/id", right=", ".join(kind.numbers))
    elif kind.numbers and not document.number_of(*kind.numbers):
        found.add(WARNING, "required", place, MISSING, name="patientRole/id", right=", ".join(kind.numbers))
