"""CodeSystem, ValueSet and ConceptMap resources as values, and what is kept as resources again.

https://hl7.org/fhir/R4/codesystem.html, https://hl7.org/fhir/R4/valueset.html, https://hl7.org/fhir/R4/conceptmap.html
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from xinglin.terminology.values import (
    About,
    Concept,
    ConceptMap,
    Designation,
    Equivalence,
    Line,
    Property,
    PropertyType,
    System,
    ValueSet,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xinglin.terminology.values import Kept

TYPES = ("CodeSystem", "ValueSet", "ConceptMap")
_PERIOD = "http://hl7.org/fhir/StructureDefinition/resource-effectivePeriod"
_PROPERTIES = "http://hl7.org/fhir/concept-properties#"
_OID = "urn:oid:"
_HIERARCHIES = {"is-a", "part-of", "grouped-by", "classified-with"}
_RETIRED = ("retired", "inactive")
_REST = (
    "id",
    "description",
    "copyright",
    "purpose",
    "experimental",
    "date",
    "contact",
    "jurisdiction",
    "useContext",
    "valueSet",
    "versionNeeded",
    "supplements",
    "filter",
    "immutable",
)


def of_resource(resource: Mapping[str, Any], origin: str) -> Kept | None:
    """What a resource defines; None if it has no url, or nothing that the tables could hold."""
    if not resource.get("url"):
        return None
    made = _READERS.get(str(resource.get("resourceType")))
    return made(resource, origin) if made else None


def _about(resource: Mapping[str, Any], origin: str) -> About:
    start, end = _period(resource)
    title = str(resource.get("title") or resource.get("name") or "")
    return About(
        url=resource["url"],
        version=str(resource.get("version", "")),
        origin=origin,
        name=str(resource.get("name", "")),
        title=title,
        english=title if title.isascii() else "",
        status=str(resource.get("status", "active")),
        effective=start or _day(resource.get("date")),
        until=end,
        publisher=str(resource.get("publisher", "")),
        licence=str(resource.get("copyright", "")),
        language=str(resource.get("language", "") or ("en" if title.isascii() else "zh")),
        rest={name: resource[name] for name in _REST if name in resource},
    )


def _period(resource: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """https://hl7.org/fhir/R4/extension-resource-effectiveperiod.html; the end is its last day."""
    for extension in resource.get("extension", ()):
        if extension.get("url") == _PERIOD:
            period = extension.get("valuePeriod", {})
            last = _day(period.get("end"))
            end = date.fromordinal(last.toordinal() + 1) if last and last < date.max else None
            return _day(period.get("start")), end
    return None, None


def _day(text: Any) -> date | None:
    """A date as the first day it stands for."""
    if not isinstance(text, str):
        return None
    parts = text[:10].split("-")
    try:
        return date(
            int(parts[0]), int(parts[1]) if len(parts) > 1 else 1, int(parts[2]) if len(parts) > 2 else 1
        )
    except ValueError:
        return None


# -- code systems


def _system(resource: Mapping[str, Any], origin: str) -> System | None:
    content = resource.get("content", "complete")
    if content == "supplement":
        return None
    types = tuple(
        PropertyType(one["code"], one.get("type", "string"), one.get("description", ""), one.get("uri", ""))
        for one in resource.get("property", ())
    )
    meant = {one.code: one.uri.removeprefix(_PROPERTIES) or one.code for one in types}
    concepts: list[Concept] = []
    below: dict[str, list[str]] = {}
    for concept, parent in _nested(resource.get("concept", ())):
        made = _concept(concept, parent, meant, below)
        made.line = f"CodeSystem.concept[{len(concepts)}]: "
        concepts.append(made)
    for made in concepts:
        added = [code for code in below.get(made.code, ()) if code not in made.parents]
        made.parents = (*made.parents, *added)
    return System(
        about=_about(resource, origin),
        concepts=concepts,
        oids=tuple(_oids(resource)),
        content=content,
        hierarchy=resource.get("hierarchyMeaning", "is-a"),
        case_sensitive=resource.get("caseSensitive", True),
        compositional=resource.get("compositional", False),
        properties=types,
    )


def _oids(resource: Mapping[str, Any]) -> Iterator[str]:
    for one in resource.get("identifier", ()):
        value = str(one.get("value", ""))
        if value.startswith(_OID):
            yield value.removeprefix(_OID)


