"""What is remembered of front machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from datetime import date, datetime


class Edge(models.Model):
    """The front machine of a sender, as it last told. ``state`` is sealed: an error may quote what it was about."""

    sender = models.CharField(max_length=16, unique=True)
    first: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    heard: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True, default="")
    state = models.TextField()

    def __str__(self) -> str:
        return self.sender


class Count(models.Model):
    """What a front machine declares of one source and day. ``expected`` is the institution's own count."""

    sender = models.CharField(max_length=16)
    source = models.CharField(max_length=40)
    day: models.DateField[date, date] = models.DateField()
    expected: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    captured = models.BigIntegerField()
    sent = models.BigIntegerField()
    refused = models.BigIntegerField()
    told: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    class Meta:
        constraints = [  # noqa: RUF012 -- Django's declaration
            models.UniqueConstraint(fields=["sender", "source", "day"], name="exchange_edges_count_day"),
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.source} {self.day}"
