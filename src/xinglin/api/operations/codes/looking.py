"""``CodeSystem/$lookup``: what is known of a code. https://hl7.org/fhir/R4/codesystem-operation-lookup.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api.operations.codes.asking import Asked, kept, offer, parameters, part
from xinglin.kernel.errors import invalid, not_found
from xinglin.terminology import queries, resources

if TYPE_CHECKING:
    from xinglin.terminology.queries import Found, SystemVersion

_CHILDREN = 200
_PLAIN = ("url", "name", "version", "display")


@offer(
    "lookup",
    "CodeSystem",
    "What is known of a code: display, designations, properties, what stands above and below it.",
    ("code", "system", "version", "coding", "date", "displayLanguage", "property"),
)
def lookup(asked: Asked) -> dict[str, Any]:
    system, code = _asked_for(asked)
    found = queries.remembered_concept(asked.connection, asked.known, system, code)
    if found is None:
        raise not_found(
            "%(named)s is no code of %(system)s, as far as it is loaded here.",
            named=repr(code[:80]),
            system=system.canonical,
        )
    return parameters(
        ("name", "String", str(system.about.get("name") or system.title)),
        ("version", "String", system.version),
        ("display", "String", found.display_in(asked.language)),
        ("code", "Code", found.code),
        ("system", "Uri", system.url),
        ("definition", "String", found.definition),
        ("abstract", "Boolean", found.abstract),
        *(("designation", "", _designation(one)) for one in _designations(asked, found)),
        *(("property", "", value) for value in _properties(asked, found)),
    )


def _asked_for(asked: Asked) -> tuple[SystemVersion, str]:
    """The system and the code that the parameters mean."""
    given = asked.parameters.element("coding") or {}
    code = str(given.get("code") or asked.parameters.text("code") or "")
    if not code:
        raise invalid("Give a code with its system, or a coding.", code="required")
    if asked.id is not None:
        found: SystemVersion = kept(asked, queries.SYSTEMS)
        return found, code
    url = str(given.get("system") or asked.parameters.text("system") or "")
    if not url:
        raise invalid("Give a code with its system, or a coding.", code="required")
    return the_system(asked, url, str(given.get("version") or asked.parameters.text("version") or "")), code


def the_system(asked: Asked, url: str, version: str = "") -> SystemVersion:
    """The version of a code system that is asked for, or is in force; 404 if there is none."""
    bare, _, named = url.partition("|")
    found = queries.system(asked.connection, asked.known, bare, asked.on, version or named or None)
    if found is None:
        raise not_found(
            "The code system %(system)s is not loaded here.",
            system=f"{bare}|{version or named}" if version or named else bare,
        )
    return found


def _designations(asked: Asked, found: Found) -> list[Any]:
    wanted = [str(one) for one in asked.parameters.all("property")]
    languages = [one.removeprefix("lang.") for one in wanted if one.startswith("lang.")]
    if wanted and not languages and "designation" not in wanted:
        return []
    return [one for one in found.designations if not languages or one.language in languages]


def _designation(one: Any) -> list[dict[str, Any]]:
    element = resources.designation_element(one)
    types = {"language": "Code", "use": "Coding", "value": "String"}
    return [part(name, types[name], value) for name, value in element.items()]


def _properties(asked: Asked, found: Found) -> list[list[dict[str, Any]]]:
    """The properties asked for, or all; also those that the hierarchy makes."""
    wanted = {str(one) for one in asked.parameters.all("property")} - {*_PLAIN, "designation"}
    everything = not asked.parameters.all("property") or "*" in wanted
    listed: list[tuple[str, str, Any, str]] = []
    if found.definition and not everything:
        listed.append(("definition", "String", found.definition, ""))
    listed += [(p.code, p.type[0].upper() + p.type[1:], p.value, "") for p in found.properties]
    if everything or "inactive" in wanted:
        listed.append(("inactive", "Boolean", found.inactive, ""))
    if everything or wanted & {"parent", "child"}:
        above, below = queries.neighbours(asked.connection, found, _CHILDREN)
        listed += [("parent", "Code", one.code, one.display) for one in above]
        listed += [("child", "Code", one.code, one.display) for one in below]
    return [
        [
            part("code", "Code", code),
            part("value", type_, value),
            *([part("description", "String", description)] if description else []),
        ]
        for code, type_, value, description in dict.fromkeys(map(_hashable, listed))
        if everything or code in wanted
    ]


def _hashable(one: tuple[str, str, Any, str]) -> Any:
    code, type_, value, description = one
    return code, type_, _Same(value) if isinstance(value, dict) else value, description


class _Same(dict[str, Any]):
    """A Coding that may be a key."""

    def __hash__(self) -> int:  # type: ignore[override] # a dict is none, this one is not altered
        return hash(str(self))
