"""Health archives: their numbers, their states, and who may have one."""

from __future__ import annotations

import threading

import pytest

from tests.identity.people import LATER, NOW, OTHER_VILLAGE, STEWARD, TOWN, VILLAGE
from xinglin.identity.population import archives
from xinglin.identity.population.archives import Keeping
from xinglin.identity.population.rules import REVIEWS, Reason, Review
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database

CENTRE = Keeping("centre", "东门社区卫生服务中心", "黄志远", VILLAGE)
OTHER = Keeping("other", "竹园社区卫生服务站", "覃美玲", OTHER_VILLAGE)


def file(connection, person="p1", keeping=CENTRE):
    return archives.file(connection, person=person, keeping=keeping, actor=STEWARD, now=NOW)


def refused(kind, connection, work):
    """``work`` is refused, and no archive and no event has changed."""
    before = state(connection)
    with pytest.raises(Fault) as fault, connection.transaction():
        work()
    assert fault.value.kind is kind
    assert state(connection) == before


def state(connection):
    return [
        connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()
        for table in ("identity_archive", "identity_register_event", "identity_serial")
    ]


def test_numbers_count_within_the_village(register):
    assert [file(register, p).number for p in ("p1", "p2")] == [VILLAGE + "00001", VILLAGE + "00002"]
    assert file(register, "p3", OTHER).number == OTHER_VILLAGE + "00001"


def test_person_has_one_open_archive(register):
    file(register)

    refused(Kind.CONFLICT, register, lambda: file(register))


def test_archive_is_filed_in_a_village_only(register):
    keeping = Keeping("centre", "东门社区卫生服务中心", "", TOWN)

    refused(Kind.INVALID, register, lambda: file(register, keeping=keeping))


def test_two_who_file_at_once_get_neighbouring_numbers_and_no_gap(emptied, register):
    numbers: list[str] = []

    def work(person: str) -> None:
        with database.connect() as own, own.transaction():
            numbers.append(file(own, person).number)

    threads = [threading.Thread(target=work, args=(f"p{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(numbers) == [f"{VILLAGE}{n:05d}" for n in range(1, 7)]


def test_two_who_file_for_one_person_at_once_make_one_archive(register):
    outcomes: list[str] = []

    def work() -> None:
        try:
            with database.connect() as own, own.transaction():
                outcomes.append(file(own).number)
        except Fault as fault:
            outcomes.append(fault.kind)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [VILLAGE + "00001", *["conflict"] * 3]
    assert [a.number for a in archives.of_persons(register, ["p1"])] == [VILLAGE + "00001"]


def test_move_keeps_the_number_and_the_history(register):
    number = file(register).number

    moved = archives.move(register, number=number, keeping=OTHER, note="搬家", actor=STEWARD, now=LATER)

    assert (moved.number, moved.keeper, moved.division) == (number, "竹园社区卫生服务站", OTHER_VILLAGE)
    moving, filing = archives.history(register, number)
    assert (moving.kind, moving.note, moving.detail["from"]["keeper"]) == ("moved", "搬家", CENTRE.keeper)
    assert (filing.kind, filing.name) == ("filed", STEWARD.name)


def test_move_to_where_it_is_is_refused(register):
    number = file(register).number

    refused(
        Kind.CONFLICT,
        register,
        lambda: archives.move(register, number=number, keeping=CENTRE, actor=STEWARD, now=LATER),
    )


@pytest.mark.parametrize("reason", [r for r in Reason if r is not Reason.MERGED])
def test_archive_is_closed_and_opened_again(register, reason):
    number = file(register).number

    shut = archives.close(register, number=number, reason=reason, note="家属告知", actor=STEWARD, now=LATER)
    again = archives.reopen(register, number=number, note="误操作", actor=STEWARD, now=LATER)

    assert (shut.state, shut.reason, shut.closed and shut.closed.isoformat()) == (
        "closed",
        reason.value,
        "2026-04-01",
    )
    assert (again.state, again.reason, again.closed) == ("open", None, None)


def test_closing_for_another_reason_needs_words(register):
    number = file(register).number

    refused(
        Kind.INVALID,
        register,
        lambda: archives.close(register, number=number, reason=Reason.OTHER, actor=STEWARD, now=LATER),
    )


def test_closed_archive_cannot_be_changed_moved_or_closed(register):
    number = file(register).number
    archives.close(register, number=number, reason=Reason.LOST, actor=STEWARD, now=LATER)

    for work in (
        lambda: archives.change(register, number=number, doctor="x", actor=STEWARD, now=LATER),
        lambda: archives.move(register, number=number, keeping=OTHER, actor=STEWARD, now=LATER),
        lambda: archives.close(register, number=number, reason=Reason.LOST, actor=STEWARD, now=LATER),
        lambda: archives.review(register, number=number, then=Review.REVIEWED, actor=STEWARD, now=LATER),
    ):
        refused(Kind.CONFLICT, register, work)


def test_second_archive_keeps_the_first_closed(register):
    first = file(register).number
    archives.close(register, number=first, reason=Reason.LOST, actor=STEWARD, now=LATER)
    file(register, keeping=OTHER)

    refused(
        Kind.CONFLICT,
        register,
        lambda: archives.reopen(register, number=first, note="x", actor=STEWARD, now=LATER),
    )


@pytest.mark.parametrize("now", list(Review))
@pytest.mark.parametrize("then", list(Review))
def test_reviews_follow_one_another_as_the_table_says(now, then):
    from xinglin.identity.population import rules

    if then in REVIEWS[now]:
        rules.require_review(now, then)
    else:
        with pytest.raises(Fault):
            rules.require_review(now, then)


def test_archive_is_reviewed_and_opened_to_the_resident(register):
    number = file(register).number

    archives.review(register, number=number, then=Review.REVIEWED, actor=STEWARD, now=LATER)
    opened = archives.review(register, number=number, then=Review.OPENED, actor=STEWARD, now=LATER)

    assert opened.review == "opened"


def test_merged_persons_keep_the_older_archive_and_parting_gives_the_other_back(register):
    older = file(register, "p1").number
    younger = file(register, "p2", OTHER).number

    archives.settle(register, persons=["p2", "p1"], actor=STEWARD, now=LATER)

    kept, lost = archives.of_persons(register, ["p1", "p2"])
    assert (kept.number, kept.state) == (older, "open")
    assert (lost.number, lost.state, lost.reason, lost.successor) == (younger, "closed", "merged", older)

    archives.unsettle(register, person="p2", actor=STEWARD, now=LATER)

    assert [(a.number, a.state, a.successor) for a in archives.of_persons(register, ["p2"])] == [
        (younger, "open", None)
    ]


def test_number_that_nobody_has_is_not_found(register):
    with pytest.raises(Fault, match="There is no archive"):
        archives.find(register, VILLAGE + "00009")
