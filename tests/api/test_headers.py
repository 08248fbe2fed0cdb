"""What headers say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from xinglin.api import headers
from xinglin.api.headers import Preference
from xinglin.api.refusals import Refusal
from xinglin.kernel.errors import Fault

MOMENT = datetime(2024, 5, 1, 8, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "version"), [('W/"3"', 3), ('"3"', 3), ("3", 3), (' W/"12" ', 12), (None, None)]
)
def test_if_match_names_a_version(text: str | None, version: int | None) -> None:
    assert headers.version(text) == version


@pytest.mark.parametrize("text", ["", "*", 'W/"x"', 'W/"1", W/"2"', 'W/"12345678901"'])
def test_if_match_that_names_no_version_is_refused(text: str) -> None:
    with pytest.raises(Fault, match="If-Match should name a version"):
        headers.version(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, Preference()),
        ("return=minimal", Preference("minimal")),
        ("return=OperationOutcome; handling=lenient", Preference("OperationOutcome", lenient=True)),
        ("respond-async, return=minimal", Preference("minimal", asynchronous=True)),
        ('return="minimal"', Preference("minimal")),
        ("return=everything, wait=3", Preference()),
        ("handling=strict", Preference()),
    ],
)
def test_preference(text: str | None, expected: Preference) -> None:
    assert headers.preference(text) == expected


@pytest.mark.parametrize(
    ("none_match", "since", "same"),
    [
        (None, None, False),
        ('W/"3"', None, True),
        ('"3"', None, True),
        ('W/"2"', None, False),
        ('W/"2", W/"3"', None, True),
        ("*", None, True),
        (None, "Wed, 01 May 2024 08:00:00 GMT", True),
        (None, "Wed, 01 May 2024 07:59:59 GMT", False),
        (None, "Wed, 01 May 2024 16:00:00 +0800", True),
        (None, "yesterday", False),
        ('W/"2"', "Wed, 01 May 2024 08:00:00 GMT", False),
    ],
)
def test_client_has_this_version_already(none_match: str | None, since: str | None, same: bool) -> None:
    assert headers.unchanged(none_match, since, 'W/"3"', MOMENT) is same


def test_time_is_written_as_http_wants_it() -> None:
    assert headers.http_date(MOMENT) == "Wed, 01 May 2024 08:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh-hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("en-GB, zh;q=0.5", "en"),
        ("de, zh-Hans;q=0.3", "zh-hans"),
        ("zh;q=0, en", "en"),
        ("fr", "en"),
        ("zh;q=x, en;q=0.1", "en"),
    ],
)
def test_language(text: str | None, language: str) -> None:
    assert headers.language(text) == language


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, None),
        ("*/*", None),
        ("application/fhir+json", None),
        ("application/fhir+json; fhirVersion=4.0", None),
        ("text/html, application/xml;q=0.9, */*;q=0.8", None),
        ("application/fhir+xml, application/json;q=0.1", None),
        ("application/fhir+xml", "json"),
        ("text/html", "application/fhir+json"),
        ("text/html", "application/fhir json"),
    ],
)
def test_json_is_accepted(accept: str | None, form: str | None) -> None:
    headers.require_json(accept, form)


@pytest.mark.parametrize(
    ("accept", "form"),
    [("application/fhir+xml", None), ("text/turtle", None), ("*/*", "xml"), ("application/json;q=0", None)],
)
def test_other_formats_are_not_acceptable(accept: str, form: str | None) -> None:
    with pytest.raises(Refusal, match=r"Answers are in JSON \(application/fhir\+json\)") as caught:
        headers.require_json(accept, form)

    assert caught.value.status == 406
