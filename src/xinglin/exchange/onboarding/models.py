"""Systems on their way in, and what each of their trials was worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from datetime import datetime


class Onboarding(models.Model):
    """One system that is to send through one door. ``state``: open, in (let in), or stopped."""

    sender = models.CharField(max_length=16)  # its code
    door = models.CharField(max_length=8)
    kinds: models.JSONField[Any, Any] = models.JSONField(default=list)  # of message, that have to be shown
    state = models.CharField(max_length=8, default="open")
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    ended: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, blank=True, default="")
    note = models.TextField(blank=True, default="")

    class Meta:
        constraints = [  # noqa: RUF012 -- Django's declaration
            models.UniqueConstraint(
                fields=["sender", "door"],
                condition=models.Q(state="open"),
                name="exchange_onboarding_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.door}"


class Trial(models.Model):
    """Samples that were judged. ``samples`` may hold health data: sealed, and gone after the end."""

    onboarding = models.ForeignKey(Onboarding, on_delete=models.CASCADE, related_name="trials")
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    actor = models.CharField(max_length=120)
    files: models.JSONField[Any, Any] = models.JSONField(default=list)  # names and sizes
    samples = models.BinaryField(null=True)
    green = models.BooleanField()
    report = models.TextField()  # sealed JSON: findings may quote what was sent

    def __str__(self) -> str:
        return f"{self.onboarding_id} {self.moment}"
