"""New tickets for a page whose own are too old."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from xinglin.live import pages

if TYPE_CHECKING:
    from django.http import HttpRequest

_MOST = 8


@require_GET
@never_cache
def renew(request: HttpRequest) -> JsonResponse:
    """The tickets, by kind, for the kinds that the page wants (``for``) and its reader may hear now; 401 for nobody."""
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    wanted = dict.fromkeys(request.GET.getlist("for")[:_MOST])
    made = {kind: pages.ticket(request, kind) for kind in wanted}
    return JsonResponse({kind: ticket for kind, ticket in made.items() if ticket})
