"""Pages in a frame of a clinic's system: everything under ``/framed/<window>/``, with cookies and a policy of its own.

``frame`` stands outermost. It takes ``/framed/<window>`` off the path, so that every page is drawn as it is and links
to the same window again; it keeps the cookies of each window apart from those of others and of ordinary work (two
frames for two patients are two sessions), and lets the browser draw the answer inside of the window's origin and
nowhere else. ``hold`` stands behind the sessions and lets a window ask for the pages that it was opened for alone.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from http.cookies import Morsel
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import logout
from django.shortcuts import render
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils.translation import gettext

from xinglin.accounts import queries as accounts
from xinglin.record import access
from xinglin.tcm.adapter import queries, rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from xinglin.tcm.adapter.rules import Page

PREFIX = "/framed/"
OPEN = "/tcm/adapter/open"
_WINDOW = re.compile(r"/framed/([a-z0-9]{20})(/.*)")
MARK = "tcm_adapter_window"  # in the session: the window
_COOKIE = "xl-framed-"
_POLICY = "Content-Security-Policy"
_NOWHERE = "frame-ancestors 'none'"
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Window:
    """A window of a clinic's system in which a page was opened. ``patient`` is an id, ``number`` the clinic's own."""

    key: str  # in the address
    system: int
    sender: str
    page: str
    launch: str
    doctor: str
    origin: str
    patient: str = ""
    number: str = ""
    visit: str = ""
    called: str = ""  # the system's name

    @property
    def of(self) -> Page:
        return rules.page(self.page)

    def kept(self) -> dict[str, str | int]:
        """As the session holds it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Framed:
    """What templates know of a framed page (``request.framed``)."""

    path: str  # of the window's cookies
    window: Window | None = None
    origins: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.window.of.title if self.window else ""

    @property
    def hand_back(self) -> str:
        """Where the bar hands back."""
        return reverse("tcm-adapter:hand-back")

    @property
    def hands_back(self) -> bool:
        """Whether the bar offers to hand back what stands in the record."""
        return self.window is not None and self.window.of.hand_back


class _Partitioned(Morsel[str]):
    """A cookie that belongs to the site around it: browsers keep it where they refuse others of third parties."""

    def OutputString(self, attrs: Any = None) -> str:  # noqa: N802 -- the library's name
        return super().OutputString(attrs) + "; Partitioned"


def frame(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, outermost: see the module."""

    def framed(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return get_response(request)
        found = _WINDOW.fullmatch(request.path_info)
        path = f"{PREFIX}{found[1]}/" if found else PREFIX
        request.path_info = found[2] if found else OPEN
        request.framed = Framed(path)  # type: ignore[attr-defined]  # ours
        named = [name for name in request.COOKIES if name.startswith(_COOKIE)]
        request.COOKIES = {name.removeprefix(_COOKIE): request.COOKIES[name] for name in named}
        before = get_script_prefix()
        if found:
            set_script_prefix(path)
        try:
            response = get_response(request)
        finally:
            set_script_prefix(before)
        framed_: Framed = request.framed  # type: ignore[attr-defined]  # as above
        _bake(request, response, framed_.path)
        _draw_inside(response, framed_.origins)
        return response

    return framed


def _bake(request: HttpRequest, response: HttpResponse, path: str) -> None:
    """Cookies under names and a path of their own, fit for a frame of another site where the browser takes them."""
    abroad = (
        settings.SETTINGS.base_url.startswith("https://") or request.get_host().rsplit(":", 1)[0] in _LOCAL
    )
    baked = list(response.cookies.values())
    response.cookies.clear()
    for one in baked:
        morsel: Morsel[str] = _Partitioned() if abroad else Morsel()
        morsel.set(_COOKIE + one.key, one.value, one.coded_value)
        morsel.update({name: value for name, value in one.items() if value})
        morsel["path"] = path
        morsel["samesite"] = "None" if abroad else "Lax"
        if abroad:
            morsel["secure"] = True
        dict.__setitem__(response.cookies, _COOKIE + one.key, morsel)


def _draw_inside(response: HttpResponse, origins: tuple[str, ...]) -> None:
    """Let the browser draw the page in windows of these origins; of none where nobody knows whose it is."""
    if origins:
        del response.headers["X-Frame-Options"]
        policy = response.headers.get(_POLICY, "")
        response.headers[_POLICY] = policy.replace(_NOWHERE, "frame-ancestors " + " ".join(origins))
    response.headers["Cross-Origin-Opener-Policy"] = (
        "unsafe-none"  # a window that was opened may answer its opener
    )


def hold(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware behind the sessions: a window's session opens its own pages, in a frame."""

    def held(request: HttpRequest) -> HttpResponse:
        framed: Framed | None = getattr(request, "framed", None)
        if framed is None and settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return get_response(request)
        if framed is not None and request.path_info == OPEN:
            return get_response(request)
        said = request.session.get(MARK)
        if framed is None:
            if said is not None:  # a frame's session carried elsewhere
                logout(request)
            return get_response(request)
        window = Window(**said) if isinstance(said, dict) and request.user.is_authenticated else None
        system = queries.by_id(window.system) if window else None
        if window is None or system is None or not system.active or window.key not in framed.path:
            return over(request)
        request.framed = Framed(framed.path, window, (window.origin,))  # type: ignore[attr-defined]  # ours
        if not window.of.opens(request.path_info, request.method or "", window.patient):
            assert request.user.is_authenticated
            access.note(accounts.actor_of(request.user), "page", "deny", query=request.path[:200])
            return refused(
                request,
                gettext("This window opens %(page)s and nothing else.") % {"page": window.of.title},
                status=403,
            )
        return get_response(request)

    return held


def over(request: HttpRequest) -> HttpResponse:
    """The window's time is over."""
    return refused(
        request,
        gettext("The time of this window is over. Open the page again from the clinic's system."),
        status=401,
    )


def refused(request: HttpRequest, said: str, *, status: int) -> HttpResponse:
    """A page that says why there is none."""
    return render(request, "tcm_adapter/refused.html", {"said": said}, status=status)
