"""From where somebody asks: the network address and the kind of device, for as long as the request lasts."""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SYSTEMS = (
    ("HarmonyOS", r"HarmonyOS|OpenHarmony"), ("Android", r"Android"), ("iOS", r"iPhone|iPad|iPod"),
    ("Windows", r"Windows"), ("macOS", r"Macintosh|Mac OS X"), ("Linux", r"Linux|X11"),
)  # fmt: skip
_BROWSERS = (
    ("WeChat", r"MicroMessenger"), ("Edge", r"Edg(?:e|A|iOS)?/"), ("QQ", r"QQBrowser"), ("360", r"360SE|QihooBrowser"),
    ("Firefox", r"Firefox|FxiOS"), ("Chrome", r"Chrome|CriOS|HeadlessChrome"), ("Safari", r"Safari"),
)  # fmt: skip
_PRODUCT = re.compile(r"[A-Za-z][\w.\-]{0,39}")
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Origin:
    """``device`` is short and stays the same over versions: “Chrome / Windows”, “python-requests”."""

    address: str | None = None
    device: str | None = None


NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("xinglin-origin")


def current() -> Origin:
    """From where this thread's request came; nothing where there is no request."""
    return _current.get(NOWHERE)


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Everything within is asked from there."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def of_request(environ: Mapping[str, Any], proxies: int) -> Origin:
    """Where a WSGI request came from.

    Each proxy writes at the end of ``X-Forwarded-For`` whom it was asked by. So with ``proxies`` of ours in front the
    client is the one told by the outermost, so many from the end; what stands before is the client's own word.
    """
    address = str(environ.get("REMOTE_ADDR") or "")
    passed = str(environ.get("HTTP_X_FORWARDED_FOR") or "").split(",") if proxies else []
    if len(passed) >= proxies > 0:
        address = _address(passed[-proxies].strip()) or address
    return Origin(address or None, device(str(environ.get("HTTP_USER_AGENT") or "")) or None)


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def device(agent: str) -> str:
    """What a User-Agent header says, without what changes with every update."""
    browser = next((name for name, form in _BROWSERS if re.search(form, agent)), None)
    if browser is None:
        product = _PRODUCT.match(agent)
        return product[0] if product else (UNKNOWN if agent else "")
    system = next((name for name, form in _SYSTEMS if re.search(form, agent)), UNKNOWN)
    return f"{browser} / {system}"
