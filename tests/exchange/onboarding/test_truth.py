"""What the report says is what the door does."""

from __future__ import annotations

import pytest

from tests.exchange.onboarding import make
from xinglin.exchange import processing, senders
from xinglin.exchange.doors import Door
from xinglin.exchange.onboarding import samples
from xinglin.exchange.receipts import Delivery, State
from xinglin.record import database

WRONG = [
    b"MSX|no message",
    make.registered().replace("ADT^A28", "ZZZ^Z01").encode(),
    make.registered().replace("|REG1|", "||").encode(),
    make.resulted().replace("PID|1", "PIX|1").encode(),
]


@pytest.mark.usefixtures("sender")
def test_green_samples_are_stored_and_wrong_ones_are_not() -> None:
    details = senders.Details("第九医院", "org-h09", doors=[Door.HL7V2])
    senders.register(database.connection(), code="h09", details=details, actor=make.ACTOR, now=make.NOW)
    known = senders.by_code(database.connection(), "h09").sender
    files = [*make.hospital(), *((f"wrong-{number}", body) for number, body in enumerate(WRONG))]
    report = make.check(files)

    came = []
    for name, body in files:
        sample = samples.of_file(Door.HL7V2, name, body)[0]
        receipt = processing.deliver(Delivery(known, Door.HL7V2, sample.body, sample.media))
        came.append(receipt.state is State.STORED)

    assert [one.is_green for one in report.samples] == came
    assert came.count(False) == len(WRONG)
