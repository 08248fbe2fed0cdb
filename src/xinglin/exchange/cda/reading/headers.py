"""The header: what the document is, whose, who made it, where."""

from __future__ import annotations

from typing import Any

from xinglin.exchange.cda.documents import (
    Address,
    Document,
    Participant,
    Patient,
    Replaced,
    Signer,
    Unit,
    Value,
)
from xinglin.exchange.cda.reading.bodies import take_body
from xinglin.exchange.cda.reading.pieces import (
    N,
    attribute_of,
    child_of,
    coded_of,
    number_of,
    quantity_of,
    span_of,
    words_of,
)


def _plain(name: str, attribute: str) -> Any:
    def take(document: Document, node: Any) -> None:
        setattr(document, name, attribute_of(node, attribute))

    return take


def _title(document: Document, node: Any) -> None:
    document.title = words_of(node)


def _template(document: Document, node: Any) -> None:
    document.template = document.template or attribute_of(node, "root")


def _id(document: Document, node: Any) -> None:
    document.number = number_of(node)


def _type_id(document: Document, node: Any) -> None:
    document.type_id = number_of(node)


def _code(document: Document, node: Any) -> None:
    document.code, document.code_system = attribute_of(node, "code"), attribute_of(node, "codeSystem")


def _set(document: Document, node: Any) -> None:
    document.set = attribute_of(node, "extension") or attribute_of(node, "root")


def _record_target(document: Document, node: Any) -> None:
    role = child_of(node, "patientRole")
    if role is None:
        return
    patient = document.patient = Patient()
    patient.numbers = [number for one in role.iterfind(N + "id") if (number := number_of(one)).extension]
    patient.phone = attribute_of(child_of(role, "telecom"), "value").removeprefix("tel:")
    patient.address = _address(child_of(role, "addr"))
    patient.kind = coded_of(child_of(role, "patientType", "patienttypeCode"))
    if patient.kind.is_empty:
        patient.kind = Value()
    provider = child_of(role, "providerOrganization")
    if provider is not None:
        document.department, document.institution = _belonging(provider)
    person = child_of(role, "patient")
    if person is None:
        return
    patient.identities = [number for one in person.iterfind(N + "id") if (number := number_of(one)).extension]
    patient.name = words_of(child_of(person, "name"))
    patient.birth = attribute_of(child_of(person, "birthTime"), "value")
    for name, tag in (
        ("sex", "administrativeGenderCode"), ("marital", "maritalStatusCode"), ("ethnic", "ethnicGroupCode")
    ):  # fmt: skip
        found = coded_of(child_of(person, tag))
        if not found.is_empty:
            setattr(patient, name, found)
    age = quantity_of(child_of(person, "age"))
    if not age.is_empty:
        patient.age = age


def _address(node: Any) -> Address:
    if node is None:
        return Address()
    address = Address(
        state=words_of(child_of(node, "state")),
        city=words_of(child_of(node, "city")),
        county=words_of(child_of(node, "county")),
        township=words_of(child_of(node, "township")),
        street=words_of(child_of(node, "streetName")),
        house=words_of(child_of(node, "houseNumber")),
        postcode=words_of(child_of(node, "postalCode")),
    )
    if not address.text:
        address.house = words_of(node)
    return address


def _unit(node: Any) -> Unit:
    if node is None:
        return Unit()
    return Unit(number_of(child_of(node, "id")), words_of(child_of(node, "name")))


def _belonging(node: Any) -> tuple[Unit, Unit]:
    """A department and the institution that it is part of."""
    whole = child_of(node, "asOrganizationPartOf", "wholeOrganization")
    return _unit(node), _unit(whole)


def _author(document: Document, node: Any) -> None:
    person = child_of(node, "assignedAuthor")
    if person is None:
        return
    document.signers.append(
        Signer(
            "author",
            number_of(child_of(person, "id")),
            words_of(child_of(person, "assignedPerson", "name")),
            attribute_of(child_of(person, "code"), "displayName"),
            attribute_of(child_of(node, "time"), "value"),
        )
    )


def _signer(mode: str) -> Any:
    def take(document: Document, node: Any) -> None:
        entity = child_of(node, "assignedEntity")
        if entity is None:
            return
        signer = Signer(
            mode,
            number_of(child_of(entity, "id")),
            words_of(child_of(entity, "assignedPerson", "name")),
            attribute_of(child_of(entity, "code"), "displayName"),
            attribute_of(child_of(node, "time"), "value"),
        )
        if signer.name or signer.number.extension:
            document.signers.append(signer)

    return take


def _custodian(document: Document, node: Any) -> None:
    document.custodian = _unit(child_of(node, "assignedCustodian", "representedCustodianOrganization"))


def _participant(document: Document, node: Any) -> None:
    entity = child_of(node, "associatedEntity")
    if entity is None:
        return
    scope = child_of(entity, "scopingOrganization")
    department, institution = _belonging(scope) if scope is not None else (Unit(), Unit())
    found = Participant(
        attribute_of(node, "typeCode"),
        words_of(child_of(entity, "associatedPerson", "name")),
        attribute_of(child_of(entity, "telecom"), "value").removeprefix("tel:"),
        department,
        institution,
    )
    if found != Participant(found.kind):
        document.participants.append(found)


def _related(document: Document, node: Any) -> None:
    parent = child_of(node, "parentDocument")
    if parent is None or attribute_of(node, "typeCode") != "RPLC":
        return
    number = number_of(child_of(parent, "id"))
    if number.extension:
        set_ = child_of(parent, "setId")
        document.replaces.append(
            Replaced(
                number,
                attribute_of(set_, "extension") or attribute_of(set_, "root"),
                attribute_of(child_of(parent, "versionNumber"), "value"),
            )
        )


def _encounter(document: Document, node: Any) -> None:
    encounter = child_of(node, "encompassingEncounter")
    if encounter is None:
        return
    document.begin, document.end = span_of(child_of(encounter, "effectiveTime"))[1:]
    place = child_of(encounter, "location", "healthCareFacility", "serviceProviderOrganization")
    while place is not None:
        unit = Unit(number_of(child_of(place, "id"), root=True), words_of(child_of(place, "name")))
        if unit.number.extension or unit.name:
            document.places.append(unit)
        place = child_of(place, "asOrganizationPartOf", "wholeOrganization")


HEADER = {
    N + "realmCode": _plain("realm", "code"),
    N + "typeId": _type_id,
    N + "templateId": _template,
    N + "id": _id,
    N + "code": _code,
    N + "title": _title,
    N + "effectiveTime": _plain("time", "value"),
    N + "confidentialityCode": _plain("confidentiality", "code"),
    N + "languageCode": _plain("language", "code"),
    N + "setId": _set,
    N + "versionNumber": _plain("version", "value"),
    N + "recordTarget": _record_target,
    N + "author": _author,
    N + "custodian": _custodian,
    N + "legalAuthenticator": _signer("legal"),
    N + "authenticator": _signer("professional"),
    N + "participant": _participant,
    N + "relatedDocument": _related,
    N + "componentOf": _encounter,
    N + "component": take_body,
}
