from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exchange.make import STEWARD, Lines, delivery, line
from xinglin.exchange import custody, messages, naming, processing, quarantine, queries
from xinglin.exchange.doors import Door
from xinglin.exchange.queries import Wanted
from xinglin.exchange.receipts import State
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import access, database, door, jobs, sealing

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender
    from xinglin.exchange.receipts import Receipt


def _held(sender: Sender, number: str = "p1", name: str = "", control: str = "v1") -> Receipt:
    receipt = processing.deliver(delivery(sender, line("visit", control, number, name), door=Door.TABLE))
    assert receipt.state is State.QUARANTINED
    return receipt


def _edit(receipt: str, body: bytes, *, version: int = 0, note: str = "name was missing") -> messages.Message:
    connection = database.connection()
    with connection.transaction():
        return quarantine.edit(
            connection, receipt=receipt, body=body, version=version, note=note, actor=STEWARD, now=clock.now()
        )


def _stands(receipt: Receipt) -> State:
    return messages.find(database.connection(), receipt.number).stands


def _name(number: str = "p1") -> str | None:
    import json

    try:
        found = door.open_as(SYSTEM).read("Patient", naming.id_of("h01", "Patient", number))
    except Fault:
        return None
    from xinglin.record import packing

    assert found.body is not None
    text = packing.text("Patient", found.id, found.version, found.vid, found.body)
    return str(json.loads(text)["name"][0]["text"])


def test_an_edited_message_is_stored_and_its_original_stays(sender: Sender, lines: Lines) -> None:
    receipt = _held(sender)

    _edit(receipt.number, line("visit", "v1", "p1", "张三"))
    done = quarantine.replay(database.connection(), receipt=receipt.number, actor=STEWARD, now=clock.now())

    connection = database.connection()
    assert (done.stands, done.edits, _name()) == (State.STORED, 1, "张三")
    assert custody.body(connection, done.original) == line("visit", "v1", "p1", "")
    assert custody.body(connection, done.digest) == line("visit", "v1", "p1", "张三")
    assert [(s.what, s.actor, s.note) for s in queries.steps(connection, done)] == [
        ("edited", "account/1", "name was missing"),
        ("replayed", "account/1", ""),
    ]


def test_what_was_done_is_in_the_access_log(sender: Sender, lines: Lines) -> None:
    receipt = _held(sender)
    _edit(receipt.number, line("visit", "v1", "p1", "张三"))
    access.flush()

    found = (
        database.connection()
        .execute(
            "SELECT action, actor, purpose, query FROM record_access WHERE starts_with(action, 'exchange-')"
        )
        .fetchall()
    )

    told = [
        (*row[:3], sealing.open_text(row[3])) for row in found
    ]  # a receipt may look as if it told a number
    assert told == [("exchange-edited", "account/1", "HOPERAT", receipt.number)]


@pytest.mark.parametrize(
    ("body", "version", "note", "kind"),
    [
        (b"visit|v1|p1|x", 1, "why", Kind.CONFLICT),
        (b"visit|v1|p1|x", 0, " ", Kind.INVALID),
        (b" ", 0, "why", Kind.INVALID),
        (b"visit|v1|p1|", 0, "why", Kind.INVALID),
    ],
)
def test_an_edit_that_cannot_be_kept_changes_nothing(
    sender: Sender, lines: Lines, body: bytes, version: int, note: str, kind: Kind
) -> None:
    receipt = _held(sender)

    with pytest.raises(Fault) as fault:
        _edit(receipt.number, body, version=version, note=note)

    message = messages.find(database.connection(), receipt.number)
    assert fault.value.kind is kind
    assert (message.edits, message.digest) == (0, message.original)
    assert queries.steps(database.connection(), message) == []


def test_only_what_is_in_quarantine_is_dealt_with(sender: Sender, lines: Lines) -> None:
    stored = processing.deliver(delivery(sender, line("visit", "v1", "p1", "张三"), door=Door.TABLE))
    connection = database.connection()

    with pytest.raises(Fault) as edited:
        _edit(stored.number, b"visit|v1|p1|x")
    with pytest.raises(Fault) as replayed:
        quarantine.replay(connection, receipt=stored.number, actor=STEWARD, now=clock.now())
    with pytest.raises(Fault) as unknown:
        messages.find(connection, "not-a-receipt")

    assert (edited.value.kind, replayed.value.kind) == (Kind.CONFLICT, Kind.CONFLICT)
    assert unknown.value.kind is Kind.NOT_FOUND


def test_what_is_discarded_stays_kept_and_can_be_brought_back(sender: Sender, lines: Lines) -> None:
    receipt, connection = _held(sender), database.connection()

    quarantine.discard(connection, receipts=[receipt.number], note="a test", actor=STEWARD, now=clock.now())
    again = processing.deliver(delivery(sender, line("visit", "v1", "p1", ""), door=Door.TABLE))

    assert (_stands(receipt), again.state, again.repeated) == (State.DISCARDED, State.DISCARDED, True)
    quarantine.bring_back(connection, receipt=receipt.number, actor=STEWARD, now=clock.now())
    assert _stands(receipt) is State.QUARANTINED


def test_a_replay_does_not_undo_what_came_later(sender: Sender, lines: Lines) -> None:
    receipt = _held(sender)
    processing.deliver(delivery(sender, line("visit", "v2", "p1", "张三丰"), door=Door.TABLE))

    _edit(receipt.number, line("visit", "v1", "p1", "张三"))
    done = quarantine.replay(database.connection(), receipt=receipt.number, actor=STEWARD, now=clock.now())

    assert (done.stands, done.codes, done.resources) == (State.STORED, ["warning:conflict"], 1)
    assert _name() == "张三丰"


def test_many_are_replayed_at_once_with_progress(sender: Sender, lines: Lines) -> None:
    held = [_held(sender, f"p{n}", control=f"v{n}") for n in range(120)]
    lines.translate = lambda body, media, who: Lines().translate(  # type: ignore[method-assign]
        body if b"|v7|" in body else body + "张三".encode(), media, who
    )

    job = quarantine.ask_replay(Wanted(sender=sender.id, code="required"), actor=STEWARD, begin=False)
    done = jobs.work(job.id)

    assert done.result == {"done": 120, "stored": 119, "total": 120}
    assert done.progress["done"] == 120
    assert [n for n, receipt in enumerate(held) if _stands(receipt) is not State.STORED] == [7]


def test_the_quarantine_is_found_by_what_is_wrong(sender: Sender, lines: Lines) -> None:
    connection = database.connection()
    _held(sender, "p1", control="v1")
    processing.deliver(delivery(sender, b"no line at all", door=Door.TABLE))

    heaps = queries.heaps(connection, None)
    found = queries.listed(connection, Wanted(state=State.QUARANTINED, code="structure"))

    assert [(heap.door, heap.code, heap.count) for heap in heaps] == [
        ("table", "error:required", 1),
        ("table", "error:structure", 1),
    ]
    assert [message.kind for message in found] == [""]
    assert queries.count(connection, Wanted(control="v1")) == 1
    assert queries.count(connection, Wanted(senders=[])) == 0
    assert queries.heaps(connection, []) == []
