"""What people are asked when they sign in, about their own account, and about others'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import authenticate
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from xinglin.accounts import backend, hindrances, passwords, sessions
from xinglin.accounts.models import Account, Role
from xinglin.kernel import clock

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

_CONTROL = {"class": "form-control"}
_PASSWORD = forms.PasswordInput(_CONTROL | {"autocomplete": "current-password"})
_NEW_PASSWORD = {"autocomplete": "new-password"} | _CONTROL


def locked_words(until: datetime) -> str:
    """That a lock holds, and how long; it is said of names that nobody has as well."""
    return gettext(
        "Too many failures: signing in with this account or from this address is locked until %(time)s. "
        "An administrator can unlock the account."
    ) % {"time": f"{timezone.localtime(until):%H:%M}"}


class SignInForm(forms.Form):
    """Account and password; after ``is_valid`` the ``account`` they belong to."""

    username = forms.CharField(
        label=_("Account"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "class": "form-control"}
        ),
    )
    password = forms.CharField(label=_("Password"), max_length=200, strip=False, widget=_PASSWORD)

    def __init__(self, request: HttpRequest, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict or None
        self._request = request
        self.account: Account | None = None

    def clean(self) -> dict[str, str]:
        """Refuse a wrong pair without telling which half is wrong."""
        given: dict[str, str] = super().clean() or {}
        if "username" in given and "password" in given:
            found = authenticate(self._request, username=given["username"], password=given["password"])
            if not isinstance(found, Account):
                raise forms.ValidationError(self._why(given["username"]))
            self.account = found
        return given

    def _why(self, username: str) -> str:
        subjects = backend.subjects_of(username, sessions.origin_of(self._request))
        until = hindrances.locked_until(subjects, now=clock.now())
        if until is not None:
            return locked_words(until)
        return gettext("Account or password is wrong. Check both and try again.")


class SecondForm(forms.Form):
    """The second factor: a code, or what a security key answered."""

    code = forms.CharField(
        label=_("One-time code"),
        max_length=40,
        required=False,
        widget=forms.TextInput(
            _CONTROL | {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )
    answer = forms.CharField(max_length=20_000, required=False, widget=forms.HiddenInput)

    @staticmethod
    def locked_words(until: datetime) -> str:
        return locked_words(until)


class ConfirmForm(forms.Form):
    """The present password, before something that weakens or changes the account."""

    current = forms.CharField(label=_("Present password"), max_length=200, strip=False, widget=_PASSWORD)


class PasswordForm(forms.Form):
    """The present password and the new one, twice."""

    current = forms.CharField(label=_("Present password"), max_length=200, strip=False, widget=_PASSWORD)
    new = forms.CharField(
        label=_("New password"), max_length=200, strip=False, widget=forms.PasswordInput(_NEW_PASSWORD)
    )
    again = forms.CharField(
        label=_("New password again"), max_length=200, strip=False, widget=forms.PasswordInput(_NEW_PASSWORD)
    )

    def __init__(self, account: Account, data: object = None, *, request: HttpRequest | None = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict or None
        self._account = account
        self._request = request

    def clean_current(self) -> str:
        """A wrong present password counts as a failure to sign in."""
        given = str(self.cleaned_data["current"])
        if authenticate(self._request, username=self._account.username, password=given) is None:
            raise forms.ValidationError(gettext("Your present password was not right. Nothing was changed."))
        return given

    def clean_new(self) -> str:
        given = str(self.cleaned_data["new"])
        if wrong := passwords.problems(given, self._account):
            raise forms.ValidationError(wrong)
        return given

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "new" in given and given["new"] != given.get("again"):
            self.add_error("again", gettext("The two new passwords differ."))
        return given


def _role_choices(codes: list[str]) -> list[tuple[str, Any]]:
    return [(code, Role(code).label) for code in codes]


class RolesForm(forms.Form):
    """The roles that may be given here; others that the account has stay as they are."""

    roles = forms.MultipleChoiceField(
        label=_("Roles of the account"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, grantable: list[str], account: Account | None, data: object = None) -> None:
        super().__init__(data, initial={"roles": account.roles if account else []})  # type: ignore[arg-type]  # a QueryDict or None
        field = self.fields["roles"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = _role_choices(grantable)


class PlaceForm(forms.Form):
    """In which department an account works, and which practitioner it is."""

    department_id = forms.RegexField(
        r"^((Location|HealthcareService)/)?[A-Za-z0-9.-]{1,64}$",
        label=_("Department (its id in the directory)"), max_length=80, required=False,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off"}),
        error_messages={"invalid": _("Write an id of the directory: letters, digits, - and .")},
    )  # fmt: skip
    practitioner_id = forms.RegexField(
        r"^[A-Za-z0-9.-]{1,64}$",
        label=_("Practitioner (the id in the directory)"), required=False,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off"}),
        error_messages={"invalid": _("Write an id of the directory: letters, digits, - and .")},
    )  # fmt: skip

    def __init__(self, account: Account, data: object = None) -> None:
        given = {name: getattr(account, name) for name in ("department_id", "practitioner_id")}
        super().__init__(data, initial=given)  # type: ignore[arg-type]  # a QueryDict or None


class AccountForm(RolesForm):
    """A new account. Who manages one institution makes accounts for it alone."""

    username = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9._@-]{1,59}$",
        label=_("Account"),
        error_messages={"invalid": _("Use 2 to 60 letters, digits and . _ @ -, a letter or digit first.")},
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off", "autofocus": True}),
    )
    display_name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(_CONTROL))
    title = forms.CharField(
        label=_("Professional title"), max_length=60, required=False, widget=forms.TextInput(_CONTROL)
    )
    institution_id = forms.CharField(
        label=_("Institution (its id in the directory; empty for the region)"), max_length=64, required=False,
        widget=forms.TextInput(_CONTROL),
    )  # fmt: skip
    institution_name = forms.CharField(
        label=_("Name of the institution"), max_length=200, required=False, widget=forms.TextInput(_CONTROL)
    )
    field_order = ("username", "display_name", "title", "institution_id", "institution_name", "roles")

    def __init__(self, grantable: list[str], manager: Account, data: object = None) -> None:
        super().__init__(grantable, None, data)
        if manager.institution_id:
            for name in ("institution_id", "institution_name"):
                self.fields[name].disabled = True
                self.fields[name].initial = self.initial[name] = getattr(manager, name)
