"""What is typed at the pages."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.recognition import rules, words
from xinglin.recognition.counting import Wanted, month_after
from xinglin.recognition.values import Scope, Tier

_MONTH = r"^20\d{2}-(0[1-9]|1[0-2])$"
_ID = r"^[A-Za-z0-9.\-]{1,64}$"
_MOST_MONTHS = 60
_MONTHS = 6  # that are shown where none are chosen


def _month(label: Any) -> forms.RegexField:
    return forms.RegexField(
        _MONTH,
        label=label,
        required=False,
        widget=forms.TextInput({"type": "month", "class": "form-control"}),
    )


class WantedForm(forms.Form):
    """Months and what else narrows the decisions that are counted or listed."""

    since = _month(_("From month"))
    until = _month(_("To month"))
    institution = forms.RegexField(_ID, required=False)
    source = forms.RegexField(_ID, required=False)
    item = forms.RegexField(_ID, required=False)
    verdict = forms.ChoiceField(choices=[("", ""), *words.VERDICTS.items()], required=False)
    reason = forms.RegexField(r"^[a-z]{1,20}$", required=False)
    own = forms.BooleanField(required=False)

    def wanted(self, today: date, own_institution: str) -> Wanted:
        """What is asked; who works at an institution sees its decisions, and those on its results, alone."""
        given = self.cleaned_data if self.is_valid() else {}
        last = self._first(given, "until") or today.replace(day=1)
        first = self._first(given, "since") or month_after(last, 1 - _MONTHS)
        first = max(min(first, last), month_after(last, -_MOST_MONTHS))
        institution, source = given.get("institution", ""), given.get("source", "")
        if own_institution and source != own_institution:
            institution = own_institution
        return Wanted(
            first, month_after(last, 1), institution, source, given.get("item", ""), given.get("verdict", ""),
            given.get("reason", ""), bool(given.get("own")),
        )  # fmt: skip

    @staticmethod
    def _first(given: dict[str, Any], name: str) -> date | None:
        return date.fromisoformat(f"{given[name]}-01") if given.get(name) else None


class WordsForm(forms.Form):
    """Something to be said with a step."""

    words = forms.CharField(
        label=_("In words"), max_length=rules.MOST_WORDS,
        widget=forms.Textarea({"rows": 3, "class": "form-control"}),
    )  # fmt: skip


class MarkForm(forms.Form):
    """A quality mark of an institution."""

    institution = forms.RegexField(
        _ID,
        label=_("Institution (its id)"),
        widget=forms.TextInput({"class": "form-control", "list": "institutions"}),
    )
    items = forms.CharField(
        label=_("For what"), max_length=80, widget=forms.TextInput({"class": "form-control", "list": "items"})
    )
    scope = forms.ChoiceField(
        label=_("Recognised in"),
        choices=[(each.value, words.SCOPES[each.value]) for each in Scope],
        initial=Scope.CITY.value,
        widget=forms.Select({"class": "form-select"}),
    )
    area = forms.RegexField(
        r"^[0-9]{0,12}$",
        label=_("Area (first digits of the division; empty: the whole region)"),
        required=False,
        widget=forms.TextInput({"class": "form-control", "inputmode": "numeric"}),
    )
    since = forms.DateField(
        label=_("From"), widget=forms.DateInput({"type": "date", "class": "form-control"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Until before"),
        required=False,
        widget=forms.DateInput({"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    evidence = forms.CharField(
        label=_("Evidence, such as the certificate's number"),
        max_length=300,
        required=False,
        widget=forms.TextInput({"class": "form-control"}),
    )


class TierForm(forms.Form):
    """The tier of an institution, where the directory's is not the one that counts."""

    institution = forms.RegexField(
        _ID,
        label=_("Institution (its id)"),
        widget=forms.TextInput({"class": "form-control", "list": "institutions"}),
    )
    tier = forms.ChoiceField(
        label=_("Tier"),
        required=False,
        choices=[("", _("As the directory says")), *((each.value, words.TIERS[each.value]) for each in Tier)],
        widget=forms.Select({"class": "form-select"}),
    )
    words = forms.CharField(label=_("Why"), max_length=300, widget=forms.TextInput({"class": "form-control"}))


class UploadForm(forms.Form):
    """A catalogue as a file, or as text from the trial before."""

    file = forms.FileField(
        label=_("File (TSV or CSV)"),
        required=False,
        widget=forms.FileInput({"class": "form-control", "accept": ".tsv,.csv,.txt"}),
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput())
    words = forms.CharField(
        label=_("What is new in it"),
        max_length=300,
        required=False,
        widget=forms.TextInput({"class": "form-control"}),
    )
