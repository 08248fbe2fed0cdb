"""Shared documents read from XML, safely: no entities, no document types, nothing fetched, nothing endless."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from lxml import etree

from xinglin.exchange.cda.documents import (
    V3,
    Address,
    Document,
    Medicine,
    Number,
    Participant,
    Patient,
    Replaced,
    Section,
    Signer,
    Statement,
    Unit,
    Value,
)
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 16 * 1024 * 1024
DEEPEST = 100  # elements inside each other
MOST = 100_000  # elements
_IS_DEEP = etree.XPath("boolean(" + "/*" * (DEEPEST + 1) + ")")
_COUNT = etree.XPath("count(//*)")
_N = f"{{{V3}}}"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_DECLARED = re.compile(r"""^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*\?>")
_CHARSETS = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "utf-8": "utf-8", "utf8": "utf-8"}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SPACES = re.compile(r"[ \t\r\n]+")
_STATEMENTS = {
    _N + name: name
    for name in (
        "observation", "organizer", "procedure", "act", "substanceAdministration", "supply", "encounter",
        "observationMedia", "regionOfInterest",
    )
}  # fmt: skip
_INSIDE = (_N + "entryRelationship", _N + "component")
_BREAKS = {"br", "paragraph", "item", "tr", "list", "table", "caption", "td", "th"}


