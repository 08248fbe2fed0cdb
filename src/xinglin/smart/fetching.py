"""Asking an address that an operator has named: no redirects, not long, not much, not often."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode

from xinglin.kernel import outgoing
from xinglin.smart.terms import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_LARGEST = 256 * 1024
_AGAIN = 10.0  # seconds before an answer that was not enough is asked for again
_SECONDS = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, 0 where nobody answered, and the JSON object, None where there was none."""

    status: int
    said: dict[str, Any] | None = None

    @property
    def is_good(self) -> bool:
        return self.said is not None and 200 <= self.status < 300


def ask(
    address: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """What is answered at an address, to ``form`` if there is one."""
    if not address.startswith(("https://", "http://")):
        return Answer(0)
    body = urlencode(form).encode() if form is not None else None
    asked = urllib.request.Request(address, body, {"Accept": "application/json", **(headers or {})})  # noqa: S310 -- as above
    try:
        with outgoing.opener.open(asked, timeout=_SECONDS) as answer:
            return Answer(answer.status, _read(answer))
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused.code, _read(refused))
    except (OSError, ValueError, http.client.HTTPException):
        return Answer(0)


def _read(answer: IO[bytes]) -> dict[str, Any] | None:
    try:
        found = json.loads(answer.read(_LARGEST))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return found if isinstance(found, dict) else None


def get(
    address: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """The JSON object at an address, with ``form`` the answer to it; None for whatever is not right."""
    found = ask(address, form=form, headers=headers)
    return found.said if found.is_good else None


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
