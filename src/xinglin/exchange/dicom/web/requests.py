"""One request as the parts of this face see it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.exchange.dicom.web import multipart
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender
    from xinglin.kernel.actor import Actor

PREFIX = "/dicomweb"
_HOST = re.compile(r"[A-Za-z0-9.\-]+(?::[0-9]+)?|\[[0-9A-Fa-f:.]+\](?::[0-9]+)?")
_MOST_PARAMETERS = 200


@dataclass(slots=True)
class Range:
    """One media type that a client takes, with its parameters."""

    media: str
    parameters: dict[str, str] = field(default_factory=dict)
    quality: float = 1.0


@dataclass(slots=True)
class Request:
    """``actor`` is who reads, ``sender`` who sends; which of the two is known depends on what was asked."""

    environ: dict[str, Any]
    actor: Actor = field(init=False)
    sender: Sender | None = None

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """Below the prefix."""
        return str(self.environ["PATH_INFO"])[len(PREFIX) :]

    @property
    def query(self) -> str:
        return str(self.environ.get("QUERY_STRING") or "")

    @property
    def address(self) -> str:
        return str(self.environ.get("REMOTE_ADDR") or "")

    def header(self, name: str) -> str:
        """By its name in the environ: ``ACCEPT``."""
        return str(self.environ.get(f"HTTP_{name}") or "")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the query, decoded."""
        try:
            return parse_qsl(
                self.query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
            )
        except ValueError:
            raise invalid(
                gettext_noop("The query is not UTF-8, or has too many parameters."), code="value"
            ) from None

    def first(self, name: str) -> str | None:
        """The first value of a parameter."""
        return next((value for key, value in self.pairs if key == name), None)

    @property
    def accepted(self) -> list[Range]:
        """The media types that the client takes, what it likes best first; the parameter ``accept`` stands for all."""
        text = self.first("accept") or self.header("ACCEPT") or "*/*"
        ranges = []
        for part in _parts(text):
            media, parameters = multipart.parameters(part)
            try:
                quality = float(parameters.pop("q", "1"))
            except ValueError:
                quality = 0.0
            if quality > 0:
                ranges.append(Range(media, parameters, quality))
        return sorted(ranges, key=lambda one: -one.quality)

    @property
    def language(self) -> str:
        """``zh-hans`` or ``en``: what is liked best in the header Accept-Language."""
        return "zh-hans" if self.header("ACCEPT_LANGUAGE").strip().lower().startswith("zh") else "en"

    @property
    def base(self) -> str:
        """The address of this face as the client should use it."""
        given: str = settings.SETTINGS.base_url
        if given:
            return given.rstrip("/") + PREFIX
        host = self.header("HOST")
        if not _HOST.fullmatch(host):  # it goes into answers as it stands
            host = f"{self.environ['SERVER_NAME']}:{self.environ['SERVER_PORT']}"
        return f"{self.environ.get('wsgi.url_scheme', 'http')}://{host}{PREFIX}"

    @property
    def body(self) -> multipart.Source:
        """What is sent, to be read piece by piece."""
        stream: multipart.Source = self.environ["wsgi.input"]
        length = str(self.environ.get("CONTENT_LENGTH") or "")
        if length.isascii() and length.isdigit():
            return multipart.limited(stream, int(length))
        if "HTTP_TRANSFER_ENCODING" in self.environ:
            return stream
        return multipart.limited(stream, 0)


def _parts(text: str) -> list[str]:
    """Split at commas that stand outside of quotes."""
    return [part.strip() for part in re.findall(r'(?:[^,"]|"(?:\\.|[^"])*")+', text) if part.strip()]
