"""Each look at one's record can be proved by the ledger, and nobody else's can."""

from __future__ import annotations

from tests.ledger.conftest import log  # noqa: F401 -- a fixture
from tests.ledger.make import ORIGIN
from tests.residents import make
from tests.residents.entering import client_of, text
from xinglin.kernel.actor import Actor
from xinglin.record import access, database
from xinglin.record.door import open_as


def test_a_look_is_proved_to_the_person_alone(log, region, outbox) -> None:  # noqa: F811 -- the fixture
    log.write_keys()
    wang, lin = make.wang(), make.lin()
    doctor = Actor("account/77", "黄志远", frozenset({"doctor"}), institution="hospital")
    open_as(doctor).read("Patient", "a")
    access.flush()
    (looked,) = access.latest_of(database.connection(), doctor.id, limit=1)
    address = f"/my/readers/{looked.place}/proof/"
    client = client_of(wang)
    assert client.get(address).status_code == 404  # it has no entry yet
    log.drain()

    answer = client.get(address)

    assert address in text(client.get("/my/readers/looks/?of=account/77"))
    assert answer.status_code == 200
    assert answer.content.startswith(b"c2sp.org/tlog-proof")
    assert ORIGIN.encode() in answer.content  # the signed head
    assert client_of(lin).get(address).status_code == 404
