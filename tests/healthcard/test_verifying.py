"""A card at a counter: what is accepted, what is refused, and that each is written down."""

from __future__ import annotations

import threading

import pytest

from tests import own_keys
from tests.crypto.make import ring as foreign_ring
from tests.healthcard import make
from tests.healthcard.make import (
    DOCTOR,
    HOSPITAL,
    NOW,
    NURSE,
    STEWARD,
    SYSTEM_OF_CENTRE,
    after,
    issue,
    present,
    show,
)  # fmt: skip
from xinglin.crypto import tokens
from xinglin.crypto.algorithms import Algorithm
from xinglin.crypto.keys import Key, KeyRing
from xinglin.healthcard import actions, codes, keys, verifying
from xinglin.healthcard.rules import Act, Kind
from xinglin.healthcard.verifying import Scan, verify
from xinglin.kernel.actor import Actor
from xinglin.record import access, database

COLUMNS = "card, outcome, why, way, actor, institution, operation, purpose"


@pytest.fixture
def card(wang):
    return issue(wang)


def log():
    return make.rows("healthcard_use", COLUMNS)


def used(card, *, why="", way="shown", by=NURSE):
    """The line of the log that a use should leave."""
    outcome = "refused" if why else "accepted"
    return (card.id if card else None, outcome, why, way, by.id, by.institution, "registration", "TREAT")


def test_shown_code_is_accepted_and_tells_who_it_is(card):
    verdict = present(show(card), now=after(30))

    assert (verdict.accepted, verdict.why, verdict.warnings) == (True, "", ())
    assert verdict.card == card
    assert verdict.told["name"] == "王桂兰"
    assert (verdict.told["sex"], verdict.told["birth"], verdict.told["age"].years) == (
        "female",
        "1949-12-31",
        76,
    )
    assert verdict.told["document_masked"] == "110105 ******** 002X"
    assert verdict.told["phone_masked"] == "154 **** 5678"
    assert verdict.told["patient"] == ("a",)
    assert log() == [used(card)]


@pytest.mark.parametrize(
    ("actor", "patients"), [(NURSE, ("a",)), (SYSTEM_OF_CENTRE, ("b",)), (DOCTOR, ("a",))]
)
def test_counter_is_told_the_patient_of_its_own_institution_alone(card, actor, patients):
    assert present(show(card), actor=actor).told["patient"] == patients


def test_counter_of_an_institution_that_does_not_know_the_holder_is_warned(card):
    elsewhere = Actor("account/9", "别处", frozenset({"client"}), institution="elsewhere")

    verdict = present(show(card), actor=elsewhere)

    assert verdict.accepted
    assert (verdict.told["patient"], verdict.warnings) == ((), ("no-patient",))


def test_administrator_is_told_no_more_than_needed(card):
    actor = Actor("account/8", "韦建平", frozenset({"administrator"}))

    assert set(present(show(card), actor=actor).told) == {"name_masked", "sex", "age"}
    assert present(show(card), actor=actor).told["name_masked"] == "王**"


def test_identity_number_is_told_to_nobody(card):
    for actor in (NURSE, DOCTOR, SYSTEM_OF_CENTRE):
        assert make.WANG not in repr(present(show(card), actor=actor).told)


def test_printed_code_is_accepted_any_number_of_times_with_a_warning(card):
    for _ in range(3):
        assert present(codes.printed(card.number)).warnings == ("printed",)

    assert log() == [used(card, way="printed")] * 3


def test_code_is_accepted_once(card):
    text = show(card)
    first, second = present(text), present(text, now=after(1))

    assert (first.why, second.why) == ("", "replayed")
    assert second.told == {}
    assert log() == [used(card), used(card, why="replayed")]


def test_same_request_of_the_same_counter_is_answered_again(card):
    text = show(card)
    first = present(text, request="R-1")
    again = present(text, request="R-1", now=after(2))

    assert (first.warnings, again.warnings) == ((), ("repeated",))
    assert again.told == first.told
    assert len(log()) == 2


@pytest.mark.parametrize(("actor", "request_id"), [(SYSTEM_OF_CENTRE, "R-1"), (NURSE, "R-2"), (NURSE, "")])
def test_other_request_or_counter_is_a_replay(card, actor, request_id):
    text = show(card)
    present(text, request="R-1")

    assert present(text, actor=actor, request=request_id).why == "replayed"


