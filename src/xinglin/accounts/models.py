"""What is remembered of those who may sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from datetime import datetime


class Role(models.TextChoices):
    """What an account may be; several at once."""

    DOCTOR = "doctor", _("Doctor")
    NURSE = "nurse", _("Nurse")
    STEWARD = "steward", _("Data steward")
    ADMINISTRATOR = "administrator", _("Administrator")
    CLIENT = "client", _("Machine client")


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by the name they sign in with, and creates them."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Account:
        """Create an account; without ``password`` nobody can sign in to it."""
        account = self.model(username=self.model.normalize_username(username), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser):
    """A person or a machine client."""

    username = models.CharField(_("Account"), max_length=60, unique=True)
    display_name = models.CharField(max_length=120)
    title = models.CharField(max_length=60, blank=True, default="")  # 职称 as the institution words it
    institution_id = models.CharField(
        max_length=64, blank=True, default=""
    )  # id of an Organization in the record
    institution_name = models.CharField(max_length=200, blank=True, default="")
    roles: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=30, choices=Role.choices), default=list, blank=True
    )
    is_active = models.BooleanField(default=True)
    created: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True)
    former_passwords: ArrayField[list[str], list[str]] = ArrayField(  # as hashes, the latest first
        models.CharField(max_length=128), default=list, blank=True
    )

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    def __str__(self) -> str:
        return self.display_name or self.username


class Token(models.Model):
    """A machine client's bearer token, of which only the SHA-256 is kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)  # hexadecimal
    label = models.CharField(max_length=120)
    created: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True)
    revoked: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )

    def __str__(self) -> str:
        return self.label


class SignInEvent(models.Model):
    """Something that happened at the door: added, never changed (a trigger keeps it)."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed-in", _("Signed in")
        FAILED = "failed", _("Wrong password")
        REFUSED = "refused", _("Refused: too many failures")
        SIGNED_OUT = "signed-out", _("Signed out")
        EXPIRED = "expired", _("Session ran out")
        ENDED = "ended", _("Session ended")
        PASSWORD = "password", _("Password changed")
        UNLOCKED = "unlocked", _("Unlocked")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    username = models.CharField(max_length=60)  # as typed: it need not be an account
    address = models.CharField(max_length=45, blank=True, default="")
    device = models.CharField(max_length=100, blank=True, default="")
    by = models.CharField(max_length=60, blank=True, default="")  # who else did it
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["username", "-moment"], name="accounts_event_name"),
            models.Index(fields=["address", "-moment"], name="accounts_event_address"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.username}"


class SignInSession(models.Model):
    """A session of an account: from where, since when. ``key`` is that of Django's session."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    key = models.CharField(max_length=40, unique=True)
    address = models.CharField(max_length=45, blank=True, default="")
    device = models.CharField(max_length=100, blank=True, default="")
    begun: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    seen: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id} {self.begun}"
