"""What is done: remind at a hook, keep what became of a card, try rules and let them go live."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid, not_found
from xinglin.record import database, sealing
from xinglin.record.door import open_as
from xinglin.reminders import charting, firing, queries, reading, rules, showing
from xinglin.reminders.asking import Case
from xinglin.reminders.hooks import service
from xinglin.reminders.values import Hook, Indicator, Orders, State
from xinglin.summary import medicines as merging

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.door import Door
    from xinglin.reminders.rulebook import Rule
    from xinglin.reminders.values import Card

_LONGEST_COMMENT = 500
_ORDERED = {"MedicationRequest", "MedicationStatement"}


@dataclass(frozen=True, slots=True)
class Given:
    """What a client sent along: resources, and the types of which they are all that is wanted.

    With ``foreign`` the patient is the client's own and not in our record; nothing is read.
    """

    resources: Sequence[dict[str, Any]] = ()
    types: frozenset[str] = frozenset()
    foreign: bool = False
    base: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody did with a card."""

    card: UUID
    outcome: str  # rules.ACCEPTED, rules.OVERRIDDEN
    reason: str = ""
    comment: str = ""
    moment: datetime | None = field(default=None)


def cards_for(
    door: Door, patient: str, hook: str, context: Mapping[str, Any], given: Given | None = None
) -> tuple[Card, ...]:
    """The cards of a patient at a hook, the gravest first, counted; for our own pages and for other systems.

    ``context`` is that of CDS Hooks: ``encounterId``, ``draftOrders``, ``selections``. A card that was set aside in
    the same encounter does not come again. Faults: as the door's ``read``; ``forbidden`` for who may not be reminded.
    """
    rules.require(door.actor, "asking")
    found = _found(door, patient, Hook(hook), context, given or Given())
    if not found:
        return ()
    with database.using(None) as connection:
        outcomes = _count(connection, found, door.actor, clock.now())
    return tuple(one for one in found if _is_shown(one, outcomes.get(one.uuid, "")))


def standing(door: Door, patient: str) -> tuple[Card, ...]:
    """The cards that a look at the patient brings now, not counted: for a page that marks what they are about.

    Faults as ``cards_for``.
    """
    rules.require(door.actor, "asking")
    found = _found(door, patient, Hook.PATIENT_VIEW, {}, Given())
    with database.using(None) as connection:
        outcomes = queries.outcomes(connection, [one.uuid for one in found])
    return tuple(one for one in found if _is_shown(one, outcomes.get(one.uuid, "")))


def _found(door: Door, patient: str, hook: Hook, context: Mapping[str, Any], given: Given) -> list[Card]:
    now = clock.now()
    today = now.astimezone(LOCAL_ZONE).date()
    resources = list(given.resources)
    types = [one for one in service(hook).types if one not in given.types]
    if types and not given.foreign:
        resources = [*reading.read(door, patient, today, types), *resources]
    encounter = str(context.get("encounterId") or "")
    case = Case(
        charting.chart_of(resources, patient), hook, today, _drafts(context),
        encounter=f"Encounter/{encounter.removeprefix('Encounter/')}" if encounter else "",
        all_orders=_orders(door, patient, given),
    )  # fmt: skip
    with database.using(None) as connection:
        live = queries.live(connection)
    place = showing.place_of(door.actor, encounter, today)
    base = given.base or settings.SETTINGS.base_url.rstrip("/")
    found = {
        one.uuid: one
        for one in (showing.card(each, patient, place, hook, base) for each in firing.fire(case, live))
    }
    return list(found.values())


def _orders(door: Door, patient: str, given: Given) -> Callable[[str], Orders | None]:
    """What tells all orders of a medicine, merged as the pages of medicines merge them; reads them when first asked."""

    @cache
    def merged() -> list[list[dict[str, Any]]]:
        read = [] if given.foreign else reading.orders(door, patient)
        sent = [one for one in given.resources if one.get("resourceType") in _ORDERED]
        return merging.together({_reference(one): one for one in (*sent, *read)}.values())

    def orders(reference: str) -> Orders | None:
        group = next((g for g in merged() if any(_reference(one) == reference for one in g)), [])
        days = [found[0] for one in group if (found := charting.moment(merging.start_of(one)))]
        return Orders(min(days), len(group)) if days else None

    return orders


