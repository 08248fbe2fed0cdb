"""Every part of one's own record opens, also those that share a template with the doctors' pages."""

from __future__ import annotations

import pytest

from tests.healthcard import make as cards
from tests.residents import make
from tests.residents.entering import client_of
from xinglin.kernel.actor import SYSTEM
from xinglin.record.door import open_as
from xinglin.residents.record_urls import urlpatterns

PARTS = sorted({str(one.pattern) for one in urlpatterns if "<" not in str(one.pattern)})


VISIT = {
    "resourceType": "Encounter", "id": "visit", "status": "finished", "class": {"code": "AMB"},
    "subject": {"reference": "Patient/a"}, "period": {"start": "2026-10-01", "end": "2026-10-01"},
}  # fmt: skip


@pytest.fixture
def visited(region):
    open_as(SYSTEM).update(VISIT)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_one_s_own_record_opens(visited, outbox, part):
    answer = client_of(make.wang()).get(f"/my/record/a/{part}")

    assert answer.status_code == (404 if part == "results/trend/" else 200)  # no test was named


@pytest.mark.parametrize(
    "part",
    [p for p in PARTS if not p.startswith(("results/trend", "export", "summary/document", "summary/paper"))],
)
def test_every_part_has_one_first_heading(visited, outbox, part):
    page = client_of(make.wang()).get(f"/my/record/a/{part}").content.decode()

    assert page.count("<h1") == 1


def test_results_by_day_and_a_document_have_one_first_heading(visited, outbox):
    cards.store(make.report("r-a", "a"))
    client = client_of(make.wang())

    for page in ("results/?view=grid", "documents/DiagnosticReport/r-a/"):
        assert client.get(f"/my/record/a/{page}").content.decode().count("<h1") == 1


def test_cells_without_a_value_are_marked_so_that_phones_leave_them_out(visited, outbox):
    page = client_of(make.wang()).get("/my/record/a/encounters/").content.decode()

    assert page.count('<td class="xl-blank">') == 3  # no department, no reason, no diagnosis
