"""From the first sample to being let in, and everything that keeps a sender out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.make import STEWARD
from tests.exchange.onboarding import make
from xinglin.exchange import custody, processing, senders
from xinglin.exchange.doors import Door
from xinglin.exchange.onboarding import actions, queries, tasks
from xinglin.exchange.onboarding.models import Finding, Onboarding, Sample, Trial
from xinglin.exchange.onboarding.rules import NEXT, State, require_step
from xinglin.exchange.receipts import Delivery
from xinglin.exchange.rights import Scope
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.exchange.doors import Sender


def hand_in(held: Onboarding, files: Sequence[tuple[str, bytes]]) -> Trial:
    return actions.hand_in(onboarding=held.pk, files=files, scheme=make.SCHEME, actor=STEWARD, now=make.NOW)


def let_in(held: Onboarding) -> str:
    return actions.let_in(onboarding=held.pk, actor=STEWARD, now=make.NOW)


def state(held: Onboarding) -> str:
    held.refresh_from_db()
    return held.state


def steps(held: Onboarding) -> list[str]:
    return [one.what for one in reversed(queries.steps(held))]


def test_a_system_that_is_green_is_let_in_and_may_send(begun: Callable[..., Onboarding]) -> None:
    held = begun(charset="GBK")
    first = hand_in(held, make.hospital(2))
    then = hand_in(held, make.hospital(3)[10:])

    assert (first.green, then.green, state(held)) == (False, True, "green")
    key = let_in(held)
    assert state(held) == "let-in"
    known = senders.of_key(key, None, Door.HL7V2)
    assert known is not None
    assert (known.code, known.name, known.charset, known.doors) == (
        "h09",
        "第九医院",
        "gbk",
        frozenset({Door.HL7V2}),
    )
    assert steps(held) == ["begun", "tried", "tried", "let-in"]


def test_one_that_is_not_green_is_not_let_in(begun: Callable[..., Onboarding]) -> None:
    held = begun()
    hand_in(held, make.hospital(1))

    with pytest.raises(Fault) as refused:
        let_in(held)

    assert refused.value.kind is Kind.CONFLICT
    assert (state(held), steps(held)) == ("open", ["begun", "tried"])
    assert [one.code for one in senders.every(database.connection())] == ["h01"]


def test_a_sender_that_is_registered_gets_the_door_and_keeps_its_key(
    begun: Callable[..., Onboarding],
) -> None:
    connection = database.connection()
    details = senders.Details("旧名", "org-9", [Door.FHIR], networks=["10.0.0.0/8"])
    key = senders.register(connection, code="h09", details=details, actor=STEWARD, now=make.NOW)
    senders.set_active(connection, code="h09", active=False, actor=STEWARD, now=make.NOW)
    held = begun()
    hand_in(held, make.hospital())

    assert let_in(held) == ""

    known = senders.of_key(key, "10.1.1.1", Door.HL7V2)
    assert known is not None
    assert (known.name, known.organization, known.doors) == (
        "旧名",
        "org-9",
        frozenset({Door.FHIR, Door.HL7V2}),
    )


def test_a_sender_of_another_institution_is_not_changed(begun: Callable[..., Onboarding]) -> None:
    details = senders.Details("别家", "org-1", [Door.FHIR])
    senders.register(database.connection(), code="h09", details=details, actor=STEWARD, now=make.NOW)
    held = begun(organization="org-2")
    hand_in(held, make.hospital())

    with pytest.raises(Fault):
        let_in(held)

    assert state(held) == "green"
    assert senders.by_code(database.connection(), "h09").doors == ("fhir",)


def test_a_sample_that_was_put_right_takes_the_place_of_the_former_one(
    begun: Callable[..., Onboarding],
) -> None:
    held = begun()
    hand_in(held, [("wrong", make.registered().replace("|2.5.1|", "||").replace("||示^例|", "|||").encode())])
    hand_in(held, [("right", make.registered().encode())])

    assert [(one.name, one.control) for one in queries.samples(held)] == [("right", "REG1")]
    assert Sample.objects.filter(onboarding=held).count() == 2


def test_the_same_sample_again_is_nothing_new(begun: Callable[..., Onboarding]) -> None:
    held = begun()
    files = [("a", make.registered().encode())]
    hand_in(held, files)

    with pytest.raises(Fault, match="nothing new"):
        hand_in(held, files)

    assert Trial.objects.filter(onboarding=held).count() == 1


def test_a_worse_trial_takes_green_away(begun: Callable[..., Onboarding]) -> None:
    held = begun()
    hand_in(held, make.hospital())

    trial = hand_in(held, [("wrong", b"MSH|^~\\&|broken")])

    assert (trial.green, state(held)) == (False, "open")
    actions.remove(
        onboarding=held.pk,
        sample=queries.samples(held)[-1].pk,
        scheme=make.SCHEME,
        actor=STEWARD,
        now=make.NOW,
    )
    assert state(held) == "green"


def test_findings_are_those_of_the_last_trial_and_are_sealed(begun: Callable[..., Onboarding]) -> None:
    held = begun()
    hand_in(held, [("a", make.resulted(value="forty").replace("|NM|", "|DT|").encode())])
    last = hand_in(held, [("b", make.registered(2).encode())])

    assert set(Finding.objects.values_list("trial_id", flat=True)) == {last.pk}
    found = queries.findings(last, {})
    assert [(one.place, one.line) for one in found if one.point == "codes.values"] == [("OBX-5", 5)]
    assert not any("{" in one for one in Finding.objects.values_list("params", flat=True))


def test_what_is_stopped_takes_no_samples_until_it_is_taken_up(begun: Callable[..., Onboarding]) -> None:
    held = begun()
    actions.stop(onboarding=held.pk, note="vendor changed", actor=STEWARD, now=make.NOW)

    with pytest.raises(Fault):
        hand_in(held, make.hospital(1))
    assert Sample.objects.count() == 0

    actions.resume(onboarding=held.pk, scheme=make.SCHEME, actor=STEWARD, now=make.NOW)
    assert state(held) == "open"
    assert steps(held) == ["begun", "stopped", "resumed"]


def test_a_system_is_onboarded_once_at_a_time_at_a_door(begun: Callable[..., Onboarding]) -> None:
    held = begun()

    with pytest.raises(Fault) as refused:
        begun()
    assert refused.value.kind is Kind.CONFLICT

    actions.stop(onboarding=held.pk, note="again", actor=STEWARD, now=make.NOW)
    assert begun().pk != held.pk


@pytest.mark.parametrize(
    "wrong", [{"sender": "H 9"}, {"name": " "}, {"kinds": "cda-hospital"}, {"charset": "klingon"}]
)
def test_what_cannot_be_is_refused_at_the_beginning(
    begun: Callable[..., Onboarding], wrong: dict[str, Any]
) -> None:
    with pytest.raises(Fault):
        begun(**wrong)

    assert Onboarding.objects.count() == 0


def test_each_institution_sees_its_own(begun: Callable[..., Onboarding]) -> None:
    mine, other = begun(organization="org-1"), begun(sender="h10", organization="org-2")

    assert [one.onboarding.pk for one in queries.every(Scope("org-1"))] == [mine.pk]
    assert {one.onboarding.pk for one in queries.every(Scope())} == {mine.pk, other.pk}
    with pytest.raises(Fault):
        queries.one(Scope("org-1"), other.pk)


def raws() -> set[bytes]:
    rows = database.connection().execute("SELECT digest FROM exchange_raw").fetchall()
    return {bytes(digest) for (digest,) in rows}


def test_samples_are_forgotten_some_months_after_the_end(begun: Callable[..., Onboarding]) -> None:
    held, other = begun(), begun(sender="h10")
    shared = ("shared", make.registered(7).encode())
    trial = hand_in(held, [("mine", make.registered(8).encode()), shared])
    hand_in(other, [shared])
    actions.stop(onboarding=held.pk, note="x", actor=STEWARD, now=make.NOW)

    assert actions.forget(scheme=make.SCHEME, now=make.NOW + timedelta(days=90)) == 0
    assert actions.forget(scheme=make.SCHEME, now=make.NOW + timedelta(days=91)) == 2

    assert [one.name for one in Sample.objects.all()] == ["shared"]
    assert raws() == {bytes(one.digest) for one in Sample.objects.all()}
    assert Trial.objects.filter(pk=trial.pk).exists()
    assert steps(held) == ["begun", "tried", "stopped"]


def test_a_sample_that_was_also_sent_as_a_message_stays_in_custody(
    begun: Callable[..., Onboarding], sender: Sender
) -> None:
    held = begun()
    body = make.registered().encode()
    hand_in(held, [("a", body)])
    processing.take(Delivery(sender, Door.HL7V2, body, "application/hl7-v2"))
    actions.stop(onboarding=held.pk, note="x", actor=STEWARD, now=make.NOW)

    assert actions.forget(scheme=make.SCHEME, now=make.NOW + timedelta(days=91)) == 1

    assert raws() == {custody.digest_of(body)}


def test_messages_are_kept_first_and_samples_forgotten_another_day(begun: Callable[..., Onboarding]) -> None:
    held = begun()
    hand_in(held, [("a", make.registered().encode())])
    actions.stop(onboarding=held.pk, note="x", actor=STEWARD, now=make.NOW)

    with database.connect() as busy, busy.transaction():
        custody.keep(busy, [custody.prepared(b"a message that is being kept")])
        assert tasks.forget(make.NOW + timedelta(days=91)) == 0

    assert Sample.objects.count() == 1
    assert tasks.forget(make.NOW + timedelta(days=91)) == 1


@pytest.mark.parametrize("now", State)
@pytest.mark.parametrize("then", State)
def test_states_follow_each_other_by_the_table(now: State, then: State) -> None:
    if then in NEXT[now]:
        require_step(now, then)
    else:
        with pytest.raises(Fault):
            require_step(now, then)


def test_nobody_leaves_once_let_in() -> None:
    assert NEXT[State.LET_IN] == frozenset()
    assert [state for state in State if State.LET_IN in NEXT[state]] == [State.GREEN]
