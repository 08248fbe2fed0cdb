"""What a demonstration begins with."""

from __future__ import annotations

from datetime import date

from tests.recognition import make
from tests.recognition.make import NOW
from xinglin.kernel.actor import SYSTEM
from xinglin.recognition import counting, demonstrating, standings
from xinglin.record.door import open_as

ALL = counting.Wanted(date(2026, 1, 1), date(2027, 1, 1))


def test_a_made_up_region_gets_marks_and_decisions_once(connection) -> None:
    door = open_as(SYSTEM)
    for id_ in ("xc-h01", "xc-q01"):
        kind = {"system": "urn:xinglin:codes:institution-kind", "code": "A100"}
        door.update(
            {
                "resourceType": "Organization",
                "id": id_,
                "name": id_,
                "active": True,
                "type": [{"coding": [kind]}],
            }
        )
    places = ["xc-q01", "xc-h01", "h2"]
    make.store(
        *(
            make.observation(f"o{n}", 10 + n * 30, performer=[{"reference": f"Organization/{place}"}])
            for n, place in enumerate(places)
        )
    )

    made = demonstrating.begin(connection, institutions=("xc-h01", "xc-q01"), now=NOW)
    again = demonstrating.begin(connection, institutions=("xc-h01", "xc-q01"), now=NOW)

    assert (made, again) == (2, 0)  # that of an institution without a mark is not recognised
    assert [(one.source, one.institution) for one in counting.rows(connection, ALL)] == [
        ("xc-q01", "xc-h01"), ("xc-h01", "xc-q01"),
    ]  # fmt: skip
    assert {one.mark.institution for one in standings.held(connection)} == {"xc-h01", "xc-q01"}
