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
    OPERATOR = "operator", _("System administrator")
    SECURITY = "security", _("Security administrator")
    AUDITOR = "auditor", _("Audit administrator")
    RESIDENT = "resident", _("Resident")


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
    department_id = models.CharField(
        max_length=80, blank=True, default=""
    )  # id of an Organization within the institution, or Location/… or HealthcareService/…
    practitioner_id = models.CharField(max_length=64, blank=True, default="")  # id of a Practitioner
    roles: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=30, choices=Role.choices), default=list, blank=True
    )
    is_active = models.BooleanField(default=True)
    must_change = models.BooleanField(default=False)  # the password was set by somebody else
    password_since: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )  # when the owner set it; never aged where nobody knows
    totp = models.TextField(blank=True, default="")  # the sealed secret; "" without
    totp_step = models.BigIntegerField(default=0)  # the last time step used, so that no code works twice
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


class FormerPassword(models.Model):
    """The hash of a password that an account had, so that it does not come back."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="former_passwords")
    password = models.CharField(max_length=128)
    until: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id} until {self.until}"


class RecoveryCode(models.Model):
    """A code that stands in for the second factor once; only its SHA-256 is kept (it has 80 random bits)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"code of {self.account_id}"


class Passkey(models.Model):
    """A WebAuthn credential: a security key, or a phone or computer that holds one."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="passkeys")
    credential = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    counter = models.BigIntegerField(default=0)
    label = models.CharField(max_length=80)
    created: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    used: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.label


class SignedIn(models.Model):
    """A session of an account: where from, since when, and why it ended."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sessions")
    key = models.CharField(max_length=40, db_index=True)  # of Django's session
    begun: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    seen: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True, default="")
    agent = models.CharField(max_length=300, blank=True, default="")
    ended: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    why = models.CharField(max_length=20, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.account_id} since {self.begun}"


class Hindrance(models.Model):
    """Failures to sign in lately, by account name or by address, and until when it is locked."""

    subject = models.CharField(
        max_length=120, primary_key=True
    )  # ``account:<digest of name>`` or ``address:…``
    failures = models.IntegerField(default=0)
    first: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    locked: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )  # until

    def __str__(self) -> str:
        return self.subject


class Event(models.Model):
    """One thing that happened with signing on. Only ever added to: a trigger keeps it."""

    place = models.BigAutoField(primary_key=True)
    moment: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    kind = models.CharField(max_length=40)
    account = models.BigIntegerField(null=True, blank=True)  # about whom; null for a name that nobody has
    actor = models.CharField(max_length=80)  # who did it; ``nobody`` before signing in
    address = models.CharField(max_length=45, blank=True, default="")
    agent = models.CharField(max_length=300, blank=True, default="")
    detail = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes = (models.Index(fields=["account", "-place"], name="accounts_event_of_account"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.moment}"
