"""What a request asks of the record: a list of steps, read from a Bundle or made by a single interaction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions
from xinglin.kernel.errors import Fault, Issue, Kind, invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.record.drafts import Draft

MOST_ENTRIES = 20_000


class Verb(StrEnum):
    """The interactions that a step can be."""

    CREATE = "create"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"
    READ = "read"


# Transactions are carried out in this order (https://hl7.org/fhir/R4/http.html#trules).
ORDER = {Verb.DELETE: 0, Verb.CREATE: 1, Verb.UPDATE: 2, Verb.PATCH: 2, Verb.READ: 3}
_METHODS = {
    "POST": Verb.CREATE, "PUT": Verb.UPDATE, "PATCH": Verb.PATCH, "DELETE": Verb.DELETE,
    "GET": Verb.READ, "HEAD": Verb.READ,
}  # fmt: skip


@dataclass(slots=True)
class Step:
    """One thing to do. ``place`` is the FHIRPath of the Bundle entry it came from, empty otherwise."""

    verb: Verb
    type: str
    id: str | None = None
    resource: dict[str, Any] | None = None
    place: str = ""
    full_url: str | None = None
    criteria: str | None = None  # conditional: a search as in a URL's query
    if_match: int | None = None
    change: Callable[[dict[str, Any]], dict[str, Any]] | None = None  # PATCH: old resource to new
    url: str = ""  # READ: the request as it stood
    text: bytes = b""  # the resource as it would be stored, before references are rewritten
    references: tuple[str, ...] = ()  # what stands in its references

    @property
    def resource_place(self) -> str:
        """The FHIRPath of the resource sent with this step."""
        return f"{self.place}.resource" if self.place else self.type


@dataclass(slots=True)
class Outcome:
    """What became of one step: HTTP's status number, and the version that stands now."""

    status: int
    draft: Draft | None = None
    no_op: bool = False
    fault: Fault | None = None
    answer: Any = None  # READ: what the reader made of it


def read_bundle(
    bundle: dict[str, Any], patches: Callable[[dict[str, Any]], Any], *, most: int = MOST_ENTRIES
) -> list[Step]:
    """The steps of a batch or transaction of at most ``most`` entries.

    ``patches`` turns the resource of a PATCH entry (Parameters, or Binary with a JSON Patch) into a change.
    Raises ``invalid`` with an issue for every entry that cannot be understood.
    """
    entries = bundle.get("entry") or []
    if not isinstance(entries, list):
        raise invalid("Bundle.entry is a list of entries.", code="structure", expression="Bundle.entry")
    if len(entries) > most:
        raise invalid(
            "The bundle has %(count)d entries; at most %(most)d are taken at once. Send it in parts.",
            code="too-long", expression="Bundle.entry", count=len(entries), most=most,
        )  # fmt: skip
    steps: list[Step] = []
    issues: list[Issue] = []
    for number, entry in enumerate(entries):
        try:
            steps.append(_read_entry(entry, f"Bundle.entry[{number}]", patches))
        except Fault as fault:
            issues += fault.issues
    issues += _repeated_urls(steps)
    if issues:
        raise Fault(Kind.INVALID, issues)
    return steps


def _read_entry(entry: Any, place: str, patches: Callable[[dict[str, Any]], Any]) -> Step:
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict):
        raise invalid(
            "An entry of a batch or transaction needs a request with method and url.",
            code="required", expression=f"{place}.request",
        )  # fmt: skip
    verb = _METHODS.get(str(request.get("method")))
    if verb is None:
        raise invalid(
            "%(method)r is no method; it is one of GET, HEAD, POST, PUT, PATCH, DELETE.",
            code="value", expression=f"{place}.request.method", method=request.get("method"),
        )  # fmt: skip
    url = request.get("url")
    if not isinstance(url, str) or not url:
        raise invalid("The request has no url.", code="required", expression=f"{place}.request.url")
    if verb is Verb.READ:
        return Step(verb, "", place=place, url=url)
    step = _target(verb, url, place)
    step.full_url = _full_url(entry.get("fullUrl"), place)
    step.if_match = _version(request.get("ifMatch"), place)
    if verb is not Verb.DELETE:
        _attach(step, entry.get("resource"), request, patches)
    return step


