from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.make import Lines, bundle, delivery, line, observation, patient
from xinglin.exchange import backlog, custody, messages, naming, processing, working
from xinglin.exchange.doors import Door, Translated
from xinglin.exchange.receipts import Delivery, State
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database, door

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.exchange.doors import Sender


def _read(type_name: str, id_: str) -> dict[str, Any]:
    import json

    stored = door.open_as(SYSTEM).read(type_name, id_)
    assert stored.body is not None
    from xinglin.record import packing

    found: dict[str, Any] = json.loads(packing.text(type_name, id_, stored.version, stored.vid, stored.body))
    return found


def _count(table: str) -> int:
    row = database.connection().execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def _line(sender: Sender, *parts: str) -> Delivery:
    return delivery(sender, line(*parts), door=Door.TABLE)


def _patient(sender: Sender, number: str = "p1") -> dict[str, Any]:
    return _read("Patient", naming.id_of(sender.code, "Patient", number))


def test_what_was_delivered_is_in_the_record_and_leads_back_to_its_message(sender: Sender) -> None:
    receipt = processing.deliver(delivery(sender, bundle(patient(), observation(), control="c1")))

    told = _read("Observation", naming.id_of("h01", "Observation", "o1"))
    assert (receipt.state, receipt.repeated, receipt.reasons) == (State.STORED, False, ())
    assert told["subject"] == {"reference": f"Patient/{naming.id_of('h01', 'Patient', 'p1')}"}
    assert told["meta"]["source"] == f"urn:xinglin:message:{receipt.number}"
    assert messages.find(database.connection(), receipt.number).resources == 2


def test_the_raw_message_is_kept_as_it_came_once_and_sealed(sender: Sender) -> None:
    body = bundle(patient(name="欧阳修"), control="c1")
    receipt = processing.deliver(delivery(sender, body))
    processing.deliver(delivery(sender, body))

    message = messages.find(database.connection(), receipt.number)
    row = database.connection().execute("SELECT body FROM exchange_raw").fetchall()

    assert custody.body(database.connection(), message.original) == body
    assert len(row) == 1
    assert "欧阳修".encode() not in row[0][0]
    assert row[0][0][:1] == b"\xe5"


def test_a_repeat_has_the_first_receipt_and_changes_nothing(sender: Sender) -> None:
    body = bundle(patient(), control="c1")
    first = processing.deliver(delivery(sender, body))
    processing.deliver(delivery(sender, bundle(patient(name="张三丰"), control="c2")))

    again = processing.deliver(delivery(sender, body))

    assert (again.number, again.state, again.repeated) == (first.number, State.STORED, True)
    assert _patient(sender)["name"] == [{"text": "张三丰"}]
    assert _count("exchange_message") == 2


def test_a_message_without_number_may_come_again_after_another(sender: Sender) -> None:
    one, other = bundle(patient(name="张三")), bundle(patient(name="张三丰"))
    processing.deliver(delivery(sender, one))
    assert processing.deliver(delivery(sender, one)).repeated
    processing.deliver(delivery(sender, other))

    back = processing.deliver(delivery(sender, one))

    assert not back.repeated
    assert _patient(sender)["name"] == [{"text": "张三"}]
    assert _patient(sender)["meta"]["versionId"] == "3"


def test_saying_the_same_again_in_another_message_makes_no_version(sender: Sender, lines: Lines) -> None:
    first = processing.deliver(_line(sender, "visit", "v1", "p1", "张三"))
    second = processing.deliver(_line(sender, "visit", "v2", "p1", "张三"))

    found = _patient(sender)
    assert found["meta"]["versionId"] == "1"
    assert found["meta"]["source"] == naming.source_of(first.number)
    assert messages.find(database.connection(), second.number).resources == 1


def test_what_a_message_leaves_out_of_a_patient_stays(sender: Sender, lines: Lines) -> None:
    processing.deliver(_line(sender, "full", "", "p1", "张三"))
    processing.deliver(_line(sender, "visit", "", "p1", "张三丰"))

    assert _patient(sender)["gender"] == "female"
    assert _patient(sender)["name"] == [{"text": "张三丰"}]


def test_through_the_fhir_door_a_resource_is_told_whole(sender: Sender) -> None:
    processing.deliver(delivery(sender, bundle(patient(gender="female"), control="c1")))
    processing.deliver(delivery(sender, bundle(patient(), control="c2")))

    assert "gender" not in _patient(sender)


