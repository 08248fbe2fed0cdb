"""What is remembered of apps and of what they were granted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models

if TYPE_CHECKING:
    from datetime import datetime


class App(models.Model):
    """A program that may ask. Its secret is kept as a digest; ``account`` is that of a backend service."""

    client_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    about = models.CharField(max_length=300, blank=True, default="")
    kind = models.CharField(max_length=20)  # rules.Kind
    secret = models.CharField(max_length=64, blank=True, default="")  # SHA-256, hexadecimal
    jwks = models.JSONField(null=True, blank=True)
    jwks_url = models.CharField(max_length=500, blank=True, default="")
    redirects: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=2000), default=list, blank=True
    )
    launch_url = models.CharField(max_length=500, blank=True, default="")  # opened from the record's page
    scopes: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=300), default=list, blank=True
    )
    institution_id = models.CharField(max_length=64, blank=True, default="")
    institution_name = models.CharField(max_length=200, blank=True, default="")
    account = models.BigIntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """What somebody allowed an app. It begins when its code is exchanged."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="grants")
    account = models.BigIntegerField(db_index=True)
    scope = models.TextField()
    patient = models.CharField(max_length=64, blank=True, default="")
    purpose = models.CharField(max_length=20, default="TREAT")
    session = models.BigIntegerField(null=True, blank=True)  # of the account, when it was allowed
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    begun: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    ended: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    why = models.CharField(max_length=30, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.app_id} for {self.account}"


class Code(models.Model):
    """An authorization code; worth its grant once."""

    grant = models.OneToOneField(Grant, on_delete=models.CASCADE, related_name="code")
    digest = models.CharField(max_length=64, unique=True)
    redirect = models.CharField(max_length=2000)
    challenge = models.CharField(max_length=64)
    nonce = models.CharField(max_length=300, blank=True, default="")
    signed_in: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    expires: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    used: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"code of {self.grant_id}"


class Token(models.Model):
    """An access or a refresh token, of which only the digest is kept."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=10)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.TextField()
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    expires: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    used: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    revoked: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )

    def __str__(self) -> str:
        return f"{self.kind} of {self.grant_id}"


class Launch(models.Model):
    """An app opened from the record of a patient, by an account; good once."""

    app = models.ForeignKey(App, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    account = models.BigIntegerField()
    patient = models.CharField(max_length=64)
    expires: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    used: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"launch of {self.app_id}"


class Assertion(models.Model):
    """The id of a signed assertion that was used, until it would have expired anyway."""

    app = models.ForeignKey(App, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)
    expires: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["app", "digest"], name="smart_assertion_once"),)

    def __str__(self) -> str:
        return f"assertion of {self.app_id}"


class Binding(models.Model):
    """Who an account is at the region's identity provider."""

    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    account = models.BigIntegerField()
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["issuer", "subject"], name="smart_binding_of_subject"),
            models.UniqueConstraint(fields=["issuer", "account"], name="smart_binding_of_account"),
        )

    def __str__(self) -> str:
        return f"{self.subject} is {self.account}"


class Ehr(models.Model):
    """A system of an institution that may open the record browser by a SMART launch.

    ``issuer`` is the address of its FHIR interface, ``client_id`` what it calls us, ``secret`` what it gave us, sealed;
    empty where our own key signs.
    """

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    issuer = models.CharField(max_length=300, unique=True)
    client_id = models.CharField(max_length=200, blank=True, default="")
    secret = models.TextField(blank=True, default="")
    institution_id = models.CharField(max_length=64, blank=True, default="")
    institution_name = models.CharField(max_length=200, blank=True, default="")
    matching = models.CharField(max_length=20)  # rules.Matching
    linking = models.BooleanField(default=True)  # whether doctors may say themselves who they are
    active = models.BooleanField(default=True)
    made: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Opening(models.Model):
    """A launch on its way, good once: digests of its state and of what the browser keeps.

    ``subject`` is who came, where no account was known for them: whoever signs in at that browser may link theirs.
    """

    ehr = models.ForeignKey(Ehr, on_delete=models.CASCADE)
    state = models.CharField(max_length=64, unique=True)
    browser = models.CharField(max_length=64)
    expires: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    used: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    subject = models.CharField(max_length=255, blank=True, default="")
    who = models.CharField(max_length=300, blank=True, default="")  # as that system says
    linked: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )

    def __str__(self) -> str:
        return f"opening by {self.ehr_id}"
