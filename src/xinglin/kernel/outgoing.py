"""Asking addresses outside: only the one that was named, and safely."""

from __future__ import annotations

import socket
import urllib.request
from ipaddress import IPv6Address, ip_address
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


def leads_here(host: str) -> bool:
    """Whether a name leads to this machine or its own link (loopback, link-local), or to no single machine.

    Whatever is named by others and asked by us should not. A name that leads nowhere does not lead here.
    """
    try:
        found = {str(one[4][0]).partition("%")[0] for one in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return False
    return any(_is_here(text) for text in found)


def _is_here(text: str) -> bool:
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
