"""What FHIR adds to FHIRPath.

https://hl7.org/fhir/R4/fhirpath.html#functions
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xinglin.fhir.narrative import is_plain_html
from xinglin.fhir.path.elements import Element, inside, plain, root, step, type_named
from xinglin.fhir.path.environment import enclosing
from xinglin.fhir.path.functions.registry import Items, collection, lazy, one_item, scalar, single
from xinglin.kernel import errors

if TYPE_CHECKING:
    from xinglin.fhir.path.environment import Closure, Environment

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_REFERENCE = re.compile(
    r"(?:^|/)([A-Z][A-Za-z]*)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?(?:#.*)?$"
)


@collection("extension", 1)
def extension(items: Items, url: Items) -> Items:
    """The extensions of the items with that url."""
    wanted = single(url, (str,), "extension()")
    return [found for found in step(items, "extension") if inside(found).get("url") == wanted]


@collection("checkModifiers", 0, 1000)
def check_modifiers(items: Items, *known: Items) -> Items:
    """The input, if it has no modifier extensions but those named."""
    urls = {single(url, (str,), "checkModifiers()") for url in known}
    for found in step(items, "modifierExtension"):
        url = inside(found).get("url")
        if url not in urls:
            raise errors.invalid("The modifier extension %(url)s is not known here", url=str(url))
    return items


@lazy("conformsTo", 1)
def conforms_to(environment: Environment, items: Items, profile: Closure) -> Items:
    """Whether the item is of the core type that ``profile`` defines; other profiles are ``unsupported``."""
    url = single(profile(environment), (str,), "conformsTo()")
    item = one_item(items, "conformsTo()")
    if url is None or item is None:
        return []
    name = url.removeprefix(_CORE)
    if not url.startswith(_CORE) or not type_named(name).name:
        raise errors.unsupported("FHIRPath conformsTo() knows the core types only, not %(url)s", url=url)
    return [isinstance(item, Element) and item.type.is_a(name)]


@lazy("memberOf", 1)
def member_of(environment: Environment, items: Items, value_set: Closure) -> Items:
    """Whether the code, Coding or CodeableConcept is in the value set; empty if that is not known."""
    url = single(value_set(environment), (str,), "memberOf()")
    item = one_item(items, "memberOf()")
    if url is None or item is None:
        return []
    if environment.member_of is None:
        raise errors.unsupported("FHIRPath memberOf() needs a terminology service, and none is given here")
    verdict = environment.member_of(plain(item), url)
    return [] if verdict is None else [verdict]


@lazy("resolve")
def resolve(environment: Environment, items: Items) -> Items:
    """The resources that References, canonicals and uris point to; what cannot be found is left out."""
    found = [_resolved(environment, item) for item in items]
    return [resource for resource in found if resource is not None]


def reference_text(item: object) -> str | None:
    """What a Reference or a canonical, uri or plain string says it points to."""
    value = item.value if isinstance(item, Element) else item
    if isinstance(value, dict):
        value = value.get("reference")
    return value if isinstance(value, str) else None


def _resolved(environment: Environment, item: object) -> Element | None:
    text = reference_text(item)
    if text is None:
        return None
    place = item if isinstance(item, Element) else environment.root
    if text.startswith("#"):
        return _contained(place, environment.root, text[1:])
    found = _in_bundle(_outermost(place), text) or _in_bundle(environment.root, text)
    if found is None and environment.resolver is not None:
        resource = environment.resolver(text)
        found = None if resource is None else root(dict(resource))
    return found


def _contained(place: Element | None, top: Element | None, identity: str) -> Element | None:
    """The resource with that id contained in the one around ``place``; without an id that one itself."""
    container = place and enclosing(place)
    if container is None or container.value.get("resourceType") is None:
        container = top
    if container is not None and container.key == "contained" and container.parent is not None:
        container = container.parent
    if container is None or not identity:
        return container
    candidates = step([container], "contained")
    return next((one for one in candidates if inside(one).get("id") == identity), None)


def _outermost(place: Element | None) -> Element | None:
    while place is not None and place.parent is not None:
        place = place.parent
    return place


def _in_bundle(bundle: Element | None, text: str) -> Element | None:
    """The entry of a Bundle whose fullUrl, or type and id, ``text`` is."""
    if bundle is None or bundle.type.name != "Bundle":
        return None
    text = text.partition("/_history/")[0]
    for entry in step([bundle], "entry"):
        for resource in step([entry], "resource"):
            local = f"{resource.type.name}/{inside(resource).get('id')}"
            if text in {inside(entry).get("fullUrl"), local}:
                return Element(resource.value, resource.type, entry, "resource")
    return None


def points_to(environment: Environment, item: object, matches: Any) -> bool | None:
    """Whether what ``item`` refers to is of a type that ``matches`` accepts, by its text if not at hand.

    ``None`` if neither the resource is found nor the text names a type.
    """
    found = _resolved(environment, item)
    if found is not None:
        return bool(matches(found))
    match = _REFERENCE.search(reference_text(item) or "")
    value = item.value if isinstance(item, Element) else None
    name = match[1] if match else value.get("type") if isinstance(value, dict) else None
    if not isinstance(name, str) or not type_named(name).name:
        return None
    return bool(matches(Element({}, type_named(name))))


@scalar("htmlChecks", str)
def html_checks(text: str) -> bool:
    """Whether a narrative keeps to what is allowed in one. https://hl7.org/fhir/R4/narrative.html#rules"""
    return is_plain_html(text)
