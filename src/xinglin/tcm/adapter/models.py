"""What is remembered of clinics' systems: where they may embed, whom they may open for, and what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models

if TYPE_CHECKING:
    from datetime import datetime


class System(models.Model):
    """A sender of the exchange that may open pages. ``secret`` is its sealed key for signing addresses."""

    sender = models.BigIntegerField(unique=True)  # id of the sender in the exchange
    origins: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=300), default=list)
    pages: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=30), default=list)
    secret = models.TextField(blank=True, default="")
    secret_since: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    made_by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"system of sender {self.sender}"


class Doctor(models.Model):
    """Whom the clinic's number of a doctor means: an account of this platform."""

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="doctors")
    number = models.CharField(max_length=64)
    account = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["system", "number"], name="tcm_adapter_one_doctor_a_number"),
        )

    def __str__(self) -> str:
        return self.number


class Launch(models.Model):
    """An address that was used. Its ``nonce`` never holds again."""

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="launches")
    nonce = models.CharField(max_length=64)
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)
    page = models.CharField(max_length=30)
    account = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["system", "nonce"], name="tcm_adapter_a_nonce_once"),)

    def __str__(self) -> str:
        return self.nonce


class Outcome(models.Model):
    """What a doctor decided in a window, the latest of each kind; ``body`` is its sealed JSON."""

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="outcomes")
    shard = models.SmallIntegerField()  # of the Patient, 0 for nobody
    launch = models.CharField(max_length=64)  # the nonce of the launch
    kind = models.CharField(max_length=30)
    visit = models.CharField(max_length=64, blank=True, default="")  # the clinic's number
    patient = models.CharField(max_length=64, blank=True, default="")  # id of the Patient in the record
    body = models.BinaryField()
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    actor = models.CharField(max_length=120)
    fetched: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["system", "launch", "kind", "shard"], name="tcm_adapter_an_outcome_a_window"
            ),
        )
        indexes = (models.Index(fields=["system", "visit", "-moment"], name="tcm_adapter_outcome_of_visit"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.visit}"