def _target(verb: Verb, url: str, place: str) -> Step:
    """Read ``Type``, ``Type/id`` or ``Type?criteria``."""
    path, _, query = url.partition("?")
    parts = path.strip("/").split("/")
    type_name = parts[0]
    if not definitions.is_resource_type(type_name):
        raise invalid(
            "%(url)r does not begin with a resource type of R4.",
            code="value", expression=f"{place}.request.url", url=url,
        )  # fmt: skip
    id_ = parts[1] if len(parts) == 2 else None
    fits = (
        len(parts) <= 2 and not (id_ and query) and (verb is not Verb.CREATE or (id_ is None and not query))
    )
    if not fits or (verb is not Verb.CREATE and not id_ and not query):
        shape = {"create": "Type", "update": "Type/id or Type?criteria"}.get(verb, "Type/id or Type?criteria")
        raise invalid(
            "%(url)r cannot be the url of a %(verb)s; it is %(shape)s.",
            code="value", expression=f"{place}.request.url", url=url, verb=verb.value, shape=shape,
        )  # fmt: skip
    return Step(verb, type_name, id=id_, criteria=query or None, place=place)


def _attach(
    step: Step, resource: Any, request: dict[str, Any], patches: Callable[[dict[str, Any]], Any]
) -> None:
    if not isinstance(resource, dict):
        raise invalid(
            "This entry's method needs a resource.", code="required", expression=f"{step.place}.resource"
        )
    if step.verb is Verb.PATCH:
        step.change = patches(resource)
        return
    sent = resource.get("resourceType")
    if sent != step.type:
        raise invalid(
            "The resource is a %(sent)s, but the request's url says %(type)s.",
            code="invariant", expression=f"{step.place}.resource", sent=sent, type=step.type,
        )  # fmt: skip
    step.resource = resource
    if step.verb is Verb.CREATE:
        step.criteria = _conditional(request.get("ifNoneExist"), step.place)
    elif step.id is not None and resource.get("id") != step.id:
        raise invalid(
            "The resource's id is %(id)r, but the request's url says %(wanted)r.",
            code="invariant", expression=f"{step.place}.resource.id", id=resource.get("id"), wanted=step.id,
        )  # fmt: skip


def _full_url(url: Any, place: str) -> str | None:
    if url is not None and not isinstance(url, str):
        raise invalid("fullUrl is a single URL.", code="structure", expression=f"{place}.fullUrl")
    return url


def _conditional(text: Any, place: str) -> str | None:
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip("?"):
        raise invalid(
            "ifNoneExist is the query of a search, such as identifier=system|value.",
            code="value", expression=f"{place}.request.ifNoneExist",
        )  # fmt: skip
    return text.partition("?")[2] if "?" in text else text


def _version(tag: Any, place: str) -> int | None:
    if tag is None:
        return None
    text = str(tag).removeprefix("W/").strip('"')
    if not text.isdigit():
        raise invalid(
            'ifMatch is a version tag such as W/"3"; %(tag)r is not.',
            code="value", expression=f"{place}.request.ifMatch", tag=tag,
        )  # fmt: skip
    return int(text)


def _repeated_urls(steps: list[Step]) -> list[Issue]:
    """Bundle invariant bdl-7: a fullUrl stands once."""
    seen: dict[str, str] = {}
    issues = []
    for step in steps:
        if step.full_url is None:
            continue
        first = seen.setdefault(step.full_url, step.place)
        if first != step.place:
            issues.append(
                Issue(
                    "invariant",
                    "fullUrl %(url)s stands already at %(first)s; each entry needs its own.",
                    {"url": step.full_url, "first": first},
                    f"{step.place}.fullUrl",
                )
            )
    return issues
