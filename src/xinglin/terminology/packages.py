"""FHIR packages as npm carries them (``.tgz``): their code systems, value sets, maps and naming systems.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext_noop

from xinglin.kernel.errors import Fault, Issue, invalid
from xinglin.terminology import actions, resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.terminology.values import Connection

_LARGEST = 512 << 20  # bytes of one file of a package


@dataclass(slots=True)
class Report:
    """What loading a package did: how many of each type, what was left out and why."""

    name: str
    version: str
    kept: dict[str, int] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


def load(connection: Connection, data: bytes, *, dry_run: bool = False) -> Report:
    """Load a package in place of what was loaded of it before; each resource that is wrong is left out and told."""
    manifest, found = _opened(data)
    report = Report(str(manifest.get("name", "")), str(manifest.get("version", "")))
    if not report.name:
        raise invalid(gettext_noop("The file is no FHIR package: package/package.json names none."))
    origin = f"package:{report.name}"
    oids: dict[str, list[str]] = {}
    with connection.transaction(force_rollback=dry_run):
        actions.drop(connection=connection, origin=origin)
        for place, resource in found:
            if resource.get("resourceType") == "NamingSystem":
                _named(resource, oids)
                continue
            _keep(connection, report, place, resource, origin)
        for url, numbers in oids.items():
            connection.execute(
                "UPDATE terminology_system SET oids = (SELECT array_agg(DISTINCT o) FROM unnest(oids || %s::text[]) o)"
                " WHERE url = %s",
                [numbers, url],
            )
        actions.remember_digest(connection=connection, origin=origin, digest=report.version)
    return report


def _keep(connection: Connection, report: Report, place: str, resource: dict[str, Any], origin: str) -> None:
    type_ = str(resource.get("resourceType"))
    try:
        kept = resources.of_resource(resource, origin)
        if kept is None:
            return
        with connection.transaction():
            actions.keep(connection=connection, kept=kept)
    except Fault as fault:
        report.issues += [_at(place, issue) for issue in fault.issues]
        return
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = gettext_noop("%(line)sThis is no %(type)s that can be read: %(reason)s.")
        params = {"line": f"{place}: ", "type": type_, "reason": repr(error)}
        report.issues.append(Issue("structure", message, params))
        return
    report.kept[type_] = report.kept.get(type_, 0) + 1


def _at(place: str, issue: Issue) -> Issue:
    params = dict(issue.params)
    params["line"] = f"{place}: {params.get('line', '')}"
    return Issue(issue.code, issue.message, params, issue.expression, issue.severity)


def _named(resource: dict[str, Any], oids: dict[str, list[str]]) -> None:
    """A NamingSystem says which OID and which address are the same."""
    names = [(one.get("type"), str(one.get("value", ""))) for one in resource.get("uniqueId", ())]
    numbers = [value.removeprefix("urn:oid:") for kind, value in names if kind == "oid"]
    for kind, value in names:
        if kind == "uri" and numbers:
            oids.setdefault(value, []).extend(numbers)


def _opened(data: bytes) -> tuple[dict[str, Any], Iterator[tuple[str, dict[str, Any]]]]:
    try:
        archive = tarfile.open(fileobj=io.BytesIO(data), mode="r:gz")  # noqa: SIM115 -- read while it is walked
        members = [m for m in archive.getmembers() if m.isfile() and m.size <= _LARGEST]
        manifest: dict[str, Any] = {}
        for member in members:
            if member.name == "package/package.json":
                manifest = orjson.loads(_bytes(archive, member))
    except (tarfile.TarError, OSError, EOFError, orjson.JSONDecodeError) as error:
        raise invalid(
            gettext_noop("The file is no FHIR package (a .tgz): %(reason)s."), reason=str(error)
        ) from None
    return manifest, _resources(archive, members)


def _resources(
    archive: tarfile.TarFile, members: list[tarfile.TarInfo]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for member in members:
        folder, _, name = member.name.rpartition("/")
        wanted = name.startswith(("CodeSystem-", "ValueSet-", "ConceptMap-", "NamingSystem-"))
        if folder == "package" and wanted and name.endswith(".json"):
            resource = orjson.loads(_bytes(archive, member))
            if isinstance(resource, dict):
                yield name, resource


def _bytes(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = archive.extractfile(member)
    return opened.read() if opened else b""
