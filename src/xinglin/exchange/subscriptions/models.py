"""Subscriptions, and how far each has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from datetime import datetime


class Subscription(models.Model):
    """``place`` is one of the outbox: what was committed up to there was looked at. ``headers`` is sealed."""

    number = models.CharField(max_length=32, unique=True)
    sender = models.CharField(max_length=16, db_index=True)  # its code
    criteria = models.CharField(max_length=1000)
    endpoint = models.CharField(max_length=500)
    content = models.CharField(max_length=16)
    headers = models.TextField(blank=True, default="")
    reason = models.CharField(max_length=300, blank=True, default="")
    status = models.CharField(max_length=12, default="requested")
    end: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    decided_by = models.CharField(max_length=120, blank=True, default="")
    place = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0)
    last: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    next_try: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.sender} {self.criteria}"