def _nested(
    concepts: Iterable[Mapping[str, Any]], parent: str | None = None
) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """Every concept with the one it stands in, without recursion's limit."""
    waiting = [(concept, parent) for concept in reversed(list(concepts))]
    while waiting:
        concept, above = waiting.pop()
        yield concept, above
        waiting += [(inner, concept["code"]) for inner in reversed(concept.get("concept", ()))]


def _concept(
    concept: Mapping[str, Any], parent: str | None, meant: Mapping[str, str], below: dict[str, list[str]]
) -> Concept:
    code = concept["code"]
    made = Concept(
        code=code,
        display=concept.get("display", ""),
        parents=(parent,) if parent else (),
        definition=concept.get("definition", ""),
        designations=tuple(
            Designation(one["value"], one.get("language", ""), _use(one.get("use")))
            for one in concept.get("designation", ())
        ),
    )
    properties = []
    for one in concept.get("property", ()):
        name, (type_, value) = one["code"], _value(one)
        meaning = meant.get(name, name)
        if meaning == "parent":
            made.parents = (*made.parents, *([str(value)] if str(value) not in made.parents else []))
        elif meaning == "child":
            below.setdefault(str(value), []).append(code)
        else:
            properties.append(Property(name, type_, value))
            made.inactive |= (meaning == "inactive" and value is True) or (
                meaning == "status" and value in _RETIRED
            )
            made.abstract |= meaning in ("notSelectable", "abstract") and value is True
    made.properties = tuple(properties)
    return made


def _value(one: Mapping[str, Any]) -> tuple[str, Any]:
    for name, value in one.items():
        if name.startswith("value"):
            type_ = name.removeprefix("value")
            plain = str(value) if type_ == "Decimal" else value
            return type_ if type_ == "Coding" else type_[0].lower() + type_[1:], plain
    return "string", ""


def _use(coding: Mapping[str, Any] | None) -> str:
    if not coding:
        return ""
    code = str(coding.get("code", ""))
    return code if code in ("synonym", "display") else f"{coding.get('system', '')}|{code}"


def system_resource(
    version: Any, concepts: Iterable[Any], parents: Mapping[int, list[str]]
) -> dict[str, Any]:
    """A code system as a resource, its concepts flat with ``parent`` properties."""
    about = version.about
    found = _resource("CodeSystem", version)
    if version.oids:
        found["identifier"] = [{"system": "urn:ietf:rfc:3986", "value": _OID + oid} for oid in version.oids]
    found |= {"caseSensitive": version.case_sensitive}
    if version.hierarchy in _HIERARCHIES:
        found["hierarchyMeaning"] = version.hierarchy
    found |= {"content": version.content, "count": version.concepts}
    declared = [
        {
            "code": code,
            **({"uri": uri} if uri else {}),
            **({"description": text} if text else {}),
            "type": type_,
        }
        for code, type_, text, uri in about.get("properties", ())
    ]
    names = {one["code"] for one in declared}
    listed = [_concept_element(one, parents.get(one.place, ())) for one in concepts]
    used = {(p["code"], _type_of(p)) for c in listed for p in c.get("property", ())}
    declared += [
        {
            "code": code,
            **({"uri": _PROPERTIES + code} if code in ("parent", "inactive") else {}),
            "type": type_,
        }
        for code, type_ in sorted(used)
        if code not in names
    ]
    if declared:
        found["property"] = declared
    if listed:
        found["concept"] = listed
    return found


def _type_of(stated: Mapping[str, Any]) -> str:
    name = next(name for name in stated if name.startswith("value")).removeprefix("value")
    return name if name == "Coding" else name[0].lower() + name[1:]


def _concept_element(one: Any, parents: Iterable[str]) -> dict[str, Any]:
    element: dict[str, Any] = {"code": one.code, "display": one.display}
    if one.definition:
        element["definition"] = one.definition
    if one.designations:
        element["designation"] = [designation_element(d) for d in one.designations]
    stated = [property_element(p.code, p.type, p.value) for p in one.properties]
    names = {p["code"] for p in stated}
    stated += [{"code": "parent", "valueCode": parent} for parent in parents]
    if one.inactive and "inactive" not in names and "status" not in names:
        stated.append({"code": "inactive", "valueBoolean": True})
    if stated:
        element["property"] = stated
    return element


def designation_element(one: Designation) -> dict[str, Any]:
    """A designation as the element of FHIR."""
    element: dict[str, Any] = {}
    if one.language:
        element["language"] = one.language
    if one.use:
        system, bar, code = one.use.rpartition("|")
        uses = "http://terminology.hl7.org/CodeSystem/designation-usage"
        element["use"] = (
            {"system": system, "code": code} if bar and system else {"system": uses, "code": code}
        )
    return {**element, "value": one.value}


