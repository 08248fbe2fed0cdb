"""Asking addresses outside: only the one that was named, and safely."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that was allowed may not send us to one that was not."""

    def redirect_request(self, *_: Any) -> None:
        return None


opener = urllib.request.build_opener(_NoRedirect)
"""Opens a request and follows no redirection: that is an answer, raised as ``HTTPError``."""


def is_private(parts: SplitResult) -> bool:
    """Whether nobody between can listen: https, or http to this machine itself."""
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
