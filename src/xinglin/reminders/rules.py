"""Who may be reminded, count and decide; what a reason is; in which state a rule may go. Pure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, forbidden, invalid
from xinglin.reminders import knowledge
from xinglin.reminders.values import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.kernel.actor import Actor
    from xinglin.reminders.values import Reason

RIGHTS = ("asking", "counting", "ruling")
ACCEPTED, OVERRIDDEN = "accepted", "overridden"
NEXT = {
    State.TRIAL: frozenset({State.LIVE, State.OFF}),
    State.LIVE: frozenset({State.OFF, State.TRIAL}),
    State.OFF: frozenset({State.TRIAL, State.LIVE}),
}
"""Which state of a rule may follow which."""


@cache
def _rights() -> dict[str, frozenset[str]]:
    found = knowledge.toml("rights.toml")
    return {right: frozenset(found[right]) for right in RIGHTS}


def may(actor: Actor, right: str) -> bool:
    return bool(_rights()[right] & actor.roles) or actor.has("system")


def require(actor: Actor, right: str) -> None:
    """Raise ``forbidden`` without the right."""
    if not may(actor, right):
        raise forbidden(gettext_noop("%(name)s may not do this with reminders."), name=actor.name)


def require_reason(code: str, known: Iterable[Reason]) -> None:
    """Raise ``invalid`` for a reason that the rule does not know."""
    codes = [one.code for one in known]
    if code not in codes:
        raise invalid(gettext_noop("Choose one of the reasons: %(known)s."), known=", ".join(codes))


def require_step(now: State, then: State, *, tried: bool) -> None:
    """Raise ``conflict`` where the state may not follow, or the version goes live without having been tried."""
    if then not in NEXT[now]:
        raise conflict(gettext_noop("The rule is in this state already."))
    if then is State.LIVE and not tried:
        raise conflict(
            gettext_noop("First try this version of the rule on the last month, then let it go live.")
        )