def tree(body: bytes, charset: str = "") -> Any:
    """The root element of a document; raises Fault ``invalid`` with the place of what is wrong.

    The bytes are decoded here and what is parsed is what was looked at, so no encoding hides a document type.
    """
    if len(body) > LONGEST:
        raise invalid(
            gettext_noop("The document has %(size)d bytes; at most %(most)d are read."),
            code="too-long", size=len(body), most=LONGEST,
        )  # fmt: skip
    text = _decoded(body, charset)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise invalid(
            gettext_noop("A document type or entities are not allowed in a shared document; leave them out."),
            code="security", expression="/",
        )  # fmt: skip
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(text.encode("utf-8", "surrogatepass"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise invalid(
            gettext_noop("This is no well-formed XML: %(why)s (line %(line)d, column %(column)d)."),
            code="structure", expression=f"line {line}, column {column}",
            why=str(error.msg).partition(", line ")[0], line=line, column=column,
        ) from None  # fmt: skip
    _require_limits(root)
    return root


def _require_limits(root: Any) -> None:
    if _IS_DEEP(root) or _COUNT(root) > MOST:
        raise invalid(
            gettext_noop("The document is too deep or too long: at most %(depth)d levels, %(count)d elements."),
            code="too-costly", expression="/", depth=DEEPEST, count=MOST,
        )  # fmt: skip


def _decoded(body: bytes, charset: str) -> str:
    name = charset or next((said for mark, said in _BOMS if body.startswith(mark)), "")
    if not name:
        declared = _DECLARED.match(body[:200].decode("latin-1"))
        name = declared[1] if declared else "utf-8"
    name = _CHARSETS.get(name.lower(), name)
    try:
        text = body.decode(name)
    except LookupError:
        raise invalid(
            gettext_noop("%(name)s is no character set that is read here; right would be UTF-8 or GB18030."),
            code="not-supported", expression="/", name=name,
        ) from None  # fmt: skip
    except UnicodeDecodeError as error:
        raise invalid(
            gettext_noop("The byte %(place)d does not fit the character set %(name)s."),
            code="structure", expression="/", place=error.start, name=name,
        ) from None  # fmt: skip
    return _DECLARATION.sub("", text.removeprefix("\ufeff"), count=1)


def read(body: bytes, charset: str = "") -> Document:
    """The document that the bytes are."""
    return read_tree(tree(body, charset))


def read_tree(root: Any) -> Document:
    """The document below a ClinicalDocument element."""
    if root.tag != _N + "ClinicalDocument":
        raise invalid(
            gettext_noop("This is no shared document: the root should be ClinicalDocument in %(space)s."),
            code="structure", expression="/" + str(root.tag).rpartition("}")[2], space=V3,
        )  # fmt: skip
    document = Document(node=root, confidentiality="", language="", realm="")
    for child in root:
        reader = _HEADER.get(child.tag)
        if reader is not None:
            reader(document, child)
    return document


# -- pieces


def _child(node: Any, *names: str) -> Any:
    """The element at the end of this way, or None."""
    for name in names:
        node = node.find(_N + name)
        if node is None:
            return None
    return node


def _words(node: Any) -> str:
    """The text of an element and what is in it, blanks as one."""
    return "" if node is None else _SPACES.sub(" ", "".join(node.itertext())).strip()


def _attribute(node: Any, name: str) -> str:
    return "" if node is None else (node.get(name) or "").strip()


def _number(node: Any, *, root: bool = False) -> Number:
    """An identifier; with ``root`` also where only the root is there, which says what kind of thing it is."""
    if node is None:
        return Number()
    item = node.find(_N + "item")
    node = node if item is None else item
    number = _attribute(node, "extension")
    return Number(_attribute(node, "root"), number) if number or root else Number()


def _coded(node: Any) -> Value:
    if node is None:
        return Value()
    return Value(
        "CD",
        code=_attribute(node, "code"),
        system=_attribute(node, "codeSystem"),
        display=_attribute(node, "displayName"),
        null=_attribute(node, "nullFlavor"),
    )


def _quantity(node: Any) -> Value:
    if node is None:
        return Value()
    return Value("PQ", text=_attribute(node, "value"), unit=_attribute(node, "unit"))


def value_of(node: Any) -> Value:
    """A ``value`` element by its xsi:type."""
    kind = (node.get(_XSI_TYPE) or "").rpartition(":")[2].strip()
    null = _attribute(node, "nullFlavor")
    if kind in ("CD", "CE", "CV", "CO", "CS") or (not kind and node.get("code") is not None):
        value = _coded(node)
        value.kind = kind and "CD"
        return value
    if kind in ("IVL_TS", "IVL_PQ", "PIVL_TS"):
        low, high = _child(node, "low"), _child(node, "high")
        return Value(
            kind, text=_attribute(node, "value"), low=_attribute(low, "value"), high=_attribute(high, "value"),
            unit=_attribute(low, "unit"), null=null,
        )  # fmt: skip
    if kind in ("ST", "ED", "SC"):
        return Value("ST", text=_words(node) or _attribute(node, "value"), null=null)
    if node.get("value") is not None:
        unit = _attribute(node, "unit") or _attribute(node, "currency")
        return Value(kind, text=_attribute(node, "value"), unit=unit, null=null)
    return Value(kind, text=_words(node), null=null)


# -- header


def _plain(name: str, attribute: str) -> Any:
    def take(document: Document, node: Any) -> None:
        setattr(document, name, _attribute(node, attribute))

    return take


def _title(document: Document, node: Any) -> None:
    document.title = _words(node)


def _template(document: Document, node: Any) -> None:
    document.template = document.template or _attribute(node, "root")


def _id(document: Document, node: Any) -> None:
    document.number = _number(node)


def _type_id(document: Document, node: Any) -> None:
    document.type_id = _number(node)


def _code(document: Document, node: Any) -> None:
    document.code, document.code_system = _attribute(node, "code"), _attribute(node, "codeSystem")


def _set(document: Document, node: Any) -> None:
    document.set = _attribute(node, "extension") or _attribute(node, "root")


def _record_target(document: Document, node: Any) -> None:
    role = _child(node, "patientRole")
    if role is None:
        return
    patient = document.patient = Patient()
    patient.numbers = [number for one in role.iterfind(_N + "id") if (number := _number(one)).extension]
    patient.phone = _attribute(_child(role, "telecom"), "value").removeprefix("tel:")
    patient.address = _address(_child(role, "addr"))
    patient.kind = _coded(_child(role, "patientType", "patienttypeCode"))
    if patient.kind.is_empty:
        patient.kind = Value()
    provider = _child(role, "providerOrganization")
    if provider is not None:
        document.department, document.institution = _belonging(provider)
    person = _child(role, "patient")
    if person is None:
        return
    patient.identities = [number for one in person.iterfind(_N + "id") if (number := _number(one)).extension]
    patient.name = _words(_child(person, "name"))
    patient.birth = _attribute(_child(person, "birthTime"), "value")
    for name, tag in (
        ("sex", "administrativeGenderCode"), ("marital", "maritalStatusCode"), ("ethnic", "ethnicGroupCode")
    ):  # fmt: skip
        found = _coded(_child(person, tag))
        if not found.is_empty:
            setattr(patient, name, found)
    age = _quantity(_child(person, "age"))
    if not age.is_empty:
        patient.age = age


def _address(node: Any) -> Address:
    if node is None:
        return Address()
    address = Address(
        state=_words(_child(node, "state")),
        city=_words(_child(node, "city")),
        county=_words(_child(node, "county")),
        township=_words(_child(node, "township")),
        street=_words(_child(node, "streetName")),
        house=_words(_child(node, "houseNumber")),
        postcode=_words(_child(node, "postalCode")),
    )
    if not address.text:
        address.house = _words(node)
    return address


def _unit(node: Any) -> Unit:
    if node is None:
        return Unit()
    return Unit(_number(_child(node, "id")), _words(_child(node, "name")))


def _belonging(node: Any) -> tuple[Unit, Unit]:
    """A department and the institution that it is part of."""
    whole = _child(node, "asOrganizationPartOf", "wholeOrganization")
    return _unit(node), _unit(whole)


def _author(document: Document, node: Any) -> None:
    person = _child(node, "assignedAuthor")
    if person is None:
        return
    document.signers.append(
        Signer(
            "author",
            _number(_child(person, "id")),
            _words(_child(person, "assignedPerson", "name")),
            _attribute(_child(person, "code"), "displayName"),
            _attribute(_child(node, "time"), "value"),
        )
    )


def _signer(mode: str) -> Any:
    def take(document: Document, node: Any) -> None:
        entity = _child(node, "assignedEntity")
        if entity is None:
            return
        signer = Signer(
            mode,
            _number(_child(entity, "id")),
            _words(_child(entity, "assignedPerson", "name")),
            _attribute(_child(entity, "code"), "displayName"),
            _attribute(_child(node, "time"), "value"),
        )
        if signer.name or signer.number.extension:
            document.signers.append(signer)

    return take


def _custodian(document: Document, node: Any) -> None:
    document.custodian = _unit(_child(node, "assignedCustodian", "representedCustodianOrganization"))


def _participant(document: Document, node: Any) -> None:
    entity = _child(node, "associatedEntity")
    if entity is None:
        return
    scope = _child(entity, "scopingOrganization")
    department, institution = _belonging(scope) if scope is not None else (Unit(), Unit())
    found = Participant(
        _attribute(node, "typeCode"),
        _words(_child(entity, "associatedPerson", "name")),
        _attribute(_child(entity, "telecom"), "value").removeprefix("tel:"),
        department,
        institution,
    )
    if found != Participant(found.kind):
        document.participants.append(found)


def _related(document: Document, node: Any) -> None:
    parent = _child(node, "parentDocument")
    if parent is None or _attribute(node, "typeCode") != "RPLC":
        return
    number = _number(_child(parent, "id"))
    if number.extension:
        set_ = _child(parent, "setId")
        document.replaces.append(
            Replaced(
                number,
                _attribute(set_, "extension") or _attribute(set_, "root"),
                _attribute(_child(parent, "versionNumber"), "value"),
            )
        )


def _encounter(document: Document, node: Any) -> None:
    encounter = _child(node, "encompassingEncounter")
    if encounter is None:
        return
    document.begin, document.end = _span(_child(encounter, "effectiveTime"))[1:]
    place = _child(encounter, "location", "healthCareFacility", "serviceProviderOrganization")
    while place is not None:
        unit = Unit(_number(_child(place, "id"), root=True), _words(_child(place, "name")))
        if unit.number.extension or unit.name:
            document.places.append(unit)
        place = _child(place, "asOrganizationPartOf", "wholeOrganization")


def _span(node: Any) -> tuple[str, str, str]:
    """The moment, or begin and end, of an effectiveTime."""
    if node is None:
        return "", "", ""
    low, high = _attribute(_child(node, "low"), "value"), _attribute(_child(node, "high"), "value")
    return _attribute(node, "value"), low, high


# -- body


def _body(document: Document, node: Any) -> None:
    for child in node:
        if child.tag == _N + "structuredBody":
            for part in child.iterfind(f"{_N}component/{_N}section"):
                document.sections.append(_section(part))
        elif child.tag == _N + "section":
            document.sections.append(_section(child))
        elif child.tag == _N + "nonXMLBody":
            document.unstructured = _attribute(_child(child, "text"), "mediaType") or "text/plain"


def _section(node: Any) -> Section:
    section = Section(node=node)
    for child in node:
        tag = child.tag
        if tag == _N + "code":
            section.code, section.system = _attribute(child, "code"), _attribute(child, "codeSystem")
            section.name = section.name or _attribute(child, "displayName")
        elif tag == _N + "title":
            section.name = _words(child) or section.name
        elif tag == _N + "text":
            section.text = narrative(child)
        elif tag == _N + "entry":
            section.statements.extend(_statements(child))
        elif tag == _N + "component":
            section.sections.extend(_section(part) for part in child.iterfind(_N + "section"))
    return section


def narrative(node: Any) -> str:
    """The text of a narrative, with a line for each block."""
    lines = "".join(_pieces(node)).splitlines()
    return "\n".join(line for line in (_SPACES.sub(" ", one).strip() for one in lines) if line)


def _pieces(node: Any) -> Iterator[str]:
    block = node.tag.rpartition("}")[2] in _BREAKS
    cell = node.tag.rpartition("}")[2] in ("td", "th")
    if block:
        yield " " if cell else "\n"
    if node.text:
        yield node.text.replace("\n", " ")
    for child in node:
        yield from _pieces(child)
        if child.tail:
            yield child.tail.replace("\n", " ")
    if block:
        yield " " if cell else "\n"


def _statements(holder: Any) -> Iterator[Statement]:
    """The statements in an entry, entryRelationship or component."""
    for child in holder:
        kind = _STATEMENTS.get(child.tag)
        if kind is not None:
            yield _statement(child, kind)


def _statement(node: Any, kind: str) -> Statement:
    made = Statement(kind, node=node)
    for child in node:
        tag = child.tag
        if tag == _N + "code":
            made.code, made.system = _attribute(child, "code"), _attribute(child, "codeSystem")
            made.name = _attribute(child, "displayName")
        elif tag == _N + "value":
            made.value = value_of(child)
        elif tag == _N + "effectiveTime":
            made.at, made.low, made.high = _span(child)
        elif tag in _INSIDE:
            made.inside.extend(_statements(child))
        elif tag == _N + "performer":
            entity = _child(child, "assignedEntity")
            if entity is not None:
                made.performer = _words(_child(entity, "assignedPerson", "name")) or _words(
                    _child(entity, "representedOrganization", "name")
                )
    if kind == "substanceAdministration":
        made.medicine = _medicine(node)
    return made


def _medicine(node: Any) -> Medicine:
    product = _child(node, "consumable", "manufacturedProduct")
    drug = _child(product, "manufacturedLabeledDrug") if product is not None else None
    if drug is None and product is not None:
        drug = _child(product, "manufacturedMaterial")
    named = _coded(_child(drug, "code")) if drug is not None else Value()
    if drug is not None and (words := _words(_child(drug, "name"))):
        named.display = words
    found = Medicine(
        named,
        _quantity(_child(node, "doseQuantity")),
        _quantity(_child(node, "rateQuantity")),
        _coded(_child(node, "routeCode")),
        _coded(_child(node, "administrationUnitCode")),
    )
    for name in ("drug", "dose", "rate", "route", "form"):
        if getattr(found, name).is_empty:
            setattr(found, name, Value())
        elif name == "drug":
            found.drug.kind = "CD"
    return found


_HEADER = {
    _N + "realmCode": _plain("realm", "code"),
    _N + "typeId": _type_id,
    _N + "templateId": _template,
    _N + "id": _id,
    _N + "code": _code,
    _N + "title": _title,
    _N + "effectiveTime": _plain("time", "value"),
    _N + "confidentialityCode": _plain("confidentiality", "code"),
    _N + "languageCode": _plain("language", "code"),
    _N + "setId": _set,
    _N + "versionNumber": _plain("version", "value"),
    _N + "recordTarget": _record_target,
    _N + "author": _author,
    _N + "custodian": _custodian,
    _N + "legalAuthenticator": _signer("legal"),
    _N + "authenticator": _signer("professional"),
    _N + "participant": _participant,
    _N + "relatedDocument": _related,
    _N + "componentOf": _encounter,
    _N + "component": _body,
}
