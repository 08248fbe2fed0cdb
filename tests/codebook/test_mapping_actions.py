"""Deciding, undoing, looking again, publishing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.codebook import mapping_make as make
from tests.codebook.mapping_make import DOCTOR, LOCAL, LOINC, NOW, SECOND, STEWARD, TODAY
from xinglin.codebook.mapping import actions, queries, resources
from xinglin.codebook.mapping.actions import Plan
from xinglin.codebook.mapping.reading import Local
from xinglin.codebook.mapping.rules import Decision, Equivalence, State
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.terminology import memory, translating

ALT = Decision(State.MAPPED, "1742-6", "丙氨酸氨基转移酶")


def decide(connection, book, code, decision=ALT, actor=STEWARD):
    number = make.line(connection, book, code).id
    return actions.decide(
        connection=connection, book=book, line=number, decision=decision, actor=actor, now=NOW
    )


def states(connection, book) -> dict[str, tuple[str, str | None]]:
    return {one.code: (one.state, one.target) for one in queries.every_line(connection, book.id)}


def translate(connection, code: str) -> list[str]:
    asked = translating.Asked(LOCAL, code, LOINC)
    found = translating.translate(connection, memory.at(connection), TODAY, None, asked)
    return [one.code for one in found if one.counts]


def test_lines_are_ranked_when_the_book_is_made(workbench):
    book = make.book(workbench)

    best = {
        one.code: one.candidates[0].code for one in queries.every_line(workbench, book.id) if one.candidates
    }
    assert best["L001"] == "1742-6"
    assert best["L002"] == "6690-2"
    assert best["L003"] == "14682-9"


def test_loading_the_list_again_keeps_decisions(workbench):
    book = make.book(workbench)
    decide(workbench, book, "L001")
    newer = [Local("L001", "谷丙转氨酶", "U/L", 1000), Local("L009", "血糖", "mmol/L", 3)]

    again = actions.make_book(
        connection=workbench,
        plan=Plan(book.title, book.institution, book.kind, LOCAL, LOINC),
        lines=newer,
        actor=STEWARD,
        now=NOW,
    )

    assert again.id == book.id
    assert make.line(workbench, book, "L001").count == 1000
    assert states(workbench, book)["L001"] == ("mapped", "1742-6")
    assert states(workbench, book)["L009"] == ("open", None)


def test_coverage_counts_codes_and_volume(workbench):
    book = make.book(workbench)
    decide(workbench, book, "L001")
    decide(workbench, book, "L004", Decision(State.NONE))

    found = queries.coverage(workbench, book.id)

    assert (found.codes, found.mapped, found.none, found.open) == (4, 1, 1, 2)
    assert found.by_codes == 50.0
    assert found.by_volume == pytest.approx(100 * 905 / 2405)


def test_a_doctor_decides_nothing(workbench):
    book = make.book(workbench)

    with pytest.raises(Fault) as caught:
        decide(workbench, book, "L001", actor=DOCTOR)

    assert caught.value.kind is Kind.FORBIDDEN
    assert states(workbench, book)["L001"] == ("open", None)
    assert queries.events(workbench, book.id) == []


def test_undo_gives_the_state_before_step_by_step(workbench):
    book = make.book(workbench)
    decide(workbench, book, "L001")
    decide(workbench, book, "L001", Decision(State.NONE))

    assert actions.undo(connection=workbench, book=book, actor=STEWARD) == [1]
    assert states(workbench, book)["L001"] == ("mapped", "1742-6")
    assert actions.undo(connection=workbench, book=book, actor=STEWARD) == [1]
    assert states(workbench, book)["L001"] == ("open", None)
    assert actions.undo(connection=workbench, book=book, actor=STEWARD) == []


def test_what_somebody_else_has_decided_since_is_not_undone(workbench):
    book = make.book(workbench)
    decide(workbench, book, "L001")
    decide(workbench, book, "L001", Decision(State.NONE), SECOND)

    with pytest.raises(Fault) as caught:
        actions.undo(connection=workbench, book=book, actor=STEWARD)

    assert caught.value.kind is Kind.CONFLICT
    assert states(workbench, book)["L001"] == ("none", None)


def test_many_are_confirmed_and_undone_at_once(workbench):
    book = make.book(workbench)
    sure = queries.sure_lines(workbench, book.id, 0.85, 0.05)

    count = actions.confirm_sure(
        connection=workbench, book=book, lines=[one.id for one in sure], least=0.85, actor=STEWARD, now=NOW
    )

    assert count == len(sure) >= 2
    assert {
        one.state for one in queries.every_line(workbench, book.id) if one.id in {s.id for s in sure}
    } == {"mapped"}
    assert len(actions.undo(connection=workbench, book=book, actor=STEWARD)) == count
    assert {state for state, _ in states(workbench, book).values()} == {"open"}


def test_bulk_leaves_alone_what_is_not_sure(workbench):
    book = make.book(workbench)
    every = [one.id for one in queries.every_line(workbench, book.id)]

    actions.confirm_sure(connection=workbench, book=book, lines=every, least=0.99, actor=STEWARD, now=NOW)

    assert states(workbench, book)["L004"] == ("open", None)


def test_same_name_mapped_otherwise_elsewhere_waits_for_a_second_look(workbench):
    first = make.book(workbench)
    decide(workbench, first, "L001")
    second = make.book(
        workbench, source="urn:test:other:lab", lines=[Local("X1", "谷丙转氨酶测定", "U/L", 9)]
    )

    line = decide(workbench, second, "X1", Decision(State.MAPPED, "1920-8", "天门冬氨酸氨基转移酶"))

    assert "elsewhere" in line.doubts
    assert line.wants_look


def test_confirmed_elsewhere_raises_a_candidate(workbench):
    first = make.book(workbench)
    decide(workbench, first, "L001")
    second = make.book(
        workbench, source="urn:test:other:lab", lines=[Local("X1", "谷丙转氨酶测定", "U/L", 9)]
    )

    best = make.line(workbench, second, "X1").candidates[0]

    assert best.code == "1742-6"
    assert "others" in {reason.code for reason in best.reasons}


def test_second_look_is_taken_by_somebody_else(workbench):
    book = make.book(workbench)
    line = decide(workbench, book, "L004")
    assert line.doubts == ["weak"]

    with pytest.raises(Fault) as caught:
        actions.look(connection=workbench, book=book, line=line.id, actor=STEWARD, now=NOW)
    assert caught.value.kind is Kind.FORBIDDEN
    assert make.line(workbench, book, "L004").wants_look

    looked = actions.look(connection=workbench, book=book, line=line.id, actor=SECOND, now=NOW)
    assert not looked.wants_look
    assert looked.looker_name == SECOND.name


def test_published_map_is_used_by_translate_and_read_back(workbench):
    book = make.book(workbench)
    decide(workbench, book, "L001")
    decide(workbench, book, "L004", Decision(State.NONE, comment="质控"))
    assert translate(workbench, "L001") == []

    with workbench.transaction():
        book = actions.publish(connection=workbench, book=book, actor=STEWARD, now=NOW)

    assert book.version == 1
    assert translate(workbench, "L001") == ["1742-6"]
    assert translate(workbench, "L004") == []
    stored = open_as(SECOND).read("ConceptMap", book.resource).resource
    assert stored["version"] == "1"
    assert resources.said(stored)["L004"].equivalence == "unmatched"


def test_doubtful_lines_are_not_published_until_looked_at(workbench):
    book = make.book(workbench)
    decide(workbench, book, "L001")
    doubtful = decide(workbench, book, "L004")

    with workbench.transaction():
        book = actions.publish(connection=workbench, book=book, actor=STEWARD, now=NOW)
    assert translate(workbench, "L004") == []

    actions.look(connection=workbench, book=book, line=doubtful.id, actor=SECOND, now=NOW)
    with workbench.transaction():
        book = actions.publish(connection=workbench, book=book, actor=STEWARD, now=NOW)
    assert book.version == 2
    assert translate(workbench, "L004") == ["1742-6"]
    assert translate(workbench, "L001") == ["1742-6"]


def test_nothing_new_is_not_published(workbench):
    book = make.book(workbench)
    decide(workbench, book, "L001")
    with workbench.transaction():
        book = actions.publish(connection=workbench, book=book, actor=STEWARD, now=NOW)

    with pytest.raises(Fault) as caught, workbench.transaction():
        actions.publish(connection=workbench, book=book, actor=STEWARD, now=NOW)

    assert caught.value.kind is Kind.CONFLICT
    assert queries.book(workbench, book.id).version == 1
    assert open_as(SECOND).count_versions("ConceptMap", book.resource) == 1


def test_differences_tell_new_changed_and_dropped(workbench):
    book = make.book(workbench)
    decide(workbench, book, "L001")
    decide(workbench, book, "L002", Decision(State.MAPPED, "6690-2", "白细胞计数"))
    with workbench.transaction():
        book = actions.publish(connection=workbench, book=book, actor=STEWARD, now=NOW)
    old = actions.published(workbench, book, STEWARD)
    decide(workbench, book, "L001", Decision(State.OPEN))
    wider = Decision(State.MAPPED, "6690-2", "白细胞计数", Equivalence.WIDER)
    decide(workbench, book, "L002", wider)
    decide(workbench, book, "L003", Decision(State.MAPPED, "14682-9", "肌酐"))

    lines = actions.publishable(workbench, book)
    found = resources.differences(old, resources.concept_map(book, lines, version=2, now=NOW))

    assert [one.code for one in found.added] == ["L003"]
    assert [(one.equivalence, other.equivalence) for one, other in found.changed] == [("equivalent", "wider")]
    assert [one.code for one in found.dropped] == ["L001"]


def test_published_book_is_not_deleted(workbench):
    book = make.book(workbench)
    decide(workbench, book, "L001")
    with workbench.transaction():
        book = actions.publish(connection=workbench, book=book, actor=STEWARD, now=NOW)

    with pytest.raises(Fault):
        actions.delete_book(connection=workbench, book=book, actor=STEWARD)

    assert len(queries.every_line(workbench, book.id)) == 4


def test_local_codes_and_standard_are_two_systems(workbench):
    with pytest.raises(Fault):
        make.book(workbench, source=LOINC)

    assert queries.books(workbench) == []


def test_two_who_decide_the_same_line_at_once_leave_two_events_in_order(workbench):
    book = make.book(workbench)
    number = make.line(workbench, book, "L001").id

    def at_once(turn: int) -> None:
        connection = database.connection()
        with connection.transaction():
            actions.decide(
                connection=connection,
                book=book,
                line=number,
                decision=ALT if turn % 2 else Decision(State.NONE),
                actor=STEWARD if turn % 2 else SECOND,
                now=NOW,
            )
        database.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(at_once, range(8)))

    events = queries.events(workbench, book.id)
    assert len(events) == 8
    last = {"mapped": "mapped", "none": "none"}[events[0].action]
    assert make.line(workbench, book, "L001").state == last


def test_two_who_publish_at_once_make_one_version(workbench):
    book = make.book(workbench)
    decide(workbench, book, "L001")

    def at_once(_: int) -> str:
        connection = database.connection()
        try:
            with connection.transaction():
                actions.publish(connection=connection, book=book, actor=STEWARD, now=NOW)
        except Fault as fault:
            return fault.kind.value
        finally:
            database.close()
        return "published"

    with ThreadPoolExecutor(2) as pool:
        ended = sorted(pool.map(at_once, range(2)))

    assert ended == ["conflict", "published"]
    assert queries.book(workbench, book.id).version == 1
