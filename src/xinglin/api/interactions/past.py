"""history of a resource, of a type, of everything. https://hl7.org/fhir/R4/http.html#history"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api import bundles
from xinglin.api.answers import Answer
from xinglin.fhir import dates
from xinglin.kernel.errors import Fault, invalid
from xinglin.record.queries import Span

if TYPE_CHECKING:
    from xinglin.api.requests import Request

DEFAULT_COUNT = 50
MAX_COUNT = 1000
_KNOWN = ("_since", "_at", "_count", "_page")


def of_everything(request: Request) -> Answer:
    """What happened to any resource, the latest first."""
    return _past(request, None, None)


def of_type(request: Request, type_name: str) -> Answer:
    """What happened to the resources of a type, the latest first."""
    return _past(request, type_name, None)


def of_instance(request: Request, type_name: str, id_: str) -> Answer:
    """What happened to one resource, the latest first."""
    return _past(request, type_name, id_)


def _past(request: Request, type_name: str | None, id_: str | None) -> Answer:
    asked = dict(request.criteria)
    for name in asked:
        if name not in _KNOWN:
            raise invalid(
                "A history takes no parameter %(name)s; it takes %(known)s.",
                code="not-supported",
                name=repr(name),
                known=", ".join(_KNOWN[:-1]),
            )
    count = _number(asked, "_count", DEFAULT_COUNT)
    span = Span(
        since=_moment(asked["_since"]) if "_since" in asked else None,
        at=_interval("_at", asked["_at"]) if "_at" in asked else None,
        count=min(count, MAX_COUNT) + 1,  # one more than shown, to know whether there is a next page
        before=_number(asked, "_page", 0) or None,
    )
    found = request.door.history(type_name, id_, span)
    shown = found[: span.count - 1]
    path = "/".join(word for word in (type_name, id_, "_history") if word)
    links = {"self": bundles.address(request.base, path, asked.items())}
    if len(found) > len(shown) and shown:
        links["next"] = bundles.address(request.base, path, {**asked, "_page": str(shown[-1].vid)}.items())
    whole = id_ is not None and type_name is not None and not asked.keys() & {"_since", "_at"}
    total = request.door.count_versions(str(type_name), str(id_)) if whole else None
    entries = [bundles.past(request.base, stored) for stored in shown]
    return Answer(200, bundles.bundle("history", entries, total=total, links=links))


def _number(asked: dict[str, str], name: str, default: int) -> int:
    text = asked.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 20):
        raise invalid(
            "The parameter %(name)s should be a whole number; it is %(there)s.",
            code="value",
            name=name,
            there=repr(text[:80]),
        )
    return int(text)


def _moment(text: str) -> int:
    """Milliseconds since 1970 of an instant; a date means its beginning."""
    return _interval("_since", text)[0]


def _interval(name: str, text: str) -> tuple[int, int]:
    """Milliseconds since 1970, half open. A plus sign that was not encoded has come as a space."""
    try:
        low, high = dates.interval(text.replace(" ", "+"))
    except (Fault, ValueError):
        raise invalid(
            "The parameter %(name)s should be a date or an instant (2024-05-01T08:00:00Z); it is %(there)s.",
            code="value",
            name=name,
            there=repr(text[:80]),
        ) from None
    return low // 1000, high // 1000
