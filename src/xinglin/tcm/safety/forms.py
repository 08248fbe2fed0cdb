"""What is typed of the person beside a prescription."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.fhir.dates import LOCAL_ZONE

if TYPE_CHECKING:
    from datetime import date

    from xinglin.tcm.safety.values import Person

_BETWEEN = re.compile(r"[;；,，、\n]+")
CONDITIONS = {
    "kidney": _("Kidney failure"), "liver": _("Liver failure"), "heart": _("Heart disease"),
    "hypertension": _("High blood pressure"), "glaucoma": _("Glaucoma"), "bleeding": _("Tendency to bleed"),
    "g6pd": _("G6PD deficiency"),
}  # fmt: skip
_ROUTES = {
    "decoction": _("Decoction"), "powder": _("Powder"), "pill": _("Pills"), "wine": _("Medicinal wine"),
    "topical": _("On the skin"),
}  # fmt: skip


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _BETWEEN.split(text) if part.strip())


class MonthForm(forms.Form):
    """A month, as a browser's field of that kind gives it."""

    month = forms.RegexField(
        r"^20\d{2}-(0[1-9]|1[0-2])$",
        label=_("Month"),
        required=False,
        widget=forms.TextInput({"type": "month"}),
    )

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today

    def chosen(self) -> tuple[datetime, datetime]:
        """The beginning of the month in this country, and its end; this month where none is typed rightly."""
        year, month = self.today.year, self.today.month
        if self.is_bound and self.is_valid() and self.cleaned_data["month"]:
            year, month = map(int, self.cleaned_data["month"].split("-"))
        following = (year + 1, 1) if month == 12 else (year, month + 1)
        return datetime(year, month, 1, tzinfo=LOCAL_ZONE), datetime(*following, 1, tzinfo=LOCAL_ZONE)


class PersonForm(forms.Form):
    """What is known of the person; what is empty is taken from the record where a patient is named."""

    patient = forms.RegexField(r"^[A-Za-z0-9.\-]{1,64}$", label=_("Patient in the record"), required=False)
    sex = forms.ChoiceField(
        label=_("Sex"), required=False, choices=[("", "—"), ("female", _("Female")), ("male", _("Male"))]
    )
    age = forms.FloatField(label=_("Age"), required=False, min_value=0, max_value=130)
    pregnancy = forms.ChoiceField(
        label=_("Pregnancy"),
        required=False,
        choices=[
            ("", _("not known")), ("no", _("not pregnant")), ("pregnant", _("pregnant")),
            ("possible", _("perhaps pregnant")), ("planning", _("wishes to be")),
        ],
    )  # fmt: skip
    lactating = forms.BooleanField(
        label=_("Breast-feeding"), required=False, widget=forms.CheckboxInput({"class": "form-check-input"})
    )
    conditions = forms.MultipleChoiceField(
        label=_("Illnesses"),
        required=False,
        choices=list(CONDITIONS.items()),
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
    )
    allergies = forms.CharField(label=_("Allergies"), required=False, max_length=500)
    medicines = forms.CharField(label=_("Other medicines"), required=False, max_length=1000)
    route = forms.ChoiceField(label=_("Taken as"), choices=list(_ROUTES.items()))
    doses = forms.FloatField(label=_("Doses"), required=False, min_value=1, max_value=200)

    def person(self, known: Person) -> Person:
        """What is typed, over what the record says."""
        given = self.cleaned_data
        changed: dict[str, Any] = {
            name: given[name] for name in ("sex", "age", "pregnancy") if given[name] not in ("", None)
        }
        if given["lactating"]:
            changed["lactating"] = True
        changed["conditions"] = tuple(dict.fromkeys((*known.conditions, *given["conditions"])))
        changed["allergies"] = (*known.allergies, *_words(given["allergies"]))
        changed["medicines"] = (*known.medicines, *_words(given["medicines"]))
        return replace(known, **changed)
