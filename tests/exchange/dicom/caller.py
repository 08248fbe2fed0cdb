"""A client of the face in this process."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from xinglin.exchange.dicom.web import multipart


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def parts(self) -> list[tuple[str, bytes]]:
        """Types and contents of a multipart."""
        _, parameters = multipart.parameters(self.headers["content-type"])
        reader = multipart.Reader(io.BytesIO(self.body), parameters["boundary"])
        found = []
        while (head := reader.next_head()) is not None:
            out = io.BytesIO()
            reader.copy(out.write)
            found.append((head["content-type"], out.getvalue()))
        return found


@dataclass
class Caller:
    authorization: str = ""

    def __call__(
        self, method: str, url: str, body: bytes = b"", *, media: str = "", accept: str = "", **headers: str
    ) -> Reply:
        from xinglin.exchange.dicom.web import face

        path, _, query = url.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": f"/dicomweb{path}", "QUERY_STRING": query,
            "SERVER_NAME": "xinglin.example", "SERVER_PORT": "80", "HTTP_HOST": "xinglin.example",
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": media, "REMOTE_ADDR": "127.0.0.1",
        }  # fmt: skip
        if self.authorization:
            environ["HTTP_AUTHORIZATION"] = self.authorization
        if accept:
            environ["HTTP_ACCEPT"] = accept
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        found: dict[str, Any] = {}

        def start_response(line: str, told: list[tuple[str, str]]) -> None:
            found["status"], found["headers"] = int(line[:3]), {k.lower(): v for k, v in told}

        answer = b"".join(face.application(environ, start_response))
        return Reply(found["status"], found["headers"], answer)

    def store(self, *files: bytes, study: str = "", **headers: str) -> Reply:
        mark = "made-up-boundary"
        body = b"".join(multipart.written(
            (([("Content-Type", "application/dicom")], [file]) for file in files), mark
        ))  # fmt: skip
        media = f'multipart/related; type="application/dicom"; boundary={mark}'
        return self("POST", f"/studies/{study}".rstrip("/"), body, media=media, **headers)
