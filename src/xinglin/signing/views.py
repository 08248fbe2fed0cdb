"""The pages of signatures, and ``POST /signing/verify`` for programs."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts.queries import actor_for_authorization
from xinglin.fhir import json
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid, not_found
from xinglin.ledger import actions as ledger
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.signing import actions, papers, queries, reading, verifying
from xinglin.signing.verifying import State, Verdict
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.record.door import Door
    from xinglin.record.queries import Stored

_LONGEST = 2 * 1024 * 1024
_VERSIONED = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})/_history/([1-9][0-9]{0,8})")
_STATES = {
    State.VALID: (gettext_lazy("The signature is valid"), "green"),
    State.CHANGED: (gettext_lazy("Changed after signing"), "yellow"),
    State.BROKEN: (gettext_lazy("Not what was signed"), "red"),
    State.DOUBTED: (gettext_lazy("The certificate is not accepted"), "red"),
    State.MALFORMED: (gettext_lazy("No signature that can be read"), "red"),
    State.MISSING: (gettext_lazy("What was signed is not here"), "yellow"),
}
_WHY = {
    "untrusted": gettext_lazy("No authority trusted here issued it."),
    "not-yet-valid": gettext_lazy("It was not valid yet."),
    "expired": gettext_lazy("It had run out."),
    "wrong-usage": gettext_lazy("It is not made for signing."),
    "revoked": gettext_lazy("It had been revoked."),
    "stamp": gettext_lazy("The time stamp does not belong to it."),
    "appended": gettext_lazy("Something was added to the file after the signature."),
}
_ROLES = {"author": gettext_lazy("Signs as author"), "reviewer": gettext_lazy("Signs as reviewer")}


def _shown(found: list[Verdict]) -> list[dict[str, Any]]:
    return [
        {
            "verdict": v, "words": _STATES[v.state][0], "colour": _STATES[v.state][1],
            "why": _why(v), "role": _ROLES.get(v.role, ""),
            "serial": f"{v.certificate.serial:x}" if v.certificate else "",
        }
        for v in found
    ]  # fmt: skip


def _why(verdict: Verdict) -> str:
    """The reason in the reader's words; what the parts of a signature are is said to programs alone."""
    if verdict.why in _WHY:
        return str(_WHY[verdict.why])
    if verdict.state is State.MALFORMED:
        return gettext(
            "Choose a PDF, or paste the whole JWS (header, two dots, signature) or the whole Provenance."
        )
    return ""


def _target(reference: str) -> tuple[str, str]:
    type_name, _, id_ = reference.partition("/")
    if type_name not in actions.SIGNABLE or not id_ or "/" in id_:
        raise not_found(gettext_noop("Nothing that can be signed is kept here."))
    return type_name, id_


@require_http_methods(["GET", "POST"])
@entry.page
def signed(request: HttpRequest, door: Door, reference: str) -> HttpResponse:
    """The signatures of a document; a POST signs it, or gives a signed PDF, after the password."""
    type_name, id_ = _target(reference)
    connection = database.connection()
    error, status = "", 200
    if request.method == "POST":
        if not _is_confirmed(request):
            error, status = gettext("The password is wrong. Nothing was signed."), 400
        elif request.POST.get("as") == "pdf":
            return _paper(request, door, type_name, id_)
        else:
            _sign(request, door, type_name, id_)
            messages.success(request, gettext("The document has been signed."))
            return HttpResponseRedirect(reverse("signing:signed", args=[reference]))
    stored = door.read(type_name, id_)
    held = queries.credential_of(connection, door.actor.id)
    context = {
        "reference": reference,
        "title": reading.title_of(stored.resource),
        "whose": reading.whose(door, stored.resource),
        "parts": reading.parts_of(stored.resource),
        "results": reading.results_of(door, stored.resource),
        "version": stored.version,
        "found": _shown(verifying.of_resource(connection, door, type_name, id_)),
        "held": held,
        "roles": _ROLES,
        "error": error,
    }
    template = "signing/part.html" if entry.is_fragment(request) else "signing/signed.html"
    return render(request, template, context, status=status)


def _is_confirmed(request: HttpRequest) -> bool:
    given = request.POST.get("password", "")
    found = authenticate(request, username=request.user.get_username(), password=given)
    return found is not None and found.pk == request.user.pk


def _sign(request: HttpRequest, door: Door, type_name: str, id_: str) -> None:
    version = request.POST.get("version", "")
    if not version.isdecimal() or len(version) > 9:
        raise invalid(gettext_noop("Say which version is signed."))
    connection = database.connection()
    with connection.transaction():
        actions.sign(
            connection, target=(type_name, id_, int(version)), role=request.POST.get("role", ""), actor=door.actor,
            now=clock.now(),
        )  # fmt: skip


