from __future__ import annotations

from typing import TYPE_CHECKING

from tests import make
from xinglin.ledger import checkpoints, queries, tree

if TYPE_CHECKING:
    from tests.ledger.make import Log
    from xinglin.record.door import Door


def test_entries_get_numbers_in_order_and_the_head_is_their_root(log: Log, door: Door) -> None:
    door.create(make.patient(id="p1"))
    log.enter(3)
    log.drain()

    rows = queries.rows(log.connection, 0, log.size)
    assert [r.index for r in rows] == list(range(log.size))
    assert checkpoints.parse(log.head.note.text).root == tree.root_of([tree.leaf_hash(r.leaf) for r in rows])
