"""``$export`` and ``$import``: much at once, while the client does something else.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html and, for the pattern,
https://hl7.org/fhir/R4/async.html. A job is asked about at ``$export/{job}``, its files are at
``$export-file/{job}.{file}``.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.api import bodies, outcomes
from xinglin.api.answers import Answer
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import INSTANCE, SYSTEM, TYPE, Operation, register, register_job
from xinglin.fhir import json
from xinglin.kernel.errors import Fault, Issue, Kind, invalid
from xinglin.record import jobs
from xinglin.record.bulk import export, extent, importing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.api.requests import Request
    from xinglin.record.jobs import Job

_LINES = ("application/x-ndjson", "application/ndjson", "application/fhir+ndjson")
_NDJSON = ("Content-Type", "application/fhir+ndjson")
_CHUNK = 1 << 18
_RETRY = ("Retry-After", "1")


# -- export


def export_system(request: Request, _level: str) -> Answer:
    """All resources."""
    return _begun_export(request, "system", None)


def export_patients(request: Request, _level: str, _type: str) -> Answer:
    """What belongs to patients."""
    return _begun_export(request, "patient", None)


def export_group(request: Request, _level: str, _type: str, id_: str) -> Answer:
    """What belongs to the patients of a group."""
    return _begun_export(request, "group", id_)


def _begun_export(request: Request, level: str, group: str | None) -> Answer:
    given = Parameters(request, extent.KNOWN)
    pairs = [(name, str(value)) for name in extent.KNOWN for value in given.all(name)]
    path = request.environ["PATH_INFO"].removeprefix("/fhir")
    url = f"{request.base}{path}" + (f"?{request.query}" if request.query else "")
    job = export.start(request.actor, level, pairs, group=group, url=url)
    return Answer(202, b"", [("Content-Location", f"{request.base}/$export/{job.id}")])


def export_job(request: Request, id_: str) -> Answer:
    """Status, manifest or end of an export."""
    if request.method == "DELETE":
        export.cancel(request.actor, id_)
        return Answer(202)
    job = export.status(request.actor, id_)
    if job.state != jobs.DONE:
        return _going_on(request, job)
    listed = export.manifest(job, lambda name: f"{request.base}/$export-file/{name}")
    return Answer(200, json.dump(listed), [("Content-Type", "application/json")], json=False)


def export_file(request: Request, name: str) -> Answer:
    """One file; it lies here compressed and goes out so to whoever takes that."""
    packed = export.open_file(request.actor, name)
    if "gzip" in (request.header("ACCEPT_ENCODING") or ""):
        return Answer(200, packed, [_NDJSON, ("Content-Encoding", "gzip")], json=False)
    return Answer(200, zlib.decompress(packed, 31), [_NDJSON], json=False)


def _going_on(request: Request, job: Job) -> Answer:
    """The answer about a job without a result: wait, or the fault that ended it."""
    if job.unfinished:
        said = ", ".join(f"{name}: {value}" for name, value in job.progress.items()) or "waiting"
        return Answer(202, b"", [("X-Progress", said[:100]), _RETRY])
    issues = [
        Issue(issue["code"], issue["text"].replace("%", "%%"))
        for issue in (job.result or {}).get("issues", ())
    ]
    cancelled = Issue("suppressed", "The job was cancelled.")
    return outcomes.of_fault(Fault(Kind.CONFLICT, issues or [cancelled]), request.language)


# -- import


def import_system(request: Request, _level: str) -> Answer:
    """NDJSON in the body is stored at once; Parameters name files that lie in the platform's home."""
    if bodies.content_type(request).partition(";")[0].strip().lower() in _LINES:
        return _imported(request, importing.take(request.actor, _lines(request)))
    job = importing.start(request.actor, _inputs(bodies.resource(request)))
    return Answer(202, b"", [("Content-Location", f"{request.base}/$import/{job.id}")])


