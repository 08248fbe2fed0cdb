"""What the first page tells who reviews and publishes knowledge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy

from xinglin.tcm.knowledge import queries, rules
from xinglin.ui.today import Work

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor


def open_to(actor: Actor) -> bool:
    """Whether the actor reviews or publishes."""
    return rules.may(actor, "reviewing") or rules.may(actor, "publishing")


def today(actor: Actor) -> list[Work]:
    """Changes of others to be reviewed, and agreed ones to be published."""
    waiting = queries.waiting()
    review = sum(one.progress == rules.Progress.WAITING and one.proposer != actor.id for one in waiting)
    publish = sum(one.progress == rules.Progress.AGREED for one in waiting)
    address = reverse("tcm:changes")
    work = [Work(gettext_lazy("Changes of knowledge to be reviewed"), review, address)]
    if rules.may(actor, "publishing"):
        work.append(Work(gettext_lazy("Changes of knowledge to be published"), publish, address))
    return work
