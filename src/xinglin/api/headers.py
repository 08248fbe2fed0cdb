"""What HTTP headers say: which version, which preference, which format, which language.

https://hl7.org/fhir/R4/http.html#concurrency and https://hl7.org/fhir/R4/http.html#ops
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from xinglin.api.refusals import Refusal
from xinglin.kernel.errors import Kind, invalid

JSON_TYPE = "application/fhir+json"
_JSON_TYPES = {"json", "application/json", "application/fhir+json", "text/json", "application/json+fhir"}
_ANY = {"*/*", "application/*", "text/*", "*"}
_ETAG = re.compile(r'\s*(?:W/)?"?([0-9]{1,9})"?\s*')
_RETURNS = ("minimal", "representation", "OperationOutcome")


@dataclass(frozen=True, slots=True)
class Preference:
    """The ``Prefer`` header: what to return of a write, how to treat unknown parameters, whether to wait."""

    returning: str = "representation"
    lenient: bool = False
    asynchronous: bool = False


@lru_cache(maxsize=256)
def preference(text: str | None) -> Preference:
    """Read ``Prefer``; words that mean nothing here are passed over.

    https://www.rfc-editor.org/rfc/rfc7240
    """
    found: dict[str, str] = {}
    for part in re.split(r"[,;]", text or ""):
        name, _, value = part.strip().partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    returning = found.get("return", "")
    return Preference(
        returning if returning in _RETURNS else "representation",
        found.get("handling") == "lenient",
        "respond-async" in found,
    )


def version(text: str | None) -> int | None:
    """The version that ``If-Match`` names, ``W/"3"``."""
    if text is None:
        return None
    found = _ETAG.fullmatch(text)
    if not found:
        raise invalid(
            'The header If-Match should name a version, such as W/"3"; it is %(there)s.',
            code="value",
            there=repr(text[:80]),
        )
    return int(found[1])


def etag(number: int) -> str:
    """A version as an entity tag."""
    return f'W/"{number}"'


def unchanged(if_none_match: str | None, if_modified_since: str | None, tag: str, moment: datetime) -> bool:
    """Whether the client has this version already (304); ``If-None-Match`` goes first.

    https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
    """
    if if_none_match is not None:
        given = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
        return "*" in given or tag.removeprefix("W/") in given
    if if_modified_since is None:
        return False
    try:
        since = parsedate_to_datetime(if_modified_since)
    except ValueError:
        return False
    return moment.replace(microsecond=0) <= (since if since.tzinfo else since.replace(tzinfo=UTC))


def http_date(moment: datetime) -> str:
    """A moment in UTC as ``Last-Modified`` writes it."""
    return format_datetime(moment, usegmt=True)


@lru_cache(maxsize=256)
def language(text: str | None) -> str:
    """``zh-hans`` if Chinese is asked for before English, else ``en``."""
    ranked = sorted(_weighed(text or ""), key=lambda pair: -pair[1])
    for name, weight in ranked:
        if weight > 0 and name[:2] in ("zh", "en"):
            return "zh-hans" if name.startswith("zh") else "en"
    return "en"


@lru_cache(maxsize=512)
def require_json(accept: str | None, form: str | None) -> None:
    """Raise 406 unless the client takes JSON. ``_format`` goes before ``Accept``."""
    asked = (accept or "*/*") if form is None else form.replace(" ", "+")  # a plus sign that was not encoded
    wanted = _weighed(asked)
    for name, weight in wanted:
        if weight > 0 and name in (_JSON_TYPES | _ANY):
            return
    raise Refusal(
        406,
        Kind.UNSUPPORTED,
        "not-supported",
        "Answers are in JSON (%(json)s); %(asked)s is not available. XML and Turtle are not supported.",
        json=JSON_TYPE,
        asked=asked,
    )


def is_json(content_type: str) -> bool:
    """Whether a body of this type is FHIR in JSON."""
    return content_type.partition(";")[0].strip().lower() in _JSON_TYPES


def _weighed(text: str) -> list[tuple[str, float]]:
    """``a;q=0.5, b`` as [("a", 0.5), ("b", 1.0)], names in lower case."""
    found = []
    for part in text.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        if name:
            found.append((name, weight))
    return found