def import_job(request: Request, id_: str) -> Answer:
    """Status, result or end of an import."""
    if request.method == "DELETE":
        importing.cancel(request.actor, id_)
        return Answer(202)
    job = importing.status(request.actor, id_)
    return _imported(request, job) if job.state == jobs.DONE else _going_on(request, job)


def import_refused(request: Request, id_: str) -> Answer:
    """What an import refused and why."""
    return Answer(200, importing.open_refused(request.actor, id_), [_NDJSON], json=False)


def _imported(request: Request, job: Job) -> Answer:
    result = job.result or {}
    stored = [{"name": name, "valueInteger": count} for name, count in sorted(result["stored"].items())]
    told: list[dict[str, Any]] = [
        *([{"name": "stored", "part": stored}] if stored else []),
        {"name": "unchanged", "valueInteger": result["unchanged"]},
        {"name": "refused", "valueInteger": result["refused"]},
    ]
    if result["refused"]:
        told.append({"name": "refusedFile", "valueUrl": f"{request.base}/$import-file/{job.id}"})
    return Answer(200, json.dump({"resourceType": "Parameters", "parameter": told}))


def _inputs(sent: dict[str, Any]) -> list[str]:
    """The names of files: parameters ``input`` with a url, or with a part ``url``."""
    names = []
    for place, entry in enumerate(sent.get("parameter", ()) if sent["resourceType"] == "Parameters" else ()):
        if not isinstance(entry, dict) or entry.get("name") != "input":
            continue
        holders = [entry, *(part for part in entry.get("part", ()) if part.get("name") == "url")]
        found = [
            v for holder in holders for k, v in holder.items() if k.startswith("value") and isinstance(v, str)
        ]
        if len(found) != 1:
            raise invalid(
                "An input has one url, the file's place below the directory import of the platform's home.",
                code="required", expression=f"Parameters.parameter[{place}]",
            )  # fmt: skip
        names.append(found[0])
    return names


def _lines(request: Request) -> Iterator[bytes]:
    """The body's lines as they come in, unpacked where they are gzip."""
    unpacker = zlib.decompressobj(31) if request.header("CONTENT_ENCODING") == "gzip" else None
    rest = b""
    for block in _blocks(request):
        try:
            rest += unpacker.decompress(block) if unpacker else block
        except zlib.error:
            raise invalid("The body is not gzip, as Content-Encoding says.", code="structure") from None
        *whole, rest = rest.split(b"\n")
        yield from whole
        if len(rest) > settings.SETTINGS.max_body:
            raise invalid(
                "A line has more than %(most)d bytes.", code="too-long", most=settings.SETTINGS.max_body
            )
    if rest:
        yield rest


def _blocks(request: Request) -> Iterator[bytes]:
    stream = request.environ["wsgi.input"]
    length = request.environ.get("CONTENT_LENGTH") or ""
    left = int(length) if length.isdigit() else None
    while left is None or left > 0:
        block = stream.read(_CHUNK if left is None else min(_CHUNK, left))
        if not block:
            break
        left = None if left is None else left - len(block)
        yield block


_EXPORT = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
register(
    Operation(
        "export", frozenset({SYSTEM}), frozenset(), f"{_EXPORT}/export",
        "Every resource as NDJSON files; asynchronous.", export_system,
    )
)  # fmt: skip
register(
    Operation(
        "export", frozenset({TYPE}), frozenset({"Patient"}), f"{_EXPORT}/patient-export",
        "The records of all patients as NDJSON files; asynchronous.", export_patients,
    )
)  # fmt: skip
register(
    Operation(
        "export", frozenset({INSTANCE}), frozenset({"Group"}), f"{_EXPORT}/group-export",
        "The records of a group's patients as NDJSON files; asynchronous.", export_group,
    )
)  # fmt: skip
register(
    Operation(
        "import", frozenset({SYSTEM}), frozenset(), "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/import",
        "NDJSON in the body is stored while it comes in; Parameters name files that lie in the platform's home.",
        import_system, changes=True,
    )
)  # fmt: skip
register_job("export", export_job)
register_job("export-file", export_file)
register_job("import", import_job)
register_job("import-file", import_refused)