def test_request_without_number_is_never_taken_for_a_repetition(card):
    text = show(card)
    present(text)

    assert present(text).why == "replayed"


def test_two_counters_with_one_code_at_once(card):
    text, barrier, found = show(card), threading.Barrier(2), []

    def counter(actor):
        with database.connect() as connection:
            barrier.wait()
            with connection.transaction():
                found.append(verify(connection, Scan(text), actor=actor, now=NOW).why)

    threads = [threading.Thread(target=counter, args=(actor,)) for actor in (NURSE, SYSTEM_OF_CENTRE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == ["", "replayed"]
    assert sorted(row[1] for row in log()) == ["accepted", "refused"]


def test_expired_code_is_refused_and_its_card_known(card):
    verdict = present(show(card), now=after(60))

    assert (verdict.why, verdict.card, verdict.told) == ("expired", card, {})
    assert log() == [used(card, why="expired")]


def test_altered_code_is_refused_and_leads_to_no_card(card):
    text = show(card)
    changed = text[:30] + ("1" if text[30] == "0" else "0") + text[31:]

    assert (present(changed).why, present(changed).card) == ("altered", None)
    assert log() == [used(None, why="altered")] * 2


def test_foreign_code_is_refused(card):
    ring, subject = foreign_ring(Algorithm.ED25519, name="card-code"), card.id.to_bytes(8, "big")
    forged = tokens.issue(ring, subject, audience="card", now=NOW, seconds=60)

    assert present(forged).why == "altered"
    assert log() == [used(None, why="altered")]


def test_code_forged_with_the_public_key_as_a_secret_is_refused(card):
    """The confusion of algorithms: the counter's public key taken for a shared secret."""
    ours = keys.ring(keys.CODE)
    public = ours.current.verifier.public
    for algorithm in (Algorithm.HMAC_SM3, Algorithm.HMAC_SHA256):
        forger = KeyRing(ours.purpose, (Key(ours.current.version, algorithm, public, NOW),))
        forged = tokens.issue(forger, card.id.to_bytes(8, "big"), audience="card", now=NOW, seconds=60)
        assert present(forged).why in {"altered", "malformed"}


def test_code_for_another_audience_is_refused(card):
    other = tokens.issue(
        keys.ring(keys.CODE), card.id.to_bytes(8, "big"), audience="gate", now=NOW, seconds=60
    )  # fmt: skip

    assert present(other).why == "audience"
    assert log() == [used(card, why="audience")]


def test_signed_code_of_no_card_is_refused(wang):
    assert present(codes.shown(12345, now=NOW)).why == "unknown-card"
    assert present("0" * 64 + ":1").why == "unknown-card"


@pytest.mark.parametrize("text", ["", "hello", "XL1", "6901234567892", "0" * 63])
def test_what_is_no_code_is_refused(wang, text):
    assert present(text).why == "malformed"
    assert [row[:3] for row in log()] == [(None, "refused", "malformed")]


@pytest.mark.parametrize(
    ("act", "reason", "why"), [(Act.FREEZE, "lost", "frozen"), (Act.CANCEL, "wish", "cancelled")]
)
@pytest.mark.parametrize("printed", [False, True])
def test_card_that_is_not_active_is_refused(card, act, reason, why, printed):
    text = codes.printed(card.number) if printed else show(card)
    connection = database.connection()
    with connection.transaction():
        actions.change(connection, card=card.id, act=act, reason=reason, actor=NURSE, now=NOW)

    assert present(text).why == why
    assert log() == [(card.id, "refused", why, "printed" if printed else "shown", *used(card)[4:])]


def test_replaced_card_is_refused_and_the_new_one_accepted(card):
    old = show(card)
    connection = database.connection()
    with connection.transaction():
        fresh = actions.replace(
            connection, card=card.id, actor=NURSE, now=NOW, reason="lost", issuer=HOSPITAL
        )

    assert present(old).why == "replaced"
    assert present(show(fresh)).accepted


def test_card_in_the_making_is_refused(wang):
    card = issue(wang, Kind.PHYSICAL, handed_over=False)

    assert present(codes.printed(card.number)).why == "requested"


def test_refused_card_does_not_spend_the_code(card):
    text = show(card)
    connection = database.connection()
    with connection.transaction():
        actions.change(connection, card=card.id, act=Act.FREEZE, reason="lost", actor=NURSE, now=NOW)
    present(text)
    with connection.transaction():
        actions.change(connection, card=card.id, act=Act.UNFREEZE, reason="found", actor=NURSE, now=NOW)

    assert present(text).accepted


def test_card_of_the_dead_is_refused(card):
    make.amend("b", deceasedDateTime="2026-11-01")

    assert present(show(card)).why == "died"


def test_new_name_is_warned_of(card):
    for id_ in ("a", "b"):
        make.amend(id_, name=[{"text": "王桂蓝"}])

    assert present(show(card)).warnings == ("name-changed",)


def test_child_under_eight_is_warned_of(wang):
    kid = issue(make.child())

    assert present(show(kid), actor=SYSTEM_OF_CENTRE).warnings == ("child", "no-document")


@pytest.mark.parametrize(
    ("scanned", "now", "why", "warnings"),
    [
        (30, 900, "", ("offline",)),
        (30, 931, "too-late", ()),
        (61, 300, "expired", ()),
        (100, 50, "not-yet", ()),
        (30, 32, "", ()),
    ],
)
def test_counter_without_network_may_report_for_a_while(card, scanned, now, why, warnings):
    verdict = present(show(card), scanned=after(scanned), now=after(now))

    assert (verdict.why, verdict.warnings) == (why, warnings)
    assert make.rows("healthcard_use", "moment, scanned") == [(after(now), after(scanned))]


def test_code_used_without_network_cannot_be_used_again(card):
    text = show(card)
    present(text, scanned=after(10), now=after(600))

    assert present(text, scanned=after(11), now=after(800)).why == "replayed"


def test_marks_of_used_codes_are_kept_as_long_as_they_could_come_again(card, cards):
    present(show(card))

    assert verifying.forget_spent(cards, after(60 + 899)) == 0
    assert verifying.forget_spent(cards, after(60 + 901)) == 1


def test_who_may_not_verify_is_refused_and_logged(card, cards):
    verdict = present(show(card), actor=STEWARD)

    assert (verdict.why, verdict.told) == ("forbidden", {})
    assert log() == [used(None, why="forbidden", by=STEWARD)]
    access.flush()
    assert cards.execute("SELECT action, query FROM record_access WHERE outcome = 'deny'").fetchall() == [
        ("card", "forbidden")
    ]


def test_use_is_noted_as_a_look_at_the_record(card, cards):
    access.flush()
    cards.execute("TRUNCATE record_access")

    present(show(card), actor=SYSTEM_OF_CENTRE)

    access.flush()
    assert cards.execute("SELECT actor, purpose, action, id FROM record_access ORDER BY id").fetchall() == [
        (SYSTEM_OF_CENTRE.id, "TREAT", "read", "a"),
        (SYSTEM_OF_CENTRE.id, "TREAT", "read", "b"),
    ]


def test_card_of_a_merged_person_is_settled_at_the_counter(card, wang):
    """The other person's own card gives way to the active one, which goes on under the survivor."""
    make.store(make.patient("c", name=[{"text": "王桂兰"}]))
    other = make.one_person("c")
    theirs = issue(other)

    make.one_person("a", "c")

    verdict = present(show(theirs))
    states = dict(make.rows("healthcard_card", "id, state"))
    assert verdict.accepted
    assert (states[card.id], states[theirs.id]) == ("superseded", "active")
    assert verdict.card.person == wang


def test_used_code_of_a_card_that_went_over_to_another_person_stays_used(wang):
    make.store(make.patient("c", name=[{"text": "王桂兰"}]))
    card = issue(make.one_person("c"))
    text = show(card)
    present(text)

    make.one_person("a", "c")

    assert present(text, now=after(1)).why == "replayed"
    assert present(show(card)).card.person == wang


def test_rotated_key_leaves_shown_codes_valid_and_revoked_key_ends_them(card, tmp_path, settings):
    own_keys.begin(settings, tmp_path / "keys")
    text, other = show(card), show(card)
    keys.folder().rotate(keys.CODE, Algorithm.SM2)

    assert present(text).accepted
    assert present(show(card)).accepted

    keys.folder().revoke(keys.CODE, 1)
    assert present(other).why == "unknown-key"
