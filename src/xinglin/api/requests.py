"""One request as the face's parts see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from django.conf import settings

from xinglin.api import headers
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.api.answers import Answer
    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door

MOST_PARAMETERS = 1000
_INHERITED = (
    "HTTP_AUTHORIZATION",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_PREFER",
    "HTTP_HOST",
    "SERVER_NAME",
    "SERVER_PORT",
    "wsgi.url_scheme",
)
_HOST = re.compile(r"[A-Za-z0-9.\-]+(?::[0-9]+)?|\[[0-9A-Fa-f:.]+\](?::[0-9]+)?")
_HIDDEN = ("_format", "_pretty")  # the face's own parameters; the record never sees them


class Request:
    """A WSGI environ, read as needed; ``actor`` and ``door`` are set once it is known who asks."""

    __slots__ = ("_pairs", "actor", "answered", "door", "environ", "method", "query")

    actor: Actor
    door: Door
    answered: Callable[[Request], Answer]

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.query: str = environ.get("QUERY_STRING", "")
        self._pairs: list[tuple[str, str]] | None = None

    def header(self, name: str) -> str | None:
        """A header by its name in the environ: ``IF_MATCH``."""
        found: str | None = self.environ.get("HTTP_" + name)
        return found

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query's parameters in order, decoded; ``_format`` and ``_pretty`` among them."""
        if self._pairs is None:
            self._pairs = parse_pairs(self.query) if self.query else []
        return self._pairs

    def first(self, name: str) -> str | None:
        """The first value of a parameter."""
        return next((value for key, value in self.pairs if key == name), None) if self.query else None

    @property
    def criteria(self) -> list[tuple[str, str]]:
        """The parameters that are meant for the record."""
        return [pair for pair in self.pairs if pair[0] not in _HIDDEN]

    def require_no_criteria(self) -> None:
        """Raise ``invalid`` for parameters where none can have a meaning: they are not passed over in silence."""
        if self.query:
            for name, _ in self.criteria:
                raise invalid(
                    "This takes no parameter %(name)s; _format and _pretty can be used.",
                    code="not-supported",
                    name=repr(name),
                )

    def inner(self, url: str) -> Answer:
        """The answer to a GET of an address below the base, asked by the same client."""
        path, _, query = url.removeprefix(self.base).lstrip("/").partition("?")
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/fhir/{unquote(path)}",
            "QUERY_STRING": query,
            **{name: self.environ[name] for name in _INHERITED if name in self.environ},
        }
        request = Request(environ)
        request.answered = self.answered
        return self.answered(request)

    @property
    def preference(self) -> headers.Preference:
        return headers.preference(self.header("PREFER"))

    @property
    def language(self) -> str:
        """``zh-hans`` or ``en``."""
        return headers.language(self.header("ACCEPT_LANGUAGE"))

    @property
    def base(self) -> str:
        """The address of the face as the client should use it, without a slash at the end."""
        given: str = settings.SETTINGS.base_url
        if given:
            return given.rstrip("/") + "/fhir"
        environ = self.environ
        host = environ.get("HTTP_HOST", "")
        if not _HOST.fullmatch(host):  # it goes into answers as it stands
            host = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        return f"{environ.get('wsgi.url_scheme', 'http')}://{host}/fhir"


def parse_pairs(text: str) -> list[tuple[str, str]]:
    """Read an URL-encoded query; raises ``invalid`` for what is not UTF-8, holds NUL, or is too much."""
    try:
        found = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError as error:
        raise invalid(
            "The query is not UTF-8 at byte %(byte)s.", code="value", byte=f"%{error.object[error.start]:02X}"
        ) from None
    except ValueError:
        raise invalid(
            "The query has more than %(most)d parameters.", code="too-long", most=MOST_PARAMETERS
        ) from None
    for name, value in found:
        if "\0" in name or "\0" in value:
            raise invalid("The parameter %(name)s has a NUL character.", code="value", name=repr(name))
    return found
