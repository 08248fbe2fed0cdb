"""A client that calls the face in this process, and tells what came back."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

FHIR = "application/fhir+json"
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True)
class Reply:
    """An answer: ``headers`` by lower-case name (the last of each), ``body`` as sent."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def issues(self) -> list[dict[str, Any]]:
        assert self.json["resourceType"] == "OperationOutcome"
        return self.json["issue"]

    @property
    def text(self) -> str:
        """What the first issue says."""
        return self.issues[0]["details"]["text"]

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The resources of a Bundle's entries."""
        return [entry["resource"] for entry in self.json.get("entry", []) if "resource" in entry]

    @property
    def ids(self) -> list[str]:
        return [resource["id"] for resource in self.resources]

    def link(self, relation: str) -> str | None:
        return next((one["url"] for one in self.json.get("link", []) if one["relation"] == relation), None)


@dataclass
class Caller:
    """``authorization`` goes with every request unless it is ``None``."""

    authorization: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        content_type: str | None = None,
        chunked: bool = False,
        **headers: str,
    ) -> Reply:
        """Ask; ``body`` may be bytes or anything JSON; header names have underscores for hyphens."""
        from xinglin.api import face

        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        found: dict[str, Any] = {}

        def start_response(line: str, headers: list[tuple[str, str]]) -> None:
            found["status"], found["headers"] = int(line[:3]), headers

        environ = self._environ(method, url, data, chunked=chunked)
        if content_type is not None or (body is not None and not isinstance(body, bytes)):
            environ["CONTENT_TYPE"] = content_type or FHIR
        for name, value in (self.headers | headers).items():
            environ["HTTP_" + name.upper()] = value
        answer = b"".join(face.application(environ, start_response))
        return Reply(found["status"], {k.lower(): v for k, v in found["headers"]}, answer)

    def _environ(self, method: str, url: str, data: bytes, *, chunked: bool) -> dict[str, Any]:
        path, _, query = url.partition("?")
        if path.startswith("http"):
            path = urlsplit(path).path.removeprefix("/fhir").lstrip("/")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"/fhir/{path.lstrip('/')}" if path else "/fhir",
            "QUERY_STRING": quote(query, safe="%=&?/:+|,$*-_.@<>!'()"),
            "SERVER_NAME": "test",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(data),
            "HTTP_HOST": "test",
        }
        if chunked:
            environ["HTTP_TRANSFER_ENCODING"] = "chunked"
        elif data:
            environ["CONTENT_LENGTH"] = str(len(data))
        if self.authorization is not None:
            environ["HTTP_AUTHORIZATION"] = self.authorization
        return environ

    def get(self, url: str, **headers: str) -> Reply:
        return self("GET", url, **headers)

    def create(self, resource: dict[str, Any], **headers: str) -> dict[str, Any]:
        """Create a resource that must be taken, and give it as stored."""
        reply = self("POST", resource["resourceType"], resource, **headers)
        assert reply.status == 201, reply.body
        return reply.json
