"""Days as people and spreadsheets write them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from django.utils.translation import gettext_noop

from xinglin.directory.rules.problems import Wrong

_FORMS = (
    re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00:00(?:\.0+)?)?"),
    re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})"),
    re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)
_EARLIEST, _LATEST = 1800, 2200


def read(text: str) -> date:
    """The day that ``text`` says. Raises ``Wrong``."""
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is None:
            continue
        year, month, day = (int(part) for part in match.groups())
        try:
            found = date(year, month, day)
        except ValueError:
            raise Wrong(gettext_noop("There is no such day as %(text)s."), text=text) from None
        if not _EARLIEST <= year <= _LATEST:
            raise Wrong(gettext_noop("%(text)s is not a day of these times."), text=text)
        return found
    raise Wrong(gettext_noop("%(text)s is not a day; write it as 2024-01-31."), text=text)


def last(before: date | None) -> str | None:
    """The last day of a span that ends before ``before``, as FHIR's periods have it."""
    return (before - timedelta(days=1)).isoformat() if before else None


def first_after(text: str | None) -> date | None:
    """The day after the last day of a FHIR period; a year or month alone ends with its last day."""
    if not text:
        return None
    parts = [int(part) for part in text[:10].split("-")]
    if len(parts) == 3:
        return date(*parts) + timedelta(days=1)
    year, month = (parts[0], parts[1]) if len(parts) == 2 else (parts[0], 12)
    return date(year + month // 12, month % 12 + 1, 1)


def first(text: str | None) -> date | None:
    """The first day of a FHIR date of any precision."""
    if not text:
        return None
    parts = [int(part) for part in text[:10].split("-")]
    return date(*[*parts, 1, 1][:3])
