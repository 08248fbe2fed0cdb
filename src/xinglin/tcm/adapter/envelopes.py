"""Messages from and to a clinic's system: XML, the same inside of SOAP's ``acceptMessage``, or JSON. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from lxml import etree

from xinglin.exchange.cda.reading import trees
from xinglin.fhir import json
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import Fault, invalid
from xinglin.tcm.adapter.messages import HEADER, entries, shipped, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_OPERATION = "acceptMessage"
_DEEPEST = 12
XML = "text/xml; charset=utf-8"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Message:
    """A message that could be read. ``way`` is xml, soap or json: so it is answered."""

    tree: dict[str, Any]
    way: str
    namespace: str = ""  # of the operation in SOAP

    @property
    def header(self) -> dict[str, Any]:
        return next(iter(entries(self.tree, HEADER)), {})

    @property
    def kind(self) -> str:
        return text_of(self.header, "msgType")

    @property
    def number(self) -> str:
        """The message's own."""
        return text_of(self.header, "msgID")

    @property
    def sent_at(self) -> datetime | None:
        return moment(text_of(self.header, "sendTime"))

    @property
    def patient(self) -> str:
        """The clinic's number of the patient, by the payload; empty where there is none."""
        known = shipped()
        of = known.types.get(self.kind)
        payload = next(iter(entries(self.tree, of.payload)), {}) if of else {}
        if (
            of is not None
            and "patientId" not in {field.name for field in of.fields}
            and of.payload != "Patient"
        ):
            return ""
        return next((found for name in known.patients if (found := text_of(payload, name))), "")


def moment(text: str) -> datetime | None:
    """``yyyyMMddHHmmss`` of this country, also with signs between; None for anything else."""
    digits = "".join(sign for sign in text if sign.isdigit())
    try:
        return datetime.strptime(digits[:14].ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=LOCAL_ZONE)
    except ValueError:
        return None


def stamp(at: datetime) -> str:
    """A moment as messages write it."""
    return at.astimezone(LOCAL_ZONE).strftime("%Y%m%d%H%M%S")


def read(body: bytes, charset: str = "") -> Message:
    """The message; fault ``invalid`` where it cannot be read or says not which one it is."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    found = _of_json(body) if start == b"{" else _of_xml(body, charset)
    if not found.header or not found.kind:
        raise invalid(
            gettext_noop("The message needs Header with msgType, so that it is known which one it is."),
            code="structure", expression=HEADER,
        )  # fmt: skip
    return found


def _of_json(body: bytes) -> Message:
    try:
        said = json.parse(body)
    except Fault:
        raise invalid(
            gettext_noop("This is no well-formed JSON."), code="structure", expression="/"
        ) from None
    inner = said.get("Request", said)
    if not isinstance(inner, dict):
        raise invalid(gettext_noop("The message is an object with Header and its payload."), code="structure")
    return Message(_lifted(_plain(inner, 0)), "json")


def _plain(value: Any, depth: int) -> Any:
    """Values as XML would give them: texts, trees, lists of trees."""
    if depth > _DEEPEST:
        raise invalid(gettext_noop("The message is nested too deeply."), code="structure")
    if isinstance(value, dict):
        return {str(name): _plain(one, depth + 1) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, depth + 1) for one in value]
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _of_xml(body: bytes, charset: str) -> Message:
    root = trees.tree(body, charset)
    if _name(root) != "Envelope":
        return Message(_lifted(_tree(root, 0)), "xml")
    operation = next((one for one in root.iter() if _name(one) == _OPERATION), None)
    if operation is None:
        raise invalid(
            gettext_noop("The SOAP message calls no operation %(name)s."), code="structure", name=_OPERATION
        )
    namespace = etree.QName(operation).namespace or ""
    inner = next((one for one in operation.iter() if _name(one) == "Request"), None)
    if inner is not None:
        return Message(_lifted(_tree(inner, 0)), "soap", namespace)
    text = "".join(operation.itertext()).strip()
    found = read(text.encode(), "utf-8")
    return replace(found, way="soap", namespace=namespace)


def _name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _tree(element: Any, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise invalid(gettext_noop("The message is nested too deeply."), code="structure")
    found: dict[str, Any] = {}
    for child in element:
        name = _name(child)
        value = _tree(child, depth + 1) if len(child) else (child.text or "").strip()
        if name in found:
            before = found[name]
            found[name] = [*(before if isinstance(before, list) else [before]), value]
        elif name:
            found[name] = value
    return found


def _lifted(tree: dict[str, Any]) -> dict[str, Any]:
    """The payload beside the header, also where it stands in an element Body."""
    body = tree.get("Body")
    return {**tree, **body} if isinstance(body, dict) else tree


# -- writing


def written(message: Message, payload: Mapping[str, Any]) -> tuple[bytes, str]:
    """An answer in the way in which was asked: the body and its media type."""
    if message.way == "json":
        return json.dump({"Response": payload}), JSON
    root = etree.Element("Response")
    _put(root, payload)
    inner = etree.tostring(root, encoding="unicode")
    if message.way == "xml":
        return ('<?xml version="1.0" encoding="UTF-8"?>' + inner).encode(), XML
    return _in_soap(inner, message.namespace), XML


def _put(parent: Any, tree: Mapping[str, Any]) -> None:
    for name, value in tree.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            child = etree.SubElement(parent, name)
            if isinstance(one, dict):
                _put(child, one)
            elif one is not None:
                child.text = _without_controls(str(one))


def _without_controls(text: str) -> str:
    """XML can hold no control characters but these three."""
    return "".join(sign for sign in text if sign >= " " or sign in "\t\n\r")


def _in_soap(inner: str, namespace: str) -> bytes:
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP})
    body = etree.SubElement(envelope, f"{{{_SOAP}}}Body")
    tag = f"{{{namespace}}}{_OPERATION}Response" if namespace else f"{_OPERATION}Response"
    etree.SubElement(etree.SubElement(body, tag), "return").text = inner
    written_: bytes = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
    return written_
