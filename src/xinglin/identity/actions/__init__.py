"""What people can do with persons. Every act is an event, can be taken back, and touches no clinical row.

All take the caller's connection, which is inside a transaction, and keyword arguments; who acts comes last.
"""

from xinglin.identity.actions.linking import (
    lift,
    merge,
    merge_found,
    must_link,
    must_not_link,
    rejoin,
    split,
    unmerge,
)
from xinglin.identity.actions.reviews import (
    confirm_review,
    decide_review,
    make,
    open_review,
    put,
    put_aside,
    release_review,
    reopen_review,
    take_review,
)

__all__ = [
    "confirm_review",
    "decide_review",
    "lift",
    "make",
    "merge",
    "merge_found",
    "must_link",
    "must_not_link",
    "open_review",
    "put",
    "put_aside",
    "rejoin",
    "release_review",
    "reopen_review",
    "split",
    "take_review",
    "unmerge",
]
