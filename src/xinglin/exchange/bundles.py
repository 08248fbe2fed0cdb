"""The FHIR door: bundles (transaction, batch, collection, message, document) and single resources.

Every resource gets an id of ours, derived from who sends it and the id, ``fullUrl`` or identifier that it came with; so
two institutions' ``Patient/1`` are two, and the same one sent again is the same. References follow. An institution's
*profile* (``profiles``) says what its resources must have beyond FHIR R4.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange import naming, profiles
from xinglin.exchange.doors import ERROR, Envelope, Reason, Translated
from xinglin.fhir import json, references
from xinglin.fhir.definitions import is_resource_type
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xinglin.exchange.doors import Sender

_ABOUT = ("subject", "patient", "beneficiary", "for")
_DELETE, _PATCH, _READ = "DELETE", "PATCH", ("GET", "HEAD")


class Bundles:
    """The door's handler."""

    def open(self, body: bytes, media: str, sender: Sender) -> Envelope:  # noqa: ARG002 -- as for every door
        """Kind, the bundle's own identifier, and the one patient it is about, if it is about one."""
        sent = _parsed(body)
        if sent["resourceType"] != "Bundle":
            return Envelope(
                sent["resourceType"], "", _patient_of([sent]), _moment(_meta(sent).get("lastUpdated"))
            )
        identifier = sent.get("identifier")
        control = identifier.get("value") if isinstance(identifier, dict) else None
        found = [entry["resource"] for _, entry in _entries(sent) if isinstance(entry.get("resource"), dict)]
        return Envelope(
            f"Bundle/{sent.get('type', '')}",
            str(control or sent.get("id") or ""),
            _patient_of(found),
            _moment(sent.get("timestamp")),
        )

    def translate(self, body: bytes, media: str, sender: Sender) -> Translated:  # noqa: ARG002 -- as for every door
        """The resources under ids of ours."""
        sent = _parsed(body)
        if sent["resourceType"] == "Bundle":
            return _Reading(sender).bundle(sent)
        return _Reading(sender).single(sent)


class _Reading:
    """One message while it is read."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.reasons: list[Reason] = []
        self.resources: list[tuple[str, dict[str, Any]]] = []  # with the place where each stood
        self.deletes: list[tuple[str, str]] = []
        self.counts: dict[tuple[str, str], int] = {}  # how often a number has come
        self.names: dict[str, str] = {}  # what references may say → Type/id

    def single(self, resource: dict[str, Any]) -> Translated:
        self._add(resource["resourceType"], resource, "")
        return self._made()

    def bundle(self, bundle: dict[str, Any]) -> Translated:
        entries = list(_entries(bundle))
        if not entries:
            self._fail("required", "Bundle.entry", gettext_noop("The bundle has no entries."))
        for place, entry in entries:
            self._entry(f"Bundle.entry[{place}]", entry)
        return self._made()

    def _entry(self, place: str, entry: dict[str, Any]) -> None:
        request = entry.get("request")
        method = str(request.get("method", "")) if isinstance(request, dict) else ""
        if method in _READ:
            return
        if method == _PATCH:
            said = gettext_noop(
                "A door takes whole resources; send the resource as it is now instead of a patch."
            )
            self._fail("not-supported", f"{place}.request.method", said)
        elif method == _DELETE:
            assert isinstance(request, dict)
            self._delete(f"{place}.request.url", str(request.get("url", "")))
        elif not isinstance(entry.get("resource"), dict):
            self._fail("required", f"{place}.resource", gettext_noop("The entry has no resource."))
        else:
            self._add(f"{place}.resource", entry["resource"], str(entry.get("fullUrl") or ""))

    def _delete(self, place: str, url: str) -> None:
        parts = url.strip("/").split("/")
        if len(parts) != 2 or not is_resource_type(parts[0]):
            said = gettext_noop("%(url)r does not name one resource, as in Observation/17.")
            self._fail("value", place, said, url=url)
        else:
            self.deletes.append((parts[0], naming.id_of(self.sender.code, *parts)))

    def _add(self, place: str, resource: dict[str, Any], full_url: str) -> None:
        type_name = resource.get("resourceType")
        if not isinstance(type_name, str) or not is_resource_type(type_name):
            said = gettext_noop("%(type)s is no resource type of FHIR R4.")
            self._fail("value", f"{place}.resourceType", said, type=type_name)
            return
        own = resource.get("id")
        id_ = self._id(type_name, _number(resource, full_url))
        if type_name == "Organization" and own and own == self.sender.organization:
            id_ = own  # the institution itself stands in the directory
        local = f"{type_name}/{id_}"
        if isinstance(own, str):
            self.names[f"{type_name}/{own}"] = local
        if full_url:
            self.names[full_url] = local
        self.reasons += profiles.findings(self.sender.profile, resource, place)
        self.resources.append((place, {**resource, "id": id_}))

    def _id(self, type_name: str, number: str) -> str:
        """The id; of several that came with the same number each has one of its own, by their order."""
        count = self.counts[type_name, number] = self.counts.get((type_name, number), 0) + 1
        parts = (number,) if count == 1 else (number, str(count))
        return naming.id_of(self.sender.code, type_name, *parts)

    def _made(self) -> Translated:
        if not any(reason.severity == ERROR for reason in self.reasons):
            for place, resource in self.resources:
                self._refer(place, resource)
        kept = [_without_version(resource) for _, resource in self.resources if not self._is_itself(resource)]
        return Translated(tuple(kept), tuple(self.deletes), tuple(self.reasons))

    def _is_itself(self, resource: dict[str, Any]) -> bool:
        """The institution's own Organization is the directory's to change."""
        return (resource["resourceType"], resource["id"]) == ("Organization", self.sender.organization)

    def _refer(self, place: str, resource: dict[str, Any]) -> None:
        """Let references name what they mean by its id of ours."""
        for holder in references.holders(resource):
            said = holder["reference"]
            base, sign, fragment = said.partition("#") if not said.startswith("#") else (said, "", "")
            known = self.names.get(base) or self._elsewhere(base)
            if known is not None:
                holder["reference"] = known + sign + fragment
            elif references.kind(said) is references.Kind.URN:
                told = gettext_noop("%(reference)s is in no entry of this bundle.")
                self._fail("not-found", place, told, reference=said)

    def _elsewhere(self, said: str) -> str | None:
        """What was sent before, or is still to be sent; the sender's own Organization stands in the directory."""
        found = references.parse(said)
        if found is None:
            return None
        if found.type == "Organization" and found.id == self.sender.organization:
            return f"Organization/{found.id}"
        return f"{found.type}/{naming.id_of(self.sender.code, found.type, found.id)}"

    def _fail(self, code: str, place: str, text: str, **params: Any) -> None:
        self.reasons.append(Reason(ERROR, code, place, text, params))


