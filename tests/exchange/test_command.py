from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command

from tests.exchange.make import Lines, bundle, delivery, line, patient
from xinglin.exchange import messages, processing, senders
from xinglin.exchange.doors import Door
from xinglin.exchange.receipts import State
from xinglin.record import database

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender


def _run(*words: str) -> str:
    out = io.StringIO()
    call_command("exchange", *words, stdout=out)
    return out.getvalue()


def test_senders_are_registered_listed_and_changed(sender: Sender) -> None:
    key = _run(
        "sender",
        "add",
        "h02",
        "--name",
        "中医院",
        "--door",
        "hl7v2",
        "--charset",
        "gbk",
        "--network",
        "10.0.0.0/8",
    ).strip()
    assert senders.of_key(key, "10.1.1.1", Door.HL7V2) is not None

    _run("sender", "change", "h02", "--door", "fhir", "--door", "hl7v2")
    new = _run("sender", "key", "h02").strip()
    _run("sender", "close", "h02")

    held = senders.by_code(database.connection(), "h02")
    assert (held.name, held.charset, held.doors, held.networks) == (
        "中医院",
        "gbk",
        ("fhir", "hl7v2"),
        ("10.0.0.0/8",),
    )
    assert senders.of_key(new, "10.1.1.1", Door.HL7V2) is None
    assert "h02" in _run("sender", "list")
    _run("sender", "open", "h02")
    assert senders.of_key(new, "10.1.1.1", Door.HL7V2) is not None


def test_a_sender_that_is_there_is_not_registered_again(sender: Sender) -> None:
    with pytest.raises(CommandError, match="There is a sender h01 already"):
        _run("sender", "add", "h01", "--name", "again")


def test_work_is_done_and_told(sender: Sender) -> None:
    processing.take(delivery(sender, bundle(patient(), control="c1")))

    assert _run("work", "--once") == "1 messages worked.\n"
    told = json.loads(_run("status", "--json"))
    assert (told["backlog"], told["quarantine"], told["hour"][0]["messages"]) == (0, 0, 1)
    assert "h01" in _run("status")


def test_the_quarantine_is_replayed(sender: Sender, lines: Lines) -> None:
    held = [
        processing.deliver(delivery(sender, line("visit", f"v{n}", f"p{n}", ""), door=Door.TABLE))
        for n in range(3)
    ]
    assert "error name: The name is missing." in _run("replay", held[0].number)
    lines.translate = lambda body, media, who: Lines().translate(body + b"x", media, who)  # type: ignore[method-assign]

    assert _run("replay", "--sender", "h01", "--code", "required").endswith("3 of 3 are in the record now.\n")
    assert {messages.find(database.connection(), r.number).stands for r in held} == {State.STORED}
