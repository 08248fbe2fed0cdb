"""What makes the pages an app: its description, the worker that keeps an empty shell, the page without a network.

The worker keeps files of the platform and the offline page alone; nothing about anybody ever enters its cache. How
large the type is, is a cookie, which pages read before they are drawn.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.staticfiles import finders
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from xinglin.residents.views.entering import onward

if TYPE_CHECKING:
    from django.http import HttpRequest

SHELL = (
    "vendor/tabler/tabler.min.css",
    "vendor/htmx/htmx.min.js",
    "xl/tokens.css",
    "xl/layout.css",
    "xl/components.css",
    "xl/record.css",
    "xl/print.css",
    "xl/appearance.js",
    "xl/page.js",
    "xl/live.js",
    "xl/trend.js",
    "xl/mark.svg",
    "residents/my.css",
    "residents/my.js",
)
"""The static files that are kept; all of them are the same for everybody."""
SIZES = ("normal", "large", "largest")
_YEAR = 365 * 24 * 3600
_TEAL, _GROUND = "#083d48", "#f2f6f6"  # as in xl/tokens.css


@cache
def version() -> str:
    """What changes with any file of the shell: the name of its cache."""
    digest = hashlib.sha256()
    for name in SHELL:
        path = finders.find(name)
        assert isinstance(path, str), name
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16]


@require_GET
@cache_control(max_age=3600)
def manifest(_request: HttpRequest) -> HttpResponse:
    """The web app's description."""
    start = reverse("residents:home")
    told = {
        "name": gettext("My health"),
        "short_name": gettext("My health"),
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "background_color": _GROUND,
        "theme_color": _TEAL,
        "icons": [
            {"src": static("xl/mark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"}
        ],
    }
    return JsonResponse(told, content_type="application/manifest+json")


@require_GET
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker."""
    offline = reverse("residents:offline")
    context = {"version": version(), "offline": offline, "shell": [offline, *map(static, SHELL)]}
    return render(request, "residents/worker.js", context, content_type="text/javascript")


@require_GET
@cache_control(no_cache=True)
def offline(_request: HttpRequest) -> HttpResponse:
    """What is shown without a network: the same page for everybody, in both languages."""
    return render(None, "residents/offline.html")


@require_POST
def size(request: HttpRequest) -> HttpResponse:
    """How large the type is from now on; back to the page where it was chosen."""
    answer = redirect(onward(request, request.POST.get("next", "")))
    chosen = request.POST.get("size", "")
    if chosen in SIZES:
        answer.set_cookie("xl-size", chosen, max_age=_YEAR, samesite="Lax")
    return answer
