"""The front machine against the platform itself: killed again and again, what the institution has is in the record."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.conftest import address  # noqa: F401 -- a fixture: the server as it is started
from tests.edge.conftest import DATABASE, Hospital, wait_until
from tests.edge.test_killed import command
from tests.exchange.conftest import sender  # noqa: F401 -- a fixture: a sender that is registered
from tests.exchange.make import STEWARD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xinglin.edge.configuration import Configuration

pytestmark = pytest.mark.crash

MAPPING = """
[mapping]
id = "lab"
version = "1"
door = "table"
kinds = ["lab"]

[[resource]]
type = "Patient"
key = ["patient"]
[resource.set]
"name[0].text" = "patient"

[[resource]]
type = "Observation"
for_each = "rows"
key = ["id"]
[resource.set]
"status" = "'final'"
"code.text" = "item"
"subject" = "@ref(Patient, patient)"
"valueString" = "value"
"""


def test_every_row_is_in_the_record_once(
    configured: Callable[..., Configuration],
    hospital: Hospital,
    address: str,  # noqa: F811 -- the fixture
    sender: Any,  # noqa: F811 -- the fixture
    tmp_path: Path,
    django_db_blocker: Any,
) -> None:
    from xinglin.exchange import senders
    from xinglin.exchange.edges.models import Edge
    from xinglin.kernel import clock
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record import database
    from xinglin.record.door import open_as

    (tmp_path / "lab.toml").write_text(MAPPING)
    read = configured(DATABASE.replace('patient = "patient"', 'patient = "patient"\nmapping = "lab.toml"'),
                      platform_more="heartbeat = 1")  # fmt: skip
    key = senders.renew_key(database.connection(), code="h01", actor=STEWARD, now=clock.now())
    (tmp_path / "sender.key").write_text(key)
    text = read.path.read_text().replace(read.platform.address, address.removesuffix("/fhir"))
    read.path.write_text(text)

    def stored() -> dict[str, str]:
        page = open_as(SYSTEM).search("Observation", [("_count", "500")])
        return {one.stored.id: one.stored.resource["valueString"] for one in page.entries}

    for kill in range(3):
        hospital.add(*((n, f"p{n % 10}", "Na", str(n), n) for n in range(kill * 60, kill * 60 + 60)))
        process = command(tmp_path / "home", "run", str(read.path))
        wait_until(lambda kill=kill: len(stored()) > kill * 60, 60)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    process = command(tmp_path / "home", "run", str(read.path))

    try:
        wait_until(lambda: len(stored()) == 180, 90)
        with django_db_blocker.unblock():
            wait_until(lambda: Edge.objects.filter(sender="h01").exists(), 30)
            Edge.objects.all().delete()
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[0]
    assert sorted(map(int, stored().values())) == list(range(180)), said.decode()
