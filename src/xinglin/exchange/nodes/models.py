"""What is remembered of other platforms, of what was forwarded to them and what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models

if TYPE_CHECKING:
    from datetime import date, datetime


class Own(models.Model):
    """Who this platform is among the others; one row."""

    code = models.CharField(max_length=32)
    name = models.CharField(max_length=120)
    tier = models.CharField(max_length=10)
    address = models.CharField(max_length=300)
    index_key = models.TextField(blank=True, default="")  # sealed; of the node above, where there is one

    def __str__(self) -> str:
        return self.code


class Node(models.Model):
    """Another platform, known by its key."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    tier = models.CharField(max_length=10)
    address = models.CharField(max_length=300)
    jwk = models.JSONField()
    active = models.BooleanField(default=True)
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    heard: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.code


class Subscription(models.Model):
    """What is forwarded to a node, and how far it has come: ``place`` is one of the outbox."""

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="subscriptions")
    what = models.CharField(max_length=12)
    types: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=64), default=list, blank=True
    )
    institutions: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=64), default=list, blank=True
    )
    tags: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=300), default=list, blank=True
    )
    paused = models.BooleanField(default=False)
    place = models.BigIntegerField()
    stock_type = models.IntegerField(
        null=True
    )  # what was there before is being forwarded, so far; None: done
    stock_vid = models.BigIntegerField(default=0)
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    sent: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)  # resources or entries
    last: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    day: models.DateField[date | None, date | None] = models.DateField(null=True)  # of the last aggregates
    failures = models.IntegerField(default=0)
    next_try: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.what} to {self.node_id}"


class Batch(models.Model):
    """One batch with its receipt: what was sent to, or came from, a node."""

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="batches")
    outgoing = models.BooleanField()
    number = models.CharField(max_length=64)
    what = models.CharField(max_length=12)
    count = models.IntegerField()
    refused = models.IntegerField(default=0)
    digest = models.CharField(max_length=64)
    receipt = models.TextField()
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [  # noqa: RUF012 -- Django's declaration
            models.UniqueConstraint(fields=["node", "outgoing", "number"], name="exchange_nodes_batch_once"),
        ]

    def __str__(self) -> str:
        return self.number


class Held(models.Model):
    """That somebody, under a keyed hash of the identity number, has a record at a node below."""

    hash = models.CharField(max_length=64)
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="held")
    holder = models.CharField(max_length=200, blank=True, default="")
    last: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    class Meta:
        constraints = [  # noqa: RUF012 -- Django's declaration
            models.UniqueConstraint(fields=["hash", "node", "holder"], name="exchange_nodes_held_once"),
        ]

    def __str__(self) -> str:
        return f"{self.node_id} {self.hash[:8]}"


class Inquiry(models.Model):
    """That a visitor's record was asked for: by us of another node, or by another node of us.

    ``person`` and ``answer`` are sealed; the answer goes when its time is over, that there was one stays.
    """

    number = models.CharField(max_length=64)
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="inquiries")
    outgoing = models.BooleanField()
    patient = models.CharField(max_length=64, blank=True, default="")  # here, for whom we ask
    person = models.TextField()
    purpose = models.CharField(max_length=20)
    consent = models.CharField(max_length=12)
    basis = models.TextField()  # sealed: what the consent rests on, in words
    asker = models.CharField(max_length=200)
    institution = models.CharField(max_length=200, blank=True, default="")
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)
    found = models.IntegerField(default=0)  # resources
    receipt = models.TextField(blank=True, default="")
    answer = models.BinaryField(null=True)

    class Meta:
        constraints = [  # noqa: RUF012 -- Django's declaration
            models.UniqueConstraint(
                fields=["node", "outgoing", "number"], name="exchange_nodes_inquiry_once"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Token(models.Model):
    """Tokens that were used: each is good once."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="tokens")
    jti = models.CharField(max_length=64)
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [  # noqa: RUF012 -- Django's declaration
            models.UniqueConstraint(fields=["node", "jti"], name="exchange_nodes_token_once"),
        ]

    def __str__(self) -> str:
        return self.jti
