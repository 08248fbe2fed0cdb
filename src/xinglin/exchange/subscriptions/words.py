"""States in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from xinglin.exchange.subscriptions.rules import Status

STATUS = {
    Status.REQUESTED: gettext_lazy("Waits to be let work"),
    Status.ACTIVE: gettext_lazy("Working"),
    Status.ERROR: gettext_lazy("In error"),
    Status.OFF: gettext_lazy("Has ended"),
}
COLOURS = {Status.REQUESTED: "amber", Status.ACTIVE: "green", Status.ERROR: "red", Status.OFF: "plain"}
