"""Reading what the client sends: size, encoding, type. https://hl7.org/fhir/R4/http.html#mime-type"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.api import headers
from xinglin.api.refusals import Refusal
from xinglin.api.requests import parse_pairs
from xinglin.fhir import json
from xinglin.kernel.errors import Kind, invalid

if TYPE_CHECKING:
    from xinglin.api.requests import Request

_CHUNK = 1 << 20
_FORM = "application/x-www-form-urlencoded"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"


def raw(request: Request) -> bytes:
    """The body, unpacked if it came compressed; at most ``XINGLIN_MAX_BODY`` bytes."""
    limit: int = settings.SETTINGS.max_body
    body = _received(request.environ, limit)
    encoding = (request.header("CONTENT_ENCODING") or "identity").strip().lower()
    if encoding == "identity":
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Refusal(
            415,
            Kind.UNSUPPORTED,
            "not-supported",
            "The header Content-Encoding should be gzip or absent; it is %(there)s.",
            there=encoding,
        )
    return _unpacked(body, limit)


def resource(request: Request) -> dict[str, Any]:
    """The body as one FHIR resource (any JSON object with a ``resourceType``)."""
    _require_type(request)
    return parsed_resource(raw(request))


def parsed_resource(body: bytes) -> dict[str, Any]:
    """The same, of bytes that have been read."""
    found = json.parse(body) if body else None
    if not isinstance(found, dict) or not isinstance(found.get("resourceType"), str):
        raise invalid(
            "The body should be a FHIR resource: a JSON object with a resourceType.",
            code="structure",
            expression="resourceType" if isinstance(found, dict) else None,
        )
    return found


def optional_resource(request: Request) -> dict[str, Any] | None:
    """The body as a resource, ``None`` if nothing was sent."""
    body = raw(request)
    if not body.strip():
        return None
    _require_type(request)
    return parsed_resource(body)


def operations(request: Request) -> tuple[str, Any]:
    """The body of a PATCH and its kind: ``JSON_PATCH``, ``MERGE_PATCH``, or FHIR's own (Parameters).

    A JSON object that is no Parameters resource is a merge patch, under whatever JSON type it comes.
    """
    kind = _type(request)
    if kind not in (JSON_PATCH, MERGE_PATCH) and not headers.is_json(kind):
        raise _wrong_type(kind, f"{JSON_PATCH}, {MERGE_PATCH} or, for FHIRPath Patch, {headers.JSON_TYPE}")
    body = json.parse(raw(request))
    if kind not in (JSON_PATCH, MERGE_PATCH):
        is_parameters = isinstance(body, dict) and body.get("resourceType") == "Parameters"
        kind = headers.JSON_TYPE if is_parameters else MERGE_PATCH
    return kind, body


def form(request: Request) -> list[tuple[str, str]]:
    """The body of a search by POST."""
    content_type = _type(request)
    body = raw(request)
    if content_type == _FORM or not body:
        try:
            return parse_pairs(body.decode("ascii"))
        except UnicodeDecodeError:
            raise invalid(
                "The form should be URL-encoded: ASCII with %%XX for the rest.", code="value"
            ) from None
    raise _wrong_type(content_type, _FORM)


def content_type(request: Request) -> str:
    """The ``Content-Type`` as sent."""
    found: str = request.environ.get("CONTENT_TYPE") or ""
    return found


def _type(request: Request) -> str:
    return content_type(request).partition(";")[0].strip().lower()


def _require_type(request: Request) -> None:
    found = _type(request)
    if found and not headers.is_json(found):
        raise _wrong_type(found, headers.JSON_TYPE)
    charset = content_type(request).lower().partition("charset=")[2].strip("\"' ")
    if charset and charset.partition(";")[0].strip("\"' ") not in ("utf-8", "utf8", "us-ascii"):
        raise _wrong_type(content_type(request), headers.JSON_TYPE + "; charset=utf-8")


def _wrong_type(there: str, wanted: str) -> Refusal:
    return Refusal(
        415,
        Kind.UNSUPPORTED,
        "not-supported",
        "The header Content-Type should be %(wanted)s; it is %(there)s. XML and Turtle are not supported.",
        wanted=wanted,
        there=there or "absent",
    )


def _received(environ: dict[str, Any], limit: int) -> bytes:
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH") or ""
    if length:
        if not (length.isascii() and length.isdigit()):
            raise invalid("The header Content-Length should be a number.", code="value")
        if int(length) > limit:
            raise _too_large(limit)
        body: bytes = stream.read(int(length))
        if len(body) < int(length):
            raise invalid(
                "The body ended after %(count)d bytes; %(length)s were announced.",
                code="incomplete",
                count=len(body),
                length=length,
            )
        return body
    if "HTTP_TRANSFER_ENCODING" not in environ:
        return b""
    parts: list[bytes] = []
    size = 0
    while part := stream.read(_CHUNK):
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


def _unpacked(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(31)
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except zlib.error:
        raise invalid(
            "The body is not gzip, as the header Content-Encoding says.", code="structure"
        ) from None
    if len(unpacked) > limit:
        raise _too_large(limit)
    if not unpacker.eof:
        raise invalid("The gzip of the body ends too early.", code="incomplete")
    return unpacked


def _too_large(limit: int) -> Refusal:
    return Refusal(
        413,
        Kind.INVALID,
        "too-long",
        "The body should be at most %(limit)d bytes. Send it in parts, or use the bulk import.",
        limit=limit,
    )