def test_what_cannot_be_used_is_kept_with_its_reasons(sender: Sender) -> None:
    receipt = processing.deliver(
        delivery(sender, bundle(patient(), observation(status="perhaps"), control="c1"))
    )

    assert receipt.state is State.QUARANTINED
    assert [(r.severity, r.code, r.place) for r in receipt.reasons] == [
        ("error", "code-invalid", "Observation[1].status")
    ]
    assert _count("record_resource") == 0
    assert messages.find(database.connection(), receipt.number).codes == ["error:code-invalid"]


@pytest.mark.parametrize("body", [b"\x00\xff", b"{", b"[]", b'{"resourceType": "Bundle"}'])
def test_what_cannot_even_be_opened_is_kept_too(sender: Sender, body: bytes) -> None:
    receipt = processing.deliver(delivery(sender, body))

    message = messages.find(database.connection(), receipt.number)
    assert receipt.state is State.QUARANTINED
    assert receipt.reasons != ()
    assert custody.body(database.connection(), message.original) == body


def test_a_handler_that_slips_loses_no_message(sender: Sender, lines: Lines) -> None:
    receipt = processing.deliver(_line(sender, "slip", "v1", "p1", "张三"))

    assert (receipt.state, [r.code for r in receipt.reasons]) == (State.QUARANTINED, ["exception"])


@pytest.mark.parametrize(
    "told", [{"resourceType": "Patient"}, {"id": "a"}, {"resourceType": "Nonsense", "id": "a"}]
)
def test_a_handler_that_gives_no_resource_loses_no_message(
    sender: Sender, lines: Lines, told: dict[str, Any]
) -> None:
    lines.translate = lambda body, media, who: Translated((told,))  # type: ignore[method-assign]

    receipt = processing.deliver(_line(sender, "visit", "v1", "p1", "张三"))
    waiting = processing.take(_line(sender, "visit", "v2", "p1", "张三"))
    working.turn()

    assert (receipt.state, [r.code for r in receipt.reasons]) == (State.QUARANTINED, ["exception"])
    assert messages.find(database.connection(), waiting.number).stands is State.QUARANTINED


def test_a_value_that_cannot_be_written_stops_its_own_message_alone(sender: Sender, lines: Lines) -> None:
    lines.translate = lambda body, media, who: (  # type: ignore[method-assign]
        Lines().translate(body, media, who)
        if b"p1" in body
        else Translated(({"resourceType": "Patient", "id": "a", "name": [{"text": object()}]},))
    )
    for n in range(4):
        processing.take(_line(sender, "visit", f"v{n}", f"p{n}", "张三"))

    while processing.work():
        pass

    found = [
        m.stands for m, _ in messages.same_rows(messages.ask_same(database.connection(), _digests(sender, 4)))
    ]
    assert sorted(state.value for state in found) == ["quarantined"] * 3 + ["stored"]


def _digests(sender: Sender, count: int) -> list[bytes]:
    return [custody.digest_of(line("visit", f"v{n}", f"p{n}", "张三")) for n in range(count)]


