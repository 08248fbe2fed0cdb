"""What an app's token may ask of this face beside what the record's door decides.

Operations that go through the door, or that have nothing of anybody, are open; the others act with the account's
whole rights, and an app was not granted those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api.interactions.auditing import GENERATED
from xinglin.kernel.errors import forbidden
from xinglin.record.policy import scopes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.kernel.actor import Actor

_OPERATIONS = frozenset(
    {
        "everything", "lastn", "meta", "meta-add", "meta-delete", "validate", "export", "export-file", "lookup",
        "validate-code", "expand", "translate", "subsumes", "find-matches", "summary",
    }
)  # fmt: skip


def require(actor: Actor, words: Sequence[str]) -> None:
    """Raise ``forbidden`` for an operation or a type, among the words of a path, that the app is not let to."""
    if actor.scopes is None:
        return
    for word in words:
        if word.startswith("$") and word[1:] not in _OPERATIONS:
            raise forbidden("Apps may not ask for the operation $%(name)s.", name=word[1:65])
    made = next((word for word in words if word in GENERATED), None)
    if made is not None and not any(
        grant.context != scopes.PATIENT and any(grant.gives(letter, made) for letter in scopes.SEEING)
        for grant in scopes.of(actor.scopes)
    ):
        raise forbidden(
            "The app %(app)s was not granted %(wanted)s.", app=actor.app, wanted=f"user/{made}.rs"
        )
