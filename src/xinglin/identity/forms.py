"""The forms of the register's pages: what was typed, checked as far as a form can."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from xinglin.identity.population import rules
from xinglin.identity.population.archives import Keeping
from xinglin.identity.population.rules import Reason, Review, Standing
from xinglin.ui.language import is_chinese

REASONS = {
    Reason.DEATH: gettext_lazy("Died"),
    Reason.MOVED: gettext_lazy("Moved away"),
    Reason.LOST: gettext_lazy("Lost from sight"),
    Reason.REFUSED: gettext_lazy("Refuses the archive"),
    Reason.MERGED: gettext_lazy("Merged into another archive"),
    Reason.OTHER: gettext_lazy("Another reason"),
}
REVIEWS = {
    Review.UNREVIEWED: gettext_lazy("Not reviewed"),
    Review.REVIEWED: gettext_lazy("Reviewed"),
    Review.OPENED: gettext_lazy("Open to the resident"),
    Review.WITHDRAWN: gettext_lazy("Withdrawn from the resident"),
}
STANDINGS = {
    Standing.SETTLED: gettext_lazy("Registered and living here"),
    Standing.AWAY: gettext_lazy("Registered here, lives elsewhere"),
    Standing.ARRIVED: gettext_lazy("Lives here, registered elsewhere"),
    Standing.PASSING: gettext_lazy("Here for less than half a year"),
    Standing.LEFT: gettext_lazy("Moved away"),
    Standing.UNKNOWN: gettext_lazy("Not known"),
}


def relations() -> list[tuple[str, str]]:
    """The relations to a head in the reader's language, with their codes."""
    chinese = is_chinese()
    return [(code, f"{code} {zh if chinese else en}") for code, (zh, en) in rules.relations().items()]


def relation(code: str) -> str:
    """A relation in the reader's language."""
    names = rules.relations().get(code)
    if names is None:
        return code
    return names[0] if is_chinese() else names[1]


class _Plain(forms.Form):
    """Fields as the pages draw them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            chosen = isinstance(field.widget, forms.Select)
            field.widget.attrs.setdefault("class", "form-select" if chosen else "form-control")


class _Noted(_Plain):
    note = forms.CharField(
        label=gettext_lazy("Remark"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class KeepingForm(_Noted):
    """Who keeps an archive."""

    keeper = forms.CharField(label=gettext_lazy("Institution"), max_length=200)
    institution = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    doctor = forms.CharField(label=gettext_lazy("Responsible doctor"), max_length=60, required=False)
    division = forms.CharField(
        label=gettext_lazy("Division code"),
        max_length=12,
        help_text=gettext_lazy("12 digits of the village or community that manages the archive"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    field_order = ("keeper", "institution", "doctor", "division", "note")

    def keeping(self) -> Keeping:
        given = self.cleaned_data
        code = rules.require_code(given["division"])
        return Keeping(given["institution"], given["keeper"].strip(), given["doctor"].strip(), code)


class DoctorForm(_Noted):
    doctor = forms.CharField(label=gettext_lazy("Responsible doctor"), max_length=60)
    field_order = ("doctor", "note")


class CloseForm(_Noted):
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=[(r.value, words) for r, words in REASONS.items() if r is not Reason.MERGED],
    )
    field_order = ("reason", "note")


class ReopenForm(_Plain):
    note = forms.CharField(
        label=gettext_lazy("Why it is opened again"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReviewForm(_Noted):
    then = forms.ChoiceField(
        label=gettext_lazy("Review"), choices=[(r.value, words) for r, words in REVIEWS.items()]
    )
    field_order = ("then", "note")


class ResidenceForm(_Noted):
    """Where somebody lives, since when."""

    since = forms.DateField(
        label=gettext_lazy("Since"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    standing = forms.ChoiceField(
        label=gettext_lazy("Standing"), choices=[(s.value, words) for s, words in STANDINGS.items()]
    )
    present = forms.CharField(
        label=gettext_lazy("Lives in (division code)"),
        max_length=12, required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    registered = forms.CharField(
        label=gettext_lazy("Registered in (division code)"),
        max_length=12, required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    address = forms.CharField(label=gettext_lazy("Address"), max_length=300, required=False)
    field_order = ("since", "standing", "present", "registered", "address", "note")


class EntranceForm(_Plain):
    """Somebody joins a household."""

    person = forms.CharField(
        label=gettext_lazy("Person"),
        max_length=64,
        help_text=gettext_lazy("The id of the person, or of a Patient of theirs"),
    )
    relation = forms.ChoiceField(label=gettext_lazy("Relation to the head"))
    since = forms.DateField(
        label=gettext_lazy("Since"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["relation"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = [pair for pair in relations() if pair[0] != rules.HEAD]


class LeaveForm(_Noted):
    until = forms.DateField(
        label=gettext_lazy("Left on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    field_order = ("until", "note")
