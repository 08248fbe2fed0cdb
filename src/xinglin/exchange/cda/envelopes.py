"""HL7 v3 messages between hospital systems, with or without SOAP around them: read and answered.

Known are RCMR_IN000002UV02 (register a document), RCMR_IN000029UV01 (which documents are there) and
RCMR_IN000031UV01 (give a document), each acknowledged with AA or AE.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from lxml import etree

from xinglin.exchange.cda import reading
from xinglin.exchange.cda.documents import OIDS, V3
from xinglin.kernel.errors import Fault, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REGISTER = "RCMR_IN000002UV02"
QUERY = "RCMR_IN000029UV01"
FETCH = "RCMR_IN000031UV01"
ANSWERS = {REGISTER: "MCCI_IN000002UV01", QUERY: "RCMR_IN000030UV01", FETCH: "RCMR_IN000032UV01"}
_MESSAGES = f"{OIDS}.2.5.1.1"
_INTERACTIONS = f"{OIDS}.2.5.1.2"
_DEVICES = f"{OIDS}.2.5.1.3"
CODES = f"{OIDS}.2.5.1.23"
DOCUMENTS = f"{OIDS}.2.5.1.24"
_N = f"{{{V3}}}"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
_TIMES = ("low", "high")


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How a message came: the SOAP namespace, and the operation that carried it as a text."""

    soap: str = ""
    operation: str = ""
    space: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of HL7 v3: its interaction, its own number, who sent it, and what it asks or carries."""

    interaction: str
    number: str
    sender: str
    receiver: str
    wrapping: Wrapping
    numbers: tuple[tuple[str, str], ...] = ()  # (root, extension) of what is asked for
    codes: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    query: str = ""
    document: bytes = field(default=b"", repr=False)

    def number_of(self, *roots: str) -> str:
        return next((number for root in roots for of, number in self.numbers if of == root), "")


def is_message(body: bytes) -> bool:
    """Whether the bytes look like a message that carries documents, not a document itself."""
    head = body[:4096]
    return b"RCMR_IN" in head or b"Envelope" in head


def read(body: bytes, charset: str = "") -> Message:
    """The message; raises Fault ``invalid`` with what would be right."""
    root = reading.tree(body, charset)
    node, wrapping = _unwrapped(root)
    interaction = node.tag.rpartition("}")[2]
    if interaction not in ANSWERS:
        raise invalid(
            gettext_noop("There is no service for %(name)s; there are %(known)s."),
            code="not-supported", expression="/" + interaction, name=interaction, known=", ".join(ANSWERS),
        )  # fmt: skip
    act = node.find(_N + "controlActProcess")
    if act is None:
        raise invalid(
            gettext_noop("The message has no controlActProcess, in which its content stands."),
            code="required", expression=f"/{interaction}",
        )  # fmt: skip
    asked = act.find(f".//{_N}queryByParameter")
    query = act.find(f".//{_N}queryId")
    times = dict(_times(asked if asked is not None else act))
    return Message(
        interaction=interaction,
        number=_identified(node.find(_N + "id")),
        sender=_identified(node.find(f"{_N}sender/{_N}device/{_N}id")),
        receiver=_identified(node.find(f"{_N}receiver/{_N}device/{_N}id")),
        wrapping=wrapping,
        numbers=tuple(_numbers(asked if asked is not None else act)),
        codes=tuple(_codes(asked if asked is not None else act)),
        since=times.get("low", ""),
        until=times.get("high", ""),
        query=_identified(query),
        document=_document(act) if interaction == REGISTER else b"",
    )


def _unwrapped(root: Any) -> tuple[Any, Wrapping]:
    """The HL7 v3 element, out of a SOAP envelope and out of the text of an operation."""
    space, _, name = root.tag[1:].rpartition("}") if root.tag.startswith("{") else ("", "", root.tag)
    if name != "Envelope":
        return root, Wrapping()
    if space not in (SOAP11, SOAP12):
        raise invalid(
            gettext_noop("%(space)s is no SOAP; right would be %(right)s."),
            code="structure", expression="/Envelope", space=space or "—", right=f"{SOAP11}, {SOAP12}",
        )  # fmt: skip
    body = root.find(f"{{{space}}}Body")
    for node in body.iter() if body is not None else ():
        local = node.tag.rpartition("}")[2]
        if local.startswith(("RCMR_", "PRPA_", "MCCI_")):
            return node, Wrapping(space)
        text = (node.text or "").strip()
        if text.startswith("<"):
            carrier = next(node.iterancestors(), node)
            operation = carrier if carrier is not body else node
            of, _, called = operation.tag[1:].rpartition("}")
            inner = reading.tree(text.encode())
            return inner, Wrapping(space, called or operation.tag, of)
    raise invalid(
        gettext_noop("The SOAP body carries no message of HL7 v3."),
        code="required",
        expression="/Envelope/Body",
    )


def _identified(node: Any) -> str:
    if node is None:
        return ""
    item = node.find(_N + "item")
    node = node if item is None else item
    return (node.get("extension") or node.get("root") or "").strip()


def _numbers(node: Any) -> Iterator[tuple[str, str]]:
    for one in node.iter():
        root, number = (one.get("root") or "").strip(), (one.get("extension") or "").strip()
        if root and number:
            yield root, number


def _codes(node: Any) -> Iterator[str]:
    for one in node.iter():
        if one.get("codeSystem") in (CODES, f"{OIDS}.2.4") and (one.get("code") or "").strip():
            yield one.get("code").strip()


def _times(node: Any) -> Iterator[tuple[str, str]]:
    for one in node.iter(*(_N + name for name in _TIMES)):
        if one.get("value"):
            yield one.tag.rpartition("}")[2], one.get("value").strip()


def _document(act: Any) -> bytes:
    """The shared document that is to be registered: as an element, or in base64."""
    inline = act.find(f".//{_N}ClinicalDocument")
    if inline is not None:
        made: bytes = etree.tostring(inline, encoding="UTF-8", xml_declaration=True, with_tail=False)
        return made
    for node in act.iter(_N + "originalText", _N + "text", _N + "content", _N + "value"):
        text = (node.get("value") or node.text or "").strip()
        if len(text) > 100 and (held := _decoded(text)) is not None:
            return held
    raise invalid(
        gettext_noop("The message carries no document; it belongs into storageCode/originalText/@value in base64."),
        code="required", expression=f"/{REGISTER}/controlActProcess/subject/clinicalDocument/storageCode/originalText",
    )  # fmt: skip


def _decoded(text: str) -> bytes | None:
    if text.startswith("<"):
        return text.encode()
    try:
        held = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return held if b"<" in held[:200] else None


# -- answers


@dataclass(frozen=True, slots=True)
class Entry:
    """A document in an answer; ``original`` where it was asked for."""

    number: str
    code: str
    title: str
    time: str
    confidentiality: str
    author: str = ""
    custodian: str = ""
    patient: str = ""
    original: bytes = field(default=b"", repr=False)


def acknowledge(
    message: Message, *, problems: Iterable[str], entries: Iterable[Entry] = (), number: str, moment: str
) -> bytes:
    """The answer, wrapped as the message was: AA, or AE with what is wrong."""
    problems = list(problems)
    name = ANSWERS[message.interaction]
    root = etree.Element(_N + name, nsmap={None: V3, "xsi": _XSI}, ITSVersion="XML_1.0")
    _add(root, "id", root=_MESSAGES, extension=number)
    _add(root, "creationTime", value=moment)
    _add(root, "interactionId", root=_INTERACTIONS, extension=name)
    _add(root, "processingCode", code="P")
    _add(root, "processingModeCode")
    _add(root, "acceptAckCode", code="NE")
    for side, code, device in (("receiver", "RCV", message.sender), ("sender", "SND", message.receiver)):
        held = _add(_add(root, side, typeCode=code), "device", classCode="DEV", determinerCode="INSTANCE")
        _add(_add(held, "id"), "item", root=_DEVICES, extension=device)
    said = _add(root, "acknowledgement", typeCode="AE" if problems else "AA")
    _add(_add(said, "targetMessage"), "id", root=_MESSAGES, extension=message.number)
    for text in problems or ["OK"]:
        _add(_add(said, "acknowledgementDetail"), "text", value=text)
    if message.interaction != REGISTER:
        _content(root, message, list(entries), found=not problems)
    return _wrapped(root, message.wrapping)


def _content(root: Any, message: Message, entries: list[Entry], *, found: bool) -> None:
    act = _add(root, "controlActProcess", classCode="INFO", moodCode="EVN")
    for entry in entries:
        subject = _add(act, "subject", typeCode="SUBJ")
        document = _add(subject, "clinicalDocument", classCode="DOCCLIN", moodCode="EVN")
        _add(_add(document, "id"), "item", root=DOCUMENTS, extension=entry.number)
        code = _add(document, "code", code=entry.code, codeSystem=CODES)
        _add(code, "displayName", value=entry.title)
        _add(document, "effectiveTime", value=entry.time)
        _add(document, "confidentialityCode", code=entry.confidentiality)
        if entry.original:
            held = base64.b64encode(entry.original).decode()
            _add(_add(document, "storageCode"), "originalText", value=held)
        if entry.patient:
            patient = _add(_add(document, "recordTarget", typeCode="RCT"), "patient", classCode="PAT")
            _add(_add(patient, "id"), "item", root=f"{OIDS}.2.5.1.4", extension=entry.patient)
        if entry.author:
            author = _add(_add(document, "author", typeCode="AUT"), "assignedAuthor", classCode="ASSIGNED")
            name = _add(_add(_add(author, "assignedPerson"), "name"), "item")
            _add(name, "part", value=entry.author)
        if entry.custodian:
            custodian = _add(_add(document, "custodian", typeCode="CST"), "assignedCustodian")
            name = _add(_add(_add(custodian, "representedOrganization"), "name"), "item")
            _add(name, "part", value=entry.custodian)
    answer = _add(act, "queryAck")
    _add(answer, "queryId", extension=message.query)
    _add(answer, "queryResponseCode", code="OK" if found and entries else "NF" if found else "AE")
    _add(answer, "resultTotalQuantity", value=str(len(entries)))


def _add(parent: Any, name: str, **attributes: str) -> Any:
    node = etree.SubElement(parent, _N + name)
    for key, value in attributes.items():
        if value:
            node.set(key, value)
    return node


def _wrapped(root: Any, wrapping: Wrapping) -> bytes:
    if not wrapping.soap:
        plain: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
        return plain
    envelope = etree.Element(f"{{{wrapping.soap}}}Envelope", nsmap={"soap": wrapping.soap})
    body = etree.SubElement(envelope, f"{{{wrapping.soap}}}Body")
    if wrapping.operation:
        space = f"{{{wrapping.space}}}" if wrapping.space else ""
        response = etree.SubElement(body, f"{space}{wrapping.operation}Response")
        result = etree.SubElement(response, f"{space}{wrapping.operation}Result")
        result.text = etree.tostring(root, encoding="unicode")
    else:
        body.append(root)
    made: bytes = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
    return made


def fault(soap: str, said: str) -> bytes:
    """A SOAP fault, for what is no message that could be acknowledged."""
    space = soap or SOAP11
    envelope = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
    node = etree.SubElement(etree.SubElement(envelope, f"{{{space}}}Body"), f"{{{space}}}Fault")
    if space == SOAP11:
        etree.SubElement(node, "faultcode").text = "soap:Client"
        etree.SubElement(node, "faultstring").text = said
    else:
        code = etree.SubElement(node, f"{{{space}}}Code")
        etree.SubElement(code, f"{{{space}}}Value").text = "soap:Sender"
        reason = etree.SubElement(node, f"{{{space}}}Reason")
        text = etree.SubElement(reason, f"{{{space}}}Text")
        text.set("{http://www.w3.org/XML/1998/namespace}lang", "zh-CN")
        text.text = said
    made: bytes = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
    return made


def document_of(body: bytes, charset: str = "") -> bytes:
    """The shared document in what came through the door: the bytes themselves, or what a message registers."""
    if not is_message(body):
        return body
    try:
        message = read(body, charset)
    except Fault as wrong:
        if b"ClinicalDocument" in body[:2048]:
            return body
        raise wrong from None
    return message.document or body
