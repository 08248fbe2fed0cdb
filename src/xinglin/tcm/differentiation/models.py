"""What doctors chose beside what was proposed. The text is not kept: only names and where the choice stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from datetime import datetime


class Choice(models.Model):
    """One decision. ``rank`` from 1 is where the chosen syndrome stood; 0: it was none of those proposed."""

    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=120)
    institution = models.CharField(max_length=64, blank=True, default="")
    proposed: models.JSONField[Any, Any] = models.JSONField()  # ids of syndromes, the first one first
    known = models.BooleanField()  # whether the proposal said that it knows
    term = models.CharField(max_length=16, blank=True, default="")  # id in the knowledge
    name = models.CharField(max_length=100)
    rank = models.PositiveSmallIntegerField()
    version = models.CharField(max_length=20)  # of what proposed

    def __str__(self) -> str:
        return f"{self.name} ({self.rank})"
