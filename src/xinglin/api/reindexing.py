"""``$reindex``: index what was stored before a search parameter was added; its progress at ``$reindex/{job}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api.answers import Answer
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import INSTANCE, SYSTEM, TYPE, Operation, register, register_job
from xinglin.fhir import json
from xinglin.record import jobs, reindex

if TYPE_CHECKING:
    from xinglin.api.requests import Request
    from xinglin.record.jobs import Job

_DEFINITION = "urn:xinglin:operation:reindex"


def everything(request: Request, _level: str) -> Answer:
    """Every resource anew."""
    Parameters(request, ())
    return _begun(request, reindex.ask(request.actor, everything=True))


def unbuilt(request: Request, _level: str, _type: str) -> Answer:
    """What the added parameters lack."""
    Parameters(request, ())
    return _begun(request, reindex.ask(request.actor))


def one(request: Request, _level: str, type_name: str, id_: str) -> Answer:
    """What one added parameter lacks."""
    Parameters(request, ())
    url = request.door.read(type_name, id_).resource["url"]
    return _begun(request, reindex.ask(request.actor, url=url))


def _begun(request: Request, job: Job) -> Answer:
    jobs.pursue(job)
    return Answer(202, _told(job), [("Content-Location", f"{request.base}/$reindex/{job.id}")])


def progress(request: Request, id_: str) -> Answer:
    """How far it is, with GET; DELETE stops it."""
    job = jobs.of_actor(reindex.KIND, id_, request.actor)
    if request.method == "DELETE":
        jobs.cancel(job)
        return Answer(202)
    jobs.pursue(job)
    return Answer(
        202 if job.unfinished else 200, _told(job), [("Retry-After", "1")] if job.unfinished else []
    )


def _told(job: Job) -> bytes:
    told: list[dict[str, Any]] = [{"name": "state", "valueCode": job.state}]
    told += [
        {"name": name, "valueInteger": job.progress[name]}
        for name in ("done", "total", "rate")
        if name in job.progress
    ]
    return json.dump({"resourceType": "Parameters", "parameter": told})


register(
    Operation(
        "reindex", frozenset({SYSTEM}), frozenset(), _DEFINITION,
        "Every resource is indexed anew, in the background.", everything, changes=True,
    )
)  # fmt: skip
register(
    Operation(
        "reindex", frozenset({TYPE}), frozenset({"SearchParameter"}), _DEFINITION,
        "Older resources are indexed by the search parameters added since, in the background.", unbuilt, changes=True,
    )
)  # fmt: skip
register(
    Operation(
        "reindex", frozenset({INSTANCE}), frozenset({"SearchParameter"}), _DEFINITION,
        "Older resources are indexed by this search parameter, in the background.", one, changes=True,
    )
)  # fmt: skip
register_job("reindex", progress)
