"""What is asked on the pages: a month, an answer to a card, a decision on a rule."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.reminders.values import Hook, State

if TYPE_CHECKING:
    from datetime import date

_DECEMBER = 12
_ID = r"^[A-Za-z0-9.\-]{1,64}$"


class MonthForm(forms.Form):
    """A month, as a browser's field of that kind gives it."""

    month = forms.RegexField(
        r"^20\d{2}-(0[1-9]|1[0-2])$",
        label=_("Month"),
        required=False,
        widget=forms.TextInput({"type": "month", "class": "form-control"}),
    )

    def __init__(self, *args: Any, today: date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today

    def chosen(self) -> tuple[datetime, datetime]:
        """The beginning of the month in this country, and its end; this month where none is typed rightly."""
        year, month = self.today.year, self.today.month
        if self.is_bound and self.is_valid() and self.cleaned_data["month"]:
            year, month = map(int, self.cleaned_data["month"].split("-"))
        following = (year + 1, 1) if month == _DECEMBER else (year, month + 1)
        return datetime(year, month, 1, tzinfo=LOCAL_ZONE), datetime(*following, 1, tzinfo=LOCAL_ZONE)


class PlaceForm(forms.Form):
    """Where a card stood: whose, at which hook, in which encounter."""

    patient = forms.RegexField(_ID)
    hook = forms.ChoiceField(choices=[(str(one), str(one)) for one in Hook])
    encounter = forms.RegexField(_ID, required=False)


class AcceptForm(PlaceForm):
    """One click on a suggestion."""

    suggestion = forms.UUIDField()


class OverrideForm(PlaceForm):
    """A card set aside: of which rule, why, and words beside it."""

    rule = forms.SlugField()
    reason = forms.SlugField()
    comment = forms.CharField(required=False, max_length=500)


class DecisionForm(forms.Form):
    """What becomes of a rule, and why."""

    state = forms.ChoiceField(choices=[(str(one), str(one)) for one in State])
    words = forms.CharField(
        label=_("Why"), required=False, max_length=500, widget=forms.TextInput({"class": "form-control"})
    )
