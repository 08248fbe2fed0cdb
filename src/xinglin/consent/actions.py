"""What can be done with a resident's decisions. Each is a version of a Consent, written as whoever does it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.consent import queries, rules
from xinglin.kernel.errors import conflict, not_found
from xinglin.kernel.ids import self_number
from xinglin.record.door import open_as
from xinglin.record.policy import consents
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.consent.queries import Resident
    from xinglin.consent.rules import Taken, Wish
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_STATUS = {True: "active", False: "inactive"}


def give(
    *, connection: Connection, resident: Resident, wishes: Sequence[Wish], taken: Taken, actor: Actor
) -> list[str]:
    """Put decisions of a resident into force; the ids of their Consents."""
    door = _writing(connection, resident, actor)
    made = door.transaction(
        [Step(Verb.CREATE, "Consent", resource=rules.consent(wish, resident.id, taken)) for wish in wishes]
    )
    return [outcome.draft.id for outcome in made if outcome.draft is not None]


def change(
    *, connection: Connection, resident: Resident, consent: str, in_force: bool, taken: Taken, actor: Actor
) -> None:  # fmt: skip
    """Withdraw a decision, or put a withdrawn one into force again."""
    door = _writing(connection, resident, actor)
    stored = queries.stored_of(door, resident, consent)
    if stored is None:
        raise not_found(gettext_noop("This resident has no such decision."))
    if stored.resource.get("status") == _STATUS[in_force]:
        raise conflict(gettext_noop("Somebody has changed this decision meanwhile. Load the page again."))
    changed = {**rules.noted(stored.resource, taken), "status": _STATUS[in_force]}
    door.update(changed, if_match=stored.version)


def _writing(connection: Connection, resident: Resident, actor: Actor) -> Door:
    """The door for whoever may decide: the record's own rule is about all resources, this one about decisions alone."""
    consents.require_say(connection, actor, self_number("Patient", resident.id))
    return open_as(replace(actor, roles=frozenset({"system"})), connection)
