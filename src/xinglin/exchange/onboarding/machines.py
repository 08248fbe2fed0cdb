"""Where a vendor's system hands in samples by itself, with the key of its onboarding, and hears the report as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from xinglin.accounts import faults
from xinglin.exchange import senders
from xinglin.exchange.onboarding import actions, points, queries, telling
from xinglin.kernel import clock
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import HTTP_STATUS, Fault, invalid, not_found

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.exchange.onboarding.models import Onboarding
    from xinglin.exchange.onboarding.points import Scheme
    from xinglin.exchange.onboarding.rules import Report


@csrf_exempt
@require_http_methods(["GET", "POST"])
def samples(request: HttpRequest) -> HttpResponse:
    """``POST /exchange/onboarding/in?name=…``: the body is a sample, or a file of several; GET: the last report."""
    held = queries.of_key(senders.bearer(request.headers.get("Authorization")))
    if held is None:
        said = gettext("Send the key of the onboarding as a bearer token; it holds while samples are taken.")
        response = _refused(401, "login", said)
        response["WWW-Authenticate"] = 'Bearer realm="Xinglin onboarding"'
        return response
    try:
        if request.method == "POST":
            _hand_in(request, held)
        held.refresh_from_db()
        return JsonResponse({"state": held.state, **telling.told(_report(held))})
    except Fault as fault:
        issue = fault.issues[0]
        return _refused(HTTP_STATUS[fault.kind], issue.code, faults.issue(issue))


def _hand_in(request: HttpRequest, held: Onboarding) -> None:
    scheme = points.scheme(settings.SETTINGS.home)
    name = request.GET.get("name", "")[:150] or gettext("Sample of a message")
    files = [(name, _body(request, scheme))]
    actions.hand_in(onboarding=held.pk, files=files, scheme=scheme, actor=actor_of(held), now=clock.now())


def actor_of(held: Onboarding) -> Actor:
    """As whom a vendor acts that has nothing but the key."""
    return Actor(
        f"onboarding/{held.pk}", held.contact or held.name, frozenset({"client"}), purpose="HOPERAT",
        institution=held.organization or None,
    )  # fmt: skip


def _body(request: HttpRequest, scheme: Scheme) -> bytes:
    """The body, read no further than is taken."""
    body = request.read(scheme.most_bytes + 1)
    if len(body) > scheme.most_bytes:
        raise invalid(
            gettext_noop("At most %(most)s MB are taken at once. Hand in fewer samples."),
            code="too-long", most=scheme.most_bytes // 1_000_000,
        )  # fmt: skip
    return bytes(body)


def _report(held: Onboarding) -> Report:
    trials = queries.trials(held)
    if not trials:
        raise not_found(gettext_noop("There is no report yet."))
    return queries.report(held, trials[0])


def _refused(status: int, code: str, text: str) -> HttpResponse:
    reasons = [{"severity": "error", "code": code, "place": "", "text": text}]
    return JsonResponse({"state": "refused", "reasons": reasons}, status=status)
