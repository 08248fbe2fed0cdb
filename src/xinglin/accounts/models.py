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