def property_element(code: str, type_: str, value: Any) -> dict[str, Any]:
    """A property of a concept as the element of FHIR."""
    return {"code": code, f"value{type_[0].upper()}{type_[1:]}": value}


def _resource(type_: str, version: Any) -> dict[str, Any]:
    about = version.about
    found: dict[str, Any] = {"resourceType": type_, "url": version.url}
    rest = about.get("rest", {})
    if version.version:
        found["version"] = version.version
    for name in ("name", "title"):
        if about.get(name):
            found[name] = about[name]
    found["status"] = about.get("status", "active")
    if version.effective and "date" not in rest:
        found["date"] = version.effective.isoformat()
    if about.get("publisher"):
        found["publisher"] = about["publisher"]
    found |= {name: value for name, value in rest.items() if name != "id"}
    sources = [about[name] for name in ("standard", "source") if about.get(name)]
    if sources and "purpose" not in found:
        found["purpose"] = "；".join(dict.fromkeys(sources))
    if about.get("licence") and "copyright" not in found:
        found["copyright"] = about["licence"]
    return found


# -- value sets and maps


def _value_set(resource: Mapping[str, Any], origin: str) -> ValueSet:
    compose = resource.get("compose")
    if not compose:
        compose = {"include": list(_listed(resource.get("expansion", {}).get("contains", ())))}
    return ValueSet(_about(resource, origin), dict(compose))


def _listed(contains: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """An expansion that somebody else has worked out, as includes."""
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    waiting = list(reversed(list(contains)))
    while waiting:
        entry = waiting.pop()
        waiting += reversed(entry.get("contains", ()))
        if entry.get("code") and not entry.get("abstract"):
            display = {"display": entry["display"]} if entry.get("display") else {}
            listed = found.setdefault((entry.get("system", ""), entry.get("version", "")), [])
            listed.append({"code": entry["code"], **display})
    for (system, _), concepts in found.items():
        yield {"system": system, "concept": concepts}


def value_set_resource(version: Any) -> dict[str, Any]:
    return {**_resource("ValueSet", version), "compose": version.compose}


def _map(resource: Mapping[str, Any], origin: str) -> ConceptMap:
    lines: list[Line] = []
    unmapped = []
    for place, group in enumerate(resource.get("group", ())):
        ends = (group.get("source", ""), group.get("target", ""))
        lines += _lines(group, ends, f"ConceptMap.group[{place}]")
        if "unmapped" in group:
            unmapped.append({"source": ends[0], "target": ends[1], **group["unmapped"]})
    return ConceptMap(
        _about(resource, origin),
        str(resource.get("sourceUri") or resource.get("sourceCanonical") or ""),
        str(resource.get("targetUri") or resource.get("targetCanonical") or ""),
        lines,
        tuple(unmapped),
    )


def _lines(group: Mapping[str, Any], ends: tuple[str, str], place: str) -> Iterator[Line]:
    for number, element in enumerate(group.get("element", ())):
        if "code" not in element:
            continue
        where = f"{place}.element[{number}]: "
        targets = element.get("target", ())
        if not targets:
            yield Line(ends[0], element["code"], ends[1], None, Equivalence.UNMATCHED, line=where)
        for target in targets:
            more = {name: target[name] for name in ("dependsOn", "product") if name in target}
            yield Line(
                ends[0],
                element["code"],
                ends[1],
                target.get("code"),
                Equivalence(target["equivalence"]),
                target.get("comment", ""),
                target.get("display", ""),
                more,
                where,
            )


def map_resource(version: Any, lines: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """A map as a resource; ``lines`` are rows (source_url, source, target_url, target, equivalence, more)."""
    found = _resource("ConceptMap", version)
    for name, address in (("source", version.source), ("target", version.target)):
        if address:
            found[f"{name}Uri"] = address
    groups: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for source_url, source, target_url, target, equivalence, more in lines:
        targets = groups.setdefault((source_url, target_url), {}).setdefault(source, [])
        targets.append({**({"code": target} if target else {}), **(more or {}), "equivalence": equivalence})
    made = []
    for (source_url, target_url), elements in groups.items():
        group: dict[str, Any] = {"source": source_url} if source_url else {}
        group |= {"target": target_url} if target_url else {}
        group["element"] = [{"code": code, "target": targets} for code, targets in elements.items()]
        made.append(group)
    if made:
        found["group"] = made
    return found


_READERS: dict[str, Any] = {"CodeSystem": _system, "ValueSet": _value_set, "ConceptMap": _map}