# -- reading


def _parsed(body: bytes) -> dict[str, Any]:
    found = json.parse(body)
    if not isinstance(found, dict) or not isinstance(found.get("resourceType"), str):
        raise invalid(
            gettext_noop("The message should be a FHIR resource: a JSON object with a resourceType."),
            code="structure",
        )
    return found


def _entries(bundle: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    entries = bundle.get("entry")
    if isinstance(entries, list):
        yield from ((place, entry) for place, entry in enumerate(entries) if isinstance(entry, dict))


def _patient_of(resources: list[Any]) -> str:
    """The sender's number of the one patient that all is about; "" where there is none, or several."""
    found: set[str] = set()
    for resource in resources:
        if resource.get("resourceType") == "Patient":
            found.add(_number(resource, ""))
            continue
        for name in _ABOUT:
            holder = resource.get(name)
            said = holder.get("reference") if isinstance(holder, dict) else None
            named = references.parse(said) if isinstance(said, str) else None
            if named is not None and named.type == "Patient":
                found.add(named.id)
    return found.pop() if len(found) == 1 else ""


def _meta(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = resource.get("meta")
    return meta if isinstance(meta, dict) else {}


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _number(resource: Mapping[str, Any], full_url: str) -> str:
    """What the sender knows a resource by: its id, its first identifier, its address, else all that it says.

    A ``urn:uuid`` is made anew for each bundle, so it is no number.
    """
    own = resource.get("id")
    if isinstance(own, str) and own:
        return own
    identifiers = resource.get("identifier")
    one = identifiers[0] if isinstance(identifiers, list) and identifiers else identifiers
    if isinstance(one, dict) and one.get("value"):
        return f"{one.get('system', '')}|{one['value']}"
    if full_url and not full_url.startswith("urn:uuid:"):
        return full_url
    return blake2b(json.dump(resource), digest_size=16).hexdigest()


def _without_version(resource: dict[str, Any]) -> dict[str, Any]:
    """Version and time are those of this platform, and so is what says where it came from."""
    meta = resource.get("meta")
    if not isinstance(meta, dict):
        return resource
    kept = {name: value for name, value in meta.items() if name not in ("versionId", "lastUpdated", "source")}
    return {**resource, "meta": kept} if kept else {n: v for n, v in resource.items() if n != "meta"}