def _paper(request: HttpRequest, door: Door, type_name: str, id_: str) -> HttpResponse:
    """The current version as a PDF with the signature of whoever asks."""
    connection = database.connection()
    held = actions.usable(connection, door.actor, now=clock.now())
    stored = door.read(type_name, id_)
    pdf = papers.sign(_drawn(request, door, stored), held, actions.stamper(connection))
    event = {"target": f"{type_name}/{id_}/_history/{stored.version}", "actor": door.actor.id,
             "sha256": hashlib.sha256(pdf).hexdigest()}  # fmt: skip
    with connection.transaction():
        ledger.enter(connection, kind="signing.paper", event=event, now=clock.now())
    name = f"{type_name}-{id_}-{stored.version}.pdf"
    return HttpResponse(
        pdf, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _drawn(request: HttpRequest, door: Door, stored: Stored) -> bytes:
    path = reverse("signing:signed", args=[f"{stored.type}/{stored.id}"])
    base = settings.SETTINGS.base_url.rstrip("/")
    address = f"{base}{path}" if base else request.build_absolute_uri(path)
    resource = stored.resource
    subject = reading.whose(door, resource)
    facts = [(gettext("Kept as"), f"{stored.type}/{stored.id}"), (gettext("Version"), str(stored.version))]
    if subject:
        facts.insert(0, (gettext("Resident"), subject))
    parts = [*reading.parts_of(resource), *reading.results_of(door, resource)]
    return papers.draw(reading.title_of(resource), facts, parts, address=address)


@require_http_methods(["GET", "POST"])
@entry.page
def verify(request: HttpRequest, door: Door) -> HttpResponse:
    """Check a PDF, or a signature with its document."""
    context: dict[str, Any] = {"text": "", "document": "", "asked": request.method == "POST"}
    if request.method == "POST":
        file = request.FILES.get("file")
        text, document = request.POST.get("text", ""), request.POST.get("document", "")
        context.update(text=text, document=document)
        if file is not None and (file.size or 0) > papers.MOST_BYTES:
            raise invalid(gettext_noop("This is no PDF, or one of more than 10 MB."))
        if file is not None:
            found = papers.check(database.connection(), file.read(), at=clock.now())
        else:
            found = [_checked(door, text, document)]
        context["found"] = _shown(found)
    return render(request, "signing/verify.html", context)


def _checked(door: Door, text: str, document: str) -> Verdict:
    """The verdict on a signature or a Provenance; what was signed comes from the record where it is not given."""
    connection, at, content = database.connection(), clock.now(), document.strip().encode() or None
    given, stamp = text.strip(), b""
    if given.startswith("{"):
        provenance = json.parse(given.encode())
        given, stamp = verifying.text_of(provenance), verifying.stamp_of(provenance)
        if content is None:
            content = _signed_version(door, provenance)
    return verifying.check(connection, given, content, at=at, stamp=stamp)


def _signed_version(door: Door, provenance: dict[str, Any]) -> bytes | None:
    try:
        named = _VERSIONED.fullmatch(provenance["target"][0]["reference"])
        return door.read(named[1], named[2], version=named[3]).text if named else None
    except (KeyError, IndexError, TypeError, Fault):
        return None


@never_cache
@csrf_exempt
@require_POST
def interface(request: HttpRequest) -> JsonResponse:
    """For programs: a PDF, or JSON with ``signature`` (JWS, or a Provenance) and ``document``."""
    actor = actor_for_authorization(request.headers.get("Authorization"))
    if actor is None:
        return JsonResponse({"error": "Sign in by a bearer token."}, status=401)
    try:
        if request.content_type == "application/pdf":
            found = papers.check(database.connection(), request.read(papers.MOST_BYTES + 1), at=clock.now())
        else:
            found = [_asked(open_as(actor), request.read(_LONGEST + 1))]
    except Fault as fault:
        return JsonResponse({"error": str(fault)}, status=400)
    return JsonResponse({"signatures": [v.as_json for v in found]})


def _asked(door: Door, body: bytes) -> Verdict:
    if len(body) > _LONGEST:
        raise invalid(gettext_noop("The request is longer than 2 MB."))
    given = json.parse(body)
    if not isinstance(given, dict):
        raise invalid(gettext_noop("The request is a JSON object with signature and document."))
    texts = [
        one if isinstance(one, str) else "" if one is None else json.dump(one).decode()
        for one in (given.get("signature"), given.get("document"))
    ]
    return _checked(door, texts[0], texts[1])


@require_GET
@never_cache
def revoked(request: HttpRequest, authority: int) -> HttpResponse:  # noqa: ARG001 -- a view
    """An authority's list of revoked certificates, for everybody."""
    found = next((a for a in queries.authorities(database.connection()) if a.id == authority), None)
    if found is None or found.list is None:
        return HttpResponse(status=404)
    return HttpResponse(found.list.der, content_type="application/pkix-crl")
