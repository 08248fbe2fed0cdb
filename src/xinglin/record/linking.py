"""References between resources: those inside a bundle are rewritten, those to the record must exist.

https://hl7.org/fhir/R4/http.html#transaction (resolution of references) and
https://hl7.org/fhir/R4/bundle.html#references.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions, references
from xinglin.kernel.errors import Issue
from xinglin.kernel.ids import self_number, shard_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinglin.record.database import Connection

_LOCAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_TAIL = re.compile(r"https?://.*/([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})")
_URN = re.compile(rb'"(urn:[^"\\]*)"')
_NO_NAME_AFTER = (b'"value":', b'"valueString":', b"\\")  # the last: a quotation mark inside a string
_TYPES = frozenset(definitions.RESOURCE_TYPES)
_SELF_CONTAINED = {"Bundle", "Parameters"}  # their references speak of their own entries

Holder = dict[str, Any]
_REFERENCE = re.compile(rb'"reference":"([^"\\]*)"')


def found_in(resource: dict[str, Any], text: bytes) -> tuple[str, ...]:
    """What stands in the references of a resource, from its JSON: the quick look, which may see too much.

    (A few elements of type uri are called ``reference`` too; ``holders`` knows them apart.)
    """
    if b'"reference":"' not in text or resource.get("resourceType") in _SELF_CONTAINED:
        return ()
    return tuple(reference.decode() for reference in _REFERENCE.findall(text))


def found_in_all(texts: Iterable[bytes]) -> set[str]:
    """What stands in the references of many resources, from their JSON."""
    return {reference.decode() for reference in set(_REFERENCE.findall(b"\n".join(texts)))}


def holders(resource: dict[str, Any]) -> list[Holder]:
    """Every Reference (or the like) in the resource that has a literal ``reference``."""
    if resource.get("resourceType") in _SELF_CONTAINED:
        return []
    return references.holders(resource)


def targets(full_url: str | None, type_name: str, old_id: str | None) -> list[str]:
    """What references in the same bundle may call the resource of an entry."""
    names = []
    if full_url:
        names.append(full_url)
        tail = _TAIL.fullmatch(full_url)
        if tail:
            names.append(tail[1])
    if old_id:
        names.append(f"{type_name}/{old_id}")
    return names


def rewrite(found: Iterable[Holder], names: Mapping[str, str]) -> None:
    """Replace references to the bundle's entries by ``Type/id``; a fragment behind is kept."""
    for holder in found:
        reference = holder["reference"]
        known = names.get(reference)
        if known is not None:
            holder["reference"] = known
        elif "#" in reference[1:]:
            base, _, fragment = reference.partition("#")
            if base in names:
                holder["reference"] = f"{names[base]}#{fragment}"


def rename_urns(text: bytes, names: Mapping[str, str]) -> bytes:
    """Replace whole strings that are a bundle's ``urn:`` names, wherever they stand (uri, url, oid, uuid).

    ``text`` is compact JSON. A fragment behind a name is kept. An identifier's value is a string and stays, even
    if it looks like a name.
    """

    def renamed(found: re.Match[bytes]) -> bytes:
        name, _, fragment = found[1].decode().partition("#")
        known = names.get(name)
        if known is None or text.endswith(_NO_NAME_AFTER, 0, found.start()):
            return found[0]
        return f'"{known}#{fragment}"'.encode() if fragment else f'"{known}"'.encode()

    return _URN.sub(renamed, text)


def outside(found: Iterable[str], own: set[str]) -> set[str]:
    """The ``Type/id`` that must already be in the record; ``own`` are those that are being written."""
    needed = set()
    for reference in found:
        if reference not in own:
            local = _LOCAL.fullmatch(reference.partition("#")[0])
            if local is not None:
                name = f"{local[1]}/{local[2]}"
                if name not in own and local[1] in _TYPES:
                    needed.add(name)
    return needed


def unresolved(found: Iterable[str]) -> set[str]:
    """References that can never resolve: ``urn:`` names that no entry bears."""
    return {reference for reference in found if reference.startswith(("urn:uuid:", "urn:oid:"))}


def missing(connection: Connection, names: set[str]) -> set[str]:
    """Those of ``names`` (``Type/id``) that are not living in the record."""
    if not names:
        return set()
    numbers = {}
    for name in names:
        type_name, _, id_ = name.partition("/")
        numbers[self_number(type_name, id_), definitions.type_number(type_name)] = name
    rows = connection.execute(
        "SELECT self, type FROM record_resource WHERE self = ANY(%s) AND shard = ANY(%s)",
        [[number for number, _ in numbers], list({shard_of(*name.split("/", 1)) for name in names})],
    )
    for number, type_ in rows:
        numbers.pop((number, type_), None)
    return set(numbers.values())


def dangling(resources: Iterable[tuple[str, dict[str, Any]]], lost: set[str]) -> list[Issue]:
    """An issue for every element whose reference is in ``lost``."""
    return [
        Issue(
            "not-found",
            "%(reference)s is not in the record nor in this bundle; send it first, or together with this.",
            {"reference": holder["reference"]},
            where + place[place.index(".") :],
        )
        for where, resource in resources
        if resource.get("resourceType") not in _SELF_CONTAINED
        for holder, _, place in references.walk(resource)
        if holder["reference"] in lost
        or holder["reference"].partition("#")[0].partition("/_history/")[0] in lost
    ]
