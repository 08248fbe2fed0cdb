"""``ValueSet/$expand``: the members of a value set. https://hl7.org/fhir/R4/valueset-operation-expand.html"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from xinglin.api.operations.codes.asking import Asked, kept, offer
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid, unsupported
from xinglin.terminology import listing, queries, resources
from xinglin.terminology.expansion import Expander

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.terminology.expansion import Members
    from xinglin.terminology.listing import Entry

MOST = 10_000  # members of one answer
PARAMETERS = (
    "url", "valueSet", "valueSetVersion", "context", "contextDirection", "filter", "date", "offset", "count",
    "includeDesignations", "designation", "includeDefinition", "activeOnly", "excludeNested", "excludeNotForUI",
    "excludePostCoordinated", "displayLanguage", "exclude-system", "system-version", "check-system-version",
    "force-system-version", "property",
)  # fmt: skip
_ECHOED = {
    "filter": "String", "date": "DateTime", "offset": "Integer", "count": "Integer", "includeDesignations": "Boolean",
    "activeOnly": "Boolean", "excludeNested": "Boolean", "displayLanguage": "Code", "includeDefinition": "Boolean",
}  # fmt: skip


def members_of(asked: Asked) -> tuple[Members, str]:
    """The members of the value set that the parameters mean, and what messages call it."""
    expander = Expander(asked.connection, asked.known, asked.on, _versions(asked))
    sent = asked.parameters.element("valueSet") or asked.parameters.resource
    if asked.id is not None:
        version = kept(asked, queries.VALUE_SETS)
        return expander.of_version(version), version.canonical
    if sent is not None:
        if sent.get("resourceType") != "ValueSet":
            raise invalid("The resource that was sent should be a ValueSet.", code="value")
        found = resources.of_resource({**sent, "url": sent.get("url") or "urn:sent"}, "sent")
        compose: dict[str, Any] = getattr(found, "compose", {})
        return expander.of_compose(compose), str(sent.get("url") or "ValueSet")
    url = asked.required("url")
    version_text = asked.parameters.text("valueSetVersion")
    address = f"{url}|{version_text}" if version_text and "|" not in url else url
    return expander.of(address), address


def _versions(asked: Asked) -> Mapping[str, str]:
    """Which versions of code systems to take, as ``system|version``."""
    found: dict[str, str] = {}
    for name in ("system-version", "force-system-version"):
        for text in asked.parameters.all(name) if name in asked.parameters.known else ():
            url, bar, version = str(text).partition("|")
            if not bar:
                raise invalid(
                    "The parameter %(name)s should be system|version; it is %(there)s.",
                    code="value",
                    name=name,
                    there=repr(text),
                )
            found[url] = version
    return found


@offer("expand", "ValueSet", "The members of a value set; filter finds by pinyin too.", PARAMETERS)
def expand(asked: Asked) -> dict[str, Any]:
    given = asked.parameters
    for name in ("context", "contextDirection", "exclude-system", "check-system-version"):
        if given.text(name):
            raise unsupported("The parameter %(name)s of $expand is not supported.", name=name)
    members, _ = members_of(asked)
    window = listing.Window(
        given.text("filter") or "",
        given.number("offset") or 0,
        given.number("count"),
        given.flag("activeOnly") or False,
    )
    count = window.count
    if count is None:
        window = listing.Window(window.typed, window.offset, MOST + 1, window.active_only)
    total, entries = listing.page(asked.connection, asked.known, members, window)
    if len(entries) > MOST or (count is None and total > MOST + window.offset):
        raise invalid(
            "The value set has %(total)d members here, and at most %(most)d are given at once. Use filter, or"
            " count and offset.",
            code="too-costly",
            total=total,
            most=MOST,
        )
    return {**_described(asked), "expansion": _expansion(asked, members, total, entries)}


def _described(asked: Asked) -> dict[str, Any]:
    """The value set itself, without its definition unless that is asked for."""
    sent = asked.parameters.element("valueSet") or asked.parameters.resource
    if sent is not None:
        found = {name: value for name, value in sent.items() if name not in ("expansion", "text", "meta")}
    else:
        version = (
            kept(asked, queries.VALUE_SETS)
            if asked.id is not None
            else queries.value_set(
                asked.connection,
                asked.known,
                asked.required("url"),
                queries.settled(asked.connection, asked.known, asked.on),
                asked.parameters.text("valueSetVersion"),
            )
        )
        if version is None:
            found = {"resourceType": "ValueSet", "url": asked.required("url"), "status": "active"}
        else:
            found = resources.value_set_resource(version)
            if asked.id:
                found = {"resourceType": "ValueSet", "id": asked.id, **found}
    if not asked.parameters.flag("includeDefinition"):
        found.pop("compose", None)
    return {"resourceType": "ValueSet", "status": "active", **found}


def _expansion(asked: Asked, members: Members, total: int, entries: list[Entry]) -> dict[str, Any]:
    offset = asked.parameters.number("offset")
    now = clock.now().astimezone(LOCAL_ZONE).isoformat(timespec="seconds")
    found: dict[str, Any] = {"identifier": f"urn:uuid:{uuid.uuid4()}", "timestamp": now, "total": total}
    if offset is not None or asked.parameters.number("count") is not None:
        found["offset"] = offset or 0
    echoed = [_echo(asked, name, type_) for name, type_ in _ECHOED.items() if asked.parameters.all(name)]
    echoed += [
        {"name": "version", "valueUri": canonical} for kind, canonical in members.used if kind == "system"
    ]
    echoed += [
        {"name": "used-valueset", "valueUri": canonical}
        for kind, canonical in members.used
        if kind == "valueset"
    ]
    echoed += [{"name": "warning-unknown-code", "valueString": text} for text in members.warnings]
    if echoed:
        found["parameter"] = echoed
    if entries:
        found["contains"] = [_contained(asked, entry) for entry in entries]
    return found


def _echo(asked: Asked, name: str, type_: str) -> dict[str, Any]:
    value: Any = asked.parameters.text(name)
    if type_ == "Boolean":
        value = asked.parameters.flag(name)
    elif type_ == "Integer":
        value = asked.parameters.number(name)
    return {"name": name, f"value{type_}": value}


def _contained(asked: Asked, entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {"system": entry.url}
    concept = entry.found
    if concept is not None and concept.abstract:
        found["abstract"] = True
    if concept is not None and concept.inactive:
        found["inactive"] = True
    if entry.version:
        found["version"] = entry.version
    found["code"] = entry.code
    display = entry.display_in(asked.language)
    if display:
        found["display"] = display
    if concept is None:
        return found
    wanted = [str(one) for one in asked.parameters.all("designation")]
    if asked.parameters.flag("includeDesignations") or wanted:
        listed = [
            resources.designation_element(one)
            for one in concept.designations
            if not wanted or one.language in {text.rpartition("|")[2] for text in wanted}
        ]
        if listed:
            found["designation"] = listed
    properties = _properties(asked, entry)
    if properties:
        found["extension"] = properties
    return found


_PROPERTY = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.contains.property"


def _properties(asked: Asked, entry: Entry) -> list[dict[str, Any]]:
    """The properties that were asked for, as R4 can carry R5's ``contains.property``."""
    wanted = {str(one) for one in asked.parameters.all("property")}
    if not wanted or entry.found is None:
        return []
    stated = [(p.code, p.type, p.value) for p in entry.found.properties]
    if entry.found.definition:
        stated.append(("definition", "string", entry.found.definition))
    return [
        {
            "url": _PROPERTY,
            "extension": [
                {"url": "code", "valueCode": code},
                {**resources.property_element("value", type_, value), "url": "value"},
            ],
        }
        for code, type_, value in stated
        if code in wanted
    ]
