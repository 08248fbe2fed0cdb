"""What people are asked when they sign in."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from xinglin.accounts import actions, guarding
from xinglin.kernel import clock

if TYPE_CHECKING:
    from xinglin.accounts.models import Account


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

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict or None
        self.account: Account | None = None

    def clean(self) -> dict[str, str]:
        """Refuse a wrong pair without telling which half is wrong."""
        given: dict[str, str] = super().clean() or {}
        if "username" in given and "password" in given:
            try:
                found = guarding.check(given["username"], given["password"], now=clock.now())
            except guarding.LockedOut as closed:
                minutes = max(1, ceil(closed.wait.total_seconds() / 60))
                raise forms.ValidationError(
                    ngettext(
                        "Too many failed attempts. Try again in %(n)s minute, or ask an administrator.",
                        "Too many failed attempts. Try again in %(n)s minutes, or ask an administrator.",
                        minutes,
                    )
                    % {"n": minutes}
                ) from None
            if found is None:
                raise forms.ValidationError(_("Account or password is wrong. Check both and try again."))
            self.account = found
        return given


_WEAKNESSES = {
    "short": _("The password is too short."),
    "plain": _("The password needs more kinds of characters: small letters, capitals, digits, signs."),
    "name": _("The password may not hold the name of the account."),
    "former": _("This password was used before. Choose another."),
}


class PasswordForm(forms.Form):
    """The old password once, the new one twice."""

    old = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "form-control"}),
    )
    new = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "form-control"}),
    )
    again = forms.CharField(
        label=_("New password once more"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "form-control"}),
    )

    def __init__(self, account: Account, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict or None
        self._account = account

    def clean_old(self) -> str:
        old = str(self.cleaned_data["old"])
        if not self._account.check_password(old):
            raise forms.ValidationError(_("This is not the present password."))
        return old

    def clean_new(self) -> str:
        new = str(self.cleaned_data["new"])
        found = actions.weaknesses_of(self._account, new)
        if found:
            raise forms.ValidationError([_WEAKNESSES[one] for one in found])
        return new

    def clean(self) -> dict[str, str]:
        given: dict[str, str] = super().clean() or {}
        if "new" in given and given.get("again") != given["new"]:
            self.add_error("again", _("The two new passwords differ."))
        return given
