"""What is remembered: cards that fired and what became of them, tries on the bench, and decisions on rules.

Nothing here says whom a card was about: its uuid is a keyed hash, by which the same card is known again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class Firing(models.Model):
    """One card, however often it was shown in its encounter. ``comment`` is sealed."""

    card: models.UUIDField[UUID, UUID] = models.UUIDField(primary_key=True)
    rule = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    hook = models.CharField(max_length=30)
    indicator = models.CharField(max_length=10)
    institution = models.CharField(max_length=64, blank=True, default="")
    begun: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)
    latest: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    outcome = models.CharField(max_length=10, blank=True, default="")  # rules.ACCEPTED, rules.OVERRIDDEN
    reason = models.CharField(max_length=60, blank=True, default="")
    comment = models.TextField(blank=True, default="")
    answered: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    actor = models.CharField(max_length=100, blank=True, default="")  # who answered

    class Meta:
        indexes = (models.Index(fields=["rule", "version", "begun"], name="reminders_firing_of_rule"),)

    def __str__(self) -> str:
        return f"{self.rule} {self.card}"


class Replay(models.Model):
    """A version of a rule, tried on encounters of the past."""

    rule = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    actor = models.CharField(max_length=100)
    name = models.CharField(max_length=120)
    since: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    encounters = models.PositiveIntegerField()
    of = (
        models.PositiveIntegerField()
    )  # encounters that there were; more than were tried where they were too many
    fired = models.PositiveIntegerField()  # encounters at which the rule had something to say
    findings = models.PositiveIntegerField()

    class Meta:
        indexes = (models.Index(fields=["rule", "version"], name="reminders_replay_of_rule"),)

    def __str__(self) -> str:
        return f"{self.rule} v{self.version}"


class Decision(models.Model):
    """Who put a version of a rule into which state, and why. The last one holds."""

    rule = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10)  # values.State
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    actor = models.CharField(max_length=100)
    name = models.CharField(max_length=120)
    words = models.TextField(blank=True, default="")

    class Meta:
        indexes = (models.Index(fields=["rule", "version"], name="reminders_decision_of_rule"),)

    def __str__(self) -> str:
        return f"{self.rule} v{self.version}: {self.state}"
