"""What is typed and chosen on the pages of constitution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.tcm.constitution import programmes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinglin.tcm.constitution.instruments import Item


class FindForm(forms.Form):
    """Whom to examine."""

    patient = forms.RegexField(r"^[A-Za-z0-9.\-]{1,64}$", label=_("Patient in the record"))


class RateForm(forms.Form):
    """Of which year, and whose rows."""

    year = forms.IntegerField(label=_("Year"), required=False, min_value=2000, max_value=2100)
    programme = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, this_year: int, **more: Any) -> None:
        super().__init__(*args, **more)
        self.this_year = this_year
        choices = [(each.id, each.zh) for each in programmes.shipped().values() if each.rate_zh]
        self.fields["programme"] = forms.ChoiceField(choices=[("", ""), *choices], required=False)

    def chosen(self) -> tuple[int, str]:
        """The year and the programme; this year and none where nothing right is typed."""
        if self.is_bound and self.is_valid():
            return self.cleaned_data["year"] or self.this_year, self.cleaned_data["programme"]
        return self.this_year, ""


def answers_of(posted: Mapping[str, Any], asked: Iterable[Item]) -> dict[str, int]:
    """The answers from 1 to 5 among what was posted, by question; a measured value counts as the answer it is."""
    found = {}
    for item in asked:
        text = str(posted.get(f"q-{item.id}", ""))
        measured = str(posted.get(f"m-{item.id}", "")).strip()
        if text in {"1", "2", "3", "4", "5"}:
            found[item.id] = int(text)
        elif item.measure and measured:
            try:
                found[item.id] = item.answer_for(float(measured))
            except ValueError:
                continue
    return found
