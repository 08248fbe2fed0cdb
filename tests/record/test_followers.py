"""What other packages do in the transaction of a write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import make
from xinglin.kernel.errors import Fault, invalid
from xinglin.record import followers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection
    from xinglin.record.door import Door
    from xinglin.record.followers import Written


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, bool]]:
    """What a follower of Patients hears: id, version, whether it was deleted. It will hear of nobody called 拒."""
    monkeypatch.setattr(followers, "_following", {})
    monkeypatch.setattr(followers, "_types", frozenset())
    heard: list[tuple[str, int, bool]] = []

    def work(connection: Connection, versions: Sequence[Written]) -> None:
        for one in versions:
            stored = connection.execute(
                "SELECT version FROM record_resource WHERE self = %s", [one.number]
            ).fetchone()
            assert stored == (None if one.resource is None else (one.version,))
            if one.resource and one.resource.get("name") == [{"text": "拒"}]:
                raise invalid("Not %(name)s.", name="拒")
            heard.append((one.id, one.version, one.resource is None))

    followers.follow("test", ["Patient"], work)
    return heard


def test_a_follower_hears_of_creates_updates_and_deletes_of_its_types(
    door: Door, told: list[tuple[str, int, bool]]
) -> None:
    made = door.create(make.patient()).draft
    assert made is not None
    door.update(make.patient(id=made.id, active=False))
    door.create({"resourceType": "Organization", "name": "杏川医院"})
    door.delete("Patient", made.id)

    assert told == [(made.id, 1, False), (made.id, 2, False), (made.id, 3, True)]


def test_a_followers_fault_refuses_the_write(door: Door, told: list[Any]) -> None:
    with pytest.raises(Fault, match="Not 拒"):
        door.create(make.patient(name=[{"text": "拒"}]))
    with pytest.raises(Fault, match="Not 拒"):
        door.update(make.patient(id="p1", name=[{"text": "拒"}]))

    assert door.search("Patient", []).entries == ()
    assert told == []
