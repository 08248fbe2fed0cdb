"""What the forms share: how their fields are drawn, and a phone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext

from xinglin.residents import rules

CONTROL = {"class": "form-control"}
SELECT = {"class": "form-select"}
CHECK = {"class": "form-check-input"}
PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class Plain(forms.Form):
    """Fields with labels as the pages draw them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


def phone_of(text: str) -> str:
    """The number in its eleven digits; raises what a field says of any other."""
    found = rules.phone_of(text)
    if found is None:
        raise forms.ValidationError(gettext("This is no mobile number: it has 11 digits and begins with 1."))
    return found
