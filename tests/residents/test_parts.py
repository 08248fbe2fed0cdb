"""Every part of one's own record opens, also those that share a template with the doctors' pages."""

from __future__ import annotations

import pytest

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
