"""Asking an address that an operator has named: no redirects, not long, not much."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST = 256 * 1024
_SECONDS = 8


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nowhere else than asked."""
        return


def get(
    address: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """The JSON object at an address, with ``form`` the answer to it; None for whatever is not right."""
    if not address.startswith(("https://", "http://")):
        return None
    opener = urllib.request.build_opener(_NoRedirect)
    body = urlencode(form).encode() if form is not None else None
    asked = urllib.request.Request(address, body, {"Accept": "application/json", **(headers or {})})  # noqa: S310 -- as above
    try:
        with opener.open(asked, timeout=_SECONDS) as answer:
            found = json.loads(answer.read(_LARGEST))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
