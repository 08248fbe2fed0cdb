"""Cards for all residents of an institution."""

from __future__ import annotations

import pytest

from tests.healthcard import make
from tests.healthcard.make import DOCTOR, STEWARD, issue
from xinglin.healthcard import batches
from xinglin.healthcard.rules import Kind
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault
from xinglin.record import jobs

ADMINISTRATOR = Actor("account/8", "韦建平", frozenset({"administrator"}))
OTHER = Actor("account/7", "别院", frozenset({"steward"}), institution="centre")


def ask(**more):
    given = {"institution": "hospital", "kind": Kind.VIRTUAL, "handed_over": True, "actor": STEWARD}
    return batches.ask(**{**given, **more})


@pytest.fixture
def ward(wang):
    """Wang has a card already, two others none, one has died, one is not in the index."""
    issue(wang)
    make.store(
        make.patient("p", name=[{"text": "甲"}]),
        make.patient("q", name=[{"text": "乙"}]),
        make.patient("r", name=[{"text": "丙"}], deceasedBoolean=True),
        make.patient("s", "centre", name=[{"text": "丁"}]),
    )
    return [make.one_person(id_) for id_ in "pqr"]


def test_batch_issues_to_who_has_none_and_reports_the_others(ward):
    job = jobs.work(ask().id)

    assert job.state == "done"
    assert job.result == {
        "total": 4, "done": 4, "issued": 2, "had": 1, "unlinked": 0, "refused": 1,
        "problems": [{"patient": "r", "text": "This person has died; no card can be issued."}],
    }  # fmt: skip
    assert len(make.rows("healthcard_card")) == 3


def test_batch_that_is_run_again_issues_nothing(ward):
    jobs.work(ask().id)
    before = make.rows("healthcard_card")

    job = jobs.work(ask().id)

    assert (job.result["issued"], job.result["had"]) == (0, 3)
    assert make.rows("healthcard_card") == before


def test_batch_of_cards_that_are_to_be_made(ward):
    jobs.work(ask(kind=Kind.PHYSICAL, handed_over=False).id)

    assert set(make.rows("healthcard_card", "kind, state")) == {
        ("virtual", "active"),
        ("physical", "requested"),
    }


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"actor": OTHER}, "one's own institution"),
        ({"actor": DOCTOR}, "may not do this"),
        ({"institution": ""}, "Choose the institution"),
        ({"institution": "nowhere", "actor": ADMINISTRATOR}, "no Organization/nowhere"),
    ],
)
def test_batch_that_may_not_be_is_not_begun(ward, more, said):
    before = len(jobs.latest(batches.KIND))

    with pytest.raises(Fault, match=said):
        ask(**more)

    assert len(jobs.latest(batches.KIND)) == before


def test_batch_is_seen_by_who_asked_and_by_administrators(ward):
    job = ask()

    assert batches.find(job.id, STEWARD).id == batches.find(job.id, ADMINISTRATOR).id == job.id
    with pytest.raises(Fault, match="no batch"):
        batches.find(job.id, OTHER)
    assert [one.id for one in batches.latest(STEWARD)] == [job.id]
    assert batches.latest(OTHER) == []


def test_job_of_another_kind_is_no_batch(ward):
    job = jobs.ask("export", {}, STEWARD)

    with pytest.raises(Fault, match="no batch"):
        batches.find(job.id, STEWARD)
