"""Pages of results in plain words, and the originals of reports."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.healthcard import make as cards
from tests.residents import make
from tests.residents.entering import client_of, text

OBSERVATIONS = "http://terminology.hl7.org/CodeSystem/"
PDF = b"%PDF-1.7 made up %%EOF"


@pytest.fixture
def client(region, outbox):
    bounds = [{"low": {"value": 3.9}, "high": {"value": 6.1}}]
    cards.store({**make.observation("o-a", "a", 9.1), "referenceRange": bounds})
    cards.store(
        {**make.observation("o-a2", "a", 7.1), "referenceRange": bounds, "effectiveDateTime": "2026-11-01"}
    )
    held = {"contentType": "application/pdf", "title": "原件", "data": b64encode(PDF).decode()}
    other = {"contentType": "text/html", "data": b64encode(b"<script>").decode()}
    cards.store({**make.report("r-a", "a"), "presentedForm": [other, held]})
    return client_of(make.wang())


def test_results_are_said_in_plain_words(client) -> None:
    page = text(client.get("/my/record/a/results/"))

    assert "常见于吃过东西后采血" in page
    assert "较2026-10-01(9.1)-2.0" in page.replace(" ", "").replace("（", "(").replace("）", ")")
    assert '<svg class="xl-range high"' in page


def test_one_result_says_what_it_tells_and_when_to_see_a_doctor(client) -> None:
    page = text(client.get("/my/record/a/results/trend/?test=1558-6~mmol/L"))

    assert "血液里的葡萄糖" in page
    assert "空腹两次达到 7.0 mmol/L" in page
    assert "9.1" in page


def test_a_page_in_english_is_in_english(client) -> None:
    client.cookies["django_language"] = "en"

    assert "The sugar in the blood" in text(client.get("/my/record/a/results/trend/?test=1558-6~mmol/L"))


def test_results_by_day_are_a_table(client) -> None:
    page = text(client.get("/my/record/a/results/?view=grid"))

    assert "xl-grid" in page
    assert "2026-11-01" in page


def test_a_flag_without_direction_is_not_said_by_colour_alone_in_the_table_by_day(client) -> None:
    flagged = {"coding": [{"system": f"{OBSERVATIONS}v3-ObservationInterpretation", "code": "A"}]}
    cards.store({**make.observation("o-f", "a", 5.0), "interpretation": [flagged]})

    page = text(client.get("/my/record/a/results/?view=grid"))

    assert '5.0 <span aria-hidden="true">!</span><span class="visually-hidden">异常</span>' in page


def test_the_original_of_a_report_is_given_as_it_was_sent(client) -> None:
    assert "original/2/" in text(client.get("/my/record/a/documents/DiagnosticReport/r-a/"))

    answer = client.get("/my/record/a/documents/DiagnosticReport/r-a/original/2/")

    assert (answer.content, answer["Content-Type"]) == (PDF, "application/pdf")
    assert answer["Content-Disposition"] == 'attachment; filename="DiagnosticReport-r-a-2.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "DiagnosticReport/r-a/original/1/",
        "DiagnosticReport/r-a/original/3/",
        "DiagnosticReport/r-lin/original/2/",
        "Observation/o-a/original/1/",
    ],
)
def test_no_other_file_is_given(client, path) -> None:
    answer = client.get(f"/my/record/a/documents/{path}")

    assert answer.status_code == 404
    assert PDF not in answer.content