def test_what_stands_in_the_way_of_all_others_is_set_aside(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours outside of what each message is tried in."""
    from xinglin.exchange import writing

    first = processing.take(delivery(sender, bundle(patient("p1"), control="c1")))
    second = processing.take(delivery(sender, bundle(patient("p2"), control="c2")))
    right = writing.write

    def slip(connection: Any, works: list[Any]) -> None:
        if any(work.receipt == first.number for work in works):
            raise RuntimeError("we slip")
        right(connection, works)

    monkeypatch.setattr(writing, "write", slip)
    working.turn()
    working.turn()

    states = [messages.find(database.connection(), receipt.number).stands for receipt in (first, second)]
    assert states == [State.QUARANTINED, State.STORED]


def test_what_was_in_quarantine_is_tried_again_when_it_comes_again(sender: Sender, lines: Lines) -> None:
    first = processing.deliver(_line(sender, "slip", "v1", "p1", "张三"))
    lines.translate = lambda body, media, sender: Lines().translate(
        body.replace(b"slip", b"visit"), media, sender
    )  # type: ignore[method-assign]

    again = processing.deliver(_line(sender, "slip", "v1", "p1", "张三"))

    assert (again.number, again.repeated, again.state) == (first.number, True, State.STORED)
    assert _patient(sender)["name"] == [{"text": "张三"}]


def test_a_bad_message_takes_no_other_with_it(sender: Sender, lines: Lines) -> None:
    """All of one transaction: those that wait while another leads."""
    made = _together(
        [
            lambda n=n: processing.deliver(
                delivery(
                    sender,
                    bundle(
                        patient(f"p{n}"),
                        observation(f"o{n}", f"p{n}", status="perhaps" if n % 4 == 0 else "final"),
                        control=f"c{n}",
                    ),
                )
            )
            for n in range(12)
        ]
    )

    assert [receipt.state is State.QUARANTINED for receipt in made] == [n % 4 == 0 for n in range(12)]
    assert _count("record_resource") == 18


def _together(calls: list[Callable[[], Any]]) -> list[Any]:
    """Call all at once, each in a thread of its own; the results in order."""
    results: list[Any] = [None] * len(calls)

    def call(place: int) -> None:
        try:
            results[place] = calls[place]()
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            results[place] = error
        finally:
            database.close()

    with processing._gate:  # until all wait
        threads = [threading.Thread(target=call, args=(n,)) for n in range(len(calls))]
        for thread in threads:
            thread.start()
        while len(processing._waiting) < len(calls):
            threading.Event().wait(0.005)
    for thread in threads:
        thread.join()
    return results


def test_the_same_message_at_once_is_kept_once(sender: Sender) -> None:
    body = bundle(patient(), control="c1")

    made = _together([lambda: processing.deliver(delivery(sender, body))] * 5)

    assert len({receipt.number for receipt in made}) == 1
    assert sorted(receipt.repeated for receipt in made) == [False, True, True, True, True]
    assert _count("exchange_message") == 1


def test_messages_about_one_patient_in_one_transaction_are_all_versions(sender: Sender) -> None:
    for n in range(3):
        processing.take(delivery(sender, bundle(patient(name=f"张{n}"), control=f"c{n}")))

    assert processing.work() == 3

    assert _patient(sender)["name"] == [{"text": "张2"}]
    assert _patient(sender)["meta"]["versionId"] == "3"


def test_what_was_only_taken_is_durable_and_not_yet_worked(sender: Sender) -> None:
    receipt = processing.take(delivery(sender, bundle(patient(), control="c1")))

    assert receipt.state is State.RECEIVED
    assert _count("record_resource") == 0
    assert processing.work() == 1
    assert messages.find(database.connection(), receipt.number).stands is State.STORED
    assert processing.work() == 0


def test_what_waits_goes_before_what_is_delivered_after_it(sender: Sender) -> None:
    waiting = processing.take(delivery(sender, bundle(patient(name="张一"), control="c1")))

    processing.deliver(delivery(sender, bundle(patient(name="张二"), control="c2")))

    assert messages.find(database.connection(), waiting.number).stands is State.STORED
    assert _patient(sender)["name"] == [{"text": "张二"}]


def test_a_lane_that_another_works_is_left_to_it(sender: Sender) -> None:
    from xinglin.exchange import lanes

    first = processing.take(delivery(sender, bundle(patient("p1"), control="c1")))
    second = processing.take(delivery(sender, bundle(patient("p2"), control="c2")))
    lane = messages.find(database.connection(), first.number).lane
    with database.connect() as other, other.transaction():
        lanes.lock(other, [lane])

        assert processing.work() == 1

    states = [messages.find(database.connection(), r.number).stands for r in (first, second)]
    assert states == [State.RECEIVED, State.STORED]
    assert working.drain() == 1


def test_several_workers_keep_the_order_of_each_patient(sender: Sender) -> None:
    for n in range(60):
        processing.take(delivery(sender, bundle(patient(f"p{n % 5}", name=f"第{n}"), control=f"c{n}")))

    def work() -> None:
        while processing.work(most=7):
            pass
        database.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    working.drain()

    assert [_patient(sender, f"p{n}")["name"][0]["text"] for n in range(5)] == [
        f"第{55 + n}" for n in range(5)
    ]
    assert _count("exchange_message WHERE state <> 1") == 0


def test_too_long_a_backlog_is_said_and_nothing_is_kept(sender: Sender, settings: Any) -> None:
    from dataclasses import replace

    settings.SETTINGS = replace(settings.SETTINGS, backlog=2)
    for n in range(2):
        processing.take(delivery(sender, bundle(patient(), control=f"c{n}")))
    backlog.look_again()

    with pytest.raises(Fault) as fault:
        processing.take(delivery(sender, bundle(patient(), control="c3")))

    assert fault.value.kind is Kind.BUSY
    assert _count("exchange_message") == 2
    assert processing.work() == 2
    backlog.look_again()
    assert processing.take(delivery(sender, bundle(patient(), control="c3"))).state is State.RECEIVED


def test_a_key_belongs_to_one_message(sender: Sender) -> None:
    first = processing.deliver(delivery(sender, bundle(patient()), key="k1"))
    processing.deliver(delivery(sender, bundle(patient(name="李四"))))

    again = processing.deliver(delivery(sender, bundle(patient()), key="k1"))
    with pytest.raises(Fault) as other:
        processing.deliver(delivery(sender, bundle(patient("p2")), key="k1"))

    assert (again.number, again.repeated) == (first.number, True)
    assert other.value.kind is Kind.CONFLICT
    assert _count("exchange_message") == 2


def test_a_merge_gives_up_one_patient_for_the_other(sender: Sender, lines: Lines) -> None:
    from xinglin.identity import queries as persons

    processing.deliver(_line(sender, "visit", "v1", "p1", "张三"))
    processing.deliver(_line(sender, "visit", "v2", "p2", "李四"))

    receipt = processing.deliver(_line(sender, "merge", "m1", "p1", "p2"))

    survivor = naming.id_of("h01", "Patient", "p1")
    old = _patient(sender, "p2")
    assert (receipt.state, receipt.reasons) == (State.STORED, ())
    assert old["active"] is False
    assert old["link"] == [{"other": {"reference": f"Patient/{survivor}"}, "type": "replaced-by"}]
    assert old["name"] == [{"text": "李四"}]
    assert set(persons.together(database.connection(), survivor)) == {survivor, old["id"]}


def test_a_patient_that_was_given_up_stays_so(sender: Sender, lines: Lines) -> None:
    processing.deliver(_line(sender, "merge", "m1", "p1", "p2"))
    processing.deliver(_line(sender, "visit", "v3", "p2", "李四"))

    assert _patient(sender, "p2")["active"] is False
    assert _patient(sender, "p2")["name"] == [{"text": "李四"}]


def test_two_institutions_have_each_their_own(sender: Sender) -> None:
    from tests.exchange.make import STEWARD
    from xinglin.exchange import senders
    from xinglin.kernel import clock

    details = senders.Details("中医院", doors=[Door.FHIR])
    senders.register(database.connection(), code="h02", details=details, actor=STEWARD, now=clock.now())
    other = senders.by_code(database.connection(), "h02").sender

    made = _together(
        [
            lambda s=s: processing.deliver(delivery(s, bundle(patient(), control="c1")))
            for s in (sender, other)
        ]
    )

    assert [receipt.repeated for receipt in made] == [False, False]
    assert _count("exchange_raw") == 1
    assert _count("exchange_message") == 2
    assert _count("record_resource") == 2


def test_a_full_disk_acknowledges_nothing(sender: Sender) -> None:
    """The error that a full disk makes, from the database itself."""
    with database.connect() as connection:
        connection.execute(
            "CREATE FUNCTION test_full() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END$$;"
            "CREATE TRIGGER test_full BEFORE INSERT ON exchange_raw EXECUTE FUNCTION test_full()"
        )
    try:
        made = _together(
            [
                lambda n=n: processing.deliver(delivery(sender, bundle(patient(f"p{n}"), control=f"c{n}")))
                for n in range(3)
            ]
        )
        assert [error.kind for error in made] == [Kind.BUSY] * 3
    finally:
        with database.connect() as connection:
            connection.execute("DROP FUNCTION test_full CASCADE")

    assert _count("exchange_message") == 0
    assert _count("record_resource") == 0
    assert processing.deliver(delivery(sender, bundle(patient(), control="c0"))).state is State.STORED


def test_a_sender_changes_its_own_under_a_regions_policy(sender: Sender, settings: Any) -> None:
    """A Patient of no institution is hidden from machines there; what a sender has sent is still its own to change."""
    from dataclasses import replace

    settings.SETTINGS = replace(settings.SETTINGS, policy="region")
    processing.deliver(delivery(sender, bundle(patient(), observation(), control="c1")))

    receipt = processing.deliver(
        delivery(sender, bundle(patient(name="张三丰"), observation(value=7.1), control="c2"))
    )

    assert (receipt.state, receipt.reasons) == (State.STORED, ())
    assert _patient(sender)["meta"]["versionId"] == "2"


def test_what_is_deleted_is_gone_and_can_come_back(sender: Sender) -> None:
    import json

    processing.deliver(delivery(sender, bundle(patient(), observation(), control="c1")))
    gone = {"request": {"method": "DELETE", "url": "Observation/o1"}}
    body = {"resourceType": "Bundle", "type": "transaction", "id": "c2", "entry": [gone]}

    deleted = processing.deliver(delivery(sender, json.dumps(body).encode()))
    with pytest.raises(Fault) as fault:
        _read("Observation", naming.id_of("h01", "Observation", "o1"))
    processing.deliver(delivery(sender, bundle(observation(), control="c3")))

    assert (deleted.state, fault.value.kind) == (State.STORED, Kind.GONE)
    assert _read("Observation", naming.id_of("h01", "Observation", "o1"))["meta"]["versionId"] == "3"
