"""What is remembered of onboardings. What samples say is health data: it is in custody, and findings are sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime


class Onboarding(models.Model):
    """A system of an institution on its way to a door. ``sender`` is the code that it has, or will have."""

    sender = models.CharField(max_length=16)
    name = models.CharField(max_length=200)
    organization = models.CharField(max_length=64, blank=True, default="")
    door = models.CharField(max_length=8)
    kinds = models.CharField(max_length=40)  # key of the set of kinds
    charset = models.CharField(max_length=20, blank=True, default="")
    profile = models.CharField(max_length=40, blank=True, default="")
    contact = models.CharField(max_length=200, blank=True, default="")
    key_digest = models.CharField(max_length=64, blank=True, default="")  # of the vendor's key; "" for none
    state = models.CharField(max_length=8, default="open")
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    made_by = models.CharField(max_length=120)

    class Meta:
        constraints = [  # noqa: RUF012 -- Django's declaration
            models.UniqueConstraint(
                fields=["sender", "door"],
                condition=Q(state__in=["open", "green"]),
                name="exchange_onboarding_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["key_digest"], condition=~Q(key_digest=""), name="exchange_onboarding_key"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "green", "let-in", "stopped"]),
                name="exchange_onboarding_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.door}"


class Sample(models.Model):
    """A message that was handed in; its bytes are in custody under ``digest``."""

    onboarding = models.ForeignKey(Onboarding, on_delete=models.PROTECT, related_name="samples")
    name = models.CharField(max_length=200)
    media = models.CharField(max_length=100, blank=True, default="")
    digest = models.BinaryField(max_length=32)
    size = models.IntegerField()  # bytes
    kind = models.CharField(max_length=100, blank=True, default="")
    control = models.CharField(max_length=200, blank=True, default="")
    errors = models.IntegerField(default=0)
    warnings = models.IntegerField(default=0)
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    removed: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    class Meta:
        constraints = [  # noqa: RUF012 -- Django's declaration
            models.UniqueConstraint(
                fields=["onboarding", "digest"],
                condition=Q(removed=None),
                name="exchange_onboarding_sample_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_green(self) -> bool:
        return not self.errors


class Trial(models.Model):
    """All samples that were there at a moment, tried; ``report`` has marks and kinds, nothing that samples say."""

    onboarding = models.ForeignKey(Onboarding, on_delete=models.PROTECT, related_name="trials")
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    actor = models.CharField(max_length=120)
    version = models.CharField(max_length=40)  # of the points
    samples = models.IntegerField()
    green = models.BooleanField()
    score = models.IntegerField()
    level = models.CharField(max_length=8, blank=True, default="")
    report = models.JSONField()

    def __str__(self) -> str:
        return f"{self.onboarding_id} {self.moment:%Y-%m-%d %H:%M}"


class Finding(models.Model):
    """Something that the latest trial found. ``params`` are sealed JSON: they may quote a sample."""

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="findings")
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, null=True, related_name="findings")
    point = models.CharField(max_length=40)
    severity = models.CharField(max_length=8)
    code = models.CharField(max_length=40)
    place = models.TextField(blank=True, default="")
    line = models.IntegerField(default=0)
    text = models.TextField()
    params = models.TextField()

    def __str__(self) -> str:
        return f"{self.point} {self.place}"


class Step(models.Model):
    """Something that somebody did about an onboarding."""

    onboarding = models.ForeignKey(Onboarding, on_delete=models.PROTECT, related_name="steps")
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    what = models.CharField(max_length=20)
    actor = models.CharField(max_length=120)
    note = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.what} {self.moment:%Y-%m-%d %H:%M}"
