"""Asking an address that an operator has named: no redirects, not long, not much, not often."""

from __future__ import annotations

import json
import threading
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from xinglin.kernel import outgoing
from xinglin.smart.terms import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_LARGEST = 256 * 1024
_AGAIN = 10.0  # seconds before an answer that was not enough is asked for again
_SECONDS = 8


def get(
    address: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """The JSON object at an address, with ``form`` the answer to it; None for whatever is not right."""
    if not address.startswith(("https://", "http://")):
        return None
    body = urlencode(form).encode() if form is not None else None
    asked = urllib.request.Request(address, body, {"Accept": "application/json", **(headers or {})})  # noqa: S310 -- as above
    try:
        with outgoing.opener.open(asked, timeout=_SECONDS) as answer:
            found = json.loads(answer.read(_LARGEST))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


class Remembered:
    """Answers by address, for the time of the terms; what failed or lacks something is asked for again, not at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # never held while an address is asked
        self._known: dict[str, tuple[float, dict[str, Any] | None]] = {}

    def get(
        self, address: str, *, now: datetime, lacks: Callable[[dict[str, Any]], bool] = lambda _: False
    ) -> dict[str, Any] | None:
        """The JSON object at the address; None where there is none at this moment."""
        with self._lock:
            known = self._known.get(address)
            if known is not None:
                fresh = now.timestamp() - known[0]
                enough = known[1] is not None and not lacks(known[1])
                if fresh < (terms().keys.total_seconds() if enough else _AGAIN):
                    return known[1]
            self._known[address] = (
                now.timestamp(),
                known[1] if known else None,
            )  # others do not ask meanwhile
        found = get(address)
        with self._lock:
            if found is not None or known is None:
                self._known[address] = (now.timestamp(), found)
            return self._known[address][1]
