"""What a resident hands to somebody: an address and a PIN, shown again in the session that made them, and nowhere else.

``place`` names what is handed out, in the session and in what its seal is about: ``resident_shares``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

from xinglin.crypto.sealing import SealBroken, open_sealed, seal
from xinglin.residents import keys

if TYPE_CHECKING:
    from django.http import HttpRequest


def address(request: HttpRequest, name: str, token: str) -> str:
    """The whole address of a page of residents by its name, with the token in it."""
    path = reverse(f"residents:{name}", args=[token])
    base = settings.SETTINGS.base_url.rstrip("/")
    return f"{base}{path}" if base else request.build_absolute_uri(path)


def remember(request: HttpRequest, place: str, number: int, *, token: str, pin: str) -> None:
    """Keep token and PIN in the session, sealed."""
    told = seal(keys.ring(keys.FIELDS), json.dumps([token, pin]), about=f"{place}/{number}")
    request.session[place] = {**request.session.get(place, {}), str(number): told}


def remembered(request: HttpRequest, place: str, number: int) -> tuple[str, str] | None:
    """Token and PIN of what was made in this session; None of what was not."""
    told = request.session.get(place, {}).get(str(number), "")
    try:
        token, pin = json.loads(open_sealed(keys.ring(keys.FIELDS), told, about=f"{place}/{number}"))
    except SealBroken:
        return None
    return token, pin
