"""batch and transaction. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api import bodies, bundles, outcomes
from xinglin.api.answers import Answer
from xinglin.api.interactions import auditing, patching
from xinglin.kernel.errors import Fault, Issue, invalid
from xinglin.record import steps
from xinglin.record.steps import Verb

if TYPE_CHECKING:
    from xinglin.api.requests import Request
    from xinglin.record.steps import Outcome, Step


def bundle(request: Request) -> Answer:
    """Carry out a Bundle: a batch entry by entry, a transaction whole or not at all.

    Entries with GET are read after all that is written. Resources come back with ``return=representation``.
    """
    sent = bodies.resource(request)
    kind = sent.get("type")
    if sent["resourceType"] != "Bundle" or kind not in ("batch", "transaction"):
        raise invalid(
            "A Bundle of type batch or transaction should be sent here; this is a %(type)s of type %(kind)s.",
            code="value",
            expression="Bundle.type",
            type=sent["resourceType"][:64],
            kind=repr(kind),
        )
    asked = steps.read_bundle(sent, patching.change_in_entry)
    for step in asked:
        if step.type in auditing.GENERATED and step.verb is not Verb.READ:
            raise invalid(
                "%(type)s is made by the platform itself and can only be read.",
                code="not-supported",
                expression=step.place,
                type=step.type,
            )
    done = request.door.transaction(asked) if kind == "transaction" else request.door.batch(asked)
    whole = "return=representation" in (request.header("PREFER") or "")
    base = request.base
    entries = [
        _entry(request, base, step, outcome, whole=whole) for step, outcome in zip(asked, done, strict=True)
    ]
    return Answer(200, bundles.bundle(f"{kind}-response", entries))


def _entry(request: Request, base: str, step: Step, outcome: Outcome, *, whole: bool) -> bytes:
    if step.verb is Verb.READ:
        return _read(request, step)
    if outcome.fault is not None:
        return _refused(request, step, outcome.fault)
    draft = outcome.draft
    if draft is None:
        return b'{"response":%s}' % bundles.response(outcome.status)
    if step.verb is Verb.DELETE:
        return b'{"response":%s}' % bundles.response(outcome.status, version=draft.version, vid=draft.vid)
    return bundles.written(base, draft, outcome.status, whole=whole)


def _refused(request: Request, step: Step, fault: Fault) -> bytes:
    """The fault of one entry of a batch, each issue saying at least which entry is meant."""
    issues = [
        Issue(one.code, one.message, one.params, one.expression or step.place, one.severity)
        for one in fault.issues
    ]
    text = outcomes.text(issues, request.language)
    return b'{"response":%s}' % bundles.response(outcomes.status_of(fault), outcome=text)


def _read(request: Request, step: Step) -> bytes:
    """The answer to a GET among the entries."""
    answer = request.inner(step.url)
    marks: dict[str, Any] = dict(answer.headers)
    if answer.status >= 400:
        return b'{"response":%s}' % bundles.response(answer.status, outcome=answer.body)
    etag = marks.get("ETag")
    said = bundles.response(answer.status)
    if etag:
        said = said[:-1] + b',"etag":"%s"}' % etag.replace('"', '\\"').encode()
    return b'{"resource":%s,"response":%s}' % (answer.body, said)
