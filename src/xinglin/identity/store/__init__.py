"""The statements on the index's tables, each inside the caller's transaction.

Who reads candidates and acts on them locks their keys first (``candidates``); who changes persons as people do, or
matches very many at once, holds ``lock_all``. Both are held to the end of the transaction: that is why two processes
that meet the same new person make one.
"""

from xinglin.identity.store.journal import COLUMNS, append, event, event_of, events_of
from xinglin.identity.store.links import (
    DEEP,
    Link,
    Member,
    candidates,
    hold,
    link,
    links,
    lock_all,
    members,
    move,
    remove,
    replace,
    write,
)
from xinglin.identity.store.merged import forget_merged, merge_of, merged_into, note_merged, survivors
from xinglin.identity.store.places import new_person, patient_place, place_of

__all__ = [
    "COLUMNS",
    "DEEP",
    "Link",
    "Member",
    "append",
    "candidates",
    "event",
    "event_of",
    "events_of",
    "forget_merged",
    "hold",
    "link",
    "links",
    "lock_all",
    "members",
    "merge_of",
    "merged_into",
    "move",
    "new_person",
    "note_merged",
    "patient_place",
    "place_of",
    "remove",
    "replace",
    "survivors",
    "write",
]