def _reference(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _drafts(context: Mapping[str, Any]) -> Any:
    selections = context.get("selections")
    chosen = [str(one) for one in selections] if isinstance(selections, list) else None
    return charting.drafts_of(charting.resources_of(context.get("draftOrders")), chosen)


def _is_shown(card: Card, outcome: str) -> bool:
    """What was set aside is not said again; what was accepted only where it is critical and still so."""
    return outcome == "" or (outcome == rules.ACCEPTED and card.indicator is Indicator.CRITICAL)


def _count(connection: Connection, found: Sequence[Card], actor: Actor, now: datetime) -> dict[UUID, str]:
    """Keep that the cards fired, in one order so that none waits for another; tell what became of each before."""
    rows = sorted(found, key=lambda one: one.uuid)
    told = connection.execute(
        "INSERT INTO reminders_firing AS f (card, rule, version, hook, indicator, institution, begun, latest, times,"
        " outcome, reason, comment, actor)"
        " SELECT c, r, v, %s, i, %s, %s, %s, 1, '', '', '', ''"
        " FROM unnest(%s::uuid[], %s::text[], %s::smallint[], %s::text[]) AS x (c, r, v, i) ORDER BY c"
        " ON CONFLICT (card) DO UPDATE SET times = f.times + 1, latest = EXCLUDED.latest RETURNING card, outcome",
        [
            rows[0].hook, actor.institution or "", now, now, [one.uuid for one in rows],
            [one.rule for one in rows], [one.version for one in rows], [str(one.indicator) for one in rows],
        ],
    ).fetchall()  # fmt: skip
    return dict(told)


# -- answers


def answer(
    connection: Connection, answers: Sequence[Answer], *, hook: str, actor: Actor, now: datetime
) -> None:
    """Keep what became of cards of a hook's service: all or nothing. A later answer replaces an earlier one.

    Raises ``not_found`` for a card that never fired there, ``invalid`` for an outcome that is none.
    """
    rules.require(actor, "asking")
    with connection.transaction():
        for one in answers:
            if one.outcome not in (rules.ACCEPTED, rules.OVERRIDDEN):
                raise invalid(
                    gettext_noop("The outcome of a card is accepted or overridden."), expression="outcome"
                )
            said = one.comment.strip()[:_LONGEST_COMMENT]
            changed = connection.execute(
                "UPDATE reminders_firing SET outcome = %s, reason = %s, comment = %s, answered = %s, actor = %s"
                " WHERE card = %s AND hook = %s AND institution = %s",
                [
                    one.outcome, one.reason[:60], sealing.seal_text(said) if said else "", one.moment or now, actor.id,
                    one.card, hook, actor.institution or "",
                ],
            ).rowcount  # fmt: skip
            if not changed:
                raise not_found(
                    gettext_noop("There is no card %(card)s of this service."), card=str(one.card)
                )


def override(
    connection: Connection, *, given: Answer, rule: str, hook: str, actor: Actor, now: datetime
) -> None:
    """Set a card of our own pages aside, with a coded reason of its rule."""
    rules.require_reason(given.reason, queries.rule(rule).reasons)
    answer(connection, [given], hook=hook, actor=actor, now=now)


def accept(door: Door, *, patient: str, hook: str, encounter: str, card: UUID, suggestion: UUID) -> None:
    """Do what a suggestion of a card says and keep that it was accepted, both or neither.

    The card is found anew, so that nothing of it has to be kept or trusted from a form. Raises ``not_found`` where it
    is gone: what it asked for may have happened meanwhile.
    """
    rules.require(door.actor, "asking")
    found = _found(door, patient, Hook(hook), {"encounterId": encounter}, Given())
    suggested = next(
        (
            one
            for each in found
            if each.uuid == card
            for uuid, _, one in each.suggestions
            if uuid == suggestion
        ),
        None,
    )
    if suggested is None:
        raise not_found(gettext_noop("This reminder has nothing to ask for any more. Load the page again."))
    with database.using(None) as connection, connection.transaction():
        if suggested.type == "create" and suggested.resource is not None:
            open_as(door.actor, connection).create(_signed(dict(suggested.resource), door.actor))
        answer(connection, [Answer(card, rules.ACCEPTED)], hook=hook, actor=door.actor, now=clock.now())


def _signed(resource: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """With who asks for it, where that is a known practitioner."""
    if actor.practitioner:
        resource["requester"] = {"reference": f"Practitioner/{actor.practitioner}"}
    return resource


# -- rules


def decide(
    connection: Connection, *, rule: Rule, state: State, words: str, actor: Actor, now: datetime
) -> None:
    """Put a rule into a state. Faults: ``forbidden``; ``conflict`` for going live without a try."""
    rules.require(actor, "ruling")
    rules.require_step(queries.states(connection)[rule.id], state, tried=queries.was_tried(connection, rule))
    connection.execute(
        "INSERT INTO reminders_decision (rule, version, state, moment, actor, name, words)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [rule.id, rule.version, str(state), now, actor.id, actor.name, words.strip()[:500]],
    )
    queries.forget_live()


def uuid_of(text: str) -> UUID:
    """A uuid as it was sent; raises ``invalid``."""
    with suppress(ValueError, AttributeError, TypeError):
        return UUID(text)
    raise invalid(gettext_noop("%(text)s is no uuid of a card."), text=str(text)[:60])
