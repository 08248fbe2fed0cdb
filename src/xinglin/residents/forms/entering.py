"""Signing in and up, and what a clerk types at the desk."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from xinglin.healthcard import codes
from xinglin.residents.forms.fields import CHECK, CONTROL, PLAIN, Plain, phone_of


class PhoneForm(Plain):
    """The phone that a code is sent to."""

    phone = forms.CharField(
        label=_("Mobile number"),
        max_length=20,
        widget=forms.TextInput(CONTROL | {"autocomplete": "tel", "inputmode": "tel", "autofocus": True}),
    )

    def clean_phone(self) -> str:
        return phone_of(self.cleaned_data["phone"])


class CardForm(Plain):
    """The number of a health card, printed on it or read from its code."""

    card = forms.CharField(
        label=_("Number of the health card"),
        max_length=120,
        widget=forms.TextInput(CONTROL | PLAIN),
    )

    def clean_card(self) -> str:
        """The number in small letters, also from the printed code."""
        number = codes.presented(self.cleaned_data["card"]).number
        if number is None:
            raise forms.ValidationError(gettext("This is no card number: it has 64 letters and digits."))
        return number


class CodeForm(Plain):
    """The code that was sent."""

    code = forms.CharField(
        label=_("Code from the text message"),
        max_length=12,
        widget=forms.TextInput(
            CONTROL | {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


class NameForm(Plain):
    """Who it is: name and identity number as on the document."""

    name = forms.CharField(
        label=_("Name as on the document"),
        max_length=60,
        widget=forms.TextInput(CONTROL | {"autocomplete": "name"}),
    )
    document = forms.CharField(
        label=_("Identity number"), max_length=24, widget=forms.TextInput(CONTROL | PLAIN)
    )


class SignUpForm(NameForm):
    agreed = forms.BooleanField(
        label=_("I want an account of my own, and have read how my data are used."),
        widget=forms.CheckboxInput(CHECK),
        error_messages={"required": _("Without your consent no account is opened.")},
    )


class BindForm(NameForm):
    """A clerk who has seen the document binds an account."""

    phone = forms.CharField(
        label=_("Mobile number"),
        max_length=20,
        widget=forms.TextInput(CONTROL | {"inputmode": "tel"} | PLAIN),
    )
    seen = forms.BooleanField(
        label=_("I have seen the document, and the person is who it shows."),
        widget=forms.CheckboxInput(CHECK),
    )

    def clean_phone(self) -> str:
        return phone_of(self.cleaned_data["phone"])


class KioskForm(Plain):
    """A kiosk's number and a scanned card."""

    number = forms.CharField(
        label=_("Number on the kiosk"), max_length=12, widget=forms.TextInput(CONTROL | PLAIN)
    )
    code = forms.CharField(
        label=_("Code of the resident's card, scanned"),
        max_length=600,
        widget=forms.TextInput(CONTROL | PLAIN),
    )
