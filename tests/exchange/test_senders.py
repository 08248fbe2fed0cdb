from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exchange.make import STEWARD
from xinglin.exchange import senders
from xinglin.exchange.doors import Door
from xinglin.exchange.senders import Details
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender

PRINT = "ab" * 32


def _register(code: str = "h02", **details: object) -> str:
    said = {"name": "中医院", "doors": [Door.HL7V2], **details}
    return senders.register(
        database.connection(), code=code, details=Details(**said), actor=STEWARD, now=clock.now()
    )


def test_a_key_is_known_again_and_kept_nowhere(sender: Sender) -> None:
    key = _register()

    found = senders.of_key(key, "10.0.0.1", Door.HL7V2)
    kept = database.connection().execute("SELECT to_jsonb(s)::text FROM exchange_sender s").fetchall()

    assert found is not None
    assert found.code == "h02"
    assert all(key not in row for (row,) in kept)


def test_a_wrong_key_a_wrong_door_and_a_closed_sender_are_nobody(sender: Sender) -> None:
    key = _register()
    assert senders.of_key(key + "x", None, Door.HL7V2) is None
    assert senders.of_key(key, None, Door.CDA) is None

    senders.set_active(database.connection(), code="h02", active=False, actor=STEWARD, now=clock.now())

    assert senders.of_key(key, None, Door.HL7V2) is None


def test_a_sender_sends_from_its_networks_alone(sender: Sender) -> None:
    key = _register(networks=["10.20.0.0/16", "2001:db8::/32"])

    admitted = [
        senders.of_key(key, a, Door.HL7V2) is not None
        for a in ("10.20.3.4", "10.21.0.1", "2001:db8::1", "", "::ffff:10.20.0.9")
    ]

    assert admitted == [True, False, True, False, True]


def test_a_new_key_takes_the_place_of_the_old(sender: Sender) -> None:
    old = _register()
    assert senders.of_key(old, None, Door.HL7V2) is not None

    new = senders.renew_key(database.connection(), code="h02", actor=STEWARD, now=clock.now())

    assert senders.of_key(old, None, Door.HL7V2) is None
    assert senders.of_key(new, None, Door.HL7V2) is not None
    assert [
        e.what
        for e in senders.events(database.connection(), senders.by_code(database.connection(), "h02").id)
    ] == ["key", "registered"]


def test_names_in_a_message_count_only_from_a_named_network(sender: Sender) -> None:
    _register(application="HIS", facility="ZYY", networks=["10.1.0.0/16"])
    _register("h03", application="LIS", facility="ZYY")

    assert senders.of_names("HIS", "ZYY", "10.1.2.3", Door.HL7V2) is not None
    assert senders.of_names("HIS", "ZYY", "10.9.2.3", Door.HL7V2) is None
    assert senders.of_names("LIS", "ZYY", "10.1.2.3", Door.HL7V2) is None


def test_a_certificate_names_one_sender(sender: Sender) -> None:
    _register(certificate=":".join(["AB"] * 32))

    found = senders.of_certificate(PRINT.upper(), None, Door.HL7V2)
    with pytest.raises(Fault) as twice:
        _register("h03", certificate=PRINT)

    assert found is not None
    assert twice.value.kind is Kind.CONFLICT
    assert [s.code for s in senders.every(database.connection())] == ["h01", "h02"]


@pytest.mark.parametrize(
    ("code", "details", "place"),
    [
        ("H 1", {}, "code"),
        ("h01", {}, "code"),
        ("h02", {"name": " "}, "name"),
        ("h02", {"charset": "klingon"}, "charset"),
        ("h02", {"networks": ["10.0.0.0/99"]}, "networks"),
        ("h02", {"certificate": "abc"}, "certificate"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    sender: Sender, code: str, details: dict[str, object], place: str
) -> None:
    with pytest.raises(Fault) as fault:
        _register(code, **details)

    assert [issue.expression for issue in fault.value.issues] == [place]
    assert [s.code for s in senders.every(database.connection())] == ["h01"]


def test_a_change_says_what_was_changed(sender: Sender) -> None:
    connection = database.connection()
    after = senders.change(
        connection,
        code="h01",
        details=Details("人民医院", doors=[Door.FHIR], charset="GBK"),
        actor=STEWARD,
        now=clock.now(),
    )

    assert (after.charset, after.doors) == ("gbk", ("fhir",))
    assert senders.events(connection, after.id)[0].detail == "doors, charset"
