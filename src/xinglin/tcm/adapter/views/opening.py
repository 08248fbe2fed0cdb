"""``/framed/open``: a signed address becomes a window for one doctor, one page and one patient."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from xinglin.accounts import events, faults, sessions
from xinglin.accounts.queries import actor_of
from xinglin.kernel import clock
from xinglin.kernel.errors import HTTP_STATUS, Fault, Kind
from xinglin.record.door import open_as
from xinglin.tcm.adapter import actions, framing, queries, rules

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.tcm.adapter.actions import Opened

_BACKEND = "xinglin.accounts.backend.PasswordBackend"
_KEY_BYTES = 10


@never_cache
@csrf_exempt
@require_http_methods(["GET", "POST"])
def open_(request: HttpRequest) -> HttpResponse:
    """Open a page by a link, or by a form that was posted; the fields are the same."""
    fields = {
        name: str(value)
        for name, value in (request.POST if request.method == "POST" else request.GET).items()
    }
    language = (
        fields.get("lang", "") if fields.get("lang") in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    )
    with override(language):
        if not hasattr(request, "framed"):
            return framing.refused(request, gettext("Pages are opened under /framed/open."), status=404)
        _know_origins(request, fields.get("system", ""))
        try:
            opened = actions.launch(fields, now=clock.now())
            _require_person(opened)
        except Fault as fault:
            return framing.refused(request, faults.said(fault), status=HTTP_STATUS[fault.kind])
        response = _opened(request, opened)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language)
    return response


def _know_origins(request: HttpRequest, code: str) -> None:
    """Whose window it seems to be, so that also a refusal can be read in it."""
    try:
        _, system = queries.system_of(code.strip())
    except Fault:
        return
    request.framed = framing.Framed(request.framed.path, None, tuple(system.origins))  # type: ignore[attr-defined]  # ours


def _require_person(opened: Opened) -> None:
    """Fault ``not_found`` where the page is about a person whom the clinic has not registered; the look is noted."""
    if opened.page.patient is not rules.Needs.NEEDED:
        return
    try:
        open_as(actor_of(opened.account)).read("Patient", opened.patient)
    except Fault as fault:
        if fault.kind is not Kind.NOT_FOUND:
            raise
        raise actions.unregistered(opened.asked.patient) from None


def _opened(request: HttpRequest, opened: Opened) -> HttpResponse:
    key = secrets.token_hex(_KEY_BYTES)
    asked = opened.asked
    window = framing.Window(
        key=key, system=opened.system.pk, sender=opened.sender.code, page=opened.page.key, launch=asked.nonce,
        doctor=asked.doctor, origin=opened.origin, patient=opened.patient, number=asked.patient, visit=asked.visit,
        called=opened.sender.name,
    )  # fmt: skip
    login(request, opened.account, backend=_BACKEND)
    request.session[framing.MARK] = window.kept()
    request.session[sessions.LIMITS] = list(rules.session_seconds())
    events.note(
        "tcm-launched", account=opened.account.pk, actor=f"sender/{opened.sender.code}", now=clock.now(),
        origin=sessions.origin_of(request), detail=opened.page.key,
    )  # fmt: skip
    path = f"{framing.PREFIX}{key}/"
    request.framed = framing.Framed(path, window, (window.origin,))  # type: ignore[attr-defined]  # ours
    start = reverse(opened.page.start, args=[opened.patient] if opened.page.of_patient else [])
    return HttpResponseRedirect(path.removesuffix("/") + start, status=303)
