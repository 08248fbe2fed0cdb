"""What people are asked when they sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _

from xinglin.accounts.models import Account

if TYPE_CHECKING:
    from django.http import HttpRequest


class SignInForm(forms.Form):
    """Account and password; after ``is_valid`` the ``account`` they belong to."""

    username = forms.CharField(
        label=_("Account"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "class": "form-control"}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "form-control"}),
    )

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
                raise forms.ValidationError(_("Account or password is wrong. Check both and try again."))
            self.account = found
        return given
